package dev.lanewise.core.layer;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention: W_Q, W_K and W_V project query, key and value, each head attends on its slice, and W_O projects the concatenated
 * heads ("Attention Is All You Need", section 3.2.2). Self-attention has one source for all three, cross-attention has two.
 *
 * <pre>{@code
 * MultiHeadAttention layer = MultiHeadAttention.builder(embedDim, 12).query(wq, bq).key(wk, bk).value(wv, bv).output(wo, bo).build();
 * layer.withMask(Mask.causal()).withThreads(2).forward(x, y);
 * }</pre>
 *
 * <p>Immutable and thread-safe. Projected queries, keys and values are stored in buffers from a common pool.
 */
public final class MultiHeadAttention {
  private final Projections projections;
  private final Attention attention;
  private final PositionEffect positionEffect;
  private final CallChecks checks;
  private final AttentionCalls calls;

  MultiHeadAttention(Projections projections, Attention attention, PositionEffect positionEffect) {
    this.projections = projections;
    this.attention = attention;
    this.positionEffect = positionEffect;
    this.checks = new CallChecks(projections, attention, positionEffect);
    this.calls = new AttentionCalls(projections, attention, positionEffect);
    positionEffect.checkLayer(projections.numHeads(), projections.headDim(), attention.settings());
  }

  /** Creates a builder of a layer with {@code numHeads} query heads over sequences of width {@code embedDim}. */
  public static Builder builder(int embedDim, int numHeads) {
    return new Builder(embedDim, numHeads);
  }

  /** Returns a copy with this mask in place of the earlier one; the weights are shared. */
  public MultiHeadAttention withMask(Mask mask) {
    return withAttention(attention -> attention.withMask(mask));
  }

  /**
   * Returns a copy with its attention changed by a function, for settings without a method of the layer: {@code
   * layer.withAttention(attention -> attention.withScale(0.1f))}.
   */
  public MultiHeadAttention withAttention(UnaryOperator<Attention> change) {
    Objects.requireNonNull(change, "change");
    Attention changed = Objects.requireNonNull(change.apply(attention), "the changed attention");
    return new MultiHeadAttention(projections, changed, positionEffect);
  }

  /**
   * Returns a copy with these positions of rows in place of earlier ones: rotary, ALiBi, T5's buckets, or none. Rows of a cache count from
   * the first row of the cache. Without a cache the last query has the position of the last key, and the longer of the two begins at 0.
   *
   * <p>The effect of positions on scores is added to the bias of the attention. Positions follow a {@link Mask#tree} of the mask: the
   * position of a node is its depth plus the number of rows before the tree, so each path has the same result as on its own.
   *
   * @throws IllegalArgumentException if headDim or numHeads differs, or positions are {@link Positions#alibi} and the attention has slopes
   */
  public MultiHeadAttention withPositions(LayerPositions positions) {
    Objects.requireNonNull(positions, "positions");
    return new MultiHeadAttention(projections, attention, positions.effect());
  }

  /**
   * Returns a copy for sequences of different lengths that are packed in one batch entry without padding. Each sequence attends only to
   * itself, and has the same bits as on its own.
   */
  public MultiHeadAttention withPackedSequences(PackedSequences newSequences) {
    return withAttention(attention -> attention.withPackedSequences(newSequences));
  }

  /** Returns a copy with this number of threads for each call, including the caller's; the weights are shared. */
  public MultiHeadAttention withThreads(int threads) {
    return new MultiHeadAttention(
        projections.with(linear -> linear.withThreads(threads), norm -> norm.withThreads(threads)),
        attention.withThreads(threads),
        positionEffect);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public MultiHeadAttention withKernels(Kernels kernels) {
    return new MultiHeadAttention(
        projections.with(linear -> linear.withKernels(kernels), norm -> norm.withKernels(kernels)),
        attention.withKernels(kernels),
        positionEffect);
  }

  /** Checks that a view that a layer writes shares no element with what attention reads besides the layer's rows. */
  void checkApart(String name, Heads written) {
    attention.settings().formula().checkApart(name, written);
  }

  /** Checks that keys and values are projected from rows of this width. */
  void checkMemoryDim(String name, String otherName, int memoryDim) {
    Checks.same(name + ".keyInputDim", projections.key().inputs(), otherName, memoryDim);
    Checks.same(name + ".valueInputDim", projections.value().inputs(), otherName, memoryDim);
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return projections.query().inputs();
  }

  /** Width of the rows that keys are projected from. */
  public int keyInputDim() {
    return projections.key().inputs();
  }

  /** Number of query heads. */
  public int numHeads() {
    return projections.numHeads();
  }

  /** Creates a builder of a cache for this layer, with its keyValueHeads, headDim and valueDim; capacity and storage may be chosen. */
  public KeyValueCache.Builder cache() {
    return KeyValueCache.builder(projections.keyValueHeads(), projections.headDim()).valueDim(projections.valueDim());
  }

  /** Creates a builder of a pool of caches for this layer, with its keyValueHeads, headDim and valueDim. */
  public KeyValuePool.Builder pool() {
    return KeyValuePool.builder(projections.keyValueHeads(), projections.headDim()).valueDim(projections.valueDim());
  }

  /**
   * Self-attention: query, key and value all come from {@code x}; both are batch × rows × embedDim.
   *
   * <pre>{@code
   * layer.forward(x, y); // the matrix view: all queries at once
   * for (int i = 0; i < x.rows(); i++) {
   *   layer.forward(x.rows(i, i + 1), x, x, z.rows(i, i + 1)); // the vector view: one query, the same numbers
   * }
   * }</pre>
   */
  public void forward(SequenceBatch x, SequenceBatch output) {
    forward(Projections.Names.SELF, x, x, x, output, Results.of());
  }

  /**
   * Self-attention of new rows to all rows so far: keys and values of {@code x} are appended to the caches, and its queries see the rows
   * that the layer's mask shows. With {@link Mask#causal} a prompt in one or several calls, and the steps after it, have the bits of one
   * call over all rows, unless caches are in INT8; see {@link Attention#compute(Heads, List, Heads)}. With {@link #withPackedSequences}
   * {@code x} holds new rows of all sequences one after another, as many of each as the sequence has queries. If anything fails, the caches
   * do not change.
   *
   * <pre>{@code
   * try (KeyValueCache cache = layer.cache().capacity(512).build()) {
   *   layer.forward(prompt, List.of(cache), promptOutput); // 1 × any number of rows × embedDim
   *   layer.forward(token, List.of(cache), tokenOutput); // 1 × 1 × embedDim
   * }
   * }</pre>
   *
   * @param x batch × rows × embedDim
   * @param caches one cache for each batch entry, or packed sequence, with the earlier rows of its sequence; keyValueHeads, headDim and
   *     valueDim are those of the layer
   * @param output batch × rows × embedDim, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x or with itself
   * @throws IllegalStateException if a cache is full, closed, or in use
   */
  public void forward(SequenceBatch x, List<KeyValueCache> caches, SequenceBatch output) {
    try (CacheTransaction transaction = new CacheTransaction()) {
      projections.checkForward(Projections.Names.SELF, x, x, x, output);
      checkApart("output", output.split(1));
      checks().caches("caches", x, caches);
      List<KeyValueCache> entered = transaction.enter(caches);
      if (!entered.isEmpty()) {
        CallShape shape = checks().self(x, CacheTransaction.rows(entered));
        transaction.reserve(entered, x.rows(), packedSequences());
        calls().self(x, entered, shape, output, Results.of(), transaction);
      }
      transaction.commit();
    }
  }

  /**
   * Projects a memory once, for any number of calls of {@link #forwardCross}, and appends its keys and values to the caches.
   *
   * @param memory batch × keys × keyInputDim, which must equal valueInputDim
   * @param caches one cache for each batch entry
   * @throws IllegalStateException if a cache is full, closed, or in use, or the layer has positions, which a memory does not have, or
   *     packed sequences
   */
  public void remember(SequenceBatch memory, List<KeyValueCache> caches) {
    checks().remember(memory, caches);
    calls().remember(memory, caches);
  }

  /**
   * Cross-attention to a memory that {@link #remember} has stored in caches; the caches do not change.
   *
   * @param x batch × rows × embedDim
   * @param memory one cache for each batch entry, or sequence
   * @param output batch × rows × embedDim, written
   */
  public void forwardCross(SequenceBatch x, List<KeyValueCache> memory, SequenceBatch output) {
    projections.checkQuery(Projections.Names.SELF, x);
    projections.checkOutput(Projections.Names.SELF, x, output);
    checkApart("output", output.split(1));
    checks().cross("memory", x, memory);
    if (!memory.isEmpty()) {
      calls().cross(x, memory, output, Results.of());
    }
  }

  int threads() {
    return attention.settings().threads();
  }

  /** The table by which keys are rotated; null if they are not. */
  @Nullable RotaryTable rotaryTable() {
    return positionEffect.rotaryTable();
  }

  @Nullable PackedSequences packedSequences() {
    return attention.settings().sequences();
  }

  Mask mask() {
    return attention.settings().mask();
  }

  /** The checks of calls that are possible before anything is computed, for one call or for the calls of a stack. */
  CallChecks checks() {
    return checks;
  }

  /** The computations behind the calls, which check nothing. */
  AttentionCalls calls() {
    return calls;
  }

  /**
   * The general form: query, key and value each have their own source. In cross-attention, key and value have the same one.
   *
   * <pre>{@code
   * layer.forward(decoded, encoded, encoded, y); // Q from the rows of a decoder, K and V from those of an encoder
   * }</pre>
   *
   * <pre>{@code
   * layer.forward(x, keys, x, y); // Q and V from one source, K from another that has as many rows
   * layer.forward(learned, keys, values, pooled); // a single query, batch × 1 × embedDim, over keys and values of different sources
   * }</pre>
   *
   * @param query batch × queries × embedDim
   * @param key batch × keys × keyInputDim
   * @param value batch × keys × valueInputDim
   * @param output batch × queries × embedDim, written
   * @throws IllegalArgumentException if shapes differ, the mask does not fit, or output shares elements with an input or with itself;
   *     nothing has been written then
   */
  public void forward(SequenceBatch query, SequenceBatch key, SequenceBatch value, SequenceBatch output) {
    forward(Projections.Names.APART, query, key, value, output, Results.of());
  }

  /**
   * The general form with results of the heads, such as the attention weights, batch × numHeads × queries × keys. The output has the bits
   * it has without them.
   *
   * @param results anything but the output of the heads
   * @throws IllegalArgumentException as without results, or if results do not fit or share elements with any other argument
   */
  public void forward(SequenceBatch query, SequenceBatch key, SequenceBatch value, SequenceBatch output, Results results) {
    Objects.requireNonNull(results, "results");
    forward(Projections.Names.APART, query, key, value, output, results);
  }

  private void forward(
      Projections.Names names, SequenceBatch query, SequenceBatch key, SequenceBatch value, SequenceBatch output, Results results) {
    projections.checkForward(names, query, key, value, output);
    checkApart("output", output.split(1));
    CallShape shape = checks().call(query.batch(), query.rows(), key.rows());
    if (results.requestsAny()) {
      checks().results("results", shape, results);
      CallChecks.apart("results", results, "output", output);
      CallChecks.apart("results", results, "query", query);
      CallChecks.apart("results", results, "key", key);
      CallChecks.apart("results", results, "value", value);
    }
    calls().forward(query, key, value, shape, output, results);
  }

  /**
   * Collects the weights of a {@link MultiHeadAttention}. Every weight is outputs × inputs, as PyTorch stores it; biases may be null.
   * Arrays are read, and copied, by {@link #build}.
   *
   * <pre>{@code
   * MultiHeadAttention layer =
   *     MultiHeadAttention.builder(embedDim, numHeads)
   *         .keyValueHeads(keyValueHeads) // fewer than numHeads: grouped heads; 1: multi-query
   *         .headDim(headDim) // width of a query or key head, if it is not embedDim / numHeads
   *         .valueDim(valueDim) // width of a value head, if it is not headDim
   *         .sources(keys.width(), values.width()) // rows of other widths than embedDim
   *         .query(wq, bq)
   *         .key(wk, bk)
   *         .value(wv, bv)
   *         .output(wo, bo)
   *         .build();
   * layer.forward(x, keys, values, y);
   * }</pre>
   */
  public static final class Builder {
    private final ProjectionWeights weights;

    private Builder(int embedDim, int numHeads) {
      this.weights = new ProjectionWeights(embedDim, numHeads);
    }

    /** Sets the number of key/value heads, a divisor of numHeads; the default is numHeads. */
    public Builder keyValueHeads(int keyValueHeads) {
      Checks.atLeast("keyValueHeads", keyValueHeads, 1);
      Checks.multiple("numHeads", weights.numHeads, "keyValueHeads", keyValueHeads);
      weights.keyValueHeads = keyValueHeads;
      return this;
    }

    /** Sets the width of a query or key head; the default is embedDim / numHeads, which must be an integer then. */
    public Builder headDim(int headDim) {
      Checks.atLeast("headDim", headDim, 1);
      weights.headDim = headDim;
      return this;
    }

    /** Sets the width of a value head; the default is headDim. */
    public Builder valueDim(int valueDim) {
      Checks.atLeast("valueDim", valueDim, 1);
      weights.valueDim = valueDim;
      return this;
    }

    /** Sets the widths of the sequences that keys and values are projected from; the default is embedDim. */
    public Builder sources(int keyInputDim, int valueInputDim) {
      Checks.atLeast("keyInputDim", keyInputDim, 1);
      Checks.atLeast("valueInputDim", valueInputDim, 1);
      weights.keyInputDim = keyInputDim;
      weights.valueInputDim = valueInputDim;
      return this;
    }

    /** Sets W_Q: numHeads·headDim × embedDim. */
    public Builder query(float[] weight, float @Nullable [] bias) {
      weights.query = new Weight.Dense("query", weight, bias);
      return this;
    }

    /** Sets W_Q as a projection, whose weight is shared. */
    public Builder query(Linear projection) {
      weights.query = new Weight.Projection("query", projection);
      return this;
    }

    /** Sets W_K: keyValueHeads·headDim × keyInputDim. */
    public Builder key(float[] weight, float @Nullable [] bias) {
      weights.key = new Weight.Dense("key", weight, bias);
      return this;
    }

    /** Sets W_K as a projection, whose weight is shared. */
    public Builder key(Linear projection) {
      weights.key = new Weight.Projection("key", projection);
      return this;
    }

    /** Sets W_V: keyValueHeads·valueDim × valueInputDim. */
    public Builder value(float[] weight, float @Nullable [] bias) {
      weights.value = new Weight.Dense("value", weight, bias);
      return this;
    }

    /** Sets W_V as a projection, whose weight is shared. */
    public Builder value(Linear projection) {
      weights.value = new Weight.Projection("value", projection);
      return this;
    }

    /** Sets W_O: embedDim × numHeads·valueDim. */
    public Builder output(float[] weight, float @Nullable [] bias) {
      weights.output = new Weight.Dense("output", weight, bias);
      return this;
    }

    /** Sets W_O as a projection, whose weight is shared. */
    public Builder output(Linear projection) {
      weights.output = new Weight.Projection("output", projection);
      return this;
    }

    /**
     * Sets a norm of width headDim for each query head, between the projection and rotary positions ("Query-Key Normalization for
     * Transformers", Henry et al., 2020; Qwen 3).
     */
    public Builder queryNorm(Norm norm) {
      weights.queryNorm = norm.withThreads(1);
      return this;
    }

    /** Sets a norm of width headDim for each key head, see {@link #queryNorm}. */
    public Builder keyNorm(Norm norm) {
      weights.keyNorm = norm.withThreads(1);
      return this;
    }

    /**
     * Sets W_Q, W_K and W_V stacked, 3·embedDim × embedDim: PyTorch's {@code in_proj_weight} and {@code in_proj_bias}. With grouped heads
     * or another valueDim each of the three has the rows that its own method names.
     */
    public Builder packedInput(float[] inProjWeight, float @Nullable [] inProjBias) {
      weights.packedInput = new Weight.Dense("packedInput", inProjWeight, inProjBias);
      return this;
    }

    /**
     * Creates the layer, without a mask, on one thread and the fastest kernels of this JVM.
     *
     * @throws IllegalStateException if a weight is missing, or packedInput is set together with one of the weights that it contains
     * @throws IllegalArgumentException if a weight, bias or norm has the wrong length, or numHeads does not divide embedDim and headDim is
     *     not set
     */
    public MultiHeadAttention build() {
      return new MultiHeadAttention(weights.projections(), Attention.standard(), Positions.none().effect());
    }
  }
}
