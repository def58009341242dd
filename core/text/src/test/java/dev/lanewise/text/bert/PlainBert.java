package dev.lanewise.text.bert;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.GraphRows;
import dev.lanewise.testing.ScalarGraph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A BERT of three heads by its formulas, number by number, with a pooled row for each text and the gradients of all its tensors. It has an
 * epsilon of 1e-3, exact GELU, and its first position is 2.
 */
final class PlainBert {
  private static final int HEADS = 3;
  private static final int FIRST_POSITION = 2;

  private final NamedTensors file;
  private final boolean mean;
  private final float[] outputGradient;

  PlainBert(NamedTensors file, boolean mean, float[] outputGradient) {
    this.file = file;
    this.mean = mean;
    this.outputGradient = outputGradient;
  }

  /** The gradient of each tensor, and the pooled rows as output. */
  Map<String, double[]> gradients(int[] ids, PackedSequences texts, boolean rounded) {
    return new Run(rounded ? ScalarGraph.inFloat() : ScalarGraph.inDouble()).gradients(ids, texts);
  }

  private final class Run {
    private final ScalarGraph graph;
    private final GraphRows rows;
    private final Map<String, int[]> numbers = new LinkedHashMap<>();
    private final int width = (int) file.shape("embeddings.LayerNorm.weight")[0];

    Run(ScalarGraph graph) {
      this.graph = graph;
      this.rows = new GraphRows(graph);
      for (String name : file.names()) {
        float[] values = file.floats(name);
        double[] elements = new double[values.length];
        Arrays.setAll(elements, i -> values[i]);
        numbers.put(name, rows.numbers(elements));
      }
    }

    Map<String, double[]> gradients(int[] ids, PackedSequences texts) {
      int[][] pooled = new int[texts.count()][];
      for (int s = 0; s < pooled.length; s++) {
        int[] own = Arrays.copyOfRange(ids, texts.queryStart(s), texts.queryStart(s + 1));
        pooled[s] = own.length == 0 ? rows.numbers(new double[width]) : pooled(encoded(own));
      }
      int[] output = GraphRows.flat(pooled);
      double[] seeds = new double[output.length];
      Arrays.setAll(seeds, i -> outputGradient[i]);
      double[] all = graph.gradients(output, seeds);
      Map<String, double[]> result = new LinkedHashMap<>();
      numbers.forEach((name, tensor) -> result.put(name, Arrays.stream(tensor).mapToDouble(n -> all[n]).toArray()));
      result.put("output", rows.values(output));
      return result;
    }

    private int[] pooled(int[][] x) {
      int[] weights = new int[mean ? x.length : 1];
      Arrays.fill(weights, graph.number(1.0 / weights.length));
      return rows.mixed(weights, x, width);
    }

    private int[][] encoded(int[] ids) {
      int[][] x = new int[ids.length][];
      for (int i = 0; i < ids.length; i++) {
        int[] word = row("embeddings.word_embeddings.weight", ids[i]);
        int[] position = row("embeddings.position_embeddings.weight", FIRST_POSITION + i);
        x[i] = norm("embeddings.", rows.add(rows.add(word, row("embeddings.token_type_embeddings.weight", 0)), position));
      }
      for (int layer = 0; layer < 2; layer++) {
        x = layer("encoder.layer." + layer + ".", x);
      }
      return x;
    }

    private int[] row(String table, int row) {
      return Arrays.copyOfRange(numbers.get(table), row * width, (row + 1) * width);
    }

    private int[] norm(String prefix, int[] x) {
      return rows.layerNorm(x, numbers.get(prefix + "LayerNorm.weight"), numbers.get(prefix + "LayerNorm.bias"), 1e-3f);
    }

    private int[][] linear(String name, int[][] x) {
      return rows.linear(x, GraphRows.rows(numbers.get(name + ".weight"), x[0].length), numbers.get(name + ".bias"));
    }

    private int[][] layer(String prefix, int[][] x) {
      int[][] attended = linear(prefix + "attention.output.dense", attention(prefix + "attention.self.", x));
      int[][] between = Arrays.stream(rows.add(x, attended)).map(row -> norm(prefix + "attention.output.", row)).toArray(int[][]::new);
      int[][] inner = linear(prefix + "intermediate.dense", between);
      int[][] active = Arrays.stream(inner).map(row -> Arrays.stream(row).map(this::gelu).toArray()).toArray(int[][]::new);
      int[][] sum = rows.add(between, linear(prefix + "output.dense", active));
      return Arrays.stream(sum).map(row -> norm(prefix + "output.", row)).toArray(int[][]::new);
    }

    private int[][] attention(String prefix, int[][] x) {
      int[][] query = linear(prefix + "query", x);
      int[][] key = linear(prefix + "key", x);
      int[][] value = linear(prefix + "value", x);
      int headDim = width / HEADS;
      int[][] result = new int[x.length][width];
      for (int head = 0; head < HEADS; head++) {
        int from = head * headDim;
        int[][] keys = columns(key, from, headDim);
        int[][] values = columns(value, from, headDim);
        for (int i = 0; i < x.length; i++) {
          int[] own = Arrays.copyOfRange(query[i], from, from + headDim);
          int[] scores = Arrays.stream(keys).mapToInt(other -> graph.scale(rows.dot(own, other), 1 / Math.sqrt(headDim))).toArray();
          System.arraycopy(rows.attended(scores, -1, null, values, headDim), 0, result[i], from, headDim);
        }
      }
      return result;
    }

    private static int[][] columns(int[][] x, int from, int count) {
      return Arrays.stream(x).map(row -> Arrays.copyOfRange(row, from, from + count)).toArray(int[][]::new);
    }

    /** x · Φ(x), whose derivative is Φ(x) + x · φ(x). */
    private int gelu(int x) {
      double number = graph.value(x);
      double distribution = distribution(number);
      double density = Math.exp(-number * number / 2) / Math.sqrt(2 * Math.PI);
      return graph.function(x, number * distribution, distribution + number * density);
    }

    /** Φ(x) = 1/2 + φ(x) · (x + x³/3 + x⁵/(3·5) + …). */
    private static double distribution(double x) {
      double term = x;
      double sum = x;
      for (int odd = 3; Math.abs(term) > 1e-18 * Math.abs(sum); odd += 2) {
        term *= x * x / odd;
        sum += term;
      }
      return 0.5 + Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * sum;
    }
  }
}
