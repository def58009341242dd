package dev.lanewise.kernels.simd.elementwise;

import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.call.NormProblem.Norm;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.plain.ScalarNorms;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Layer norm and RMS norm; each pass is a loop over a row that stays in L1. The pass that writes a row also computes the first sum of the
 * next row, so that memory is read and written at the same time:
 *
 * <pre>
 * for each row
 *   sum     = x + residual                                        if there is one
 *   mean    = Σ sum / columns                                     layer norm
 *   rest    = Σ (sum − mean) / columns
 *   squares = Σ (sum − mean)² / columns                           RMS norm: with mean = rest = 0
 *   result  = ((sum − mean) · scale + shift) · weight + bias      scale = 1/√(squares − rest² + epsilon), shift = −rest · scale
 * </pre>
 *
 * The mean is a float. If it is large compared with the deviations, its rounding error is not small compared with them. In this case sum −
 * mean is exact, so that {@code rest}, the rounding error of the mean, is known to float accuracy. It is subtracted in the end.
 */
public final class VectorNorms extends ScratchPool.Member {
  private static final ScratchPool<VectorNorms> POOL = new ScratchPool<>(VectorNorms::new);
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  // beyond these variances a square over- or underflows in float, and the row is computed in double
  private static final double LEAST = 1e-30;
  private static final double LARGEST = 1e30;

  /** The widest row whose sums are computed in float, with up to 256 terms in a chain; wider rows are computed in double. */
  private static final int WIDEST = 1024 * LANES;

  /** The sums in the lanes of a vector. */
  private final float[] lanes = new float[Scratch.MOST_LANES];

  private final float[] squareLanes = new float[Scratch.MOST_LANES];

  // of the current row
  private float mean;
  private float total;
  private float scale;
  private float shift;

  /** Creates norms that are part of a member of another pool. */
  public VectorNorms() {}

  /** Computes one call on the calling thread. */
  public static void run(NormProblem problem) {
    try (Scratch scratch = Scratch.take()) {
      VectorNorms norms = POOL.takeInside();
      try {
        norms.run(problem, scratch);
      } finally {
        POOL.giveInside(norms);
      }
    }
  }

  private void run(NormProblem problem, Scratch scratch) {
    Matrix sum = problem.sum();
    Matrix result = problem.result();
    Norm norm = problem.norm();
    float[] weight = norm.weight() == null ? scratch.ones(sum.columns()) : norm.weight();
    float[] bias = norm.bias() == null ? scratch.noBias(sum.columns()) : norm.bias();
    float first = start(problem, 0);
    int often = Interruption.often(sum.columns());
    for (int row = 0; row < sum.rows(); row++) {
      Interruption.check(row, often);
      int from = sum.index(row, 0);
      int to = result.index(row, 0);
      boolean isLast = row + 1 == sum.rows();
      boolean inRange = sum.columns() <= WIDEST && measure(first, sum.data(), from, sum.columns(), norm);
      if (!inRange) {
        ScalarNorms.norm(problem, row);
        first = isLast ? 0 : start(problem, row + 1);
        continue;
      }
      if (!isLast) {
        add(problem, row + 1);
      }
      // the last row is read once more without need
      int next = isLast ? from : sum.index(row + 1, 0);
      first =
          norm.centred()
              ? writeCentred(sum.data(), from, next, weight, bias, result.data(), to, sum.columns())
              : write(sum.data(), from, next, weight, result.data(), to, sum.columns());
    }
  }

  /** Runs the first pass over a row: adds the residual and returns Σ x or Σ x². */
  private float start(NormProblem problem, int row) {
    add(problem, row);
    Matrix sum = problem.sum();
    int from = sum.index(row, 0);
    return problem.norm().centred() ? sum(sum.data(), from, sum.columns()) : squares(sum.data(), from, sum.columns());
  }

  private static void add(NormProblem problem, int row) {
    Matrix x = problem.x();
    Matrix y = problem.residual();
    Matrix sum = problem.sum();
    if (y != null) {
      RowArithmetic.add(x.data(), x.index(row, 0), y.data(), y.index(row, 0), sum.data(), sum.index(row, 0), sum.columns());
    }
  }

  /**
   * Computes mean, scale and shift of a row, for its gradient: the normalised element is (x − mean) · scale + shift. Returns false if the
   * row needs double.
   */
  public boolean measure(float[] x, int from, int length, Norm norm) {
    if (!norm.centred()) {
      mean = 0;
    }
    return length <= WIDEST && measure(norm.centred() ? sum(x, from, length) : squares(x, from, length), x, from, length, norm);
  }

  public float mean() {
    return mean;
  }

  public float scale() {
    return scale;
  }

  public float shift() {
    return shift;
  }

  /** Computes mean, scale and shift of a row; returns false if the row needs double. */
  private boolean measure(float first, float[] x, int from, int length, Norm norm) {
    double inverse = 1.0 / length;
    double rest = 0;
    double variance;
    if (norm.centred()) {
      mean = (float) (first * inverse);
      double squares = deviations(x, from, length) * inverse;
      rest = total * inverse;
      variance = Math.max(0, squares - rest * rest);
    } else {
      variance = first * inverse;
    }
    variance += norm.epsilon();
    double inverseDeviation = 1 / Math.sqrt(variance);
    scale = (float) inverseDeviation;
    // in double, because with denormal elements the rest would round to 0
    shift = (float) (-rest * inverseDeviation);
    return variance >= LEAST && variance <= LARGEST;
  }

  /** Σ x in four chains, because an addition takes several cycles. */
  private float sum(float[] x, int from, int length) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int i = 0;
    for (; i <= length - 4 * LANES; i += 4 * LANES) {
      sum0 = FloatVector.fromArray(SPECIES, x, from + i).add(sum0);
      sum1 = FloatVector.fromArray(SPECIES, x, from + i + LANES).add(sum1);
      sum2 = FloatVector.fromArray(SPECIES, x, from + i + 2 * LANES).add(sum2);
      sum3 = FloatVector.fromArray(SPECIES, x, from + i + 3 * LANES).add(sum3);
    }
    for (; i <= length - LANES; i += LANES) {
      sum0 = FloatVector.fromArray(SPECIES, x, from + i).add(sum0);
    }
    FloatVector.zero(SPECIES).add(sum0).add(sum1).add(FloatVector.zero(SPECIES).add(sum2).add(sum3)).intoArray(lanes, 0);
    float sum = RowArithmetic.fold(lanes);
    for (; i < length; i++) {
      sum += x[from + i];
    }
    return sum;
  }

  /** Sets total to Σ (x − mean) and returns Σ (x − mean)². */
  private float deviations(float[] x, int from, int length) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    FloatVector squares0 = sum0;
    FloatVector squares1 = sum0;
    FloatVector squares2 = sum0;
    FloatVector squares3 = sum0;
    int i = 0;
    for (; i <= length - 4 * LANES; i += 4 * LANES) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, x, from + i).sub(mean);
      FloatVector d1 = FloatVector.fromArray(SPECIES, x, from + i + LANES).sub(mean);
      FloatVector d2 = FloatVector.fromArray(SPECIES, x, from + i + 2 * LANES).sub(mean);
      FloatVector d3 = FloatVector.fromArray(SPECIES, x, from + i + 3 * LANES).sub(mean);
      squares0 = d0.fma(d0, squares0);
      squares1 = d1.fma(d1, squares1);
      squares2 = d2.fma(d2, squares2);
      squares3 = d3.fma(d3, squares3);
      sum0 = d0.add(d1).add(sum0);
      sum1 = d2.add(d3).add(sum1);
    }
    for (; i <= length - LANES; i += LANES) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, x, from + i).sub(mean);
      squares0 = d0.fma(d0, squares0);
      sum0 = d0.add(sum0);
    }
    FloatVector.zero(SPECIES).add(sum0).add(sum1).intoArray(lanes, 0);
    FloatVector.zero(SPECIES)
        .add(squares0)
        .add(squares1)
        .add(FloatVector.zero(SPECIES).add(squares2).add(squares3))
        .intoArray(squareLanes, 0);
    float sum = RowArithmetic.fold(lanes);
    float squares = RowArithmetic.fold(squareLanes);
    for (; i < length; i++) {
      float d = x[from + i] - mean;
      sum += d;
      squares = Math.fma(d, d, squares);
    }
    total = sum;
    return squares;
  }

  /** Σ x². */
  private float squares(float[] x, int from, int length) {
    FloatVector squares0 = FloatVector.zero(SPECIES);
    FloatVector squares1 = squares0;
    FloatVector squares2 = squares0;
    FloatVector squares3 = squares0;
    int i = 0;
    for (; i <= length - 4 * LANES; i += 4 * LANES) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector x1 = FloatVector.fromArray(SPECIES, x, from + i + LANES);
      FloatVector x2 = FloatVector.fromArray(SPECIES, x, from + i + 2 * LANES);
      FloatVector x3 = FloatVector.fromArray(SPECIES, x, from + i + 3 * LANES);
      squares0 = x0.fma(x0, squares0);
      squares1 = x1.fma(x1, squares1);
      squares2 = x2.fma(x2, squares2);
      squares3 = x3.fma(x3, squares3);
    }
    for (; i <= length - LANES; i += LANES) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, from + i);
      squares0 = x0.fma(x0, squares0);
    }
    FloatVector.zero(SPECIES)
        .add(squares0)
        .add(squares1)
        .add(FloatVector.zero(SPECIES).add(squares2).add(squares3))
        .intoArray(squareLanes, 0);
    float squares = RowArithmetic.fold(squareLanes);
    for (; i < length; i++) {
      squares = Math.fma(x[from + i], x[from + i], squares);
    }
    return squares;
  }

  /** Writes a row and returns Σ x of the next row, in the order of {@link #sum}. */
  private float writeCentred(float[] x, int from, int next, float[] weight, float[] bias, float[] result, int to, int length) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int i = 0;
    for (; i <= length - 4 * LANES; i += 4 * LANES) {
      sum0 = FloatVector.fromArray(SPECIES, x, next + i).add(sum0);
      sum1 = FloatVector.fromArray(SPECIES, x, next + i + LANES).add(sum1);
      sum2 = FloatVector.fromArray(SPECIES, x, next + i + 2 * LANES).add(sum2);
      sum3 = FloatVector.fromArray(SPECIES, x, next + i + 3 * LANES).add(sum3);
      for (int j = i; j < i + 4 * LANES; j += LANES) {
        FloatVector.fromArray(SPECIES, x, from + j)
            .sub(mean)
            .fma(FloatVector.broadcast(SPECIES, scale), FloatVector.broadcast(SPECIES, shift))
            .fma(FloatVector.fromArray(SPECIES, weight, j), FloatVector.fromArray(SPECIES, bias, j))
            .intoArray(result, to + j);
      }
    }
    for (; i <= length - LANES; i += LANES) {
      sum0 = FloatVector.fromArray(SPECIES, x, next + i).add(sum0);
      FloatVector.fromArray(SPECIES, x, from + i)
          .sub(mean)
          .fma(FloatVector.broadcast(SPECIES, scale), FloatVector.broadcast(SPECIES, shift))
          .fma(FloatVector.fromArray(SPECIES, weight, i), FloatVector.fromArray(SPECIES, bias, i))
          .intoArray(result, to + i);
    }
    FloatVector.zero(SPECIES).add(sum0).add(sum1).add(FloatVector.zero(SPECIES).add(sum2).add(sum3)).intoArray(lanes, 0);
    float sum = RowArithmetic.fold(lanes);
    for (; i < length; i++) {
      sum += x[next + i];
      result[to + i] = Math.fma(Math.fma(x[from + i] - mean, scale, shift), weight[i], bias[i]);
    }
    return sum;
  }

  /** Writes a row and returns Σ x² of the next row, in the order of {@link #squares}. */
  private float write(float[] x, int from, int next, float[] weight, float[] result, int to, int length) {
    FloatVector squares0 = FloatVector.zero(SPECIES);
    FloatVector squares1 = squares0;
    FloatVector squares2 = squares0;
    FloatVector squares3 = squares0;
    int i = 0;
    for (; i <= length - 4 * LANES; i += 4 * LANES) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, next + i);
      FloatVector x1 = FloatVector.fromArray(SPECIES, x, next + i + LANES);
      FloatVector x2 = FloatVector.fromArray(SPECIES, x, next + i + 2 * LANES);
      FloatVector x3 = FloatVector.fromArray(SPECIES, x, next + i + 3 * LANES);
      squares0 = x0.fma(x0, squares0);
      squares1 = x1.fma(x1, squares1);
      squares2 = x2.fma(x2, squares2);
      squares3 = x3.fma(x3, squares3);
      for (int j = i; j < i + 4 * LANES; j += LANES) {
        FloatVector.fromArray(SPECIES, x, from + j).mul(scale).mul(FloatVector.fromArray(SPECIES, weight, j)).intoArray(result, to + j);
      }
    }
    for (; i <= length - LANES; i += LANES) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, next + i);
      squares0 = x0.fma(x0, squares0);
      FloatVector.fromArray(SPECIES, x, from + i).mul(scale).mul(FloatVector.fromArray(SPECIES, weight, i)).intoArray(result, to + i);
    }
    FloatVector.zero(SPECIES)
        .add(squares0)
        .add(squares1)
        .add(FloatVector.zero(SPECIES).add(squares2).add(squares3))
        .intoArray(squareLanes, 0);
    float squares = RowArithmetic.fold(squareLanes);
    for (; i < length; i++) {
      squares = Math.fma(x[next + i], x[next + i], squares);
      result[to + i] = x[from + i] * scale * weight[i];
    }
    return squares;
  }
}
