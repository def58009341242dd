package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableTransformerLayer;
import dev.lanewise.kernels.Kernels;

/** A step of training of the layer of {@link EncoderOperation}: its forward and its backward pass. */
final class TrainStepOperation {
  /** Operations of forward and backward pass over those of the forward pass: each product has two gradients of its own cost. */
  private static final int PASSES = 3;

  private TrainStepOperation() {}

  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    TrainStepCall call = new TrainStepCall(sizes, Trace.create().setKernels(setup.kernels()).setThreads(setup.team().size()));
    SequenceBatch x = call.input();
    int hidden = TrainStepCall.FEED_FORWARD * x.width();
    return new Operation(
        Shape.of("batch", x.batch(), "rows", x.rows(), "embedDim", x.width(), "heads", sizes.heads, "feedForward", hidden),
        call::run,
        (long) PASSES * x.batch() * call.weights().flops(x.rows()),
        Float.BYTES * (2 * call.weights().size() + 4L * x.data().length),
        () -> accuracy(call));
  }

  /** The distance of the gradient of the first sequence from plain Java's: in double it would take minutes. */
  private static Accuracy accuracy(TrainStepCall call) {
    SequenceBatch x = call.input().batch(0, 1);
    SequenceBatch plain = SequenceBatch.zeros(1, x.rows(), x.width());
    Trace trace = Trace.create().setKernels(Kernels.scalar());
    TrainableTransformerLayer layer = call.newLayer();
    layer.forward(x, SequenceBatch.zeros(1, x.rows(), x.width()), trace);
    layer.backward(trace, call.outputGradient().batch(0, 1), plain);
    Meter meter = new Meter();
    for (int i = 0; i < plain.data().length; i++) {
      meter.addPlain(plain.data()[i], call.inputGradient().data()[i]);
    }
    return meter.result();
  }
}
