package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.BatchTasks;
import dev.lanewise.kernels.call.GradientKernels;
import dev.lanewise.kernels.call.KernelProvider;
import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.call.RowTasks;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Interruption;
import org.jspecify.annotations.Nullable;

/**
 * The kernels in plain Java: the baseline of the benchmarks, and the path of JVMs without the Vector API. The loops are simple: four
 * accumulators for a dot product, and one row after the other for a weighted sum.
 */
public final class ScalarKernels implements KernelProvider {
  /** The rows of a task are a multiple of this; fewer rows are not worth a task. */
  private static final int ROWS_PER_TASK = 8;

  @Override
  public String path() {
    return "scalar";
  }

  @Override
  public int lanes() {
    return 1;
  }

  @Override
  public int panelWidth() {
    return 8;
  }

  @Override
  public void exp(Matrix x, Matrix result) {
    for (int row = 0; row < x.rows(); row++) {
      int from = x.index(row, 0);
      int to = result.index(row, 0);
      for (int column = 0; column < x.columns(); column++) {
        Interruption.check(column, Interruption.INTERVAL - 1);
        result.data()[to + column] = (float) Math.exp(x.data()[from + column]);
      }
    }
  }

  @Override
  public void activate(Activation activation, Matrix x, Matrix result) {
    for (int row = 0; row < x.rows(); row++) {
      int from = x.index(row, 0);
      int to = result.index(row, 0);
      for (int column = 0; column < x.columns(); column++) {
        Interruption.check(column, Interruption.INTERVAL - 1);
        result.data()[to + column] = (float) ScalarActivations.apply(activation, x.data()[from + column]);
      }
    }
  }

  @Override
  public void gate(Activation activation, Matrix gate, Matrix up, Matrix result) {
    for (int row = 0; row < gate.rows(); row++) {
      int from = gate.index(row, 0);
      int upFrom = up.index(row, 0);
      int to = result.index(row, 0);
      for (int column = 0; column < gate.columns(); column++) {
        Interruption.check(column, Interruption.INTERVAL - 1);
        result.data()[to + column] = (float) ScalarActivations.apply(activation, gate.data()[from + column]) * up.data()[upFrom + column];
      }
    }
  }

  @Override
  public void norm(NormProblem problem) {
    int often = Interruption.often(problem.sum().columns());
    for (int row = 0; row < problem.sum().rows(); row++) {
      Interruption.check(row, often);
      ScalarNorms.add(problem, row);
      ScalarNorms.norm(problem, row);
    }
  }

  @Override
  public void scores(Matrix query, Matrix key, float scale, Matrix scores) {
    int often = Interruption.often(query.columns());
    for (int row = 0; row < query.rows(); row++) {
      for (int column = 0; column < key.rows(); column++) {
        Interruption.check(column, often);
        float dot = dot(query.data(), query.index(row, 0), key.data(), key.index(column, 0), query.columns());
        scores.data()[scores.index(row, column)] = dot * scale;
      }
    }
  }

  @Override
  public void additiveScores(Matrix query, Matrix key, float[] vector, Matrix scores) {
    for (int row = 0; row < query.rows(); row++) {
      for (int column = 0; column < key.rows(); column++) {
        Interruption.check(column, Interruption.often(vector.length));
        float score = additive(query.data(), query.index(row, 0), key.data(), key.index(column, 0), vector);
        scores.data()[scores.index(row, column)] = score;
      }
    }
  }

  @Override
  public void softmax(Matrix scores, Matrix weights) {
    for (int row = 0; row < scores.rows(); row++) {
      softmaxRow(scores.data(), scores.index(row, 0), weights.data(), weights.index(row, 0), scores.columns(), Float.NEGATIVE_INFINITY);
    }
  }

  @Override
  public void logSoftmax(Matrix x, Matrix result) {
    for (int row = 0; row < x.rows(); row++) {
      int from = x.index(row, 0);
      int to = result.index(row, 0);
      float max = max(x.data(), from, x.columns());
      double shift = max == Float.NEGATIVE_INFINITY ? 0 : max;
      double sum = 0;
      for (int i = 0; i < x.columns(); i++) {
        Interruption.check(i, Interruption.INTERVAL - 1);
        sum += Math.exp(x.data()[from + i] - shift);
      }
      double log = sum == 0 ? 0 : Math.log(sum);
      for (int i = 0; i < x.columns(); i++) {
        result.data()[to + i] = (float) (x.data()[from + i] - shift - log);
      }
    }
  }

  static float max(float[] x, int from, int length) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      max = Math.max(max, x[from + i]);
    }
    return max;
  }

  @Override
  public void output(Matrix weights, Matrix value, Matrix output) {
    ScalarGradients.sumRows(weights, value, output, false);
  }

  @Override
  public void product(Matrix input, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix result) {
    int width = weight.panelWidth();
    ScalarSums sums = ScalarSums.POOL.take();
    try {
      for (int first = 0; first < weight.outputs(); first += width) {
        int columns = Math.min(width, weight.outputs() - first);
        boolean floats = weight.format() == WeightFormat.F32;
        float[] data = floats ? weight.data() : sums.panel(weight, first, columns);
        int panel = floats ? weight.panel(first / width) : 0;
        for (int row = 0; row < input.rows(); row++) {
          Interruption.check();
          int to = result.index(row, first);
          multiply(input, row, data, panel, width, sums, columns);
          sums.store(result.data(), to, 1);
          if (bias != null) {
            addScaled(1, bias, first, result.data(), to, columns);
          }
          ScalarActivations.apply(activation, result.data(), to, columns);
        }
      }
    } finally {
      ScalarSums.POOL.give(sums);
    }
  }

  /** Multiplies a row by the first columns of a panel. */
  private static void multiply(Matrix input, int row, float[] data, int panel, int width, ScalarSums sums, int columns) {
    float[] chain = sums.open(columns);
    int from = input.index(row, 0);
    for (int step = 0; step < input.columns(); step += ScalarSums.CHAIN) {
      for (int i = step; i < Math.min(step + ScalarSums.CHAIN, input.columns()); i++) {
        addScaled(input.data()[from + i], data, panel + i * width, chain, 0, columns);
      }
      sums.endChain();
    }
  }

  /** A dot product: chains of {@link ScalarSums#CHAIN} float products, added up in double. */
  static float dot(float[] x, int xOffset, float[] y, int yOffset, int length) {
    double sum = 0;
    for (int from = 0; from < length; from += 4 * ScalarSums.CHAIN) {
      sum += dotOfChain(x, xOffset + from, y, yOffset + from, Math.min(4 * ScalarSums.CHAIN, length - from));
    }
    return (float) sum;
  }

  private static float dotOfChain(float[] x, int xOffset, float[] y, int yOffset, int length) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    int i = 0;
    for (; i <= length - 4; i += 4) {
      sum0 += x[xOffset + i] * y[yOffset + i];
      sum1 += x[xOffset + i + 1] * y[yOffset + i + 1];
      sum2 += x[xOffset + i + 2] * y[yOffset + i + 2];
      sum3 += x[xOffset + i + 3] * y[yOffset + i + 3];
    }
    for (; i < length; i++) {
      sum0 += x[xOffset + i] * y[yOffset + i];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }

  /** Σ vector[a] · tanh(query[a] + key[a]). */
  static float additive(float[] query, int from, float[] key, int at, float[] vector) {
    double sum = 0;
    for (int a = 0; a < vector.length; a++) {
      sum += vector[a] * (float) Math.tanh(query[from + a] + key[at + a]);
    }
    return (float) sum;
  }

  /** y += factor · x. */
  static void addScaled(float factor, float[] x, int xOffset, float[] y, int yOffset, int length) {
    for (int i = 0; i < length; i++) {
      y[yOffset + i] += factor * x[xOffset + i];
    }
  }

  /**
   * Row softmax; a row of −∞ gets weights 0, and a row with a NaN becomes NaN.
   *
   * @param sink a logit that is part of the sum only; −∞ for none
   * @return ln Σ e<sup>score</sup>, the sink included; for a row of −∞ the sink
   */
  static float softmaxRow(float[] scores, int from, float[] weights, int to, int length, float sink) {
    float max = max(scores, from, length);
    if (max == Float.NEGATIVE_INFINITY) {
      clear(weights, to, length);
      return sink;
    }
    max = Math.max(max, sink);
    double sum = Math.exp(sink - max);
    for (int i = 0; i < length; i++) {
      Interruption.check(i, Interruption.INTERVAL - 1);
      float weight = (float) Math.exp(scores[from + i] - max);
      weights[to + i] = weight;
      sum += weight;
    }
    float inverse = (float) (1 / sum);
    for (int i = 0; i < length; i++) {
      weights[to + i] *= inverse;
    }
    return (float) (max + Math.log(sum));
  }

  private static void clear(float[] x, int offset, int length) {
    java.util.Arrays.fill(x, offset, offset + length, 0f);
  }

  @Override
  public void rotate(RotaryTable table, float[] x, int from, float[] y, int to, float[] angles, int at) {
    switch (table.form()) {
      case HALF -> ScalarRotary.half(x, from, y, to, angles, at, table.pairs());
      case INTERLEAVED -> ScalarRotary.interleaved(x, from, y, to, angles, at, table.pairs());
    }
  }

  @Override
  public AttentionTasks plan(AttentionProblem problem, int threads) {
    return new BatchTasks(problem, threads, new RowTasks(problem, threads, ROWS_PER_TASK, () -> ScalarAttention::attend));
  }

  @Override
  public AttentionTasks planBackward(BackwardProblem problem, int threads) {
    return ScalarBackward.plan(problem);
  }

  @Override
  public GradientKernels gradients() {
    return new ScalarGradients();
  }
}
