package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.EncoderWeights;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import java.util.Map;

/** A layer of a BERT-like encoder: post-norm, GELU, a feed-forward network four times as wide as the rows; all parts are timed. */
final class EncoderOperation {
  private static final int FEED_FORWARD = 4;
  private static final float EPSILON = 1e-12f;

  private EncoderOperation() {}

  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    int embedDim = Math.multiplyExact(sizes.heads, sizes.headDim);
    SeededData data = new SeededData();
    EncoderWeights weights = EncoderWeights.seeded(embedDim, FEED_FORWARD * embedDim, data);
    SequenceBatch x = SequenceBatch.of(data.numbers(sizes.batch * sizes.queries * embedDim), sizes.batch, sizes.queries, embedDim);
    SequenceBatch output = SequenceBatch.zeros(sizes.batch, sizes.queries, embedDim);
    TransformerLayer layer = weights.layer(sizes.heads, EPSILON).withKernels(setup.kernels()).withThreads(setup.team().size());
    Map<String, Object> shape =
        Map.of("batch", x.batch(), "rows", x.rows(), "embedDim", embedDim, "heads", sizes.heads, "feedForward", FEED_FORWARD * embedDim);
    long bytes = Float.BYTES * (weights.size() + 2L * x.data().length);
    return new Operation(
        shape, () -> layer.forward(x, output), x.batch() * weights.flops(x.rows()), bytes, () -> accuracy(weights, sizes.heads, x, output));
  }

  private static Accuracy accuracy(EncoderWeights weights, int heads, SequenceBatch x, SequenceBatch output) {
    Meter meter = new Meter();
    int[] rows = Rows.sample(x.rows());
    double[][] exact = weights.reference(ReferenceLayers.inDouble(), x, heads, EPSILON, rows);
    double[][] plain = weights.reference(ReferenceLayers.inFloat(), x, heads, EPSILON, rows);
    for (int i = 0; i < rows.length; i++) {
      meter.add(exact[i], output.split(1).matrix(0, 0, rows[i], rows[i] + 1), plain[i]);
    }
    return meter.result();
  }
}
