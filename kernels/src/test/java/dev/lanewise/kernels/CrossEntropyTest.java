package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainGradients;
import dev.lanewise.kernels.testing.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CrossEntropyTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final int IGNORED = -100;

  @ParameterizedTest
  @MethodSource(PATHS)
  void lossAndGradientStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    List<Shape> wide = List.of(new Shape(2, 250_002, 1, Layout.FRAMED, 9), new Shape(5, 30_522, 1, Layout.TIGHT, 10));
    for (Shape shape : Stream.concat(BackwardRowsTest.shapes().stream(), wide.stream()).toList()) {
      RandomGenerator random = shape.random();
      Matrix logits = shape.layout().random(shape.rows(), shape.columns(), random);
      int[] targets = new int[shape.rows()];
      Arrays.setAll(targets, row -> row % 5 == 3 || shape.columns() == 0 ? IGNORED : random.nextInt(shape.columns()));
      for (float smoothing : wide.contains(shape) ? new float[] {0.1f} : new float[] {0, 0.1f, 1}) {
        Matrix gradient = shape.layout().blank(shape.rows(), shape.columns());
        double loss = kernels.backward().crossEntropy(logits, targets, IGNORED, smoothing, 0.5f, gradient);
        Comparisons.assertWithinBudget(
            shape,
            PlainGradients.DOUBLE.crossEntropyGradient(logits, targets, IGNORED, smoothing, 0.5f),
            PlainGradients.FLOAT.crossEntropyGradient(logits, targets, IGNORED, smoothing, 0.5f),
            gradient);
        Layout.assertFrameIntact(shape, gradient);
        double expected = 0;
        for (int row = 0; row < shape.rows(); row++) {
          expected += targets[row] == IGNORED ? 0 : PlainGradients.DOUBLE.crossEntropy(logits, row, targets[row], smoothing);
        }
        assertThat(loss).as(shape.toString()).isCloseTo(expected, within(2e-6 * Math.abs(expected) + 1e-6));
        Matrix inPlace = shape.layout().copyOf(logits);
        assertThat(kernels.backward().crossEntropy(inPlace, targets, IGNORED, smoothing, 0.5f, inPlace)).isEqualTo(loss);
        Comparisons.assertSameBits(shape + " in place", gradient, inPlace);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void rowsThatAreNotFinite(Kernels kernels) {
    for (int classes : new int[] {5, 40}) {
      float[] row = new float[classes];
      row[1] = Float.NEGATIVE_INFINITY;
      Matrix gradient = Matrix.zeros(1, classes);
      Matrix logits = Matrix.of(row, 1, classes);
      assertThat(kernels.backward().crossEntropy(logits, new int[] {0}, IGNORED, 0, 1, gradient))
          .isCloseTo(Math.log(classes - 1), within(1e-6));
      assertThat(gradient.get(0, 1)).isZero();
      assertThat(kernels.backward().crossEntropy(logits, new int[] {1}, IGNORED, 0, 1, gradient)).isEqualTo(Double.POSITIVE_INFINITY);
      assertThat(gradient.get(0, 1)).isEqualTo(-1);
      assertThat(kernels.backward().crossEntropy(logits, new int[] {0}, IGNORED, 0.1f, 1, gradient)).isEqualTo(Double.POSITIVE_INFINITY);
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        row[classes - 1] = bad;
        assertThat(kernels.backward().crossEntropy(logits, new int[] {0}, IGNORED, 0, 1, gradient)).as("%s", bad).isNaN();
        assertThat(gradient.data()).containsOnly(Float.NaN);
        assertThat(kernels.backward().crossEntropy(logits, new int[] {IGNORED}, IGNORED, 0, 1, gradient)).isZero();
        assertThat(gradient.data()).containsOnly(0);
      }
    }
  }
}
