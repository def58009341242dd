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
 * norm.forward(x, y); // each row by itself
 * }</pre>
 */
public final class Norm {
  /** Number of rows in a task. */
  private static final int BLOCK_ROWS = 32;

  /** Cost of an element, in multiply-adds. */
  private static final int WORK = 8;

  /** Position of the norm in a layer. */
  public enum Placement {
    /** Before each sublayer: x + sublayer(norm(x)). The rows are summed from layer to layer, so a norm after the last layer is usual. */
    PRE,
    /** After each sum: norm(x + sublayer(x)), as in "Attention Is All You Need" and BERT. */
    POST,
    /** After each sublayer, before the sum: x + norm(sublayer(x)), as in OLMo 2; Gemma 2 has it together with {@link #PRE}. */
    OUTPUT
  }

  private final Kernels kernels;
  private final boolean centred;
  private final float[] weight;
  private final float @Nullable [] bias;
  private final float epsilon;
  private final int threads;

  private Norm(Kernels kernels, boolean centred, float[] weight, float @Nullable [] bias, float epsilon, int threads) {
    this.kernels = kernels;
    this.centred = centred;
    this.weight = weight;
    this.bias = bias;
    this.epsilon = epsilon;
    this.threads = threads;
  }

  private static Norm of(boolean centred, float[] weight, float @Nullable [] bias, float epsilon) {
    Objects.requireNonNull(weight, "weight");
    Checks.atLeast("weight.length", weight.length, 1);
    if (bias != null) {
      Checks.same("bias.length", bias.length, "weight.length", weight.length);
    }
    Checks.epsilon(epsilon);
    return new Norm(Kernels.selected(), centred, weight.clone(), bias == null ? null : bias.clone(), epsilon, 1);
  }

  /**
   * Layer norm of rows as wide as {@code weight}, on one thread and the fastest kernels of this JVM.
   *
   * @param bias as long as weight, or null for none
   * @param epsilon added to the variance; 1e-5 in PyTorch, 1e-12 in BERT
   */
  public static Norm layer(float[] weight, float @Nullable [] bias, float epsilon) {
    return of(true, weight, bias, epsilon);
  }

  /** RMS norm of rows as wide as {@code weight}; {@code epsilon} is added to the mean square. */
  public static Norm rms(float[] weight, float epsilon) {
    return of(false, weight, null, epsilon);
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public Norm withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new Norm(kernels, centred, weight, bias, epsilon, newThreads);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Norm withKernels(Kernels newKernels) {
    return new Norm(Objects.requireNonNull(newKernels, "kernels"), centred, weight, bias, epsilon, threads);
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
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x without being the same view, or with itself
   */
  public void forward(SequenceBatch x, SequenceBatch output) {
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
  public void forward(SequenceBatch x, SequenceBatch residual, SequenceBatch sum, SequenceBatch output) {
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
