package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;

/** {@link MicroKernel} in the shape that suits attention: {@link Tiles#ATTENTION_MR} rows of {@link Tiles#QUERIES} columns. */
public final class AttentionMicroKernel {
  private AttentionMicroKernel() {}

  /** A by columns: step k starts at {@code offset + k * stride} and holds the rows side by side. */
  public static void multiply(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
    if (Tiles.MANY_REGISTERS) {
      MicroKernel4x4.multiply(a, b, start, c, depth, strips);
    } else {
      MicroKernel5x2.multiply(a, b, start, c, depth, strips);
    }
  }

  /** A as it lies in a row-major matrix: row r starts at {@code offset + r * stride}. */
  public static void multiplyRows(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
    if (Tiles.MANY_REGISTERS) {
      MicroKernel4x4.multiplyRows(a, b, start, c, depth, strips);
    } else {
      MicroKernel5x2.multiplyRows(a, b, start, c, depth, strips);
    }
  }
}
