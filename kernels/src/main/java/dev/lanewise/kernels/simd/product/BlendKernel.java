package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The micro-kernel of attention's weighted sums: C = start + A · B with queries in the rows of A and C, and columns of the values in the
 * lanes of B and C. Weight k of row r is in A at {@code offset + r / LANES * stride + k * LANES + r % LANES}, as {@link ScoreKernel} leaves
 * scores. Row k of B, which is read in place, starts at {@code offset + k * stride}. Products are summed in the chains of {@link RowOrder}:
 * a second set of registers holds the sum of the chains, so that chains cost no loads and stores. 3 x 4 vectors run at 95 % of peak, 6 x 2
 * at 90, 4 x 2 at 80, where 4 x 4 with chains of 64 and no second set has 90.
 */
public final class BlendKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int CHAIN = RowOrder.CHAIN;

  /** The row of start and C that is read and written in place of rows past the last, of which strips consist in part. */
  public static final int SPARE_ROW = Tiles.QUERIES;

  private BlendKernel() {}

  /** Number of vectors of columns that are computed together, if {@code vectors} are left. */
  public static int columns(int vectors) {
    if (Tiles.MANY_REGISTERS) {
      return vectors == 3 || vectors == 5 ? 3 : Math.min(vectors, 4); // a single vector is the slowest
    }
    return Math.min(vectors, 2);
  }

  /**
   * Multiplies the rows {@code first} (inclusive) to {@code end} (exclusive) of A by {@code vectors} vectors of columns of B. A few weights
   * beyond the last row are read.
   *
   * @param first a multiple of {@link Lanes#COUNT}
   * @param vectors a result of {@link #columns}
   */
  public static void multiply(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end, int vectors) {
    if (vectors == 4) {
      int alone = (end - first) % 3 == 1 ? 1 : 0; // 64 rows are 21 strips of three and a row
      rows3Of4(a, b, start, c, depth, first, end - alone);
      row1Of4(a, b, start, c, depth, end - alone, end);
    } else if (vectors == 3) {
      rows4Of3(a, b, start, c, depth, first, end);
    } else if (vectors == 1) {
      rows4(a, b, start, c, depth, first, end);
    } else {
      pairs(a, b, start, c, depth, first, end);
    }
  }

  /** Two vectors of columns: strips of six and four rows, which do not reach from one vector of rows into the next. */
  private static void pairs(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end) {
    int inSixes = Tiles.MANY_REGISTERS && LANES == 16 ? (end - first) / LANES : 0; // six rows need 27 registers
    if (inSixes > 0) {
      rows6Of2(a, b, start, c, depth, first, end, 2 * inSixes, 2);
      rows4Of2(a, b, start, c, depth, first + 12, end, inSixes, 1);
    }
    int done = first + inSixes * LANES;
    rows4Of2(a, b, start, c, depth, done, end, Math.ceilDiv(end - done, 4), LANES / 4);
  }

  private static int written(int row, int end) {
    return row < end ? row : SPARE_ROW;
  }

  private static int index(Operand a, int row) {
    return a.offset + row / LANES * a.stride + row % LANES;
  }

  /** Three rows by four vectors: 12 accumulators, 12 sums, 4 of B, 1 of A. */
  private static void rows3Of4(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end) {
    float[] aData = a.data;
    float[] bData = b.data;
    int bIndex = b.offset;
    int bStride = b.stride;
    float[] startData = start.data;
    float[] cData = c.data;
    for (int row = first; row < end; row += 3) {
      int a0Index = index(a, row);
      int a1Index = index(a, row + 1);
      int a2Index = index(a, row + 2);
      FloatVector sum00 = FloatVector.zero(SPECIES);
      FloatVector sum01 = FloatVector.zero(SPECIES);
      FloatVector sum02 = FloatVector.zero(SPECIES);
      FloatVector sum03 = FloatVector.zero(SPECIES);
      FloatVector sum10 = FloatVector.zero(SPECIES);
      FloatVector sum11 = FloatVector.zero(SPECIES);
      FloatVector sum12 = FloatVector.zero(SPECIES);
      FloatVector sum13 = FloatVector.zero(SPECIES);
      FloatVector sum20 = FloatVector.zero(SPECIES);
      FloatVector sum21 = FloatVector.zero(SPECIES);
      FloatVector sum22 = FloatVector.zero(SPECIES);
      FloatVector sum23 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += CHAIN) {
        int to = Math.min(from + CHAIN, depth);
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = FloatVector.zero(SPECIES);
        FloatVector c02 = FloatVector.zero(SPECIES);
        FloatVector c03 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c11 = FloatVector.zero(SPECIES);
        FloatVector c12 = FloatVector.zero(SPECIES);
        FloatVector c13 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c21 = FloatVector.zero(SPECIES);
        FloatVector c22 = FloatVector.zero(SPECIES);
        FloatVector c23 = FloatVector.zero(SPECIES);
        for (int k = from; k < to; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + LANES);
          FloatVector b2 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + 2 * LANES);
          FloatVector b3 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + 3 * LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[a0Index + k * LANES]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          c02 = a0.fma(b2, c02);
          c03 = a0.fma(b3, c03);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[a1Index + k * LANES]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          c12 = a1.fma(b2, c12);
          c13 = a1.fma(b3, c13);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[a2Index + k * LANES]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          c22 = a2.fma(b2, c22);
          c23 = a2.fma(b3, c23);
        }
        sum00 = c00.add(sum00);
        sum01 = c01.add(sum01);
        sum02 = c02.add(sum02);
        sum03 = c03.add(sum03);
        sum10 = c10.add(sum10);
        sum11 = c11.add(sum11);
        sum12 = c12.add(sum12);
        sum13 = c13.add(sum13);
        sum20 = c20.add(sum20);
        sum21 = c21.add(sum21);
        sum22 = c22.add(sum22);
        sum23 = c23.add(sum23);
      }
      int row0 = row;
      int row1 = written(row + 1, end);
      int row2 = written(row + 2, end);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride).add(sum00).intoArray(cData, c.offset + row0 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + LANES)
          .add(sum01)
          .intoArray(cData, c.offset + row0 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + 2 * LANES)
          .add(sum02)
          .intoArray(cData, c.offset + row0 * c.stride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + 3 * LANES)
          .add(sum03)
          .intoArray(cData, c.offset + row0 * c.stride + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride).add(sum10).intoArray(cData, c.offset + row1 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride + LANES)
          .add(sum11)
          .intoArray(cData, c.offset + row1 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride + 2 * LANES)
          .add(sum12)
          .intoArray(cData, c.offset + row1 * c.stride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride + 3 * LANES)
          .add(sum13)
          .intoArray(cData, c.offset + row1 * c.stride + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride).add(sum20).intoArray(cData, c.offset + row2 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride + LANES)
          .add(sum21)
          .intoArray(cData, c.offset + row2 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride + 2 * LANES)
          .add(sum22)
          .intoArray(cData, c.offset + row2 * c.stride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride + 3 * LANES)
          .add(sum23)
          .intoArray(cData, c.offset + row2 * c.stride + 3 * LANES);
    }
  }

  /** Single rows by four vectors. */
  private static void row1Of4(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end) {
    float[] aData = a.data;
    float[] bData = b.data;
    int bIndex = b.offset;
    int bStride = b.stride;
    float[] startData = start.data;
    float[] cData = c.data;
    for (int row = first; row < end; row += 1) {
      int aIndex = index(a, row);
      FloatVector sum00 = FloatVector.zero(SPECIES);
      FloatVector sum01 = FloatVector.zero(SPECIES);
      FloatVector sum02 = FloatVector.zero(SPECIES);
      FloatVector sum03 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += CHAIN) {
        int to = Math.min(from + CHAIN, depth);
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = FloatVector.zero(SPECIES);
        FloatVector c02 = FloatVector.zero(SPECIES);
        FloatVector c03 = FloatVector.zero(SPECIES);
        for (int k = from; k < to; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + LANES);
          FloatVector b2 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + 2 * LANES);
          FloatVector b3 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + 3 * LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          c02 = a0.fma(b2, c02);
          c03 = a0.fma(b3, c03);
        }
        sum00 = c00.add(sum00);
        sum01 = c01.add(sum01);
        sum02 = c02.add(sum02);
        sum03 = c03.add(sum03);
      }
      int row0 = row;
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride).add(sum00).intoArray(cData, c.offset + row0 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + LANES)
          .add(sum01)
          .intoArray(cData, c.offset + row0 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + 2 * LANES)
          .add(sum02)
          .intoArray(cData, c.offset + row0 * c.stride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + 3 * LANES)
          .add(sum03)
          .intoArray(cData, c.offset + row0 * c.stride + 3 * LANES);
    }
  }

  /** Four rows by three vectors: 12 accumulators, 12 sums, 3 of B, 1 of A. */
  private static void rows4Of3(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end) {
    float[] aData = a.data;
    float[] bData = b.data;
    int bIndex = b.offset;
    int bStride = b.stride;
    float[] startData = start.data;
    float[] cData = c.data;
    for (int row = first; row < end; row += 4) {
      int aIndex = index(a, row);
      FloatVector sum00 = FloatVector.zero(SPECIES);
      FloatVector sum01 = FloatVector.zero(SPECIES);
      FloatVector sum02 = FloatVector.zero(SPECIES);
      FloatVector sum10 = FloatVector.zero(SPECIES);
      FloatVector sum11 = FloatVector.zero(SPECIES);
      FloatVector sum12 = FloatVector.zero(SPECIES);
      FloatVector sum20 = FloatVector.zero(SPECIES);
      FloatVector sum21 = FloatVector.zero(SPECIES);
      FloatVector sum22 = FloatVector.zero(SPECIES);
      FloatVector sum30 = FloatVector.zero(SPECIES);
      FloatVector sum31 = FloatVector.zero(SPECIES);
      FloatVector sum32 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += CHAIN) {
        int to = Math.min(from + CHAIN, depth);
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = FloatVector.zero(SPECIES);
        FloatVector c02 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c11 = FloatVector.zero(SPECIES);
        FloatVector c12 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c21 = FloatVector.zero(SPECIES);
        FloatVector c22 = FloatVector.zero(SPECIES);
        FloatVector c30 = FloatVector.zero(SPECIES);
        FloatVector c31 = FloatVector.zero(SPECIES);
        FloatVector c32 = FloatVector.zero(SPECIES);
        for (int k = from; k < to; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + LANES);
          FloatVector b2 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + 2 * LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          c02 = a0.fma(b2, c02);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 1]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          c12 = a1.fma(b2, c12);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 2]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          c22 = a2.fma(b2, c22);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 3]);
          c30 = a3.fma(b0, c30);
          c31 = a3.fma(b1, c31);
          c32 = a3.fma(b2, c32);
        }
        sum00 = c00.add(sum00);
        sum01 = c01.add(sum01);
        sum02 = c02.add(sum02);
        sum10 = c10.add(sum10);
        sum11 = c11.add(sum11);
        sum12 = c12.add(sum12);
        sum20 = c20.add(sum20);
        sum21 = c21.add(sum21);
        sum22 = c22.add(sum22);
        sum30 = c30.add(sum30);
        sum31 = c31.add(sum31);
        sum32 = c32.add(sum32);
      }
      int row0 = row;
      int row1 = written(row + 1, end);
      int row2 = written(row + 2, end);
      int row3 = written(row + 3, end);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride).add(sum00).intoArray(cData, c.offset + row0 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + LANES)
          .add(sum01)
          .intoArray(cData, c.offset + row0 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + 2 * LANES)
          .add(sum02)
          .intoArray(cData, c.offset + row0 * c.stride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride).add(sum10).intoArray(cData, c.offset + row1 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride + LANES)
          .add(sum11)
          .intoArray(cData, c.offset + row1 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride + 2 * LANES)
          .add(sum12)
          .intoArray(cData, c.offset + row1 * c.stride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride).add(sum20).intoArray(cData, c.offset + row2 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride + LANES)
          .add(sum21)
          .intoArray(cData, c.offset + row2 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride + 2 * LANES)
          .add(sum22)
          .intoArray(cData, c.offset + row2 * c.stride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride).add(sum30).intoArray(cData, c.offset + row3 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride + LANES)
          .add(sum31)
          .intoArray(cData, c.offset + row3 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride + 2 * LANES)
          .add(sum32)
          .intoArray(cData, c.offset + row3 * c.stride + 2 * LANES);
    }
  }

  /** Six rows by two vectors: 12 accumulators, 12 sums, 2 of B, 1 of A. */
  private static void rows6Of2(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end, int strips, int perVector) {
    float[] aData = a.data;
    float[] bData = b.data;
    int bIndex = b.offset;
    int bStride = b.stride;
    float[] startData = start.data;
    float[] cData = c.data;
    for (int strip = 0; strip < strips; strip++) {
      int row = first + strip / perVector * LANES + strip % perVector * 6;
      int aIndex = index(a, row);
      FloatVector sum00 = FloatVector.zero(SPECIES);
      FloatVector sum01 = FloatVector.zero(SPECIES);
      FloatVector sum10 = FloatVector.zero(SPECIES);
      FloatVector sum11 = FloatVector.zero(SPECIES);
      FloatVector sum20 = FloatVector.zero(SPECIES);
      FloatVector sum21 = FloatVector.zero(SPECIES);
      FloatVector sum30 = FloatVector.zero(SPECIES);
      FloatVector sum31 = FloatVector.zero(SPECIES);
      FloatVector sum40 = FloatVector.zero(SPECIES);
      FloatVector sum41 = FloatVector.zero(SPECIES);
      FloatVector sum50 = FloatVector.zero(SPECIES);
      FloatVector sum51 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += CHAIN) {
        int to = Math.min(from + CHAIN, depth);
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
        for (int k = from; k < to; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 1]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 2]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 3]);
          c30 = a3.fma(b0, c30);
          c31 = a3.fma(b1, c31);
          FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 4]);
          c40 = a4.fma(b0, c40);
          c41 = a4.fma(b1, c41);
          FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 5]);
          c50 = a5.fma(b0, c50);
          c51 = a5.fma(b1, c51);
        }
        sum00 = c00.add(sum00);
        sum01 = c01.add(sum01);
        sum10 = c10.add(sum10);
        sum11 = c11.add(sum11);
        sum20 = c20.add(sum20);
        sum21 = c21.add(sum21);
        sum30 = c30.add(sum30);
        sum31 = c31.add(sum31);
        sum40 = c40.add(sum40);
        sum41 = c41.add(sum41);
        sum50 = c50.add(sum50);
        sum51 = c51.add(sum51);
      }
      int row0 = row;
      int row1 = written(row + 1, end);
      int row2 = written(row + 2, end);
      int row3 = written(row + 3, end);
      int row4 = written(row + 4, end);
      int row5 = written(row + 5, end);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride).add(sum00).intoArray(cData, c.offset + row0 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + LANES)
          .add(sum01)
          .intoArray(cData, c.offset + row0 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride).add(sum10).intoArray(cData, c.offset + row1 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride + LANES)
          .add(sum11)
          .intoArray(cData, c.offset + row1 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride).add(sum20).intoArray(cData, c.offset + row2 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride + LANES)
          .add(sum21)
          .intoArray(cData, c.offset + row2 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride).add(sum30).intoArray(cData, c.offset + row3 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride + LANES)
          .add(sum31)
          .intoArray(cData, c.offset + row3 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row4 * start.stride).add(sum40).intoArray(cData, c.offset + row4 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row4 * start.stride + LANES)
          .add(sum41)
          .intoArray(cData, c.offset + row4 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row5 * start.stride).add(sum50).intoArray(cData, c.offset + row5 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row5 * start.stride + LANES)
          .add(sum51)
          .intoArray(cData, c.offset + row5 * c.stride + LANES);
    }
  }

  /** Four rows by two vectors. */
  private static void rows4Of2(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end, int strips, int perVector) {
    float[] aData = a.data;
    float[] bData = b.data;
    int bIndex = b.offset;
    int bStride = b.stride;
    float[] startData = start.data;
    float[] cData = c.data;
    for (int strip = 0; strip < strips; strip++) {
      int row = first + strip / perVector * LANES + strip % perVector * 4;
      int aIndex = index(a, row);
      FloatVector sum00 = FloatVector.zero(SPECIES);
      FloatVector sum01 = FloatVector.zero(SPECIES);
      FloatVector sum10 = FloatVector.zero(SPECIES);
      FloatVector sum11 = FloatVector.zero(SPECIES);
      FloatVector sum20 = FloatVector.zero(SPECIES);
      FloatVector sum21 = FloatVector.zero(SPECIES);
      FloatVector sum30 = FloatVector.zero(SPECIES);
      FloatVector sum31 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += CHAIN) {
        int to = Math.min(from + CHAIN, depth);
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c11 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c21 = FloatVector.zero(SPECIES);
        FloatVector c30 = FloatVector.zero(SPECIES);
        FloatVector c31 = FloatVector.zero(SPECIES);
        for (int k = from; k < to; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride + LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 1]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 2]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 3]);
          c30 = a3.fma(b0, c30);
          c31 = a3.fma(b1, c31);
        }
        sum00 = c00.add(sum00);
        sum01 = c01.add(sum01);
        sum10 = c10.add(sum10);
        sum11 = c11.add(sum11);
        sum20 = c20.add(sum20);
        sum21 = c21.add(sum21);
        sum30 = c30.add(sum30);
        sum31 = c31.add(sum31);
      }
      int row0 = row;
      int row1 = written(row + 1, end);
      int row2 = written(row + 2, end);
      int row3 = written(row + 3, end);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride).add(sum00).intoArray(cData, c.offset + row0 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride + LANES)
          .add(sum01)
          .intoArray(cData, c.offset + row0 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride).add(sum10).intoArray(cData, c.offset + row1 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride + LANES)
          .add(sum11)
          .intoArray(cData, c.offset + row1 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride).add(sum20).intoArray(cData, c.offset + row2 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride + LANES)
          .add(sum21)
          .intoArray(cData, c.offset + row2 * c.stride + LANES);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride).add(sum30).intoArray(cData, c.offset + row3 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride + LANES)
          .add(sum31)
          .intoArray(cData, c.offset + row3 * c.stride + LANES);
    }
  }

  /** Four rows by one vector. */
  private static void rows4(Operand a, Operand b, Operand start, Operand c, int depth, int first, int end) {
    float[] aData = a.data;
    float[] bData = b.data;
    int bIndex = b.offset;
    int bStride = b.stride;
    float[] startData = start.data;
    float[] cData = c.data;
    for (int row = first; row < end; row += 4) {
      int aIndex = index(a, row);
      FloatVector sum00 = FloatVector.zero(SPECIES);
      FloatVector sum10 = FloatVector.zero(SPECIES);
      FloatVector sum20 = FloatVector.zero(SPECIES);
      FloatVector sum30 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += CHAIN) {
        int to = Math.min(from + CHAIN, depth);
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c30 = FloatVector.zero(SPECIES);
        for (int k = from; k < to; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * bStride);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES]);
          c00 = a0.fma(b0, c00);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 1]);
          c10 = a1.fma(b0, c10);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 2]);
          c20 = a2.fma(b0, c20);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + k * LANES + 3]);
          c30 = a3.fma(b0, c30);
        }
        sum00 = c00.add(sum00);
        sum10 = c10.add(sum10);
        sum20 = c20.add(sum20);
        sum30 = c30.add(sum30);
      }
      int row0 = row;
      int row1 = written(row + 1, end);
      int row2 = written(row + 2, end);
      int row3 = written(row + 3, end);
      FloatVector.fromArray(SPECIES, startData, start.offset + row0 * start.stride).add(sum00).intoArray(cData, c.offset + row0 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row1 * start.stride).add(sum10).intoArray(cData, c.offset + row1 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row2 * start.stride).add(sum20).intoArray(cData, c.offset + row2 * c.stride);
      FloatVector.fromArray(SPECIES, startData, start.offset + row3 * start.stride).add(sum30).intoArray(cData, c.offset + row3 * c.stride);
    }
  }
}
