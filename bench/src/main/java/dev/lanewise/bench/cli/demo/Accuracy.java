package dev.lanewise.bench.cli.demo;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;

/**
 * The distance of the layer's output from the reference in double.
 *
 * @param path largest absolute difference on the path that runs
 * @param scalar the same on the plain Java path
 * @param largest largest absolute value of the reference
 */
record Accuracy(double path, double scalar, double largest) {

  static Accuracy measure(FirstLayer model, SequenceBatch x, Kernels kernels) {
    double[] reference = model.reference(x);
    double largest = 0;
    for (double value : reference) {
      largest = Math.max(largest, Math.abs(value));
    }
    return new Accuracy(error(model, x, kernels, reference), error(model, x, Kernels.scalar(), reference), largest);
  }

  /** The accuracy policy: twice the error of plain float code plus 1e-6 of the largest value. */
  double budget() {
    return 2 * scalar + 1e-6 * largest;
  }

  /** Whether the error is within the budget; false for NaN. */
  boolean isWithinBudget() {
    return path <= budget();
  }

  private static double error(FirstLayer model, SequenceBatch x, Kernels kernels, double[] reference) {
    SequenceBatch output = SequenceBatch.zeros(1, x.rows(), FirstLayer.EMBED_DIM);
    model.attention(kernels).forward(x, output);
    double error = 0;
    for (int i = 0; i < reference.length; i++) {
      error = Math.max(error, Math.abs(output.data()[i] - reference[i]));
    }
    return error;
  }
}
