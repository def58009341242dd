package dev.lanewise.core;

import dev.lanewise.kernels.Kernels;
import java.util.Objects;

/**
 * Scaled dot-product attention over many heads: output = softmax(scale · QKᵀ, masked) · V, as in "Attention Is All You Need" (Vaswani et al.,
 * 2017), equation 1. Immutable and thread-safe: the {@code with…} methods return changed copies.
 *
 * <pre>{@code
 * Heads query = Heads.of(q, batch, 12, length, 64);
 * Attention.standard().withMask(Mask.causal()).withThreads(2).compute(query, key, value, output);
 * }</pre>
 *
 * <p>Query heads may be a multiple of the key/value heads (grouped heads): query head h reads key/value head
 * {@code h / (queryHeads / keyValueHeads)}. The width of value may differ from headDim.
 */
public final class Attention {
  private final Kernels kernels;
  private final Mask mask;
  private final float scale;
  private final int threads;

  private Attention(Kernels kernels, Mask mask, float scale, int threads) {
    this.kernels = kernels;
    this.mask = mask;
    this.scale = scale;
    this.threads = threads;
  }

  /** No mask, scale 1/√headDim, one thread, the fastest kernels of this JVM. */
  public static Attention standard() {
    return new Attention(Kernels.selected(), Mask.none(), Float.NaN, 1);
  }

  /** With this mask instead of the one before; combine several with {@link Mask#and}. */
  public Attention withMask(Mask mask) {
    return new Attention(kernels, Objects.requireNonNull(mask, "mask"), scale, threads);
  }

  /** With this factor on every dot product instead of 1/√headDim. */
  public Attention withScale(float scale) {
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException("scale is " + scale + ", must be finite");
    }
    return new Attention(kernels, mask, scale, threads);
  }

  /** With the work of each call shared by so many threads, the caller's among them. The bits of the result do not depend on it. */
  public Attention withThreads(int threads) {
    Checks.atLeast("threads", threads, 1);
    return new Attention(kernels, mask, scale, threads);
  }

  /** With these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Attention withKernels(Kernels kernels) {
    return new Attention(Objects.requireNonNull(kernels, "kernels"), mask, scale, threads);
  }

  /**
   * Computes attention.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param value batch × keyValueHeads × keys × valueDim
   * @param output batch × queryHeads × queries × valueDim, written; a query that sees no key gets 0
   */
  public void compute(Heads query, Heads key, Heads value, Heads output) {
    throw new UnsupportedOperationException("not yet");
  }

  /**
   * Computes the attention weights alone.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param weights batch × queryHeads × queries × keys, written; masked keys get 0
   */
  public void weights(Heads query, Heads key, Heads weights) {
    throw new UnsupportedOperationException("not yet");
  }
}
