package dev.lanewise.kernels.simd.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.testing.Interrupts;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Products of small whole numbers, whose sums are exact in any order. */
class BlockedProductTest {
  private final Random random = new Random(7);

  @BeforeEach
  void assumeSimd() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  private Matrix whole(int rows, int columns) {
    Matrix matrix = new Matrix(new float[rows * (columns + 1) + 2], 2, rows, columns, columns + 1);
    for (int i = 0; i < matrix.data().length; i++) {
      matrix.data()[i] = random.nextInt(-3, 4);
    }
    return matrix;
  }

  private static float[] packed(Matrix b) {
    float[] panels = new float[Packing.size(b.columns(), b.rows(), Tiles.NR)];
    Packing.columns(b, Tiles.NR, panels);
    return panels;
  }

  /** Looks at every third row, and at the last. */
  private static void assertProduct(Matrix a, Matrix b, float[] before, Matrix c) {
    for (int i = (c.rows() - 1) % 3; i < c.rows(); i += 3) {
      for (int j = 0; j < c.columns(); j++) {
        double sum = before[c.index(i, j)];
        for (int k = 0; k < a.columns(); k++) {
          sum += a.get(i, k) * b.get(k, j);
        }
        assertThat((double) c.get(i, j)).as("element %s, %s of %s x %s", i, j, c.rows(), c.columns()).isEqualTo(sum);
      }
    }
  }

  /** Blocks of rows and of steps, of which the last are short, and a panel at the right edge. */
  @Test
  void productIsAddedToWhatTheResultHolds() {
    for (int rows : new int[] {Tiles.SKINNY_ROWS + 1, Tiles.MC + 2 * Tiles.MR + 1}) {
      for (int columns : new int[] {3, Tiles.NR + 1}) {
        for (int depth : new int[] {2, Tiles.KC + 5}) {
          Matrix a = whole(rows, depth);
          Matrix b = whole(depth, columns);
          Matrix c = whole(rows, columns);
          float[] before = c.data().clone();
          BlockedProduct.run(ProductProblem.added(a, packed(b), c), new Scratch());
          assertProduct(a, b, before, c);
        }
      }
    }
  }

  /** Long chains of floats would lose 2e-4 of a sum of equal terms. */
  @Test
  void longProductsAreSummedInDouble() {
    int depth = 8 * Tiles.LONG;
    float[] tenths = new float[depth];
    Arrays.fill(tenths, 0.1f);
    float[] ones = new float[depth];
    Arrays.fill(ones, 1);
    Matrix c = Matrix.zeros(1, 1);
    BlockedProduct.run(
        new ProductProblem(Matrix.of(ones, 1, depth), packed(Matrix.of(tenths, depth, 1)), 0, null, Activation.NONE, c), new Scratch());
    double exact = depth * (double) 0.1f;
    assertThat(Math.abs(c.get(0, 0) - exact)).isLessThan(1e-6 * exact);
  }

  @Test
  void productEndsAtAnInterrupt() {
    Matrix a = whole(Tiles.SKINNY_ROWS + Tiles.MR, 3);
    Matrix b = whole(3, Tiles.NR);
    Matrix c = Matrix.zeros(a.rows(), b.columns());
    ProductProblem problem = new ProductProblem(a, packed(b), 0, null, Activation.NONE, c);
    Interrupts.assertCancels(() -> BlockedProduct.run(problem, new Scratch()));
    assertThat(c.data()).containsOnly(0);
  }
}
