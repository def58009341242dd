package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The micro-kernel of products: c[r][v] = start[r][v] + Σ<sub>k</sub> a[k][r] · b[k][v] for {@link Tiles#MR} rows of {@link Tiles#NR}
 * columns. A is read element by element and broadcast, B and C are vectors; each sum is one chain of fused multiply-adds over k in order,
 * from 0 on, and start is added to it. Its bits depend on its own operands only, and sums over many blocks of steps lose little.
 *
 * <ul>
 *   <li>b: a packed panel, step k starts at {@code offset + k * NR} (the constant lets C2 remove the range checks);
 *   <li>start, c: row r starts at {@code offset + r * stride}; with a stride of 0 in {@code start} every row has the same start, so that
 *       zeros and a bias need no branch; {@code start} and {@code c} may be the same.
 * </ul>
 *
 * A call computes several strips, {@code next} elements apart in a, start and c, against the same b: the loop over them is here because a
 * call for each strip costs 4 % at a depth of 64. The accumulators are named local variables, because C2 keeps only these in registers.
 * They are not created by a helper method, because C2 then boxes one of them in every iteration (JDK 25, half the speed).
 */
public final class MicroKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int NR = Tiles.NR;

  private MicroKernel() {}

  /** Multiplies A in a row-major matrix, whose row r starts at {@code offset + r * stride}. */
  static void multiplyRows(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
    if (Tiles.MR == 8 && start.stride == 0) {
      multiplyRows8x2FromOneStart(a, b, start, c, depth, strips);
    } else if (Tiles.MR == 8) {
      multiplyRows8x2(a, b, start, c, depth, strips);
    } else {
      MicroKernel5x2.multiplyRows(a, b, start, c, depth, strips);
    }
  }

  private static void multiplyRows8x2(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aStride = a.stride;
    int aIndex = a.offset;
    int bIndex = b.offset;
    float[] startData = start.data;
    int startIndex = start.offset;
    int startStride = start.stride;
    float[] cData = c.data;
    int cIndex = c.offset;
    int cStride = c.stride;
    for (int strip = 0; strip < strips; strip++) {
      FloatVector c00 = FloatVector.zero(SPECIES);
      FloatVector c01 = FloatVector.zero(SPECIES);
      FloatVector c10 = FloatVector.zero(SPECIES);
      FloatVector c11 = FloatVector.zero(SPECIES);
      FloatVector c20 = FloatVector.zero(SPECIES);
      FloatVector c21 = FloatVector.zero(SPECIES);
      FloatVector c30 = FloatVector.zero(SPECIES);
      FloatVector c31 = FloatVector.zero(SPECIES);
      FloatVector c40 = FloatVector.zero(SPECIES);
      FloatVector c41 = FloatVector.zero(SPECIES);
      FloatVector c50 = FloatVector.zero(SPECIES);
      FloatVector c51 = FloatVector.zero(SPECIES);
      FloatVector c60 = FloatVector.zero(SPECIES);
      FloatVector c61 = FloatVector.zero(SPECIES);
      FloatVector c70 = FloatVector.zero(SPECIES);
      FloatVector c71 = FloatVector.zero(SPECIES);
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + aStride + k]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + 2 * aStride + k]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + 3 * aStride + k]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aIndex + 4 * aStride + k]);
        c40 = a4.fma(b0, c40);
        c41 = a4.fma(b1, c41);
        FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aIndex + 5 * aStride + k]);
        c50 = a5.fma(b0, c50);
        c51 = a5.fma(b1, c51);
        FloatVector a6 = FloatVector.broadcast(SPECIES, aData[aIndex + 6 * aStride + k]);
        c60 = a6.fma(b0, c60);
        c61 = a6.fma(b1, c61);
        FloatVector a7 = FloatVector.broadcast(SPECIES, aData[aIndex + 7 * aStride + k]);
        c70 = a7.fma(b0, c70);
        c71 = a7.fma(b1, c71);
      }
      FloatVector.fromArray(SPECIES, startData, startIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, startData, startIndex + LANES).add(c01).intoArray(cData, cIndex + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride + LANES).add(c11).intoArray(cData, cIndex + cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + LANES)
          .add(c21)
          .intoArray(cData, cIndex + 2 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + LANES)
          .add(c31)
          .intoArray(cData, cIndex + 3 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 4 * startStride).add(c40).intoArray(cData, cIndex + 4 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 4 * startStride + LANES)
          .add(c41)
          .intoArray(cData, cIndex + 4 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 5 * startStride).add(c50).intoArray(cData, cIndex + 5 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 5 * startStride + LANES)
          .add(c51)
          .intoArray(cData, cIndex + 5 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 6 * startStride).add(c60).intoArray(cData, cIndex + 6 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 6 * startStride + LANES)
          .add(c61)
          .intoArray(cData, cIndex + 6 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 7 * startStride).add(c70).intoArray(cData, cIndex + 7 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 7 * startStride + LANES)
          .add(c71)
          .intoArray(cData, cIndex + 7 * cStride + LANES);
      aIndex += a.next;
      startIndex += start.next;
      cIndex += c.next;
    }
  }

  /**
   * As {@link #multiplyRows8x2} with one start for all rows, the bias or zeros, which stays in registers: between two strips 60 to 80
   * cycles are lost instead of 130 to 150.
   */
  private static void multiplyRows8x2FromOneStart(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aStride = a.stride;
    int aIndex = a.offset;
    int bIndex = b.offset;
    FloatVector start0 = FloatVector.fromArray(SPECIES, start.data, start.offset);
    FloatVector start1 = FloatVector.fromArray(SPECIES, start.data, start.offset + LANES);
    float[] cData = c.data;
    int cIndex = c.offset;
    int cStride = c.stride;
    for (int strip = 0; strip < strips; strip++) {
      FloatVector c00 = FloatVector.zero(SPECIES);
      FloatVector c01 = FloatVector.zero(SPECIES);
      FloatVector c10 = FloatVector.zero(SPECIES);
      FloatVector c11 = FloatVector.zero(SPECIES);
      FloatVector c20 = FloatVector.zero(SPECIES);
      FloatVector c21 = FloatVector.zero(SPECIES);
      FloatVector c30 = FloatVector.zero(SPECIES);
      FloatVector c31 = FloatVector.zero(SPECIES);
      FloatVector c40 = FloatVector.zero(SPECIES);
      FloatVector c41 = FloatVector.zero(SPECIES);
      FloatVector c50 = FloatVector.zero(SPECIES);
      FloatVector c51 = FloatVector.zero(SPECIES);
      FloatVector c60 = FloatVector.zero(SPECIES);
      FloatVector c61 = FloatVector.zero(SPECIES);
      FloatVector c70 = FloatVector.zero(SPECIES);
      FloatVector c71 = FloatVector.zero(SPECIES);
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + aStride + k]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + 2 * aStride + k]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + 3 * aStride + k]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aIndex + 4 * aStride + k]);
        c40 = a4.fma(b0, c40);
        c41 = a4.fma(b1, c41);
        FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aIndex + 5 * aStride + k]);
        c50 = a5.fma(b0, c50);
        c51 = a5.fma(b1, c51);
        FloatVector a6 = FloatVector.broadcast(SPECIES, aData[aIndex + 6 * aStride + k]);
        c60 = a6.fma(b0, c60);
        c61 = a6.fma(b1, c61);
        FloatVector a7 = FloatVector.broadcast(SPECIES, aData[aIndex + 7 * aStride + k]);
        c70 = a7.fma(b0, c70);
        c71 = a7.fma(b1, c71);
      }
      start0.add(c00).intoArray(cData, cIndex);
      start1.add(c01).intoArray(cData, cIndex + LANES);
      start0.add(c10).intoArray(cData, cIndex + cStride);
      start1.add(c11).intoArray(cData, cIndex + cStride + LANES);
      start0.add(c20).intoArray(cData, cIndex + 2 * cStride);
      start1.add(c21).intoArray(cData, cIndex + 2 * cStride + LANES);
      start0.add(c30).intoArray(cData, cIndex + 3 * cStride);
      start1.add(c31).intoArray(cData, cIndex + 3 * cStride + LANES);
      start0.add(c40).intoArray(cData, cIndex + 4 * cStride);
      start1.add(c41).intoArray(cData, cIndex + 4 * cStride + LANES);
      start0.add(c50).intoArray(cData, cIndex + 5 * cStride);
      start1.add(c51).intoArray(cData, cIndex + 5 * cStride + LANES);
      start0.add(c60).intoArray(cData, cIndex + 6 * cStride);
      start1.add(c61).intoArray(cData, cIndex + 6 * cStride + LANES);
      start0.add(c70).intoArray(cData, cIndex + 7 * cStride);
      start1.add(c71).intoArray(cData, cIndex + 7 * cStride + LANES);
      aIndex += a.next;
      cIndex += c.next;
    }
  }
}
