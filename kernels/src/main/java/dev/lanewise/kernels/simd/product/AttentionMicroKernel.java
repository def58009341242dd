package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The micro-kernel of attention, a {@link MicroKernel} in the shape that suits attention: {@link Tiles#ATTENTION_MR} rows of {@link
 * Tiles#QUERIES} columns.
 */
public final class AttentionMicroKernel {
  private AttentionMicroKernel() {}

  /** Multiplies A by columns: step k starts at {@code offset + k * stride} and holds one element of each row. */
  public static void multiply(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
    if (Tiles.MANY_REGISTERS) {
      MicroKernel4x4.multiply(a, b, start, c, depth, strips);
    } else {
      MicroKernel5x2.multiply(a, b, start, c, depth, strips);
    }
  }

  /** Multiplies A in a row-major matrix, whose row r starts at {@code offset + r * stride}. */
  public static void multiplyRows(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
    if (Tiles.MANY_REGISTERS) {
      MicroKernel4x4.multiplyRows(a, b, start, c, depth, strips);
    } else {
      MicroKernel5x2.multiplyRows(a, b, start, c, depth, strips);
    }
  }
}
