package dev.lanewise.core.layer;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects the weights of a {@link MultiHeadAttention}. Every weight is outputs × inputs, as PyTorch stores it; biases may be null. Arrays
 * are read, and copied, by {@link #build}.
 *
 * <pre>{@code
 * MultiHeadAttention layer =
 *     MultiHeadAttention.builder(embedDim, numHeads)
 *         .keyValueHeads(keyValueHeads) // fewer than numHeads: grouped heads; 1: multi-query
 *         .valueDim(valueDim) // width of a value head; that of query and key heads is embedDim / numHeads
 *         .sources(keys.width(), values.width()) // rows of other widths than embedDim
 *         .query(wq, bq)
 *         .key(wk, bk)
 *         .value(wv, bv)
 *         .output(wo, bo)
 *         .build();
 * layer.forward(x, keys, values, y);
 * }</pre>
 */
public final class MultiHeadAttentionBuilder {
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

  MultiHeadAttentionBuilder(int embedDim, int numHeads) {
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
  public MultiHeadAttentionBuilder keyValueHeads(int keyValueHeads) {
    Checks.atLeast("keyValueHeads", keyValueHeads, 1);
    Checks.multiple("numHeads", numHeads, "keyValueHeads", keyValueHeads);
    this.keyValueHeads = keyValueHeads;
    return this;
  }

  /** Width of a value head; default embedDim / numHeads. */
  public MultiHeadAttentionBuilder valueDim(int valueDim) {
    Checks.atLeast("valueDim", valueDim, 1);
    this.valueDim = valueDim;
    return this;
  }

  /** Widths of the sequences that keys and values are projected from; default embedDim. */
  public MultiHeadAttentionBuilder sources(int keyInputDim, int valueInputDim) {
    Checks.atLeast("keyInputDim", keyInputDim, 1);
    Checks.atLeast("valueInputDim", valueInputDim, 1);
    this.keyInputDim = keyInputDim;
    this.valueInputDim = valueInputDim;
    return this;
  }

  /** W_Q: numHeads·headDim × embedDim. */
  public MultiHeadAttentionBuilder query(float[] weight, float @Nullable [] bias) {
    this.query = new Weight("query", weight, bias);
    return this;
  }

  /** W_K: keyValueHeads·headDim × keyInputDim. */
  public MultiHeadAttentionBuilder key(float[] weight, float @Nullable [] bias) {
    this.key = new Weight("key", weight, bias);
    return this;
  }

  /** W_V: keyValueHeads·valueDim × valueInputDim. */
  public MultiHeadAttentionBuilder value(float[] weight, float @Nullable [] bias) {
    this.value = new Weight("value", weight, bias);
    return this;
  }

  /** W_O: embedDim × numHeads·valueDim. */
  public MultiHeadAttentionBuilder output(float[] weight, float @Nullable [] bias) {
    this.output = new Weight("output", weight, bias);
    return this;
  }

  /**
   * W_Q, W_K and W_V stacked, 3·embedDim × embedDim: PyTorch's {@code in_proj_weight} and {@code in_proj_bias}. With grouped heads or
   * another valueDim each part has the rows that its own method names.
   */
  public MultiHeadAttentionBuilder packedInput(float[] inProjWeight, float @Nullable [] inProjBias) {
    this.packedInput = new Weight("packedInput", inProjWeight, inProjBias);
    return this;
  }

  /** The kernels to run on; default the fastest of this JVM. */
  public MultiHeadAttentionBuilder kernels(Kernels kernels) {
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
    var projections =
        new Projections(
            wq.linear(embedDim, queryRows, used),
            wk.linear(keyInputDim, keyRows, used),
            wv.linear(valueInputDim, valueRows, used),
            Weight.given(output, "output").linear(headsWidth, embedDim, used),
            numHeads,
            keyValueHeads);
    return new MultiHeadAttention(projections, Attention.of(new AttentionSettings(used)), Positions.none().placement(), 1);
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
