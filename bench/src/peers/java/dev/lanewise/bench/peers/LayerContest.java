package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.PlainDouble;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Self-attention with its four projections and no biases, over batch × queries rows of heads · headDim columns. */
final class LayerContest implements Contest {
  /** Keeps a row's results about as large as its inputs. */
  private static final float GAIN = 1.5f;

  final ShapeOptions shape;
  final int embedDim;

  /** Batch, row, column. */
  final float[] input;

  /** Of query, key, value and output; outputs × inputs, as {@code nn.Linear} has them. */
  final List<float[]> weights;

  private final MultiHeadAttention layer;
  private final SequenceBatch rows;
  private final SequenceBatch output;

  LayerContest(ShapeOptions shape, int threads) {
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
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("batch", shape.batch);
    map.put("heads", shape.heads);
    map.put("queries", shape.queries);
    map.put("embedDim", embedDim);
    return map;
  }

  @Override
  public void run() {
    layer.self(rows, output);
  }

  @Override
  public float[] result() {
    return output.data();
  }

  /** Of the first sequence. */
  @Override
  public double error(float[] measured) {
    double[][] x = new double[shape.queries][embedDim];
    for (int i = 0; i < shape.queries; i++) {
      for (int c = 0; c < embedDim; c++) {
        x[i][c] = input[i * embedDim + c];
      }
    }
    int[] sampled = Rows.sample(shape.queries);
    double[][] key = Arrangement.projected(x, weights.get(1));
    double[][] value = Arrangement.projected(x, weights.get(2));
    double error = 0;
    for (int i : sampled) {
      double[] query = Arrangement.projected(new double[][] {x[i]}, weights.get(0))[0];
      double[] exact = Arrangement.projected(new double[][] {blended(query, key, value)}, weights.get(3))[0];
      for (int c = 0; c < embedDim; c++) {
        error = Math.max(error, Math.abs(exact[c] - measured[i * embedDim + c]));
      }
    }
    return error;
  }

  private double[] blended(double[] query, double[][] key, double[][] value) {
    double[] blended = new double[embedDim];
    for (int head = 0; head < shape.heads; head++) {
      int first = head * shape.headDim;
      double[] scores = new double[key.length];
      for (int j = 0; j < scores.length; j++) {
        for (int d = first; d < first + shape.headDim; d++) {
          scores[j] += query[d] * key[j][d] / Math.sqrt(shape.headDim);
        }
      }
      double[] weight = PlainDouble.softmax(scores);
      for (int j = 0; j < scores.length; j++) {
        for (int d = first; d < first + shape.headDim; d++) {
          blended[d] += weight[j] * value[j][d];
        }
      }
    }
    return blended;
  }

  @Override
  public Rival rival(Peer peer) {
    return peer.layer(this);
  }
}
