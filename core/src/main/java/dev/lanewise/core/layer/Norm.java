package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Normalises rows: layer norm (x − mean) / √(variance + epsilon) · weight + bias (Ba, Kiros and Hinton, 2016) or RMS norm x / √(mean square
 * + epsilon) · weight (Zhang and Sennrich, 2019). Immutable and thread-safe; its arrays are copied.
 *
 * <pre>{@code
 * Norm norm = Norm.rms(weight, 1e-6f);
 * norm.apply(x, y, 1); // each row by itself
 * }</pre>
 */
public final class Norm {
  /** Number of rows in a task. */
  private static final int BLOCK_ROWS = 32;

  /** Cost of an element, in multiply-adds. */
  private static final int WORK = 8;

  private final Kernels kernels;
  private final boolean centred;
  private final float[] weight;
  private final float @Nullable [] bias;
  private final float epsilon;

  private Norm(Kernels kernels, boolean centred, float[] weight, float @Nullable [] bias, float epsilon) {
    this.kernels = Objects.requireNonNull(kernels, "kernels");
    this.centred = centred;
    this.weight = Objects.requireNonNull(weight, "weight").clone();
    this.bias = bias == null ? null : bias.clone();
    this.epsilon = epsilon;
    Checks.atLeast("weight.length", weight.length, 1);
    if (bias != null) {
      Checks.same("bias.length", bias.length, "weight.length", weight.length);
    }
    Checks.epsilon(epsilon);
  }

  /**
   * Layer norm of rows as wide as {@code weight}.
   *
   * @param bias as long as weight, or null for none
   * @param epsilon added to the variance; 1e-5 in PyTorch, 1e-12 in BERT
   */
  public static Norm layer(float[] weight, float @Nullable [] bias, float epsilon) {
    return layer(weight, bias, epsilon, Kernels.selected());
  }

  /** Layer norm on the given kernels. */
  public static Norm layer(float[] weight, float @Nullable [] bias, float epsilon, Kernels kernels) {
    return new Norm(kernels, true, weight, bias, epsilon);
  }

  /** RMS norm of rows as wide as {@code weight}; {@code epsilon} is added to the mean square. */
  public static Norm rms(float[] weight, float epsilon) {
    return rms(weight, epsilon, Kernels.selected());
  }

  /** RMS norm on the given kernels. */
  public static Norm rms(float[] weight, float epsilon, Kernels kernels) {
    return new Norm(kernels, false, weight, null, epsilon);
  }

  /** Width of the rows. */
  public int width() {
    return weight.length;
  }

  /**
   * Normalises every row. The bits of a row do not depend on the other rows or on the number of threads.
   *
   * @param x batch × rows × width
   * @param output batch × rows × width, written; may be {@code x} itself
   * @param threads number of threads that share the work, including the caller's
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x without being the same view, or with itself
   */
  public void apply(SequenceBatch x, SequenceBatch output, int threads) {
    check(x, output);
    Rowwise.run(x, BLOCK_ROWS, WORK, threads, (b, from, rows) -> norm(part(x, b, from, rows), part(output, b, from, rows)));
  }

  /**
   * Computes sum = x + residual and output = norm(sum), each row while it is in the CPU cache.
   *
   * @param x batch × rows × width
   * @param residual batch × rows × width
   * @param sum batch × rows × width, written; may be {@code x} or {@code residual} itself
   * @param output batch × rows × width, written; may be any of the others; if it is {@code sum}, the norm replaces the sum
   */
  public void applyToSum(SequenceBatch x, SequenceBatch residual, SequenceBatch sum, SequenceBatch output, int threads) {
    check(x, output);
    Rowwise.checkSame("residual", residual, "x", x);
    Rowwise.checkInPlace("sum", sum, "x", x);
    Rowwise.checkInPlace("sum", sum, "residual", residual);
    Rowwise.checkInPlace("output", output, "residual", residual);
    Rowwise.checkInPlace("output", output, "sum", sum);
    Rowwise.run(
        x,
        BLOCK_ROWS,
        WORK,
        threads,
        (b, from, rows) -> {
          Matrix input = part(x, b, from, rows);
          Matrix added = part(residual, b, from, rows);
          Matrix total = part(sum, b, from, rows);
          Matrix result = part(output, b, from, rows);
          if (centred) {
            kernels.addLayerNorm(input, added, total, weight, bias, epsilon, result);
          } else {
            kernels.addRmsNorm(input, added, total, weight, epsilon, result);
          }
        });
  }

  private void check(SequenceBatch x, SequenceBatch output) {
    Objects.requireNonNull(x, "x");
    Checks.same("x.width", x.width(), "weight.length", weight.length);
    Rowwise.checkInPlace("output", output, "x", x);
  }

  private void norm(Matrix x, Matrix result) {
    if (centred) {
      kernels.layerNorm(x, weight, bias, epsilon, result);
    } else {
      kernels.rmsNorm(x, weight, epsilon, result);
    }
  }

  private static Matrix part(SequenceBatch x, int b, int from, int rows) {
    return x.matrix(b, from, rows, 0, x.width());
  }
}
