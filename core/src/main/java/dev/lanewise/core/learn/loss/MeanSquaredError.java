package dev.lanewise.core.learn.loss;

import dev.lanewise.core.SequenceBatch;
import org.jspecify.annotations.Nullable;

/**
 * The mean squared error, (1/n) Σ (output − target)², over all n elements: PyTorch's {@code nn.MSELoss}. The gradient is (2/n) (output −
 * target). Immutable and thread-safe.
 *
 * <pre>{@code
 * double loss = MeanSquaredError.standard().compute(output, target, gradient);
 * }</pre>
 */
public final class MeanSquaredError {
  private static final MeanSquaredError STANDARD = new MeanSquaredError();

  private MeanSquaredError() {}

  /** The loss. */
  public static MeanSquaredError standard() {
    return STANDARD;
  }

  /**
   * Computes the loss and its gradient.
   *
   * @param output batch × rows × width, what a model computed
   * @param target the same shape, what it should have computed
   * @param gradient the gradient of output, the same shape, written; may be {@code output} itself; null if it is not wanted
   * @return the loss; 0 if there is no element
   * @throws IllegalArgumentException if shapes differ, or the gradient shares elements with an input otherwise; nothing has been written
   *     then
   */
  public double compute(SequenceBatch output, SequenceBatch target, @Nullable SequenceBatch gradient) {
    Rows.sameShape("output", output, "target", target);
    Rows.gradient("gradient", gradient, "output", output);
    Rows.disjoint("gradient", gradient, "target", target);
    int rows = Rows.count("output", output);
    int width = output.width();
    double elements = (double) rows * width;
    float scale = (float) (2 / elements);
    double sum = 0;
    for (int row = 0; row < rows && width > 0; row++) {
      int at = Rows.index(output, row);
      int atTarget = Rows.index(target, row);
      sum += squares(output.data(), at, target.data(), atTarget, width);
      if (gradient != null) {
        int to = Rows.index(gradient, row);
        for (int c = 0; c < width; c++) {
          gradient.data()[to + c] = scale * (output.data()[at + c] - target.data()[atTarget + c]);
        }
      }
    }
    return elements == 0 ? 0 : sum / elements;
  }

  private static double squares(float[] x, int atX, float[] y, int atY, int width) {
    double sum = 0;
    for (int c = 0; c < width; c++) {
      double difference = (double) x[atX + c] - y[atY + c];
      sum += difference * difference;
    }
    return sum;
  }
}
