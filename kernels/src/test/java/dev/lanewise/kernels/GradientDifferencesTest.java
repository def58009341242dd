package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainGradients;
import dev.lanewise.kernels.testing.PlainGradients.NormGradients;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * Central differences of {@link PlainKernels} in double confirm {@link PlainGradients}: the loss is Σ dy · y, and the arguments move by a
 * power of two, which floats can hold.
 */
class GradientDifferencesTest {
  private static final float STEP = 0x1p-9f;
  private final RandomGenerator random = Shape.ofRows().getFirst().random();

  @Test
  void activations() {
    for (Activation activation : Activation.values()) {
      for (float x = -4.125f; x < 4.2; x += 0.25f) { // never at the corner of RELU
        double difference = PlainKernels.activation(activation, x + STEP) - PlainKernels.activation(activation, x - STEP);
        assertThat(PlainGradients.derivative(activation, x)).as("%s of %s", activation, x).isCloseTo(difference / (2 * STEP), within(1e-5));
      }
    }
  }

  @Test
  void norms() {
    Matrix dy = whole(4, 7);
    float[] weight = whole(1, 7).data();
    float[] zero = new float[7];
    for (boolean centred : new boolean[] {true, false}) {
      Matrix x = whole(4, 7);
      NormGradients gradients = PlainGradients.DOUBLE.norm(x, centred, weight, 0.5f, dy, zero, zero);
      ToDoubleFunction<Matrix> ofX = m -> dot(dy, PlainKernels.DOUBLE.norm(m, centred, weight, null, 0.5));
      assertGradient("norm", x, gradients.input(), ofX);
      ToDoubleFunction<Matrix> ofWeight = m -> dot(dy, PlainKernels.DOUBLE.norm(x, centred, m.data(), null, 0.5));
      assertGradient("weight", Matrix.of(weight, 1, 7), gradients.weight(), ofWeight);
      ToDoubleFunction<Matrix> ofBias = m -> dot(dy, PlainKernels.DOUBLE.norm(x, centred, weight, m.data(), 0.5));
      assertGradient("bias", whole(1, 7), gradients.bias(), ofBias);
    }
  }

  @Test
  void products() {
    Matrix dy = whole(4, 3);
    Matrix x = whole(4, 5);
    Matrix weight = whole(3, 5);
    ToDoubleFunction<Matrix> ofX = m -> dot(dy, PlainKernels.DOUBLE.scores(m, weight, 1));
    assertGradient("input", x, PlainGradients.DOUBLE.productInput(dy, weight), ofX);
    ToDoubleFunction<Matrix> ofWeight = m -> dot(dy, PlainKernels.DOUBLE.scores(x, m, 1));
    assertGradient("weight", weight, PlainGradients.DOUBLE.productWeight(dy, x, Matrix.zeros(3, 5)), ofWeight);
  }

  @Test
  void softmaxAndCrossEntropy() {
    Matrix dy = whole(3, 6);
    Matrix scores = eighths(whole(3, 6));
    Matrix weights = Matrix.zeros(3, 6);
    double[][] softmax = PlainKernels.DOUBLE.softmax(scores);
    for (int i = 0; i < 18; i++) {
      weights.data()[i] = (float) softmax[i / 6][i % 6];
    }
    assertGradient("softmax", scores, PlainGradients.DOUBLE.softmax(weights, dy), m -> dot(dy, PlainKernels.DOUBLE.softmax(m)));
    int[] targets = {4, -1, 0};
    for (float smoothing : new float[] {0, 0.25f}) {
      ToDoubleFunction<Matrix> loss =
          m -> PlainGradients.DOUBLE.crossEntropy(m, 0, 4, smoothing) + PlainGradients.DOUBLE.crossEntropy(m, 2, 0, smoothing);
      assertGradient("cross-entropy", scores, PlainGradients.DOUBLE.crossEntropyGradient(scores, targets, -1, smoothing, 1), loss);
    }
  }

  private Matrix whole(int rows, int columns) {
    return Layout.TIGHT.randomWhole(rows, columns, random);
  }

  private static Matrix eighths(Matrix x) {
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] /= 8;
    }
    return x;
  }

  private static void assertGradient(String what, Matrix x, double[][] gradient, ToDoubleFunction<Matrix> loss) {
    for (int row = 0; row < x.rows(); row++) {
      for (int column = 0; column < x.columns(); column++) {
        int at = x.index(row, column);
        float kept = x.data()[at];
        x.data()[at] = kept + STEP;
        double above = loss.applyAsDouble(x);
        x.data()[at] = kept - STEP;
        double below = loss.applyAsDouble(x);
        x.data()[at] = kept;
        assertThat(gradient[row][column]).as("%s (%d, %d)", what, row, column).isCloseTo((above - below) / (2 * STEP), within(1e-3));
      }
    }
  }

  private static double dot(Matrix dy, double[][] y) {
    double sum = 0;
    for (int row = 0; row < dy.rows(); row++) {
      for (int column = 0; column < dy.columns(); column++) {
        sum += dy.get(row, column) * y[row][column];
      }
    }
    return sum;
  }
}
