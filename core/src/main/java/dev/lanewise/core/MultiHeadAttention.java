package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.internal.Checks;
import java.util.Objects;
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
  private final int threads;

  private MultiHeadAttention(Projections projections, int numHeads, int keyValueHeads, Attention attention, int threads) {
    this.projections = projections;
    this.numHeads = numHeads;
    this.keyValueHeads = keyValueHeads;
    this.attention = attention;
    this.threads = threads;
  }

  /**
   * A layer with {@code numHeads} query heads over {@code embedDim}-wide sequences, to be given its weights. headDim is embedDim /
   * numHeads.
   *
   * @throws IllegalArgumentException if numHeads does not divide embedDim
   */
  public static Builder builder(int embedDim, int numHeads) {
    return new Builder(embedDim, numHeads);
  }

  /** The same layer with this mask; the weights are shared. */
  public MultiHeadAttention withMask(Mask mask) {
    return new MultiHeadAttention(projections, numHeads, keyValueHeads, attention.withMask(mask), threads);
  }

  /** The same layer with this many threads a call, the caller's among them; the weights are shared. */
  public MultiHeadAttention withThreads(int threads) {
    return new MultiHeadAttention(projections, numHeads, keyValueHeads, attention.withThreads(threads), threads);
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
  private record Projections(Linear query, Linear key, Linear value, Linear output) {}

  /**
   * Collects the weights of a layer. Every weight is outputs × inputs, as PyTorch stores it; biases may be null. Arrays are read, and
   * copied, by {@link #build}.
   */
  public static final class Builder {
    private final int embedDim;
    private final int numHeads;
    private int keyValueHeads;
    private int valueDim;
    private int keyInputDim;
    private int valueInputDim;
    private @Nullable Weight query;
    private @Nullable Weight key;
    private @Nullable Weight value;
    private @Nullable Weight output;
    private @Nullable Weight packedInput;
    private @Nullable Kernels kernels;

    private Builder(int embedDim, int numHeads) {
      Checks.atLeast("embedDim", embedDim, 1);
      Checks.atLeast("numHeads", numHeads, 1);
      Checks.multiple("embedDim", embedDim, "numHeads", numHeads);
      this.embedDim = embedDim;
      this.numHeads = numHeads;
      this.keyValueHeads = numHeads;
      this.valueDim = embedDim / numHeads;
      this.keyInputDim = embedDim;
      this.valueInputDim = embedDim;
    }

    /** Key/value heads, a divisor of numHeads; default numHeads. */
    public Builder keyValueHeads(int keyValueHeads) {
      Checks.atLeast("keyValueHeads", keyValueHeads, 1);
      Checks.multiple("numHeads", numHeads, "keyValueHeads", keyValueHeads);
      this.keyValueHeads = keyValueHeads;
      return this;
    }

    /** Width of a value head; default embedDim / numHeads. */
    public Builder valueDim(int valueDim) {
      Checks.atLeast("valueDim", valueDim, 1);
      this.valueDim = valueDim;
      return this;
    }

    /** Widths of the sequences that keys and values are projected from; default embedDim. */
    public Builder sources(int keyInputDim, int valueInputDim) {
      Checks.atLeast("keyInputDim", keyInputDim, 1);
      Checks.atLeast("valueInputDim", valueInputDim, 1);
      this.keyInputDim = keyInputDim;
      this.valueInputDim = valueInputDim;
      return this;
    }

    /** W_Q: numHeads·headDim × embedDim. */
    public Builder query(float[] weight, float @Nullable [] bias) {
      this.query = new Weight("query", weight, bias);
      return this;
    }

    /** W_K: keyValueHeads·headDim × keyInputDim. */
    public Builder key(float[] weight, float @Nullable [] bias) {
      this.key = new Weight("key", weight, bias);
      return this;
    }

    /** W_V: keyValueHeads·valueDim × valueInputDim. */
    public Builder value(float[] weight, float @Nullable [] bias) {
      this.value = new Weight("value", weight, bias);
      return this;
    }

    /** W_O: embedDim × numHeads·valueDim. */
    public Builder output(float[] weight, float @Nullable [] bias) {
      this.output = new Weight("output", weight, bias);
      return this;
    }

    /**
     * W_Q, W_K and W_V stacked, 3·embedDim × embedDim: PyTorch's {@code in_proj_weight} and {@code in_proj_bias}. With grouped heads or
     * another valueDim each part has the rows that its own method names.
     */
    public Builder packedInput(float[] inProjWeight, float @Nullable [] inProjBias) {
      this.packedInput = new Weight("packedInput", inProjWeight, inProjBias);
      return this;
    }

    /** The kernels to run on; default the fastest of this JVM. */
    public Builder kernels(Kernels kernels) {
      this.kernels = Objects.requireNonNull(kernels, "kernels");
      return this;
    }

    /**
     * The finished layer, without a mask and on one thread.
     *
     * @throws IllegalStateException if a weight is missing, or packedInput is given beside one of its parts
     * @throws IllegalArgumentException if a weight or bias has the wrong length
     */
    public MultiHeadAttention build() {
      Kernels used = kernels == null ? Kernels.selected() : kernels;
      int queryRows = embedDim;
      int keyRows = Checks.product("keyValueHeads", keyValueHeads, "headDim", embedDim / numHeads);
      int valueRows = Checks.product("keyValueHeads", keyValueHeads, "valueDim", valueDim);
      int headsWidth = Checks.product("numHeads", numHeads, "valueDim", valueDim);
      Weight packed = packedInput;
      if (packed != null) {
        checkPacked(packed, (long) queryRows + keyRows + valueRows);
      }
      Weight wq = packed == null ? Weight.given(query, "query") : packed.rows(0, queryRows, embedDim);
      Weight wk = packed == null ? Weight.given(key, "key") : packed.rows(queryRows, keyRows, embedDim);
      Weight wv = packed == null ? Weight.given(value, "value") : packed.rows(queryRows + keyRows, valueRows, embedDim);
      Projections projections =
          new Projections(
              wq.linear(embedDim, queryRows, used),
              wk.linear(keyInputDim, keyRows, used),
              wv.linear(valueInputDim, valueRows, used),
              Weight.given(output, "output").linear(headsWidth, embedDim, used));
      return new MultiHeadAttention(projections, numHeads, keyValueHeads, Attention.on(used), 1);
    }

    private void checkPacked(Weight packed, long rows) {
      if (query != null || key != null || value != null) {
        throw new IllegalStateException("packedInput holds query, key and value, which are given separately, too");
      }
      Checks.same("keyInputDim", keyInputDim, "embedDim, from which packedInput projects,", embedDim);
      Checks.same("valueInputDim", valueInputDim, "embedDim, from which packedInput projects,", embedDim);
      packed.checkLengths(embedDim, rows);
    }
  }
}
