package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;

/**
 * The arithmetic of {@link SkinnyMicroKernel} in plain Java, for the first products of a JVM: the same chains of fused multiply-adds, hence
 * the same bits. Until C2 has compiled a micro-kernel, each of its vectors is an object, and C2 needs more than a tenth of a second of a
 * core for it. A program that computes one sentence is finished by then. These loops are fast after a few milliseconds.
 */
final class FirstProducts {
  private static final int NR = Tiles.NR;

  /** The least product, in multiply-adds; the vector kernels compute smaller ones within milliseconds even while they are interpreted. */
  static final long LEAST = 1L << 18;

  /** Number of multiply-adds after which the vector kernels compute all products. MiniLM needs 170 million for a sentence of 16 tokens. */
  static final long MOST = 1L << 28;

  /** Multiply-adds so far. Threads may overwrite each other's updates, which only makes the first products a few more. */
  private static long done;

  private FirstProducts() {}

  /** Tells whether a product of this size is one of the first, and counts it if it is. */
  static boolean take(long multiplyAdds) {
    if (multiplyAdds < LEAST || done >= MOST) {
      return false;
    }
    done += multiplyAdds;
    return true;
  }

  /** c[r][p] = Σ<sub>k</sub> a[r][k] · b[k][p]; operands as those of {@link SkinnyMicroKernel}, with any number of rows and panels. */
  static void multiply(Operand a, Operand b, Operand c, int rows, int panels, int depth) {
    for (int row = 0; row < rows; row++) {
      for (int panel = 0; panel < panels; panel++) {
        chains(a.data, a.offset + row * a.stride, b.data, b.offset + panel * b.next, c.data, c.offset + row * c.stride + panel * NR, depth);
      }
    }
  }

  private static void chains(float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom, int depth) {
    Arrays.fill(c, cFrom, cFrom + NR, 0);
    int k = 0;
    for (; k <= depth - 4; k += 4) {
      fourSteps(a, aFrom + k, b, bFrom + k * NR, c, cFrom);
    }
    for (; k < depth; k++) {
      for (int i = 0; i < NR; i++) {
        c[cFrom + i] = Math.fma(a[aFrom + k], b[bFrom + k * NR + i], c[cFrom + i]);
      }
    }
  }

  private static void fourSteps(float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom) {
    float a0 = a[aFrom];
    float a1 = a[aFrom + 1];
    float a2 = a[aFrom + 2];
    float a3 = a[aFrom + 3];
    for (int i = 0; i < NR; i++) {
      float sum = Math.fma(a0, b[bFrom + i], c[cFrom + i]);
      sum = Math.fma(a1, b[bFrom + NR + i], sum);
      sum = Math.fma(a2, b[bFrom + 2 * NR + i], sum);
      c[cFrom + i] = Math.fma(a3, b[bFrom + 3 * NR + i], sum);
    }
  }
}
