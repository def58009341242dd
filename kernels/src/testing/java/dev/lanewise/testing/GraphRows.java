package dev.lanewise.testing;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Rows of numbers of a {@link ScalarGraph}, with the operations that layers have, each written by its formula. */
public final class GraphRows {
  private final ScalarGraph graph;

  public GraphRows(ScalarGraph graph) {
    this.graph = graph;
  }

  /** Numbers of the graph for the elements of an array. */
  public int[] numbers(double... elements) {
    return Arrays.stream(elements).mapToInt(graph::number).toArray();
  }

  /** Splits numbers into rows of a width. */
  public static int[][] rows(int[] numbers, int width) {
    int[][] rows = new int[numbers.length / width][];
    Arrays.setAll(rows, row -> Arrays.copyOfRange(numbers, row * width, (row + 1) * width));
    return rows;
  }

  /** All numbers, row after row. */
  public static int[] flat(int[][] rows) {
    return Arrays.stream(rows).flatMapToInt(Arrays::stream).toArray();
  }

  public double[] values(int... numbers) {
    return Arrays.stream(numbers).mapToDouble(graph::value).toArray();
  }

  public int sum(int... numbers) {
    int sum = graph.number(0);
    for (int number : numbers) {
      sum = graph.add(sum, number);
    }
    return sum;
  }

  public int dot(int[] x, int[] y) {
    int sum = graph.number(0);
    for (int i = 0; i < x.length; i++) {
      sum = graph.add(sum, graph.multiply(x[i], y[i]));
    }
    return sum;
  }

  /** Each row of x · weightᵀ + bias, for a weight of outputs × inputs. */
  public int[][] linear(int[][] x, int[][] weight, int @Nullable [] bias) {
    int[][] result = new int[x.length][weight.length];
    for (int row = 0; row < x.length; row++) {
      for (int o = 0; o < weight.length; o++) {
        int product = dot(x[row], weight[o]);
        result[row][o] = bias == null ? product : graph.add(product, bias[o]);
      }
    }
    return result;
  }

  /** x + y, element by element. */
  public int[][] add(int[][] x, int[][] y) {
    int[][] result = new int[x.length][];
    for (int row = 0; row < x.length; row++) {
      result[row] = add(x[row], y[row]);
    }
    return result;
  }

  public int[] add(int[] x, int[] y) {
    int[] result = new int[x.length];
    Arrays.setAll(result, i -> graph.add(x[i], y[i]));
    return result;
  }

  /** The powers e<sup>x − largest</sup>, and their sum. */
  private record Powers(int[] powers, int total) {}

  /** The sum includes a further number if {@code sink} is not negative. */
  private Powers powers(int[] scores, int sink) {
    double largest = sink >= 0 ? graph.value(sink) : Double.NEGATIVE_INFINITY;
    for (int score : scores) {
      largest = Math.max(largest, graph.value(score));
    }
    int[] powers = new int[scores.length];
    for (int j = 0; j < scores.length; j++) {
      powers[j] = graph.exp(graph.shift(scores[j], -largest));
    }
    int sum = sum(powers);
    return new Powers(powers, sink >= 0 ? graph.add(sum, graph.exp(graph.shift(sink, -largest))) : sum);
  }

  /** e<sup>x</sup> / Σ e<sup>x</sup>, where the sum includes a further number if {@code sink} is not negative. */
  public int[] softmax(int[] scores, int sink) {
    Powers all = powers(scores, sink);
    return Arrays.stream(all.powers).map(power -> graph.divide(power, all.total)).toArray();
  }

  /**
   * softmax(scores) · rows as "FlashAttention" computes it: the sums of e<sup>score</sup> · row are divided at the end. Its derivative in
   * float is that of "FlashAttention-2", P ∘ (dP − rowsum(dO ∘ O)), which loses digits where the rows have a large part in common.
   *
   * @param sink a further number in the sum of powers, or −1
   * @param factors of the weights, by dropout; null for 1
   */
  public int[] attended(int[] scores, int sink, float @Nullable [] factors, int[][] rows, int width) {
    if (scores.length == 0) {
      return numbers(new double[width]);
    }
    Powers all = powers(scores, sink);
    int[] kept = new int[scores.length];
    Arrays.setAll(kept, j -> factors == null ? all.powers[j] : graph.scale(all.powers[j], factors[j]));
    return Arrays.stream(mixed(kept, rows, width)).map(element -> graph.divide(element, all.total)).toArray();
  }

  /** (x − mean) / √(variance + epsilon) · weight + bias. */
  public int[] layerNorm(int[] x, int[] weight, int[] bias, double epsilon) {
    int mean = graph.scale(sum(x), 1.0 / x.length);
    int[] centred = Arrays.stream(x).map(element -> graph.subtract(element, mean)).toArray();
    int deviation = graph.sqrt(graph.shift(graph.scale(dot(centred, centred), 1.0 / x.length), epsilon));
    int[] result = new int[x.length];
    Arrays.setAll(result, i -> graph.add(graph.multiply(graph.divide(centred[i], deviation), weight[i]), bias[i]));
    return result;
  }

  /** Σ<sub>j</sub> weights[j] · rows[j]. */
  public int[] mixed(int[] weights, int[][] rows, int width) {
    int[] result = new int[width];
    for (int d = 0; d < width; d++) {
      int sum = graph.number(0);
      for (int j = 0; j < weights.length; j++) {
        sum = graph.add(sum, graph.multiply(weights[j], rows[j][d]));
      }
      result[d] = sum;
    }
    return result;
  }
}
