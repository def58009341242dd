package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainGradients;
import dev.lanewise.kernels.testing.PlainGradients.NormGradients;
import dev.lanewise.kernels.testing.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BackwardNormTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final float EPSILON = 1e-5f;

  @ParameterizedTest
  @MethodSource(PATHS)
  void normsStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    List<Shape> more =
        List.of(
            new Shape(130, 384, 1, Layout.FRAMED, 1),
            new Shape(64, 40, 1, Layout.TIGHT, 2),
            new Shape(3, 17_000, 1, Layout.TIGHT, 3), // too wide for sums in floats
            new Shape(1000, 20, 1, Layout.OPEN_END, 4));
    for (Shape shape : Stream.concat(BackwardRowsTest.shapes().stream(), more.stream()).toList()) {
      RandomGenerator random = shape.random();
      Matrix x = shape.layout().random(shape.rows(), shape.columns(), random);
      Matrix dy = shape.layout().next().random(shape.rows(), shape.columns(), random);
      float[] weight = Layout.TIGHT.random(1, shape.columns(), random).data();
      check(kernels, shape, x, true, weight, EPSILON, dy);
      check(kernels, shape, x, true, null, EPSILON, dy);
      check(kernels, shape, x, false, weight, EPSILON, dy);
      check(kernels, shape, x, false, null, EPSILON, dy);
    }
  }

  /** A mean that is large against the deviations, and variances whose squares are no floats. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void rowsOutOfTheUsualRangeStayWithinTheBudget(Kernels kernels) {
    for (int columns : new int[] {5, 77, 384}) {
      for (float[] range : new float[][] {{1000, 1}, {-3e4f, 2}, {0, 1e-20f}, {0, 1e18f}}) {
        Shape shape = new Shape(70, columns, 1, Layout.FRAMED, columns);
        RandomGenerator random = shape.random();
        Matrix x = shape.layout().random(70, columns, random);
        for (int row = 0; row < 70; row += row % 3 + 1) { // other rows stay as they are
          for (int i = x.index(row, 0); i < x.index(row, columns); i++) {
            x.data()[i] = range[0] + range[1] * x.data()[i];
          }
        }
        Matrix dy = shape.layout().random(70, columns, random);
        float[] weight = Layout.TIGHT.random(1, columns, random).data();
        check(kernels, shape + " " + range[0] + " " + range[1], x, true, weight, range[1] < 1 ? 0 : EPSILON, dy);
        check(kernels, shape + " " + range[0] + " " + range[1], x, false, weight, range[1] < 1 ? 0 : EPSILON, dy);
      }
    }
  }

  private static void check(Kernels kernels, Object name, Matrix x, boolean centred, float @Nullable [] weight, float epsilon, Matrix dy) {
    Object what = name + (centred ? ", layer norm" : ", RMS norm") + (weight == null ? "" : ", weight");
    int columns = x.columns();
    float[] dw = new float[columns];
    float[] db = new float[columns];
    for (int i = 0; i < columns; i++) {
      dw[i] = i % 7 - 3;
      db[i] = i % 5 - 2;
    }
    NormGradients exact = PlainGradients.DOUBLE.norm(x, centred, weight, epsilon, dy, dw, db);
    NormGradients plain = PlainGradients.FLOAT.norm(x, centred, weight, epsilon, dy, dw, db);
    Matrix dx = Layout.FRAMED.blank(x.rows(), columns);
    Matrix weightBefore = Matrix.of(dw.clone(), 1, columns);
    Matrix biasBefore = Matrix.of(db.clone(), 1, columns);
    run(kernels, x, centred, weight, epsilon, dy, dx, dw, db);
    Comparisons.assertWithinBudget(what, exact.input(), plain.input(), dx);
    Layout.assertFrameIntact(what, dx);
    Comparisons.assertSumWithinBudget(what + ", weight", weightBefore, exact.weight(), plain.weight(), Matrix.of(dw, 1, columns));
    if (centred) {
      Comparisons.assertSumWithinBudget(what + ", bias", biasBefore, exact.bias(), plain.bias(), Matrix.of(db, 1, columns));
    } else {
      assertThat(db).isEqualTo(biasBefore.data());
    }
    for (boolean isX : new boolean[] {true, false}) {
      Matrix inPlace = Layout.OPEN_END.copyOf(isX ? x : dy);
      run(kernels, isX ? inPlace : x, centred, weight, epsilon, isX ? dy : inPlace, inPlace, null, null);
      Comparisons.assertSameBits(what + " in place", dx, inPlace);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanStaysInItsRow(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix x = shape.layout().random(shape.rows(), shape.columns(), random);
      Matrix dy = shape.layout().random(shape.rows(), shape.columns(), random);
      Matrix clean = shape.layout().blank(shape.rows(), shape.columns());
      run(kernels, x, true, null, EPSILON, dy, clean, null, null);
      for (int row = 0; row < shape.rows(); row += 4) {
        for (boolean isX : new boolean[] {true, false}) {
          Matrix bad = shape.layout().copyOf(isX ? x : dy);
          bad.data()[bad.index(row, shape.columns() - 1)] = Float.NaN;
          Matrix dx = shape.layout().blank(shape.rows(), shape.columns());
          run(kernels, isX ? bad : x, true, null, EPSILON, isX ? dy : bad, dx, null, null);
          Comparisons.assertOnlyRowPoisoned(shape, row, clean, dx);
        }
      }
    }
  }

  private static void run(
      Kernels kernels,
      Matrix x,
      boolean centred,
      float @Nullable [] weight,
      float epsilon,
      Matrix dy,
      Matrix dx,
      float @Nullable [] dw,
      float @Nullable [] db) {
    if (centred) {
      kernels.backward().layerNorm(x, weight, epsilon, dy, dx, dw, db);
    } else {
      kernels.backward().rmsNorm(x, weight, epsilon, dy, dx, dw);
    }
  }
}
