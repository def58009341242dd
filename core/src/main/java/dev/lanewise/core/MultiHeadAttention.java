package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.SequenceStarts;
import dev.lanewise.kernels.internal.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention: query, key and value are projected by W_Q, W_K and W_V, each head attends on its slice, and the heads, side by
 * side, are projected by W_O ("Attention Is All You Need", section 3.2.2). Self-attention takes one source for all three, cross-attention
 * two.
 *
 * {@snippet :
 * MultiHeadAttention layer = MultiHeadAttention.builder(768, 12)
 *     .query(wq, bq).key(wk, bk).value(wv, bv).output(wo, bo)
 *     .build()
 *     .withMask(Mask.causal())
 *     .withThreads(2);
 * Sequences x = Sequences.of(activations, batch, length, 768);
 * Sequences y = Sequences.zeros(batch, length, 768);
 * layer.self(x, y);
 * }
 *
 * <p>Immutable and thread-safe. Projected queries, keys and values live in buffers that calls take from a common pool.
 */
public final class MultiHeadAttention {
  /** Projected query, key and value, and the heads' output; few calls run at the same time, and each buffer is large. */
  private static final Scratch.Pool BUFFERS = new Scratch.Pool(8, 4);

  private final Projections projections;
  private final Attention attention;
  private final @Nullable Rotary rotary;
  private final @Nullable SequenceStarts sequences;
  private final int threads;

  MultiHeadAttention(
      Projections projections, Attention attention, @Nullable Rotary rotary, @Nullable SequenceStarts sequences, int threads) {
    this.projections = projections;
    this.attention = attention;
    this.rotary = rotary;
    this.sequences = sequences;
    this.threads = threads;
  }

  /**
   * A layer with {@code numHeads} query heads over {@code embedDim}-wide sequences, to be given its weights. headDim is embedDim /
   * numHeads.
   *
   * @throws IllegalArgumentException if numHeads does not divide embedDim
   */
  public static MultiHeadAttentionBuilder builder(int embedDim, int numHeads) {
    return new MultiHeadAttentionBuilder(embedDim, numHeads);
  }

  /** The same layer with this mask; the weights are shared. */
  public MultiHeadAttention withMask(Mask mask) {
    return withAttention(of -> of.withMask(mask));
  }

  /**
   * The same layer with its attention changed, for whatever a layer has no method for: {@code layer.withAttention(of ->
   * of.withSoftcap(50))}.
   */
  public MultiHeadAttention withAttention(UnaryOperator<Attention> change) {
    Attention changed = Objects.requireNonNull(change.apply(attention), "attention");
    return new MultiHeadAttention(projections, changed, rotary, sequences, threads);
  }

  /**
   * The same layer with queries and keys turned by their positions. Those of a cache count from its first row; without a cache the last
   * query stands where the last key does, and the first of the more numerous at 0.
   *
   * @throws IllegalArgumentException if headDim differs
   */
  public MultiHeadAttention withRotary(Rotary newRotary) {
    Checks.same("rotary.headDim", newRotary.headDim(), "headDim", projections.headDim());
    return new MultiHeadAttention(projections, attention, newRotary, sequences, threads);
  }

  /**
   * The same layer over sequences of different lengths that lie one after the other in one batch entry, without padding: each attends to
   * itself alone, and gives the bits that it gives alone.
   */
  public MultiHeadAttention withSequences(SequenceStarts newSequences) {
    return new MultiHeadAttention(projections, attention.withSequences(newSequences), rotary, newSequences, threads);
  }

  /** The same layer with this many threads a call, the caller's among them; the weights are shared. */
  public MultiHeadAttention withThreads(int newThreads) {
    return new MultiHeadAttention(projections, attention.withThreads(newThreads), rotary, sequences, newThreads);
  }

  /** Width of the rows that go in and come out. */
  public int embedDim() {
    return projections.query().inputs();
  }

  /** Width of the rows that keys are projected from. */
  public int keyInputDim() {
    return projections.key().inputs();
  }

  /** Query heads. */
  public int numHeads() {
    return projections.numHeads();
  }

  /** A cache for what this layer keeps of a sequence, of keyValueHeads, headDim and valueDim; its capacity and storage may be chosen. */
  public KeyValueCache.Builder cache() {
    return KeyValueCache.builder(projections.keyValueHeads(), projections.headDim()).valueDim(projections.valueDim());
  }

  /** Self-attention: query, key and value all come from {@code x}; both are batch × rows × embedDim. */
  public void self(Sequences x, Sequences output) {
    forward(x, x, x, output);
  }

  /** Cross-attention: the query comes from {@code x}, key and value from {@code memory}. */
  public void cross(Sequences x, Sequences memory, Sequences output) {
    forward(x, memory, memory, output);
  }

  /**
   * Self-attention of new rows to all rows so far: keys and values of {@code x} are appended to the caches, and its queries see what the
   * layer's mask shows of them; with {@link Mask#causal} a prompt, its pieces, and the steps after it give what one call over all rows
   * would. If anything fails, the caches are as they were.
   *
   * {@snippet :
   * layer.self(prompt, List.of(cache), promptOutput); // 1 × any number of rows × embedDim
   * layer.self(token, List.of(cache), tokenOutput); // 1 × 1 × embedDim
   * }
   *
   * @param x batch × rows × embedDim
   * @param caches one a batch entry, each with what its sequence has had so far; of keyValueHeads, headDim and valueDim of the layer
   * @param output batch × rows × embedDim, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x or with itself
   * @throws IllegalStateException if a cache is full, closed, or in use
   */
  public void self(Sequences x, List<KeyValueCache> caches, Sequences output) {
    projections.checkForward(x, x, x, output);
    int[] before = projections.checkCaches(caches, x.batch());
    Scratch buffers = BUFFERS.acquire();
    try {
      Heads queries = projections.queries(x, buffers, threads);
      Heads keys = projections.keys(x, buffers, threads);
      Heads values = projections.values(x, buffers, threads);
      if (rotary != null) {
        rotary.applyFrom(queries, queries, before);
        rotary.applyFrom(keys, keys, before);
      }
      KeyValueCache.appendAll(caches, keys, values);
      boolean done = false;
      try {
        attend(x, queries, caches, buffers, output);
        done = true;
      } finally {
        for (int b = 0; b < before.length && !done; b++) {
          caches.get(b).truncate(before[b]);
        }
      }
    } finally {
      BUFFERS.release(buffers);
    }
  }

  /**
   * Projects a memory once, for any number of calls of {@link #cross(Sequences, List, Sequences)}: its keys and values are appended to the
   * caches.
   *
   * @param memory batch × keys × keyInputDim, the same for values
   * @param caches one a batch entry
   * @throws IllegalStateException if a cache is full, closed, or in use, or the layer is rotary: a memory has no positions
   */
  public void remember(Sequences memory, List<KeyValueCache> caches) {
    checkNotRotary();
    projections.checkMemory(memory);
    projections.checkCaches(caches, memory.batch());
    Scratch buffers = BUFFERS.acquire();
    try {
      KeyValueCache.appendAll(caches, projections.keys(memory, buffers, threads), projections.values(memory, buffers, threads));
    } finally {
      BUFFERS.release(buffers);
    }
  }

  /**
   * Cross-attention to a memory that caches {@link #remember}; they stay as they are.
   *
   * @param x batch × rows × embedDim
   * @param memory one cache a batch entry
   * @param output batch × rows × embedDim, written
   */
  public void cross(Sequences x, List<KeyValueCache> memory, Sequences output) {
    checkNotRotary();
    projections.checkQuery(x);
    projections.checkOutput(x, output);
    projections.checkCaches(memory, x.batch());
    Scratch buffers = BUFFERS.acquire();
    try {
      attend(x, projections.queries(x, buffers, threads), memory, buffers, output);
    } finally {
      BUFFERS.release(buffers);
    }
  }

  private void attend(Sequences x, Heads queries, List<KeyValueCache> caches, Scratch buffers, Sequences output) {
    Sequences heads = projections.heads(x, buffers);
    attention.compute(queries, caches, heads.split(numHeads()));
    projections.output().apply(heads, output, threads);
  }

  private void checkNotRotary() {
    if (rotary != null) {
      throw new IllegalStateException("the layer is rotary, but a memory that is kept in caches has no positions");
    }
  }

  /** Turns queries and keys that no cache gives positions. */
  private void rotate(Heads queries, Heads keys) {
    if (rotary == null) {
      return;
    }
    if (sequences == null) {
      rotary.apply(queries, queries, Math.max(0, keys.rows() - queries.rows()));
      rotary.apply(keys, keys, Math.max(0, queries.rows() - keys.rows()));
    } else {
      rotary.apply(queries, queries, PackedPositions.ofQueries(sequences));
      rotary.apply(keys, keys, PackedPositions.ofKeys(sequences));
    }
  }

  /**
   * The general form.
   *
   * @param query batch × queries × embedDim
   * @param key batch × keys × keyInputDim
   * @param value batch × keys × valueInputDim
   * @param output batch × queries × embedDim, written
   * @throws IllegalArgumentException if shapes differ, the mask does not fit, or output shares elements with an input or with itself;
   *     nothing has been written then
   */
  public void forward(Sequences query, Sequences key, Sequences value, Sequences output) {
    projections.checkForward(query, key, value, output);
    Scratch buffers = BUFFERS.acquire();
    try {
      Heads queries = projections.queries(query, buffers, threads);
      Heads keys = projections.keys(key, buffers, threads);
      Heads values = projections.values(value, buffers, threads);
      rotate(queries, keys);
      Sequences heads = projections.heads(query, buffers);
      attention.compute(queries, keys, values, heads.split(numHeads()));
      projections.output().apply(heads, output, threads);
    } finally {
      BUFFERS.release(buffers);
    }
  }

  /**
   * The attention weights that {@link #forward} would use.
   *
   * @param query batch × queries × embedDim
   * @param key batch × keys × keyInputDim
   * @param weights batch × numHeads × queries × keys, written; masked keys get 0
   * @throws IllegalArgumentException as for {@link #forward}
   */
  public void weights(Sequences query, Sequences key, Heads weights) {
    projections.checkSources(query, key);
    Objects.requireNonNull(weights, "weights");
    Checks.disjoint("weights", weights, "query", query.split(1));
    Checks.disjoint("weights", weights, "key", key.split(1));
    Scratch buffers = BUFFERS.acquire();
    try {
      Heads queries = projections.queries(query, buffers, threads);
      Heads keys = projections.keys(key, buffers, threads);
      rotate(queries, keys);
      attention.weights(queries, keys, weights);
    } finally {
      BUFFERS.release(buffers);
    }
  }
}
