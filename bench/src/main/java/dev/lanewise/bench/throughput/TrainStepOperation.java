package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.EncoderWeights;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableTransformerLayer;
import dev.lanewise.kernels.Kernels;

/**
 * A step of training of the layer of {@link EncoderOperation}: gradients are set to 0, then the forward and the backward pass run, with the
 * gradients of all parameters and of the input. The optimiser's step is not part of it.
 */
final class TrainStepOperation {
  private static final int FEED_FORWARD = 4;
  private static final float EPSILON = 1e-12f;

  /** Operations of forward and backward pass over those of the forward pass: each product has two gradients of its own cost. */
  private static final int PASSES = 3;

  private TrainStepOperation() {}

  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    int embedDim = Math.multiplyExact(sizes.heads, sizes.headDim);
    SeededData data = new SeededData();
    EncoderWeights weights = EncoderWeights.seeded(embedDim, FEED_FORWARD * embedDim, data);
    SequenceBatch x = rows(data, sizes.batch, sizes.queries, embedDim);
    SequenceBatch outputGradient = rows(data, sizes.batch, sizes.queries, embedDim);
    SequenceBatch y = SequenceBatch.zeros(sizes.batch, sizes.queries, embedDim);
    SequenceBatch inputGradient = SequenceBatch.zeros(sizes.batch, sizes.queries, embedDim);
    TrainableTransformerLayer layer = weights.trainable(sizes.heads, EPSILON);
    Trace trace = Trace.create().setKernels(setup.kernels()).setThreads(setup.team().size());
    return new Operation(
        Shape.of("batch", x.batch(), "rows", x.rows(), "embedDim", embedDim, "heads", sizes.heads, "feedForward", FEED_FORWARD * embedDim),
        () -> {
          layer.clearGradients();
          layer.forward(x, y, trace);
          layer.backward(trace, outputGradient, inputGradient);
        },
        (long) PASSES * x.batch() * weights.flops(x.rows()),
        Float.BYTES * (2 * weights.size() + 4L * x.data().length),
        () -> accuracy(weights.trainable(sizes.heads, EPSILON), x, outputGradient, inputGradient));
  }

  private static SequenceBatch rows(SeededData data, int batch, int rows, int width) {
    return SequenceBatch.of(data.numbers(batch * rows * width), batch, rows, width);
  }

  /** The distance of the gradient of the first sequence from plain Java's: in double it would take minutes. */
  private static Accuracy accuracy(
      TrainableTransformerLayer layer, SequenceBatch x, SequenceBatch outputGradient, SequenceBatch inputGradient) {
    SequenceBatch plain = SequenceBatch.zeros(1, x.rows(), x.width());
    Trace trace = Trace.create().setKernels(Kernels.scalar());
    layer.forward(first(x), SequenceBatch.zeros(1, x.rows(), x.width()), trace);
    layer.backward(trace, first(outputGradient), plain);
    Meter meter = new Meter();
    for (int i = 0; i < plain.data().length; i++) {
      meter.addPlain(plain.data()[i], inputGradient.data()[i]);
    }
    return meter.result();
  }

  private static SequenceBatch first(SequenceBatch x) {
    return new SequenceBatch(x.data(), x.offset(), 1, x.rows(), x.width(), x.batchStride(), x.rowStride());
  }
}
