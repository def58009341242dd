package dev.lanewise.core.testing;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;

/** Multi-head attention from the parts of {@link PlainFloat}: the plain float code that layers are budgeted against. */
public final class PlainLayer {
  private final GoldenCases.Layer layer;
  private final Mask mask;
  private final Heads query;
  private final Heads key;
  private final Heads value;

  public PlainLayer(GoldenCases.Mha layer) {
    this.layer = layer.layer();
    this.mask = layer.mask();
    this.query = project(layer.sources().query(), GoldenCases.Layer.QUERY).split(this.layer.numHeads());
    this.key = project(layer.sources().key(), GoldenCases.Layer.KEY).split(this.layer.numHeads());
    this.value = project(layer.sources().value(), GoldenCases.Layer.VALUE).split(this.layer.numHeads());
  }

  /** Dense: batch × numHeads × queries × keys. */
  public float[] weights() {
    return PlainFloat.weights(query, key, mask, scale());
  }

  /** Dense: batch × queries × embedDim. */
  public float[] output() {
    Heads heads =
        Heads.of(PlainFloat.attention(query, key, value, mask, scale()), query.batch(), query.heads(), query.rows(), value.width());
    SequenceBatch joined = SequenceBatch.zeros(query.batch(), query.rows(), query.heads() * value.width());
    for (int b = 0; b < heads.batch(); b++) {
      for (int h = 0; h < heads.heads(); h++) {
        for (int row = 0; row < heads.rows(); row++) {
          System.arraycopy(heads.data(), heads.index(b, h, row), joined.data(), joined.index(b, row) + h * heads.width(), heads.width());
        }
      }
    }
    return project(joined, GoldenCases.Layer.OUTPUT).data();
  }

  private float scale() {
    return (float) (1 / Math.sqrt(query.width()));
  }

  private SequenceBatch project(SequenceBatch input, int which) {
    int outputs = layer.weights()[which].length / input.width();
    return SequenceBatch.of(
        PlainFloat.linear(input, layer.weights()[which], layer.bias(which), outputs), input.batch(), input.rows(), outputs);
  }
}
