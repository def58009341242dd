package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Self-attention with its four projections and no biases, over batch × queries rows of heads · headDim columns. */
final class LayerTask implements Task {
  /** Keeps a row's results about as large as its inputs. */
  private static final float GAIN = 1.5f;

  final ShapeOptions shape;
  final int embedDim;

  /** Batch, row, column. */
  final float[] input;

  /** The weights of query, key, value and output; outputs × inputs, as {@code nn.Linear} has them. */
  final List<float[]> weights;

  private final MultiHeadAttention layer;
  private final SequenceBatch rows;
  private final SequenceBatch output;

  LayerTask(ShapeOptions shape, int threads) {
    this.shape = shape;
    embedDim = shape.heads * shape.headDim;
    SeededData data = new SeededData();
    input = data.numbers(shape.batch * shape.queries * embedDim);
    weights = Stream.generate(() -> scaled(data.numbers(embedDim * embedDim))).limit(4).toList();
    layer =
        MultiHeadAttention.builder(embedDim, shape.heads)
            .query(weights.get(0), null)
            .key(weights.get(1), null)
            .value(weights.get(2), null)
            .output(weights.get(3), null)
            .build()
            .withThreads(threads);
    rows = SequenceBatch.of(input, shape.batch, shape.queries, embedDim);
    output = SequenceBatch.zeros(shape.batch, shape.queries, embedDim);
  }

  private float[] scaled(float[] weight) {
    for (int i = 0; i < weight.length; i++) {
      weight[i] *= GAIN / (float) Math.sqrt(embedDim);
    }
    return weight;
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of("batch", shape.batch, "heads", shape.heads, "queries", shape.queries, "embedDim", embedDim);
  }

  @Override
  public void run() {
    layer.forward(rows, output);
  }

  @Override
  public float[] result() {
    return output.data();
  }

  /** The largest distance in the first sequence. */
  @Override
  public double error(float[] measured) {
    ReferenceLayers layers = ReferenceLayers.inDouble();
    double[][] x = ReferenceLayers.rows(rows, 0);
    List<double[][]> projected = weights.stream().limit(3).map(weight -> layers.linear(x, weight, null)).toList();
    double[][] attended =
        layers.attention(projected.get(0), projected.get(1), projected.get(2), shape.heads, shape.heads, Attention.standard());
    double[] exact = ReferenceLayers.flat(layers.linear(attended, weights.get(3), null));
    double error = 0;
    for (int i = 0; i < exact.length; i++) {
      error = Math.max(error, Math.abs(exact[i] - measured[i]));
    }
    return error;
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.layer(this);
  }
}
