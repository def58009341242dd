package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.KeyValueLayout;
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
  private final int numHeads;
  private final int keyValueHeads;
  private final Attention attention;
  private final @Nullable Rotary rotary;
  private final int threads;

  MultiHeadAttention(Projections projections, int numHeads, int keyValueHeads, Attention attention, @Nullable Rotary rotary, int threads) {
    this.projections = projections;
    this.numHeads = numHeads;
    this.keyValueHeads = keyValueHeads;
    this.attention = attention;
    this.rotary = rotary;
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
    return new MultiHeadAttention(projections, numHeads, keyValueHeads, changed, rotary, threads);
  }

  /**
   * The same layer with queries and keys turned by their positions. Those of a cache count from its first row; without a cache the last
   * query stands where the last key does, and the first of the more numerous at 0.
   *
   * @throws IllegalArgumentException if headDim differs
   */
  public MultiHeadAttention withRotary(Rotary rotary) {
    Checks.same("rotary.headDim", rotary.headDim(), "headDim", projections.query.outputs() / numHeads);
    return new MultiHeadAttention(projections, numHeads, keyValueHeads, attention, rotary, threads);
  }

  /** The same layer with this many threads a call, the caller's among them; the weights are shared. */
  public MultiHeadAttention withThreads(int threads) {
    return new MultiHeadAttention(projections, numHeads, keyValueHeads, attention.withThreads(threads), rotary, threads);
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
    checkForward(x, x, x, output);
    int[] before = new int[caches.size()];
    checkCaches(caches, before, x.batch());
    Scratch buffers = BUFFERS.acquire();
    try {
      Heads queryHeads = project(projections.query, x, buffers, 0).split(numHeads);
      Heads keyHeads = project(projections.key, x, buffers, 1).split(keyValueHeads);
      Heads valueHeads = project(projections.value, x, buffers, 2).split(keyValueHeads);
      Sequences heads = buffer(buffers, 3, x, projections.output.inputs());
      if (rotary != null) {
        rotary.applyFrom(queryHeads, queryHeads, before);
        rotary.applyFrom(keyHeads, keyHeads, before);
      }
      KeyValueCache.appendAll(caches, keyHeads, valueHeads);
      boolean done = false;
      try {
        attention.compute(queryHeads, caches, heads.split(numHeads));
        projections.output.apply(heads, output, threads);
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

  private void checkCaches(List<KeyValueCache> caches, int[] rows, int batch) {
    Checks.same("caches", caches.size(), "x.batch", batch);
    for (int b = 0; b < batch; b++) {
      KeyValueLayout layout = caches.get(b).layout();
      String name = "caches[" + b + "].";
      Checks.same(name + "heads", layout.heads(), "keyValueHeads", keyValueHeads);
      Checks.same(name + "keyWidth", layout.keyWidth(), "headDim", projections.key.outputs() / keyValueHeads);
      Checks.same(name + "valueWidth", layout.valueWidth(), "valueDim", projections.value.outputs() / keyValueHeads);
      rows[b] = caches.get(b).rows();
    }
  }

  /** Turns queries and keys that no cache gives positions. */
  private void rotate(Heads query, Heads key) {
    if (rotary != null) {
      rotary.apply(query, query, Math.max(0, key.rows() - query.rows()));
      rotary.apply(key, key, Math.max(0, query.rows() - key.rows()));
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
    checkForward(query, key, value, output);
    Scratch buffers = BUFFERS.acquire();
    try {
      Heads queryHeads = project(projections.query, query, buffers, 0).split(numHeads);
      Heads keyHeads = project(projections.key, key, buffers, 1).split(keyValueHeads);
      Heads valueHeads = project(projections.value, value, buffers, 2).split(keyValueHeads);
      rotate(queryHeads, keyHeads);
      Sequences heads = buffer(buffers, 3, query, projections.output.inputs());
      attention.compute(queryHeads, keyHeads, valueHeads, heads.split(numHeads));
      projections.output.apply(heads, output, threads);
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
    checkSources(query, key);
    Objects.requireNonNull(weights, "weights");
    Checks.disjoint("weights", weights, "query", query.split(1));
    Checks.disjoint("weights", weights, "key", key.split(1));
    Scratch buffers = BUFFERS.acquire();
    try {
      Heads queryHeads = project(projections.query, query, buffers, 0).split(numHeads);
      Heads keyHeads = project(projections.key, key, buffers, 1).split(keyValueHeads);
      rotate(queryHeads, keyHeads);
      attention.weights(queryHeads, keyHeads, weights);
    } finally {
      BUFFERS.release(buffers);
    }
  }

  private Sequences project(Linear projection, Sequences source, Scratch buffers, int which) {
    Sequences projected = buffer(buffers, which, source, projection.outputs());
    projection.apply(source, projected, threads);
    return projected;
  }

  /** Room for a row of {@code width} for each row of {@code source}. */
  private static Sequences buffer(Scratch buffers, int which, Sequences source, int width) {
    int size = Checks.product("batch * rows", Checks.product("batch", source.batch(), "rows", source.rows()), "projected width", width);
    return Sequences.of(buffers.floats(which, size), source.batch(), source.rows(), width);
  }

  private void checkForward(Sequences query, Sequences key, Sequences value, Sequences output) {
    checkSources(query, key);
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(output, "output");
    Checks.same("value.width", value.width(), "valueInputDim", projections.value.inputs());
    Checks.same("value.batch", value.batch(), "query.batch", query.batch());
    Checks.same("value.rows", value.rows(), "key.rows", key.rows());
    Checks.same("output.width", output.width(), "embedDim", projections.output.outputs());
    Checks.same("output.batch", output.batch(), "query.batch", query.batch());
    Checks.same("output.rows", output.rows(), "query.rows", query.rows());
    Heads written = output.split(1);
    Checks.writable("output", written);
    Checks.disjoint("output", written, "query", query.split(1));
    Checks.disjoint("output", written, "key", key.split(1));
    Checks.disjoint("output", written, "value", value.split(1));
  }

  private void checkSources(Sequences query, Sequences key) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    Checks.same("query.width", query.width(), "embedDim", projections.query.inputs());
    Checks.same("key.width", key.width(), "keyInputDim", projections.key.inputs());
    Checks.same("key.batch", key.batch(), "query.batch", query.batch());
  }

  /** W_Q, W_K, W_V and W_O. */
  record Projections(Linear query, Linear key, Linear value, Linear output) {}
}
