package dev.lanewise.core;

import dev.lanewise.kernels.Kernels;
import org.jspecify.annotations.Nullable;

/** A projection y = x·Wᵀ + bias, with W of shape outputs × inputs as PyTorch's {@code nn.Linear} stores it, packed once. */
public final class Linear {
  private final int inputs;
  private final int outputs;

  private Linear(int inputs, int outputs) {
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * A projection on the fastest kernels of this JVM.
   *
   * @param weight outputs × inputs, dense
   * @param bias outputs elements, or null for none
   */
  public static Linear of(float[] weight, float @Nullable [] bias, int inputs, int outputs) {
    return of(weight, bias, inputs, outputs, Kernels.selected());
  }

  /** A projection on the given kernels. */
  public static Linear of(float[] weight, float @Nullable [] bias, int inputs, int outputs, Kernels kernels) {
    throw new UnsupportedOperationException("not yet");
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
   * Projects every row.
   *
   * @param input batch × rows × inputs
   * @param output batch × rows × outputs, written
   * @param threads how many threads share the work
   */
  public void apply(Sequences input, Sequences output, int threads) {
    throw new UnsupportedOperationException("not yet");
  }
}
