package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.WeightFormat;

/**
 * The rows of an operand in the order in which a product with integer codes reads them: for each block of inputs −Σ x, which multiplies the
 * zero point, then the inputs. The last block is filled up with zeros.
 *
 * <p>An input is divided by the power of two by which {@link CodeKernel} reads its code too large. Both factors are exact, so that the
 * product has the bits of the plain one, unless an input is below 2<sup>−98</sup>.
 */
final class CodeRows {
  /** Number of steps of a block: the zero point and the inputs. */
  static final int STEPS = 1 + WeightFormat.BLOCK;

  /** The factors of the inputs whose codes share an int, by the bits of a code. */
  private static final float[] OF_4_BITS = {1, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1};

  private static final float[] OF_8_BITS = {0x1p-24f, 0x1p-24f, 0x1p-24f, 0x1p-24f};

  private CodeRows() {}

  /** Number of steps of a row. */
  static int depth(int inputs) {
    return Math.ceilDiv(inputs, WeightFormat.BLOCK) * STEPS;
  }

  /** Writes the blocks {@code from} to {@code to} (exclusive) of some rows, one row after the other. */
  static void pack(Matrix a, int firstRow, int rows, int from, int to, int bits, float[] target) {
    float[] factors = bits == 4 ? OF_4_BITS : OF_8_BITS;
    for (int row = 0; row < rows; row++) {
      int at = row * (to - from) * STEPS;
      int source = a.index(firstRow + row, 0);
      for (int block = from; block < to; block++, at += STEPS) {
        int first = block * WeightFormat.BLOCK;
        int count = Math.min(WeightFormat.BLOCK, a.columns() - first);
        float sum = 0;
        for (int i = 0; i < count; i++) {
          float x = a.data()[source + first + i];
          sum += x;
          target[at + 1 + i] = x * factors[i & factors.length - 1];
        }
        for (int i = count; i < WeightFormat.BLOCK; i++) {
          target[at + 1 + i] = 0;
        }
        target[at] = -sum;
      }
    }
  }
}
