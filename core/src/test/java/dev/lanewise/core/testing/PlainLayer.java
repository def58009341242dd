package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Heads;
import java.util.stream.IntStream;

/** Multi-head attention as plain float code computes it: the yardstick for the errors of layers. */
public final class PlainLayer {
  private final GoldenCases.Layer layer;
  private final Heads query;
  private final ReferenceAttention attention;

  public PlainLayer(GoldenCases.Mha golden) {
    this.layer = golden.layer();
    this.query = project(golden.sources().query(), GoldenCases.Layer.QUERY).split(layer.numHeads());
    Heads key = project(golden.sources().key(), GoldenCases.Layer.KEY).split(layer.numHeads());
    Heads value = project(golden.sources().value(), GoldenCases.Layer.VALUE).split(layer.numHeads());
    this.attention = ReferenceAttention.of(Attention.standard().withMask(golden.mask()), query, key, value).inFloat();
  }

  /** Dense: batch × numHeads × queries × keys. */
  public double[] weights() {
    return attention.weights();
  }

  /** Dense: batch × queries × embedDim. */
  public double[] output() {
    double[] output = attention.output();
    int width = output.length / (query.batch() * query.heads() * query.rows());
    SequenceBatch joined = SequenceBatch.zeros(query.batch(), query.rows(), query.heads() * width);
    Heads heads = joined.split(query.heads());
    for (int n = 0; n < output.length; n++) {
      int row = n / width;
      int place = heads.index(row / query.rows() / query.heads(), row / query.rows() % query.heads(), row % query.rows());
      heads.data()[place + n % width] = (float) output[n];
    }
    float[] projected = project(joined, GoldenCases.Layer.OUTPUT).data();
    return IntStream.range(0, projected.length).mapToDouble(n -> projected[n]).toArray();
  }

  private SequenceBatch project(SequenceBatch input, int which) {
    int outputs = layer.weights()[which].length / input.width();
    SequenceBatch result = SequenceBatch.zeros(input.batch(), input.rows(), outputs);
    for (int b = 0; b < input.batch(); b++) {
      double[][] rows = ReferenceLayers.inFloat().linear(ReferenceLayers.rows(input, b), layer.weights()[which], layer.bias(which));
      for (int row = 0; row < rows.length; row++) {
        for (int c = 0; c < outputs; c++) {
          result.data()[result.index(b, row) + c] = (float) rows[row][c];
        }
      }
    }
    return result;
  }
}
