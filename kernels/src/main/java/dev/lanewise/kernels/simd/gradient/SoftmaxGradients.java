package dev.lanewise.kernels.simd.gradient;

import dev.lanewise.kernels.call.GradientKernels.Targets;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.elementwise.RowArithmetic;
import dev.lanewise.kernels.simd.elementwise.VectorSoftmax;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The gradients of softmax, and of cross-entropy with a softmax. Sums of a row are chains of floats, which are added up in double. */
final class SoftmaxGradients {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  /** Number of elements that are summed in floats, with {@link Tiles#CHAIN} terms in each of two chains. */
  private static final int CHAIN = 2 * LANES * Tiles.CHAIN;

  private SoftmaxGradients() {}

  static void softmax(Matrix weights, Matrix weightGradient, Matrix scoreGradient, Scratch scratch) {
    for (int row = 0; row < weights.rows(); row++) {
      double dot = 0;
      for (int column = 0; column < weights.columns(); column += CHAIN) {
        Interruption.check();
        int length = Math.min(CHAIN, weights.columns() - column);
        int from = weights.index(row, column);
        dot += dot(weights.data(), from, weightGradient.data(), weightGradient.index(row, column), length, scratch.lanes);
      }
      float[] result = scoreGradient.data();
      int to = scoreGradient.index(row, 0);
      product(
          weights.data(),
          weights.index(row, 0),
          weightGradient.data(),
          weightGradient.index(row, 0),
          (float) dot,
          result,
          to,
          weights.columns());
    }
  }

  /** Σ x · y. */
  private static float dot(float[] x, int from, float[] y, int at, int length, float[] lanes) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    int i = 0;
    for (; i <= length - 2 * LANES; i += 2 * LANES) {
      sum0 = FloatVector.fromArray(SPECIES, x, from + i).fma(FloatVector.fromArray(SPECIES, y, at + i), sum0);
      sum1 = FloatVector.fromArray(SPECIES, x, from + i + LANES).fma(FloatVector.fromArray(SPECIES, y, at + i + LANES), sum1);
    }
    FloatVector.zero(SPECIES).add(sum0).add(sum1).intoArray(lanes, 0);
    float sum = RowArithmetic.fold(lanes);
    for (; i < length; i++) {
      sum = Math.fma(x[from + i], y[at + i], sum);
    }
    return sum;
  }

  /** result = x · (y − shift). */
  private static void product(float[] x, int from, float[] y, int at, float shift, float[] result, int to, int length) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector difference = FloatVector.fromArray(SPECIES, y, at + i).sub(shift);
      difference.mul(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(result, to + i);
    }
    for (; i < length; i++) {
      result[to + i] = x[from + i] * (y[at + i] - shift);
    }
  }

  static double crossEntropy(Matrix logits, Targets targets, float scale, Matrix gradient, Scratch scratch) {
    double loss = 0;
    for (int row = 0; row < logits.rows(); row++) {
      int target = targets.targets()[row];
      if (target == targets.ignored()) {
        int to = gradient.index(row, 0);
        Arrays.fill(gradient.data(), to, to + gradient.columns(), 0);
      } else {
        loss += crossEntropy(logits, row, target, targets.labelSmoothing(), scale, gradient, scratch);
      }
    }
    return loss;
  }

  /**
   * One row. The gradient may replace the logits: what the loss needs of them is read first. A row without a maximum (−∞ or NaN only) is
   * NaN.
   */
  private static double crossEntropy(Matrix logits, int row, int target, double smoothing, double scale, Matrix gradient, Scratch scratch) {
    int classes = logits.columns();
    float max = VectorSoftmax.max(logits, row, scratch.padded);
    double targetLogit = logits.data()[logits.index(row, target)] - (double) max;
    double mean = smoothing == 0 ? 0 : sum(logits, row, max, scratch.lanes) / classes;
    double sum = VectorSoftmax.exponentials(logits, gradient, row, max, scratch);
    float factor = (float) (scale / sum);
    float spread = (float) (scale * smoothing / classes);
    int to = gradient.index(row, target);
    double atTarget = gradient.data()[to] * (scale / sum) - scale * smoothing / classes - scale * (1 - smoothing);
    for (int column = 0; column < classes; column += Interruption.INTERVAL) {
      Interruption.check();
      int length = Math.min(Interruption.INTERVAL, classes - column);
      scale(gradient.data(), gradient.index(row, column), length, factor, spread);
    }
    gradient.data()[to] = (float) atTarget;
    double logSum = Math.log(sum);
    double loss = (1 - smoothing) * (logSum - targetLogit);
    return smoothing == 0 ? loss : loss + smoothing * (logSum - mean); // a class of −∞ makes the mean −∞, which counts only with smoothing
  }

  /** Σ (x − shift) of a row. */
  private static double sum(Matrix x, int row, float shift, float[] lanes) {
    double sum = 0;
    for (int column = 0; column < x.columns(); column += CHAIN) {
      Interruption.check();
      sum += sum(x.data(), x.index(row, column), shift, Math.min(CHAIN, x.columns() - column), lanes);
    }
    return sum;
  }

  private static float sum(float[] x, int from, float shift, int length, float[] lanes) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    int i = 0;
    for (; i <= length - 2 * LANES; i += 2 * LANES) {
      sum0 = FloatVector.fromArray(SPECIES, x, from + i).sub(shift).add(sum0);
      sum1 = FloatVector.fromArray(SPECIES, x, from + i + LANES).sub(shift).add(sum1);
    }
    FloatVector.zero(SPECIES).add(sum0).add(sum1).intoArray(lanes, 0);
    float sum = RowArithmetic.fold(lanes);
    for (; i < length; i++) {
      sum += x[from + i] - shift;
    }
    return sum;
  }

  /** x = factor · x − spread. */
  private static void scale(float[] x, int from, int length, float factor, float spread) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      v.fma(FloatVector.broadcast(SPECIES, factor), FloatVector.broadcast(SPECIES, -spread)).intoArray(x, from + i);
    }
    for (; i < length; i++) {
      x[from + i] = Math.fma(factor, x[from + i], -spread);
    }
  }
}
