package dev.lanewise.kernels.simd.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The first products of a JVM have the bits of all later ones. */
class FirstProductsTest {
  private static final int MARGIN = 3;

  /** Skips a test on the scalar path, which has no panels. */
  private static void assumeSimd() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  private static float[] random(Random random, int length) {
    float[] floats = new float[length];
    for (int i = 0; i < length; i++) {
      floats[i] = (float) random.nextGaussian();
    }
    return floats;
  }

  @Test
  void plainLoopsHaveTheBitsOfTheMicroKernel() {
    assumeSimd();
    Random random = new Random(7);
    for (int rows = 1; rows <= Tiles.SKINNY_MR; rows++) {
      for (int panels = 1; panels <= (rows == 1 ? 4 : 2); panels++) {
        for (int depth : new int[] {0, 1, 3, 4, 5, 64, 131}) {
          float[] a = random(random, MARGIN + rows * (depth + 2));
          float[] b = random(random, MARGIN + panels * (depth + 1) * Tiles.NR);
          float[] start = random(random, MARGIN + rows * Tiles.SKINNY_WIDTH);
          float[] expected = start.clone();
          Operand aOperand = new Operand().set(a, MARGIN, depth + 2);
          Operand bOperand = new Operand().set(b, MARGIN, Tiles.NR).next((depth + 1) * Tiles.NR);
          Operand cOperand = new Operand().set(expected, MARGIN, Tiles.SKINNY_WIDTH);
          if (rows == 1) {
            SkinnyMicroKernel.multiply1x4(aOperand, bOperand, cOperand, panels, depth);
          } else if (rows == 2) {
            SkinnyMicroKernel.multiply2x2(aOperand, bOperand, cOperand, rows, panels, depth);
          } else {
            SkinnyMicroKernel.multiply4x2(aOperand, bOperand, cOperand, rows, panels, depth);
          }
          float[] actual = start.clone();
          FirstProducts.multiply(aOperand, bOperand, new Operand().set(actual, MARGIN, Tiles.SKINNY_WIDTH), rows, panels, depth);
          for (int row = 0; row < rows; row++) {
            int from = MARGIN + row * Tiles.SKINNY_WIDTH;
            for (int i = 0; i < panels * Tiles.NR; i++) {
              assertThat(actual[from + i])
                  .as("row %s of %s, column %s, %s panels, %s steps", row, rows, i, panels, depth)
                  .isEqualTo(expected[from + i]);
            }
            for (int i = panels * Tiles.NR; i < Tiles.SKINNY_WIDTH; i++) {
              assertThat(actual[from + i]).as("column %s beside %s panels", i, panels).isEqualTo(start[from + i]);
            }
          }
        }
      }
    }
  }

  @Test
  void smallProductsAreNeverAmongTheFirstAndTheFirstEnd() {
    assumeSimd();
    assertThat(FirstProducts.take(FirstProducts.LEAST - 1)).isFalse();
    FirstProducts.take(FirstProducts.MOST);
    assertThat(FirstProducts.take(FirstProducts.LEAST)).isFalse();
  }
}
