package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Some outputs of a projection that learns, which are consecutive rows of its weight. A packed {@code in_proj_weight} holds three of them.
 * Keeps nothing in the trace; the caller has checked the shapes.
 *
 * @param weight all outputs × inputs
 * @param from the first output
 * @param count the number of outputs
 * @param bias one element for each output of a module, or null for none
 * @param biasFrom the element of the bias for the first output
 */
record OutputRange(Parameter weight, int from, int count, @Nullable Parameter bias, int biasFrom) {
  /** Outputs or inputs in a task, a multiple of any panel width. */
  private static final int PART = 192;

  int inputs() {
    return (int) weight.shape()[1];
  }

  /** A copy of the weight of these outputs. */
  float[] weights() {
    return Arrays.copyOfRange(weight.values(), from * inputs(), (from + count) * inputs());
  }

  /** A copy of the bias of these outputs, or null. */
  float @Nullable [] biases() {
    return bias == null ? null : Arrays.copyOfRange(bias.values(), biasFrom, biasFrom + count);
  }

  /** Packs these outputs for inference, on one thread. */
  Linear toLayer() {
    int inputs = inputs();
    return Linear.of(
        (output, target) -> System.arraycopy(weight.values(), (from + output) * inputs, target, 0, inputs),
        biases(),
        inputs,
        count,
        WeightFormat.F32);
  }

  /** y = x·Wᵀ + bias. */
  void forward(Trace trace, SequenceBatch x, SequenceBatch y) {
    toLayer().withKernels(trace.kernels()).withThreads(trace.threads()).forward(x, y);
  }

  /** dX = dY·W, written, some columns of dX in each task. */
  void inputGradient(Trace trace, SequenceBatch outputGradient, SequenceBatch inputGradient) {
    int parts = LayerRows.parts(outputGradient, inputGradient);
    Workers.run(
        trace.threads(),
        work(outputGradient),
        Math.ceilDiv(inputs(), PART),
        task -> {
          int first = task * PART;
          int end = Math.min(first + PART, inputs());
          for (int part = 0; part < parts; part++) {
            trace
                .kernels()
                .backward()
                .productInput(
                    LayerRows.part(outputGradient, part, parts),
                    weight.matrix().rows(from, from + count).columns(first, end),
                    LayerRows.part(inputGradient, part, parts).columns(first, end));
          }
        });
  }

  /** dW += dYᵀ·X and dBias += Σ dY over all rows, except for frozen parameters. */
  void parameterGradients(Trace trace, SequenceBatch x, SequenceBatch outputGradient) {
    if (!weight.isFrozen()) {
      weightGradient(trace, x, outputGradient);
    }
    if (bias != null && !bias.isFrozen()) {
      float[] sums = new float[count];
      int parts = LayerRows.parts(outputGradient);
      for (int part = 0; part < parts; part++) {
        trace.kernels().backward().columnSums(LayerRows.part(outputGradient, part, parts), sums);
      }
      for (int o = 0; o < count; o++) {
        bias.gradient()[biasFrom + o] += sums[o];
      }
    }
  }

  /** Some rows of dW in each task, over all rows of x in order. */
  private void weightGradient(Trace trace, SequenceBatch x, SequenceBatch outputGradient) {
    int parts = LayerRows.parts(x, outputGradient);
    Matrix gradient = weight.gradientMatrix().rows(from, from + count);
    Workers.run(
        trace.threads(),
        work(outputGradient),
        Math.ceilDiv(count, PART),
        task -> {
          int first = task * PART;
          int end = Math.min(first + PART, count);
          for (int part = 0; part < parts; part++) {
            trace
                .kernels()
                .backward()
                .productWeight(
                    LayerRows.part(outputGradient, part, parts).columns(first, end),
                    LayerRows.part(x, part, parts),
                    gradient.rows(first, end));
          }
        });
  }

  private long work(SequenceBatch rows) {
    return (long) rows.batch() * rows.rows() * inputs() * count;
  }
}
