package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.Accuracy.Meter;
import dev.lanewise.core.EncoderLayer;
import dev.lanewise.core.FeedForward;
import dev.lanewise.core.Linear;
import dev.lanewise.core.MultiHeadAttention;
import dev.lanewise.core.Norm;
import dev.lanewise.core.NormPlacement;
import dev.lanewise.core.Sequences;
import dev.lanewise.kernels.Activation;
import dev.lanewise.kernels.Kernels;
import java.util.Map;

/** A layer of a BERT-like encoder: post-norm, GELU, a feed-forward network four times as wide as the rows; all parts are timed. */
final class EncoderOperation implements Operation {
  private static final int FEED_FORWARD = 4;
  private static final float EPSILON = 1e-12f;

  private final ShapeOptions sizes;
  private final EncoderWeights weights;
  private final Sequences x;
  private final Sequences output;
  private final EncoderLayer layer;

  EncoderOperation(Setup setup) {
    sizes = setup.sizes();
    int embedDim = Math.multiplyExact(sizes.heads, sizes.headDim);
    SeededData data = new SeededData();
    weights = EncoderWeights.seeded(embedDim, FEED_FORWARD * embedDim, data);
    x = Sequences.of(data.numbers(sizes.batch * sizes.queries * embedDim), sizes.batch, sizes.queries, embedDim);
    output = Sequences.zeros(sizes.batch, sizes.queries, embedDim);
    layer = layer(setup.kernels()).withThreads(setup.team().size());
  }

  private EncoderLayer layer(Kernels kernels) {
    int embedDim = x.width();
    MultiHeadAttention attention =
        MultiHeadAttention.builder(embedDim, sizes.heads)
            .packedInput(weights.input(), weights.inputBias())
            .output(weights.output(), weights.outputBias())
            .kernels(kernels)
            .build();
    Linear up = Linear.of(weights.up(), weights.upBias(), embedDim, FEED_FORWARD * embedDim, kernels);
    Linear down = Linear.of(weights.down(), weights.downBias(), FEED_FORWARD * embedDim, embedDim, kernels);
    Norm first = Norm.layer(weights.norm(), weights.normBias(), EPSILON, kernels);
    return EncoderLayer.of(attention, first, FeedForward.of(up, down, Activation.GELU), first, NormPlacement.POST);
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
    long rows = (long) x.batch() * x.rows();
    long products = 2L * x.width() * x.width() * (4 + 2 * FEED_FORWARD);
    return rows * (products + 4L * x.rows() * x.width());
  }

  @Override
  public long bytes() {
    return Float.BYTES * (weights.size() + 2L * x.data().length);
  }

  @Override
  public Accuracy accuracy() {
    Meter meter = new Meter();
    int[] rows = Rows.sample(x.rows());
    double[][] exact = new PlainEncoder(weights, sizes.heads, EPSILON, v -> v).layer(x, 0, rows);
    double[][] plain = new PlainEncoder(weights, sizes.heads, EPSILON, v -> (float) v).layer(x, 0, rows);
    for (int i = 0; i < rows.length; i++) {
      for (int c = 0; c < x.width(); c++) {
        meter.add(exact[i][c], output.get(0, rows[i], c), (float) plain[i][c]);
      }
    }
    return meter.result();
  }
}
