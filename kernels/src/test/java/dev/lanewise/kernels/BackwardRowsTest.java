package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainGradients;
import dev.lanewise.kernels.testing.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of activations, gates and softmax. */
class BackwardRowsTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  static List<Shape> shapes() {
    List<Shape> all = Shape.all();
    int small = all.size() - Shape.large().size();
    return Stream.concat(
            Stream.iterate(0, i -> i < small, i -> i + 18 + i % 3).map(all::get),
            Shape.large().stream().filter(shape -> shape.rows() * shape.columns() < 30_000))
        .toList();
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void activationsStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    for (Shape shape : shapes()) {
      RandomGenerator random = shape.random();
      Matrix x = scaled(3, shape.layout().random(shape.rows(), shape.columns(), random));
      Matrix dy = shape.layout().next().random(shape.rows(), shape.columns(), random);
      for (Activation activation : Activation.values()) {
        Matrix dx = shape.layout().blank(shape.rows(), shape.columns());
        kernels.backward().activation(activation, x, dy, dx);
        Object what = shape + ", " + activation;
        double[][] exact = PlainGradients.DOUBLE.activation(activation, x, dy);
        if (shape.rows() * shape.columns() >= 100) { // the functions have absolute bounds: few elements may all be small
          Comparisons.assertWithinBudget(what, exact, PlainGradients.FLOAT.activation(activation, x, dy), dx);
        }
        double worst = 0;
        for (int row = 0; row < shape.rows(); row++) {
          for (int column = 0; column < shape.columns(); column++) {
            worst = Math.max(worst, Math.abs(dx.get(row, column) - exact[row][column]) - 3e-7 * Math.abs(dy.get(row, column)));
          }
        }
        assertThat(worst).as("%s", what).isZero();
        Layout.assertFrameIntact(what, dx);
        for (Matrix inPlace : List.of(shape.layout().copyOf(x), shape.layout().copyOf(dy))) {
          boolean isX = shape.rows() > 0 && shape.columns() > 0 && inPlace.get(0, 0) == x.get(0, 0);
          kernels.backward().activation(activation, isX ? inPlace : x, isX ? dy : inPlace, inPlace);
          Comparisons.assertSameBits(what + " in place", dx, inPlace);
        }
      }
    }
  }

  /** Every derivative over its whole range, to an absolute error. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void derivativesAreExactEverywhere(Kernels kernels) {
    int count = 400_001;
    Matrix x = Matrix.zeros(1, count);
    Matrix dy = Matrix.zeros(1, count);
    Matrix dx = Matrix.zeros(1, count);
    for (int i = 0; i < count; i++) {
      x.data()[i] = (i - count / 2) * 1e-4f;
      dy.data()[i] = 1;
    }
    for (Activation activation : Activation.values()) {
      kernels.backward().activation(activation, x, dy, dx);
      double worst = 0;
      for (int i = 0; i < count; i++) {
        worst = Math.max(worst, Math.abs(dx.data()[i] - PlainGradients.derivative(activation, x.data()[i])));
      }
      assertThat(worst).as(activation + " of " + kernels.path()).isLessThan(3e-7);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void derivativesHaveTheirLimits(Kernels kernels) {
    float[] ends = {Float.NaN, Float.NEGATIVE_INFINITY, -1e30f, -1000, 0, 1000, 1e30f, Float.POSITIVE_INFINITY};
    for (Activation activation : Activation.values()) {
      for (int copies : new int[] {1, 40}) {
        Matrix x = Matrix.zeros(ends.length, copies);
        Matrix dy = Matrix.zeros(ends.length, copies);
        for (int i = 0; i < ends.length * copies; i++) {
          x.data()[i] = ends[i / copies];
          dy.data()[i] = 2;
        }
        kernels.backward().activation(activation, x, dy, x);
        boolean isBounded = activation == Activation.TANH || activation == Activation.SIGMOID;
        for (int column = 0; column < copies; column++) {
          if (activation != Activation.NONE) {
            assertThat(x.get(0, column)).as("%s of NaN", activation).isNaN();
          }
          for (int end = 1; end < ends.length; end++) {
            if (ends[end] != 0) {
              float limit = activation == Activation.NONE || (ends[end] > 0 && !isBounded) ? 2 : 0;
              assertThat(Math.abs(x.get(end, column))).as("%s of %s", activation, ends[end]).isEqualTo(limit);
            }
          }
        }
      }
    }
    Matrix zero = Matrix.zeros(1, 33);
    Matrix dy = new Matrix(new float[] {1}, 0, 1, 33, 0, 0);
    kernels.backward().activation(Activation.RELU, zero, dy, zero);
    assertThat(zero.data()).containsOnly(0);
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void gatesStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    List<Shape> wide = List.of(new Shape(3, 2500, 1, Layout.FRAMED, 7));
    for (Shape shape : Stream.concat(shapes().stream(), wide.stream()).toList()) {
      RandomGenerator random = shape.random();
      Matrix gate = shape.layout().random(shape.rows(), shape.columns(), random);
      Matrix up = shape.layout().next().random(shape.rows(), shape.columns(), random);
      Matrix dy = shape.layout().next().next().random(shape.rows(), shape.columns(), random);
      for (Activation activation : List.of(Activation.SILU, Activation.GELU, Activation.SIGMOID, Activation.NONE)) {
        Matrix gateGradient = shape.layout().blank(shape.rows(), shape.columns());
        Matrix upGradient = shape.layout().next().blank(shape.rows(), shape.columns());
        kernels.backward().gate(activation, gate, up, dy, gateGradient, upGradient);
        Object what = shape + ", " + activation;
        Comparisons.assertWithinBudget(
            what, PlainGradients.DOUBLE.gate(activation, gate, up, dy), PlainGradients.FLOAT.gate(activation, gate, up, dy), gateGradient);
        Comparisons.assertWithinBudget(
            what, PlainGradients.DOUBLE.gateUp(activation, gate, dy), PlainGradients.FLOAT.gateUp(activation, gate, dy), upGradient);
        Layout.assertFrameIntact(what, gateGradient);
        Layout.assertFrameIntact(what, upGradient);
        Matrix x = shape.layout().copyOf(gate);
        Matrix g = shape.layout().copyOf(dy);
        kernels.backward().gate(activation, x, up, g, x, g);
        Comparisons.assertSameBits(what + " in place", gateGradient, x);
        Comparisons.assertSameBits(what + " in place", upGradient, g);
        x = shape.layout().copyOf(gate);
        Matrix y = shape.layout().copyOf(up);
        kernels.backward().gate(activation, x, y, dy, y, x);
        Comparisons.assertSameBits(what + " crosswise", gateGradient, y);
        Comparisons.assertSameBits(what + " crosswise", upGradient, x);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void softmaxStaysWithinTheBudgetAndInsideItsView(Kernels kernels) {
    List<Shape> wide = List.of(new Shape(2, 70_001, 1, Layout.FRAMED, 8));
    for (Shape shape : Stream.concat(shapes().stream(), wide.stream()).toList()) {
      RandomGenerator random = shape.random();
      Matrix weights = shape.layout().random(shape.rows(), shape.columns(), random);
      kernels.softmax(weights, weights);
      Matrix dw = shape.layout().next().random(shape.rows(), shape.columns(), random);
      Matrix ds = shape.layout().blank(shape.rows(), shape.columns());
      kernels.backward().softmax(weights, dw, ds);
      Comparisons.assertWithinBudget(shape, PlainGradients.DOUBLE.softmax(weights, dw), PlainGradients.FLOAT.softmax(weights, dw), ds);
      Layout.assertFrameIntact(shape, ds);
      kernels.backward().softmax(weights, dw, dw);
      Comparisons.assertSameBits(shape + " in place", ds, dw);
      Comparisons.assertRowsStandAlone(
          shape,
          (from, to) -> {
            Matrix part = Matrix.zeros(to - from, shape.columns());
            kernels.backward().softmax(weights.rows(from, to), ds.rows(from, to), part);
            return part;
          });
    }
  }

  private static Matrix scaled(float factor, Matrix x) {
    for (int row = 0; row < x.rows(); row++) {
      for (int column = 0; column < x.columns(); column++) {
        x.data()[x.index(row, column)] *= factor;
      }
    }
    return x;
  }
}
