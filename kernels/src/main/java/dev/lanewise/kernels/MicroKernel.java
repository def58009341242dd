package dev.lanewise.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The registers: c[r][v] = start[r][v] + Σ<sub>k</sub> a[k][r] · b[k][v] for {@link Tiles#ROWS} rows of {@link Tiles#COLUMNS} columns. A is
 * read element by element and broadcast, B and C are vectors; each result is one chain of fused multiply-adds over k in order, so its bits
 * depend on nothing but its own operands.
 *
 * <ul>
 *   <li>b: a packed panel, step k starts at {@code offset + k * COLUMNS} (the constant lets C2 drop the range checks);
 *   <li>start, c: row r starts at {@code offset + r * stride}; a stride of 0 in {@code start} gives every row the same start, which is how
 *       zeros and a bias come in without a branch; {@code start} and {@code c} may be the same.
 * </ul>
 *
 * A call computes several strips, {@code next} elements apart in a, start and c, against the same b: the loop over them stands here because
 * a call for each strip cost 4 % at a depth of 64. The accumulators are named because C2 keeps vectors in registers only as local
 * variables; they are loaded in place because one that came out of a helper method was boxed in every iteration (JDK 25, half the speed).
 */
final class MicroKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int COLUMNS = Tiles.COLUMNS;

  private MicroKernel() {}

  /** A as it lies in a row-major matrix: row r starts at {@code offset + r * stride}. */
  static void multiplyRows(Strip a, Strip b, Strip start, Strip c, int depth, int strips) {
    if (Tiles.ROWS == 8) {
      multiplyRows8x2(a, b, start, c, depth, strips);
    } else {
      MicroKernel5x2.multiplyRows(a, b, start, c, depth, strips);
    }
  }

  private static void multiplyRows8x2(Strip a, Strip b, Strip start, Strip c, int depth, int strips) {
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
      FloatVector c00 = FloatVector.fromArray(SPECIES, startData, startIndex);
      FloatVector c01 = FloatVector.fromArray(SPECIES, startData, startIndex + LANES);
      FloatVector c10 = FloatVector.fromArray(SPECIES, startData, startIndex + startStride);
      FloatVector c11 = FloatVector.fromArray(SPECIES, startData, startIndex + startStride + LANES);
      FloatVector c20 = FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride);
      FloatVector c21 = FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + LANES);
      FloatVector c30 = FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride);
      FloatVector c31 = FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + LANES);
      FloatVector c40 = FloatVector.fromArray(SPECIES, startData, startIndex + 4 * startStride);
      FloatVector c41 = FloatVector.fromArray(SPECIES, startData, startIndex + 4 * startStride + LANES);
      FloatVector c50 = FloatVector.fromArray(SPECIES, startData, startIndex + 5 * startStride);
      FloatVector c51 = FloatVector.fromArray(SPECIES, startData, startIndex + 5 * startStride + LANES);
      FloatVector c60 = FloatVector.fromArray(SPECIES, startData, startIndex + 6 * startStride);
      FloatVector c61 = FloatVector.fromArray(SPECIES, startData, startIndex + 6 * startStride + LANES);
      FloatVector c70 = FloatVector.fromArray(SPECIES, startData, startIndex + 7 * startStride);
      FloatVector c71 = FloatVector.fromArray(SPECIES, startData, startIndex + 7 * startStride + LANES);
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * COLUMNS);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * COLUMNS + LANES);
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
      c00.intoArray(cData, cIndex);
      c01.intoArray(cData, cIndex + LANES);
      c10.intoArray(cData, cIndex + cStride);
      c11.intoArray(cData, cIndex + cStride + LANES);
      c20.intoArray(cData, cIndex + 2 * cStride);
      c21.intoArray(cData, cIndex + 2 * cStride + LANES);
      c30.intoArray(cData, cIndex + 3 * cStride);
      c31.intoArray(cData, cIndex + 3 * cStride + LANES);
      c40.intoArray(cData, cIndex + 4 * cStride);
      c41.intoArray(cData, cIndex + 4 * cStride + LANES);
      c50.intoArray(cData, cIndex + 5 * cStride);
      c51.intoArray(cData, cIndex + 5 * cStride + LANES);
      c60.intoArray(cData, cIndex + 6 * cStride);
      c61.intoArray(cData, cIndex + 6 * cStride + LANES);
      c70.intoArray(cData, cIndex + 7 * cStride);
      c71.intoArray(cData, cIndex + 7 * cStride + LANES);
      aIndex += a.next;
      startIndex += start.next;
      cIndex += c.next;
    }
  }
}
