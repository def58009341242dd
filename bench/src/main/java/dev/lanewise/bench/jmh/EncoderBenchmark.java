package dev.lanewise.bench.jmh;

import dev.lanewise.bench.throughput.data.EncoderWeights;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;

/** A layer of a BERT-like encoder with all its parts, 384 wide with twelve heads and a feed-forward network of 1536. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class EncoderBenchmark extends ScalarVersusVector {
  private static final int EMBED_DIM = 384;
  private static final int HEADS = 12;
  private static final int FEED_FORWARD = 1536;
  private static final float EPSILON = 1e-12f;

  /** Tokens of the one sequence. */
  @Param({"8", "128", "113"})
  public int rows;

  @Override
  protected Task prepare() {
    SeededData data = new SeededData();
    EncoderWeights weights = EncoderWeights.seeded(EMBED_DIM, FEED_FORWARD, data);
    SequenceBatch x = SequenceBatch.of(data.numbers(rows * EMBED_DIM), 1, rows, EMBED_DIM);
    SequenceBatch output = SequenceBatch.zeros(1, rows, EMBED_DIM);
    ByPath<TransformerLayer> layer = ByPath.of(weights.layer(HEADS, EPSILON)::withKernels);
    int[] all = IntStream.range(0, rows).toArray();
    return new Task(
        kernels -> {
          layer.on(kernels).forward(x, output);
          return output.data();
        },
        weights.flops(rows),
        (double) Float.BYTES * (weights.size() + 2L * rows * EMBED_DIM),
        () -> ReferenceLayers.flat(weights.reference(ReferenceLayers.inDouble(), x, HEADS, EPSILON, all)));
  }
}
