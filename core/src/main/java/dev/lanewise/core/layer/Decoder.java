package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Decoder layers one behind the other, and a norm behind the last where there is one. Over whole sequences, or a few new rows at a time
 * against a {@link DecoderState}:
 *
 * <pre>{@code
 * try (DecoderState state = decoder.start(memory, 512)) { // the memory is projected once
 *   decoder.forward(prompt, state, promptOutput); // batch × any number of rows × embedDim
 *   decoder.forward(token, state, tokenOutput); // batch × 1 × embedDim: as in one pass, but for rounding
 * }
 * }</pre>
 *
 * <p>Immutable and thread-safe, but a state belongs to one call at a time.
 */
public final class Decoder {
  private final List<DecoderLayer> layers;
  private final @Nullable Norm finalNorm;
  private final int threads;

  private Decoder(List<DecoderLayer> layers, @Nullable Norm finalNorm, int threads) {
    this.layers = Stack.copy(layers);
    this.finalNorm = finalNorm;
    this.threads = threads;
    Stack.check(layers.stream().map(DecoderLayer::embedDim).toList(), finalNorm);
  }

  /**
   * These layers, on one thread.
   *
   * @param finalNorm null for none
   * @throws IllegalArgumentException if there is no layer, or widths differ
   */
  public static Decoder of(List<DecoderLayer> layers, @Nullable Norm finalNorm) {
    return new Decoder(layers, finalNorm, 1).withThreads(1);
  }

  /** The same decoder with this mask in every self-attention; it replaces the causal one. */
  public Decoder withMask(Mask mask) {
    return withLayers(of -> of.withMask(mask));
  }

  /** The same decoder with this mask in every cross-attention, instead of those before. */
  public Decoder withMemoryMask(Mask mask) {
    return withLayers(of -> of.withMemoryMask(mask));
  }

  /** The same decoder with these positions in every self-attention, see {@link MultiHeadAttention#withPositions}. */
  public Decoder withPositions(LayerPositions positions) {
    return withLayers(of -> of.withPositions(positions));
  }

  /** The same decoder with this many threads a call, the caller's among them. */
  public Decoder withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new Decoder(layers.stream().map(of -> of.withThreads(newThreads)).toList(), finalNorm, newThreads);
  }

  /** The same decoder with every layer changed. */
  public Decoder withLayers(UnaryOperator<DecoderLayer> change) {
    Objects.requireNonNull(change, "change");
    return new Decoder(layers.stream().map(change).toList(), finalNorm, threads);
  }

  /** The layers, from the input on. */
  public List<DecoderLayer> layers() {
    return layers;
  }

  /** Width of the rows that go in and come out. */
  public int embedDim() {
    return layers.get(0).embedDim();
  }

  /**
   * Runs all layers over whole sequences.
   *
   * @param x batch × rows × embedDim
   * @param memory batch × memory rows × the width that cross-attention projects from
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, the mask or positions of some layer or its width of the memory do not fit, or output
   *     shares elements with an input without being {@code x}; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output) {
    Objects.requireNonNull(memory, "memory");
    Rows.checkLayer(x, embedDim(), output);
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
   * Projects a memory for every layer, and has room for so many rows a sequence.
   *
   * @param memory batch × memory rows × the width that cross-attention projects from
   * @param capacity rows of the decoder's own sequences, at most; from 1 on
   * @throws IllegalArgumentException if capacity is below 1, or memory has another width
   * @throws IllegalStateException if a cross-attention has positions, which a memory has not, or packed sequences
   */
  public DecoderState start(SequenceBatch memory, int capacity) {
    return DecoderState.of(this, Objects.requireNonNull(memory, "memory"), capacity);
  }

  /**
   * Runs all layers over new rows. If anything fails, the state is as it was.
   *
   * @param x batch × new rows × embedDim
   * @param state of this decoder, or of one derived from it; takes the new rows
   * @param output batch × new rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, or the mask or positions of some layer do not fit; nothing has been written then
   * @throws IllegalStateException if the state is full, closed, or in use
   */
  public void forward(SequenceBatch x, DecoderState state, SequenceBatch output) {
    Objects.requireNonNull(state, "state");
    Rows.checkLayer(x, embedDim(), output);
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
      finalNorm.apply(output, output, threads);
    }
  }
}
