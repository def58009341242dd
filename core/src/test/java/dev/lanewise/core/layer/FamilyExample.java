package dev.lanewise.core.layer;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.kernels.data.Heads;
import java.util.List;

/**
 * The kinds of attention as the Javadoc shows them: they differ in the sources of query, key and value. {@link FamilyTest} compares the
 * two, runs these and checks their numbers.
 */
final class FamilyExample {
  private final float[] wq;
  private final float[] wk;
  private final float[] wv;
  private final float[] wo;
  private final float[] bq;
  private final float[] bk;
  private final float[] bv;
  private final float[] bo;

  FamilyExample(LayerShape shape) {
    wq = shape.query().weight();
    wk = shape.key().weight();
    wv = shape.value().weight();
    wo = shape.output().weight();
    bq = shape.query().bias();
    bk = shape.key().bias();
    bv = shape.value().bias();
    bo = shape.output().bias();
  }

  /** Example of {@link Attention}. */
  static void heads(float[] q, int batch, int length, Heads key, Heads value, Heads output) {
    // begin
    Heads query = Heads.of(q, batch, 12, length, 64);
    Attention.standard().withMask(Mask.causal()).withThreads(2).compute(query, key, value, output);
    // end
  }

  /** Example of {@link Attention#compute}. */
  static void withoutProjections(SequenceBatch x, SequenceBatch y, SequenceBatch z) {
    // begin
    Heads rows = x.split(1); // no projections, one head: Q = K = V = X
    Attention attention = Attention.standard();
    attention.compute(rows, rows, rows, y.split(1)); // the matrix view, softmax(XXᵀ / √width) · X: all queries at once
    for (int i = 0; i < x.rows(); i++) {
      attention.compute(x.rows(i, i + 1).split(1), rows, rows, z.rows(i, i + 1).split(1)); // the vector view: one query, the same numbers
    }
    // end
  }

  /** Example of {@link MultiHeadAttention}. */
  void build(SequenceBatch x, SequenceBatch y) {
    int embedDim = x.width();
    // begin
    MultiHeadAttention layer = MultiHeadAttention.builder(embedDim, 12).query(wq, bq).key(wk, bk).value(wv, bv).output(wo, bo).build();
    layer.withMask(Mask.causal()).withThreads(2).forward(x, y);
    // end
  }

  /** Example of {@link MultiHeadAttention#forward(SequenceBatch, SequenceBatch)}. */
  static void self(MultiHeadAttention layer, SequenceBatch x, SequenceBatch y, SequenceBatch z) {
    // begin
    layer.forward(x, y); // the matrix view: all queries at once
    for (int i = 0; i < x.rows(); i++) {
      layer.forward(x.rows(i, i + 1), x, x, z.rows(i, i + 1)); // the vector view: one query, the same numbers
    }
    // end
  }

  /** Example of {@link MultiHeadAttention#forward(SequenceBatch, List, SequenceBatch)}. */
  static void cached(
      MultiHeadAttention layer, SequenceBatch prompt, SequenceBatch promptOutput, SequenceBatch token, SequenceBatch tokenOutput) {
    // begin
    try (KeyValueCache cache = layer.cache().capacity(512).build()) {
      layer.forward(prompt, List.of(cache), promptOutput); // 1 × any number of rows × embedDim
      layer.forward(token, List.of(cache), tokenOutput); // 1 × 1 × embedDim
    }
    // end
  }

  /** Example of {@link MultiHeadAttention#forward}. */
  static void cross(MultiHeadAttention layer, SequenceBatch decoded, SequenceBatch encoded, SequenceBatch y) {
    // begin
    layer.forward(decoded, encoded, encoded, y); // Q from the rows of a decoder, K and V from those of an encoder
    // end
  }

  /** Example of {@link MultiHeadAttention#forward}. */
  static void sources(
      MultiHeadAttention layer,
      SequenceBatch x,
      SequenceBatch keys,
      SequenceBatch values,
      SequenceBatch y,
      SequenceBatch learned,
      SequenceBatch pooled) {
    // begin
    layer.forward(x, keys, x, y); // Q and V from one source, K from another that has as many rows
    layer.forward(learned, keys, values, pooled); // a single query, batch × 1 × embedDim, over keys and values of different sources
    // end
  }

  /** Example of {@link MultiHeadAttention.Builder}. */
  void shapes(int embedDim, int numHeads, int keyValueHeads, SequenceBatch x, SequenceBatch keys, SequenceBatch values, SequenceBatch y) {
    int headDim = wq.length / embedDim / numHeads;
    int valueDim = wo.length / embedDim / numHeads;
    // begin
    MultiHeadAttention layer =
        MultiHeadAttention.builder(embedDim, numHeads)
            .keyValueHeads(keyValueHeads) // fewer than numHeads: grouped heads; 1: multi-query
            .headDim(headDim) // width of a query or key head, if it is not embedDim / numHeads
            .valueDim(valueDim) // width of a value head, if it is not headDim
            .sources(keys.width(), values.width()) // rows of other widths than embedDim
            .query(wq, bq)
            .key(wk, bk)
            .value(wv, bv)
            .output(wo, bo)
            .build();
    layer.forward(x, keys, values, y);
    // end
  }
}
