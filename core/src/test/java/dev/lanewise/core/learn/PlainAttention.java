package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.testing.GraphRows;
import dev.lanewise.testing.ScalarGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A multi-head attention by its formulas, number by number, over the parameters of a {@link TrainableAttention}. It yields the output and
 * all gradients, in double or in plain float.
 */
final class PlainAttention {
  private final AttentionCase call;
  private final ScalarGraph graph;
  private final GraphRows rows;
  private final Map<String, int[]> parameters = new LinkedHashMap<>();
  private final int[][] query;
  private final int[][] key;
  private final int[][] value;
  private final int[] output;

  private PlainAttention(AttentionCase call, ScalarGraph graph, Map<String, double[]> values) {
    this.call = call;
    this.graph = graph;
    this.rows = new GraphRows(graph);
    values.forEach((name, elements) -> parameters.put(name, rows.numbers(elements)));
    this.query = GraphRows.rows(parameters.get("query"), call.embedDim());
    this.key = call.cross() ? GraphRows.rows(parameters.get("memory"), call.keyInputDim()) : query;
    this.value = call.threeSources() ? GraphRows.rows(parameters.get("values"), call.valueInputDim()) : key;
    this.output = compute();
  }

  /** Outputs and gradients by name; the output is called output. */
  static Map<String, double[]> gradients(AttentionCase call, Map<String, double[]> values, double[] outputGradient, boolean rounded) {
    ScalarGraph graph = rounded ? ScalarGraph.inFloat() : ScalarGraph.inDouble();
    PlainAttention plain = new PlainAttention(call, graph, values);
    double[] all = graph.gradients(plain.output, outputGradient);
    Map<String, double[]> result = new LinkedHashMap<>();
    result.put("output", plain.rows.values(plain.output));
    plain.parameters.forEach((name, numbers) -> result.put(name, Arrays.stream(numbers).mapToDouble(n -> all[n]).toArray()));
    return result;
  }

  /** The sums of absolute values behind each gradient, see {@link ScalarGraph#magnitudes}. */
  static Map<String, double[]> magnitudes(AttentionCase call, Map<String, double[]> values, double[] outputGradient) {
    ScalarGraph graph = ScalarGraph.inDouble();
    PlainAttention plain = new PlainAttention(call, graph, values);
    double[] all = graph.magnitudes(plain.output, outputGradient);
    Map<String, double[]> result = new LinkedHashMap<>();
    plain.parameters.forEach((name, numbers) -> result.put(name, Arrays.stream(numbers).mapToDouble(n -> all[n]).toArray()));
    return result;
  }

  /** Σ outputGradient · output in double. */
  static double loss(AttentionCase call, Map<String, double[]> values, double[] outputGradient) {
    ScalarGraph graph = ScalarGraph.inDouble();
    PlainAttention plain = new PlainAttention(call, graph, values);
    double[] output = plain.rows.values(plain.output);
    return IntStream.range(0, output.length).mapToDouble(i -> output[i] * outputGradient[i]).sum();
  }

  private int[] compute() {
    int queryWidth = call.numHeads() * call.headDim();
    int keyWidth = call.keyValueHeads() * call.headDim();
    int valueWidth = call.keyValueHeads() * call.valueDim();
    int[][] queries = project(query, "q_proj_weight", call.embedDim(), 0, queryWidth);
    int[][] keys = project(key, "k_proj_weight", call.keyInputDim(), queryWidth, keyWidth);
    int[][] values = project(value, "v_proj_weight", call.valueInputDim(), queryWidth + keyWidth, valueWidth);
    int[][] heads = new int[queries.length][];
    for (int entry = 0; entry < call.entries(); entry++) {
      for (int i = 0; i < call.queries(entry); i++) {
        heads[call.queryStart(entry) + i] = row(entry, i, queries, keys, values);
      }
    }
    int[][] weight = GraphRows.rows(parameters.get("out_proj.weight"), call.numHeads() * call.valueDim());
    return GraphRows.flat(rows.linear(heads, weight, parameters.get("out_proj.bias")));
  }

  private int[][] project(int[][] x, String name, int inputs, int from, int outputs) {
    int[] packed = parameters.get("in_proj_weight");
    int[] bias = parameters.get("in_proj_bias");
    int[] weight = packed == null ? parameters.get(name) : Arrays.copyOfRange(packed, from * inputs, (from + outputs) * inputs);
    return rows.linear(x, GraphRows.rows(weight, inputs), bias == null ? null : Arrays.copyOfRange(bias, from, from + outputs));
  }

  /** The outputs of all heads for a query, side by side. */
  private int[] row(int entry, int i, int[][] queries, int[][] keys, int[][] values) {
    List<Integer> result = new ArrayList<>();
    for (int head = 0; head < call.numHeads(); head++) {
      int group = head / (call.numHeads() / call.keyValueHeads());
      int[] own = head(queries[call.queryStart(entry) + i], head, call.headDim(), call.queryPosition(entry, i));
      List<Integer> scores = new ArrayList<>();
      List<int[]> seen = new ArrayList<>();
      List<Integer> seenKeys = new ArrayList<>();
      for (int j = 0; j < call.keys(entry); j++) {
        if (call.visible(entry, head, i, j)) {
          int row = call.keyStart(entry) + j;
          seenKeys.add(j);
          int[] other = head(keys[row], group, call.headDim(), call.keyPosition(entry, j));
          scores.add(changed(score(own, other), head, call.queryPosition(entry, i), call.keyPosition(entry, j)));
          seen.add(Arrays.copyOfRange(values[row], group * call.valueDim(), (group + 1) * call.valueDim()));
        }
      }
      int[] sinks = parameters.get("sinks");
      int[] kept = seenKeys.stream().mapToInt(j -> j).toArray();
      float[] factors = call.factors(entry, head, i);
      float[] seenFactors = new float[kept.length];
      for (int n = 0; n < kept.length; n++) {
        seenFactors[n] = factors[kept[n]];
      }
      int[] all = scores.stream().mapToInt(score -> score).toArray();
      int[] output = attended(all, sinks == null ? -1 : sinks[head], seenFactors, seen.toArray(int[][]::new));
      Arrays.stream(output).forEach(result::add);
    }
    return result.stream().mapToInt(n -> n).toArray();
  }

  private int[] head(int[] row, int head, int width, int position) {
    int[] part = Arrays.copyOfRange(row, head * width, (head + 1) * width);
    if (call.positions() != AttentionCase.Position.ROTARY) {
      return part;
    }
    int half = width / 2;
    int[] rotated = new int[width];
    for (int i = 0; i < half; i++) {
      double angle = position * Math.pow(10_000, -2.0 * i / width);
      rotated[i] = graph.subtract(graph.scale(part[i], Math.cos(angle)), graph.scale(part[half + i], Math.sin(angle)));
      rotated[half + i] = graph.add(graph.scale(part[half + i], Math.cos(angle)), graph.scale(part[i], Math.sin(angle)));
    }
    return rotated;
  }

  private int score(int[] query, int[] key) {
    int similarity =
        switch (call.similarity()) {
          case DOT -> rows.dot(query, key);
          case COSINE ->
              graph.divide(rows.dot(query, key), graph.multiply(graph.sqrt(rows.dot(query, query)), graph.sqrt(rows.dot(key, key))));
          case ADDITIVE -> rows.dot(parameters.get("similarity_vector"), Arrays.stream(rows.add(query, key)).map(graph::tanh).toArray());
        };
    int[] scale = parameters.get("scale");
    return scale == null ? graph.scale(similarity, call.scale()) : graph.multiply(similarity, scale[0]);
  }

  private int changed(int score, int head, int queryPosition, int keyPosition) {
    int result = score;
    if (call.softcap() != 0) {
      result = graph.scale(graph.tanh(graph.scale(result, 1.0 / call.softcap())), call.softcap());
    }
    int[] slopes = parameters.get("slopes");
    int[] table = parameters.get("relative_attention_bias.weight");
    if (slopes != null) {
      result = graph.subtract(result, graph.scale(slopes[head], Math.abs(queryPosition - keyPosition)));
    }
    if (table != null) {
      result = graph.add(result, table[call.bucket(keyPosition - queryPosition) * call.numHeads() + head]);
    }
    if (call.positions() == AttentionCase.Position.ALIBI) {
      double slope = (float) Math.pow(2, -8.0 * (head + 1) / call.numHeads()); // numHeads is a power of two
      result = graph.shift(result, -slope * Math.abs(queryPosition - keyPosition));
    }
    return result;
  }

  private int[] attended(int[] scores, int sink, float[] factors, int[][] values) {
    if (call.normaliser() == Normaliser.Kind.SOFTMAX) {
      return rows.attended(scores, sink, factors, values, call.valueDim());
    }
    int[] weights = new int[scores.length];
    for (int j = 0; j < weights.length; j++) {
      weights[j] = graph.scale(weight(scores[j]), factors[j]);
    }
    return rows.mixed(weights, values, call.valueDim());
  }

  private int weight(int score) {
    return switch (call.normaliser()) {
      case RELU -> graph.relu(score);
      case SQUARED_RELU -> graph.multiply(graph.relu(score), graph.relu(score));
      case SIGMOID -> graph.sigmoid(score);
      case SOFTMAX, LINEAR -> score;
    };
  }

  /** The elements of views in double; null views are left out. */
  static void put(Map<String, double[]> values, String name, @Nullable SequenceBatch view) {
    if (view != null) {
      double[] elements = new double[view.batch() * view.rows() * view.width()];
      for (int n = 0; n < elements.length; n++) {
        int row = n / view.width();
        elements[n] = view.get(row / view.rows(), row % view.rows(), n % view.width());
      }
      values.put(name, elements);
    }
  }
}
