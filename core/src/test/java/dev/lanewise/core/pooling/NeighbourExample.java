package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.kernels.data.Activation;

/** The examples of the Javadoc of the plain baselines; {@link NeighbourTest} compares the two and runs these. */
final class NeighbourExample {
  private NeighbourExample() {}

  static void mean(SequenceBatch x, SequenceBatch output) {
    // begin
    Neighbours.mean(2, 2).forward(x, output); // of five rows
    Neighbours.mean(Integer.MAX_VALUE, 0).forward(x, output); // of all rows so far
    // end
  }

  static void dense(float[] weight, float[] bias, SequenceBatch x, SequenceBatch output) {
    int embedDim = x.width(), outputs = output.width();
    // begin
    Linear linear = Linear.of(weight, bias, 5 * embedDim, outputs).withActivation(Activation.RELU);
    Neighbours.dense(linear, 2, 2).forward(x, output); // output is batch × rows × outputs
    // end
  }
}
