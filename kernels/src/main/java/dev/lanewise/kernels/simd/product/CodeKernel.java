package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.CodeOperand;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops over integer codes, in {@link CodeKernel4} and {@link CodeKernel8}. For each block of inputs c[v] += scale[v] ·
 * (Σ<sub>k</sub> a[k] · code[k][v]), where step 0 multiplies the zero points and the sum is one chain of fused multiply-adds, as in {@link
 * MicroKernel}.
 *
 * <p>A lane of a vector of ints holds the codes of consecutive inputs of one output, without a sign. A code is masked out where it is and
 * converted to float: it is then too large by a power of two, which {@link CodeRows} takes out of the input. A vector of codes therefore
 * takes two operations and no shift. The highest code is shifted instead, because its mask would be negative. The masks of one row are
 * loaded from an array, because C2 loads a constant again at each use.
 */
final class CodeKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int NR = Tiles.NR;

  private CodeKernel() {}

  /** Masks of all codes of an int but the highest, a vector each. */
  static int[] masks(int bits) {
    int count = Integer.SIZE / bits - 1;
    int[] masks = new int[count * LANES];
    for (int i = 0; i < count; i++) {
      Arrays.fill(masks, i * LANES, (i + 1) * LANES, ((1 << bits) - 1) << (bits * i));
    }
    return masks;
  }

  /** One row of up to four panels: c is a tile of four panels. An odd last panel is computed twice. */
  static void multiply(int bits, CodeOperand b, float[] aData, float[] cData, int panels, int blocks) {
    if (bits == 4) {
      CodeKernel4.multiply(b, aData, cData, panels, blocks);
    } else {
      CodeKernel8.multiply(b, aData, cData, panels, blocks);
    }
  }

  /** Up to four rows of one panel: rows past the last repeat the last. */
  static void multiplyRows(int bits, CodeOperand b, Operand a, Operand c, int rows, int blocks) {
    if (bits == 4) {
      CodeKernel4.multiplyRows(b, a, c, rows, blocks);
    } else {
      CodeKernel8.multiplyRows(b, a, c, rows, blocks);
    }
  }

  /** Widens a block of a panel: the zero points, then the codes of each input, in panels of {@link Tiles#NR} columns. */
  static void widen(int bits, int[] codes, int from, float[] zeros, int zero, float[] target, int to) {
    System.arraycopy(zeros, zero, target, to, NR);
    if (bits == 4) {
      CodeKernel4.widen(codes, from, target, to + NR);
    } else {
      CodeKernel8.widen(codes, from, target, to + NR);
    }
  }

  /** c += scale · sum, for {@code width} columns of one row. */
  static void addScaled(float[] sum, int from, float[] scales, int scale, float[] c, int to, int width) {
    for (int i = 0; i < width; i += LANES) {
      FloatVector.fromArray(SPECIES, sum, from + i)
          .fma(FloatVector.fromArray(SPECIES, scales, scale + i), FloatVector.fromArray(SPECIES, c, to + i))
          .intoArray(c, to + i);
    }
  }
}
