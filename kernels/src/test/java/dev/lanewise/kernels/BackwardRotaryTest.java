package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.Shape;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of rotations and embeddings, and sums of gradients. */
class BackwardRotaryTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  /** The gradient of a linear function is its transpose: y · R x = Rᵀ y · x for all x and y. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void aRotationsGradientIsItsTranspose(Kernels kernels) {
    for (RotaryTable.Form form : RotaryTable.Form.values()) {
      for (int pairs : new int[] {1, 5, 16, 37}) {
        RandomGenerator random = new Shape(1, pairs, 1, Layout.TIGHT, pairs).random();
        double[] frequencies = random.doubles(pairs, 0, 1).toArray();
        RotaryTable table = RotaryTable.of(form, frequencies, 1.25);
        int width = 2 * pairs + pairs % 3;
        float[] x = Layout.TIGHT.random(1, 2 * 3 * 7 * width, random).data();
        float[] y = Layout.TIGHT.random(1, 2 * 3 * 7 * width, random).data();
        int[] positions = random.ints(2 * 7, 0, 300_000).toArray(); // later rows are not kept by the table
        for (boolean given : new boolean[] {true, false}) {
          float[] rx = new float[x.length];
          float[] ry = new float[x.length];
          if (given) {
            kernels.rotate(Heads.of(x, 2, 3, 7, width), Heads.ofRows(rx, 2, 7, 3, width), table, positions);
            kernels.backward().rotate(Heads.ofRows(y, 2, 7, 3, width), Heads.of(ry, 2, 3, 7, width), table, positions);
          } else {
            kernels.rotate(Heads.of(x, 2, 3, 7, width), Heads.ofRows(rx, 2, 7, 3, width), table, 5);
            kernels.backward().rotate(Heads.ofRows(y, 2, 7, 3, width), Heads.of(ry, 2, 3, 7, width), table, 5);
          }
          assertThat(dot(y, rx)).as("%s, %d pairs", form, pairs).isCloseTo(dot(ry, x), within(1e-5 * x.length));
          float[] inPlace = y.clone();
          Heads heads = Heads.ofRows(inPlace, 2, 7, 3, width);
          if (given) {
            kernels.backward().rotate(heads, heads, table, positions);
          } else {
            kernels.backward().rotate(heads, heads, table, 5);
          }
          float[] copied = new float[x.length];
          heads.copyTo(Heads.of(copied, 2, 3, 7, width));
          assertThat(copied).isEqualTo(ry);
        }
      }
    }
  }

  /** The same where each section of the pairs has positions of its own. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void aRotationInSectionsHasItsTransposeAsGradient(Kernels kernels) {
    RandomGenerator random = new Shape(1, 6, 1, Layout.TIGHT, 6).random();
    RotaryTable plain = RotaryTable.of(RotaryTable.Form.HALF, random.doubles(6, 0, 1).toArray(), 1);
    for (RotaryTable table : new RotaryTable[] {plain.withSections(1, 2, 3), plain.withInterleavedSections(2, 2, 2)}) {
      float[] x = Layout.TIGHT.random(1, 2 * 3 * 7 * 12, random).data();
      float[] y = Layout.TIGHT.random(1, 2 * 3 * 7 * 12, random).data();
      for (int sections : new int[] {1, 3}) { // one position for all sections, or one for each
        int[] positions = random.ints(sections * 2L * 7, 0, 3000).toArray();
        Heads rx = Heads.zeros(2, 3, 7, 12);
        Heads ry = Heads.zeros(2, 3, 7, 12);
        kernels.rotate(Heads.of(x, 2, 3, 7, 12), rx, table, positions);
        kernels.backward().rotate(Heads.of(y, 2, 3, 7, 12), ry, table, positions);
        assertThat(dot(y, rx.data())).as("%d positions a row", sections).isCloseTo(dot(ry.data(), x), within(1e-5 * x.length));
      }
    }
  }

  /** Rotating back gives the argument: an independent check of the sign. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void theGradientOfARotationRotatesBack(Kernels kernels) {
    RandomGenerator random = Shape.ofRows().getFirst().random();
    RotaryTable table = RotaryTable.of(RotaryTable.Form.HALF, new double[] {1, 0.3, 0.01}, 1);
    float[] x = Layout.TIGHT.random(1, 40 * 6, random).data();
    float[] y = new float[x.length];
    kernels.rotate(Heads.of(x, 1, 1, 40, 6), Heads.of(y, 1, 1, 40, 6), table, 0);
    kernels.backward().rotate(Heads.of(y, 1, 1, 40, 6), Heads.of(y, 1, 1, 40, 6), table, 0);
    for (int i = 0; i < x.length; i++) {
      assertThat(y[i]).isCloseTo(x[i], within(1e-6f));
    }
    kernels.rotate(Heads.of(x, 1, 1, 40, 6), Heads.of(y, 1, 1, 40, 6), table, 0); // a later call forward is not inverse
    kernels.rotate(Heads.of(x, 1, 1, 1, 6), Heads.of(x, 1, 1, 1, 6), table, 39);
    assertThat(y[39 * 6]).isNotEqualTo(x[39 * 6]);
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void rowsAreAddedInTheirOrder(Kernels kernels) {
    for (int columns : new int[] {1, 15, 33, 384}) {
      RandomGenerator random = new Shape(60, columns, 1, Layout.FRAMED, columns).random();
      Matrix dy = Layout.FRAMED.random(60, columns, random);
      int[] ids = random.ints(60, 0, 9).toArray();
      Matrix before = Layout.OPEN_END.random(9, columns, random);
      Matrix table = Layout.FRAMED.copyOf(before);
      kernels.backward().addRows(dy, ids, table);
      Matrix expected = Layout.FRAMED.copyOf(before);
      for (int row = 0; row < 60; row++) {
        for (int column = 0; column < columns; column++) {
          expected.data()[expected.index(ids[row], column)] += dy.get(row, column);
        }
      }
      Comparisons.assertSameBits(columns + " columns", expected, table);
      Layout.assertFrameIntact(columns + " columns", table);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void multiplesAreAdded(Kernels kernels) {
    for (int columns : new int[] {1, 15, 33, 384}) {
      RandomGenerator random = new Shape(6, columns, 1, Layout.FRAMED, columns).random();
      Matrix x = Layout.FRAMED.randomWhole(6, columns, random);
      Matrix repeated = new Matrix(x.data(), x.offset(), 6, columns, 0);
      Matrix sum = Layout.OPEN_END.randomWhole(6, columns, random);
      Matrix before = Layout.TIGHT.copyOf(sum);
      kernels.backward().add(0.5f, x, sum);
      kernels.backward().add(2, repeated, sum);
      for (int row = 0; row < 6; row++) {
        for (int column = 0; column < columns; column++) {
          assertThat(sum.get(row, column)).isEqualTo(before.get(row, column) + 0.5f * x.get(row, column) + 2 * x.get(0, column));
        }
      }
      Layout.assertFrameIntact(columns + " columns", sum);
    }
  }

  private static double dot(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }
}
