package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.EncoderWeights;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.EncoderLayer;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import java.util.Map;

/** A layer of a BERT-like encoder: post-norm, GELU, a feed-forward network four times as wide as the rows; all parts are timed. */
final class EncoderOperation implements Operation {
  private static final int FEED_FORWARD = 4;
  private static final float EPSILON = 1e-12f;

  private final ShapeOptions sizes;
  private final EncoderWeights weights;
  private final SequenceBatch x;
  private final SequenceBatch output;
  private final EncoderLayer layer;

  EncoderOperation(Setup setup) {
    sizes = setup.sizes();
    int embedDim = Math.multiplyExact(sizes.heads, sizes.headDim);
    SeededData data = new SeededData();
    weights = EncoderWeights.seeded(embedDim, FEED_FORWARD * embedDim, data);
    x = SequenceBatch.of(data.numbers(sizes.batch * sizes.queries * embedDim), sizes.batch, sizes.queries, embedDim);
    output = SequenceBatch.zeros(sizes.batch, sizes.queries, embedDim);
    layer = weights.layer(sizes.heads, EPSILON).withKernels(setup.kernels()).withThreads(setup.team().size());
  }

  @Override
  public Map<String, Object> shape() {
    return Map.of(
        "batch", x.batch(), "rows", x.rows(), "embedDim", x.width(), "heads", sizes.heads, "feedForward", FEED_FORWARD * x.width());
  }

  @Override
  public void run() {
    layer.forward(x, output);
  }

  @Override
  public long flops() {
    return x.batch() * weights.flops(x.rows());
  }

  @Override
  public long bytes() {
    return Float.BYTES * (weights.size() + 2L * x.data().length);
  }

  @Override
  public Accuracy accuracy() {
    Meter meter = new Meter();
    int[] rows = Rows.sample(x.rows());
    double[][] exact = weights.reference(ReferenceLayers.inDouble(), x, sizes.heads, EPSILON, rows);
    double[][] plain = weights.reference(ReferenceLayers.inFloat(), x, sizes.heads, EPSILON, rows);
    for (int i = 0; i < rows.length; i++) {
      for (int c = 0; c < x.width(); c++) {
        meter.add(exact[i][c], output.get(0, rows[i], c), plain[i][c]);
      }
    }
    return meter.result();
  }
}
