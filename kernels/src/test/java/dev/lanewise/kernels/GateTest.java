package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GateTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final long SEED = 20261121;

  @ParameterizedTest
  @MethodSource(PATHS)
  void aGateIsTheActivationTimesUpWhereverItIsWritten(Kernels kernels) {
    for (Activation activation : Activation.values()) {
      for (Shape shape : shapes()) {
        String what = activation + " " + shape;
        Layout layout = shape.layout();
        Matrix gate = layout.random(shape.rows(), shape.columns(), shape.random());
        Matrix up = layout.next().random(shape.rows(), shape.columns(), shape.random());
        Matrix expected = layout.blank(shape.rows(), shape.columns());
        kernels.activate(activation, gate, expected);
        for (int row = 0; row < shape.rows(); row++) {
          for (int column = 0; column < shape.columns(); column++) {
            expected.data()[expected.index(row, column)] *= up.get(row, column);
            double exact = PlainKernels.activation(activation, gate.get(row, column)) * up.get(row, column);
            double budget = 4e-7 * Math.max(1, Math.abs(gate.get(row, column))) * Math.abs(up.get(row, column));
            if (!(Math.abs(expected.get(row, column) - exact) <= budget)) {
              assertThat((double) expected.get(row, column)).as("%s (%d, %d)", what, row, column).isEqualTo(exact);
            }
          }
        }
        Matrix gateBefore = Layout.TIGHT.copyOf(gate);
        Matrix upBefore = Layout.TIGHT.copyOf(up);
        Matrix result = layout.blank(shape.rows(), shape.columns());
        kernels.gate(activation, gate, up, result);
        Comparisons.assertSameBits(what, expected, result);
        Layout.assertFrameIntact(what, result);
        Comparisons.assertSameBits(what + " gate", gateBefore, gate);
        Comparisons.assertSameBits(what + " up", upBefore, up);
        assertInPlace(kernels, activation, what, gate, up, expected);
      }
    }
  }

  private static void assertInPlace(Kernels kernels, Activation activation, String what, Matrix gate, Matrix up, Matrix expected) {
    Matrix onGate = Layout.FRAMED.copyOf(gate);
    kernels.gate(activation, onGate, up, onGate);
    Comparisons.assertSameBits(what + " on gate", expected, onGate);
    Layout.assertFrameIntact(what + " on gate", onGate);
    Matrix onUp = Layout.OPEN_END.copyOf(up);
    kernels.gate(activation, gate, onUp, onUp);
    Comparisons.assertSameBits(what + " on up", expected, onUp);
    Layout.assertFrameIntact(what + " on up", onUp);
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void halvesOfOneProjectionMayBeGatedInPlace(Kernels kernels) {
    Matrix both = Layout.TIGHT.random(7, 2 * 53, Shape.ofRows().getFirst().random());
    Matrix gate = new Matrix(both.data(), 0, 7, 53, 2 * 53);
    Matrix up = new Matrix(both.data(), 53, 7, 53, 2 * 53);
    Matrix expected = Matrix.zeros(7, 53);
    kernels.gate(Activation.SILU, gate, up, expected);
    kernels.gate(Activation.SILU, gate, up, gate);
    Comparisons.assertSameBits("half", expected, gate);
  }

  /** The shapes of rows, and rows around the number of columns that are activated at a time. */
  private static List<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>(Shape.ofRows());
    for (int columns : new int[] {1, 1023, 1024, 1025, 1040, 2047, 2049, 3072}) {
      shapes.add(new Shape(2, columns, 0, Layout.FRAMED, SEED + columns));
      shapes.add(new Shape(3, columns, 0, Layout.TIGHT, SEED + columns));
    }
    return shapes;
  }
}
