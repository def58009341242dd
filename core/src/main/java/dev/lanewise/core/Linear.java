package dev.lanewise.core;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.Matrix;
import dev.lanewise.kernels.PackedMatrix;
import dev.lanewise.kernels.internal.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A projection y = x·Wᵀ + bias, with W of shape outputs × inputs as PyTorch's {@code nn.Linear} stores it, packed once. Immutable and
 * thread-safe; the arrays it was made from are copied.
 */
public final class Linear {
  /**
   * Outputs a part of the weight. Parts are what threads share when rows are few, and what stays in cache while rows pass by. A multiple of
   * any panel width, so that no part pads.
   */
  private static final int PART = 192;

  /** Rows a task. */
  private static final int BLOCK_ROWS = 96;

  private final int inputs;
  private final int outputs;
  private final Kernels kernels;
  private final PackedMatrix[] parts;
  private final float @Nullable [][] biases;

  private Linear(Matrix weight, float @Nullable [] bias, Kernels kernels) {
    this.inputs = weight.columns();
    this.outputs = weight.rows();
    this.kernels = kernels;
    this.parts = new PackedMatrix[Math.ceilDiv(outputs, PART)];
    this.biases = bias == null ? null : new float[parts.length][];
    for (int part = 0; part < parts.length; part++) {
      int from = part * PART;
      int to = Math.min(from + PART, outputs);
      parts[part] = kernels.packTransposed(weight.rows(from, to));
      if (biases != null && bias != null) {
        biases[part] = Arrays.copyOfRange(bias, from, to);
      }
    }
  }

  /**
   * A projection on the fastest kernels of this JVM.
   *
   * @param weight outputs × inputs, dense
   * @param bias outputs elements, or null for none
   * @throws IllegalArgumentException if inputs or outputs is below 1, or an array's length is not what they ask for
   */
  public static Linear of(float[] weight, float @Nullable [] bias, int inputs, int outputs) {
    return of(weight, bias, inputs, outputs, Kernels.selected());
  }

  /** A projection on the given kernels. */
  public static Linear of(float[] weight, float @Nullable [] bias, int inputs, int outputs, Kernels kernels) {
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(kernels, "kernels");
    Checks.atLeast("inputs", inputs, 1);
    Checks.atLeast("outputs", outputs, 1);
    Checks.same("weight.length", weight.length, "outputs * inputs", (long) outputs * inputs);
    if (bias != null) {
      Checks.same("bias.length", bias.length, "outputs", outputs);
    }
    return new Linear(Matrix.of(weight, outputs, inputs), bias, kernels);
  }

  /** Width of the input rows. */
  public int inputs() {
    return inputs;
  }

  /** Width of the output rows. */
  public int outputs() {
    return outputs;
  }

  /**
   * Projects every row. The bits of a row do not depend on the other rows or on the number of threads.
   *
   * @param input batch × rows × inputs
   * @param output batch × rows × outputs, written
   * @param threads how many threads share the work, the caller's among them
   * @throws IllegalArgumentException if shapes differ, or output shares elements with input or with itself; nothing has been written then
   */
  public void apply(Sequences input, Sequences output, int threads) {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(output, "output");
    Checks.atLeast("threads", threads, 1);
    Checks.same("input.width", input.width(), "inputs", inputs);
    Checks.same("output.width", output.width(), "outputs", outputs);
    Checks.same("output.batch", output.batch(), "input.batch", input.batch());
    Checks.same("output.rows", output.rows(), "input.rows", input.rows());
    Checks.writable("output", output.split(1));
    Checks.disjoint("output", output.split(1), "input", input.split(1));
    if (output.batch() == 0 || output.rows() == 0) {
      return;
    }
    // Rows of all batch entries are one matrix if the strides let them; in one array entries stay apart, as the check above saw them.
    boolean merge = input.data() != output.data() && input.evenRows() && output.evenRows();
    project(merge ? input.merged() : input, merge ? output.merged() : output, threads);
  }

  private void project(Sequences input, Sequences output, int threads) {
    int blocks = Math.ceilDiv(input.rows(), BLOCK_ROWS);
    long work = (long) input.batch() * input.rows() * inputs * outputs;
    Workers.run(
        threads,
        work,
        input.batch() * parts.length * blocks,
        task -> {
          int block = task % blocks;
          int part = task / blocks % parts.length;
          int b = task / blocks / parts.length;
          int from = block * BLOCK_ROWS;
          int rows = Math.min(BLOCK_ROWS, input.rows() - from);
          kernels.product(
              input.matrix(b, from, rows, 0, inputs),
              parts[part],
              biases == null ? null : biases[part],
              output.matrix(b, from, rows, part * PART, parts[part].outputs()));
        });
  }
}
