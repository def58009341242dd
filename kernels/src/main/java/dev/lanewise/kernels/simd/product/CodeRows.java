package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.Arrays;

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
  private static final float[] OF_4_BITS = factors(4);

  private static final float[] OF_8_BITS = factors(8);

  private CodeRows() {}

  /** A factor for each input of a block; the highest code of an int is shifted down and has none. */
  private static float[] factors(int bits) {
    float[] factors = new float[WeightFormat.BLOCK];
    int inInt = Integer.SIZE / bits;
    for (int i = 0; i < factors.length; i++) {
      factors[i] = i % inInt == inInt - 1 ? 1 : Math.scalb(1f, -bits * (i % inInt));
    }
    return factors;
  }

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
        block(a.data(), source + first, Math.min(WeightFormat.BLOCK, a.columns() - first), factors, target, at);
      }
    }
  }

  /** Packs one block. The sum has four chains, because an addition takes several cycles. */
  private static void block(float[] x, int from, int count, float[] factors, float[] target, int to) {
    Arrays.fill(target, to, to + STEPS, 0);
    System.arraycopy(x, from, target, to + 1, count);
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    for (int i = to + 1; i < to + STEPS; i += 4) {
      sum0 += target[i];
      sum1 += target[i + 1];
      sum2 += target[i + 2];
      sum3 += target[i + 3];
    }
    target[to] = -((sum0 + sum1) + (sum2 + sum3));
    for (int i = 0; i < WeightFormat.BLOCK; i++) {
      target[to + 1 + i] *= factors[i];
    }
  }
}
