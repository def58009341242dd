package dev.lanewise.core.learn;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.GraphRows;
import dev.lanewise.testing.ScalarGraph;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntBinaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The layers that learn, written by their formulas over a {@link ScalarGraph}. Parameters have the names of the layers. */
final class GraphModel {
  private final ScalarGraph graph;
  private final GraphRows rows;
  private final Map<String, int[]> parameters;
  private final boolean backwards;

  /**
   * Creates a model.
   *
   * @param backwards whether sums over columns begin at the last one
   */
  GraphModel(ScalarGraph graph, Map<String, int[]> parameters, boolean backwards) {
    this.graph = graph;
    this.backwards = backwards;
    this.rows = new GraphRows(graph);
    this.parameters = parameters;
  }

  /** The norms of a sublayer by their names, and the factors of dropout of each element. */
  record Around(@Nullable String pre, @Nullable String output, @Nullable String post, double[][] factors) {}

  /** Tells whether a query sees a key. */
  interface Visible {
    boolean test(int query, int key);
  }

  /** Computes the branch of a sublayer. */
  interface Branch {
    int[][] of(int[][] x);
  }

  int[] parameter(String name) {
    return Objects.requireNonNull(parameters.get(name), name);
  }

  int[][] linear(String prefix, int[][] x) {
    int[] weight = parameter(prefix + "weight");
    return linear(x, GraphRows.rows(weight, x[0].length), parameters.get(prefix + "bias"));
  }

  private int[][] linear(int[][] x, int[][] weight, int @Nullable [] bias) {
    return rows.linear(inOrder(x), inOrder(weight), bias);
  }

  private int[][] inOrder(int[][] x) {
    return Arrays.stream(x).map(this::inOrder).toArray(int[][]::new);
  }

  private int[] inOrder(int[] x) {
    return backwards ? IntStream.range(0, x.length).map(i -> x[x.length - 1 - i]).toArray() : x;
  }

  /** Layer norm if centred, else RMS norm. */
  int[][] norm(String prefix, int[][] x, boolean centred, double epsilon) {
    int[] weight = parameter(prefix + "weight");
    int[] bias = parameters.get(prefix + "bias");
    int[][] result = new int[x.length][x[0].length];
    for (int row = 0; row < x.length; row++) {
      int width = x[row].length;
      int mean = graph.scale(rows.sum(inOrder(x[row])), 1.0 / width);
      int[] values = centred ? Arrays.stream(x[row]).map(element -> graph.subtract(element, mean)).toArray() : x[row];
      int deviation = graph.sqrt(graph.shift(graph.scale(rows.dot(inOrder(values), inOrder(values)), 1.0 / width), epsilon));
      for (int c = 0; c < width; c++) {
        int scaled = graph.multiply(graph.divide(values[c], deviation), weight[c]);
        result[row][c] = bias == null ? scaled : graph.add(scaled, bias[c]);
      }
    }
    return result;
  }

  int[][] activated(Activation activation, int[][] x) {
    return map(
        x, (row, c) -> graph.function(x[row][c], value(activation, graph.value(x[row][c])), slope(activation, graph.value(x[row][c]))));
  }

  private static double value(Activation activation, double x) {
    return ReferenceLayers.inDouble().activated(activation, new double[][] {{x}})[0][0];
  }

  /** A central difference of fourth order: the error is that of double times 1e4. */
  private static double slope(Activation activation, double x) {
    if (activation == Activation.RELU) {
      return x > 0 ? 1 : 0;
    }
    double h = 1e-3;
    double near = value(activation, x + h) - value(activation, x - h);
    double far = value(activation, x + 2 * h) - value(activation, x - 2 * h);
    return (8 * near - far) / (12 * h);
  }

  private static int[][] map(int[][] x, IntBinaryOperator element) {
    int[][] result = new int[x.length][];
    for (int row = 0; row < x.length; row++) {
      result[row] = new int[x[row].length];
      for (int c = 0; c < x[row].length; c++) {
        result[row][c] = element.applyAsInt(row, c);
      }
    }
    return result;
  }

  int[][] feedForward(String prefix, int[][] x, Activation activation) {
    int[][] up = linear(prefix + "linear1.", x);
    if (!parameters.containsKey(prefix + "gate.weight")) {
      return linear(prefix + "linear2.", activated(activation, up));
    }
    int[][] gate = activated(activation, linear(prefix + "gate.", x));
    return linear(prefix + "linear2.", map(up, (row, c) -> graph.multiply(gate[row][c], up[row][c])));
  }

  /** Multi-head attention with a packed projection. A query sees a key if {@code sees} says so. */
  int[][] attention(String prefix, int[][] x, int[][] memory, int heads, Visible sees) {
    int width = x[0].length;
    int[] weight = parameter(prefix + "in_proj_weight");
    int[] bias = parameters.get(prefix + "in_proj_bias");
    int[][][] projected = new int[3][][];
    for (int i = 0; i < 3; i++) {
      int[] ofPart = Arrays.copyOfRange(weight, i * width * width, (i + 1) * width * width);
      int[] biasOfPart = bias == null ? null : Arrays.copyOfRange(bias, i * width, (i + 1) * width);
      projected[i] = linear(i == 0 ? x : memory, GraphRows.rows(ofPart, width), biasOfPart);
    }
    int headDim = width / heads;
    int[][] joined = new int[x.length][width];
    for (int head = 0; head < heads; head++) {
      int[][] query = columns(projected[0], head * headDim, headDim);
      int[][] key = columns(projected[1], head * headDim, headDim);
      int[][] value = columns(projected[2], head * headDim, headDim);
      for (int i = 0; i < x.length; i++) {
        int[] row = attend(i, query[i], key, value, sees);
        System.arraycopy(row, 0, joined[i], head * headDim, headDim);
      }
    }
    return linear(prefix + "out_proj.", joined);
  }

  private int[] attend(int i, int[] query, int[][] keys, int[][] values, Visible sees) {
    List<Integer> seen = IntStream.range(0, keys.length).boxed().filter(j -> sees.test(i, j)).toList();
    int[] scores =
        seen.stream().mapToInt(j -> graph.scale(rows.dot(inOrder(query), inOrder(keys[j])), 1 / Math.sqrt(query.length))).toArray();
    return rows.mixed(rows.softmax(scores, -1), seen.stream().map(j -> values[j]).toArray(int[][]::new), query.length);
  }

  private static int[][] columns(int[][] x, int from, int count) {
    return Arrays.stream(x).map(row -> Arrays.copyOfRange(row, from, from + count)).toArray(int[][]::new);
  }

  /** POST(x + dropout(OUTPUT(branch(PRE(x))))). */
  int[][] sublayer(int[][] x, Around around, boolean centred, double epsilon, Branch branch) {
    int[][] input = around.pre == null ? x : norm(around.pre, x, centred, epsilon);
    int[][] output = branch.of(input);
    int[][] normed = around.output == null ? output : norm(around.output, output, centred, epsilon);
    int[][] sum = rows.add(x, dropped(normed, around.factors));
    return around.post == null ? sum : norm(around.post, sum, centred, epsilon);
  }

  int[][] dropped(int[][] x, double[][] factors) {
    return factors.length == 0 ? x : map(x, (row, c) -> graph.scale(x[row][c], factors[row][c]));
  }

  int[][] embedded(String name, int width, int... ids) {
    int[][] table = GraphRows.rows(parameter(name), width);
    return Arrays.stream(ids).mapToObj(id -> table[id].clone()).toArray(int[][]::new);
  }

  int[][] add(int[][] x, int[][] y) {
    return rows.add(x, y);
  }

  /** Adds constants. */
  int[][] shifted(int[][] x, double[][] constants) {
    return map(x, (row, c) -> graph.shift(x[row][c], constants[row][c]));
  }

  /** x · tableᵀ, a tied head. */
  int[][] tiedHead(String name, int[][] x) {
    return linear(x, GraphRows.rows(parameter(name), x[0].length), null);
  }

  /** Σ cross-entropy of rows whose target is not negative, with label smoothing. */
  int crossEntropy(int[][] logits, int[] targets, double smoothing) {
    int loss = graph.number(0);
    for (int row = 0; row < logits.length; row++) {
      if (targets[row] < 0) {
        continue;
      }
      int classes = logits[row].length;
      double largest = Arrays.stream(logits[row]).mapToDouble(graph::value).max().orElseThrow();
      int[] powers = Arrays.stream(logits[row]).map(logit -> graph.exp(graph.shift(logit, -largest))).toArray();
      int logSum = graph.shift(graph.log(rows.sum(powers)), largest);
      loss = graph.add(loss, graph.scale(graph.subtract(logSum, logits[row][targets[row]]), 1 - smoothing));
      int mean = graph.scale(rows.sum(logits[row]), 1.0 / classes);
      loss = graph.add(loss, graph.scale(graph.subtract(logSum, mean), smoothing));
    }
    return loss;
  }
}
