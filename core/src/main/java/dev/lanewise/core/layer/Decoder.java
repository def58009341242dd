package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A stack of decoder layers, with an optional norm after the last layer. It runs over whole sequences, or over a few new rows at a time
 * with a {@link DecoderState}:
 *
 * <pre>{@code
 * try (DecoderState state = decoder.start(memory, 512)) { // the memory is projected once
 *   decoder.forward(prompt, state, promptOutput); // batch × any number of rows × embedDim
 *   decoder.forward(token, state, tokenOutput); // batch × 1 × embedDim: as in one pass, except for rounding
 * }
 * }</pre>
 *
 * <p>Immutable and thread-safe, but only one call at a time may use a state.
 */
public final class Decoder {
  private final List<DecoderLayer> layers;
  private final @Nullable Norm finalNorm;

  private Decoder(List<DecoderLayer> layers, @Nullable Norm finalNorm) {
    this.layers = LayerStack.copy(layers);
    this.finalNorm = finalNorm;
    LayerStack.check(layers.stream().map(DecoderLayer::embedDim).toList(), finalNorm);
  }

  /**
   * Creates a decoder from layers, on one thread.
   *
   * @param finalNorm null for none
   * @throws IllegalArgumentException if there is no layer, or widths differ
   */
  public static Decoder of(List<DecoderLayer> layers, @Nullable Norm finalNorm) {
    return new Decoder(layers, finalNorm).withThreads(1);
  }

  /** Returns a copy with this mask in every self-attention, in place of the causal mask. */
  public Decoder withMask(Mask mask) {
    return withLayers(layer -> layer.withMask(mask));
  }

  /** Returns a copy with this mask in every cross-attention, in place of earlier ones. */
  public Decoder withMemoryMask(Mask mask) {
    return withLayers(layer -> layer.withMemoryMask(mask));
  }

  /** Returns a copy with these positions in every self-attention, see {@link MultiHeadAttention#withPositions}. */
  public Decoder withPositions(LayerPositions positions) {
    return withLayers(layer -> layer.withPositions(positions));
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public Decoder withThreads(int threads) {
    return with(layer -> layer.withThreads(threads), norm -> norm.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Decoder withKernels(Kernels kernels) {
    return with(layer -> layer.withKernels(kernels), norm -> norm.withKernels(kernels));
  }

  /** Returns a copy with every layer changed by a function. */
  public Decoder withLayers(UnaryOperator<DecoderLayer> change) {
    return with(Objects.requireNonNull(change, "change"), norm -> norm);
  }

  private Decoder with(UnaryOperator<DecoderLayer> change, UnaryOperator<Norm> changeNorm) {
    return new Decoder(layers.stream().map(change).toList(), finalNorm == null ? null : changeNorm.apply(finalNorm));
  }

  /** The layers, from the input to the output. */
  public List<DecoderLayer> layers() {
    return layers;
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return layers.get(0).embedDim();
  }

  /**
   * Runs all layers over whole sequences.
   *
   * @param x batch × rows × embedDim
   * @param memory batch × memory rows × the input width of cross-attention
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, the mask or positions of some layer or its width of the memory do not fit, or output
   *     shares elements with an input without being {@code x}; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output) {
    Objects.requireNonNull(memory, "memory");
    Rowwise.checkLayer(x, embedDim(), output);
    layers.forEach(layer -> layer.check(x, memory));
    layers.forEach(layer -> layer.checkApart("output", output.split(1)));
    ViewChecks.disjoint("output", output.split(1), "memory", memory.split(1));
    SequenceBatch from = x;
    for (DecoderLayer layer : layers) {
      layer.forward(from, memory, output);
      from = output;
    }
    finish(output);
  }

  /**
   * Projects a memory for every layer, and creates a state for sequences of up to {@code capacity} rows.
   *
   * @param memory batch × memory rows × the input width of cross-attention
   * @param capacity maximum number of rows of the decoder's own sequences, at least 1
   * @throws IllegalArgumentException if capacity is below 1, or memory has another width
   * @throws IllegalStateException if a cross-attention has positions, which a memory does not have, or packed sequences
   */
  public DecoderState start(SequenceBatch memory, int capacity) {
    return DecoderState.of(this, Objects.requireNonNull(memory, "memory"), capacity);
  }

  /**
   * Runs all layers over new rows. If anything fails, the state does not change.
   *
   * @param x batch × new rows × embedDim
   * @param state a state of this decoder, or of one derived from it; the new rows are added to it
   * @param output batch × new rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, or the mask or positions of some layer do not fit; nothing has been written then
   * @throws IllegalStateException if the state is full, closed, or in use
   */
  public void forward(SequenceBatch x, DecoderState state, SequenceBatch output) {
    Objects.requireNonNull(state, "state");
    Rowwise.checkLayer(x, embedDim(), output);
    Checks.same("state.layers", state.layers(), "layers", layers.size());
    Checks.same("x.batch", x.batch(), "state.batch", state.batch());
    state.checkOpen();
    try (CacheTransaction transaction = new CacheTransaction()) {
      for (int i = 0; i < layers.size(); i++) {
        transaction.enter(state.caches(i));
      }
      for (int i = 0; i < layers.size(); i++) {
        layers.get(i).check(x, state.caches(i), state.memory(i));
        layers.get(i).checkApart("output", output.split(1));
      }
      SequenceBatch from = x;
      for (int i = 0; i < layers.size(); i++) {
        layers.get(i).forward(from, state.caches(i), state.memory(i), output, transaction);
        from = output;
      }
      finish(output);
      transaction.commit();
    }
  }

  private void finish(SequenceBatch output) {
    if (finalNorm != null) {
      finalNorm.forward(output, output);
    }
  }
}
