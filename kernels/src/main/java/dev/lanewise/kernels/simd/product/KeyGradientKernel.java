package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The micro-kernel of the gradients of keys and values: C = C + A · B with keys in the rows of A and C, queries in the columns of A and the
 * rows of B, and columns of the gradient in the lanes of B and C. Query k of row r is in A at {@code offset + k / LANES * stride + r *
 * LANES + k % LANES}, as {@link ScoreKernel} leaves scores. B is packed: row k starts {@code k} rows of the chosen vectors after {@code
 * offset}. Row r of C starts at {@code offset + r * stride}. Accumulators are named local variables, for the reasons given in {@link
 * MicroKernel}.
 */
public final class KeyGradientKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private KeyGradientKernel() {}

  /** Number of rows that are computed together with {@code vectors} vectors of columns. */
  public static int rows(int vectors) {
    return vectors == 4 || (vectors == 2 && !Tiles.MANY_REGISTERS) ? 4 : 8;
  }

  /** Number of vectors of columns that are computed together, if {@code vectors} are left. */
  public static int columns(int vectors) {
    return BlendKernel.columns(vectors);
  }

  /**
   * Adds the products of {@code strips} strips of {@link #rows} rows and {@code vectors} vectors of columns.
   *
   * @param depth number of queries
   * @param vectors a result of {@link #columns}
   */
  public static void add(Operand a, Operand b, Operand c, int depth, int strips, int vectors) {
    if (vectors == 4) {
      rows4Of4(a, b, c, depth, strips);
    } else if (vectors == 3) {
      rows8Of3(a, b, c, depth, strips);
    } else if (vectors == 1) {
      rows8(a, b, c, depth, strips);
    } else if (Tiles.MANY_REGISTERS) {
      rows8Of2(a, b, c, depth, strips);
    } else {
      rows4Of2(a, b, c, depth, strips);
    }
  }

  /** Four rows by four vectors: 16 accumulators, 4 of B, 1 of A. */
  private static void rows4Of4(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aIndex = a.offset;
    int aStride = a.stride;
    int bIndex = b.offset;
    float[] cData = c.data;
    int cIndex = c.offset;
    int cStride = c.stride;
    for (int strip = 0; strip < strips; strip++) {
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
      FloatVector c30 = FloatVector.zero(SPECIES);
      FloatVector c31 = FloatVector.zero(SPECIES);
      FloatVector c32 = FloatVector.zero(SPECIES);
      FloatVector c33 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += LANES) {
        int count = Math.min(LANES, depth - from);
        int aFrom = aIndex + from / LANES * aStride;
        int bFrom = bIndex + from * 4 * LANES;
        for (int k = 0; k < count; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 4 * LANES);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 4 * LANES + LANES);
          FloatVector b2 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 4 * LANES + 2 * LANES);
          FloatVector b3 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 4 * LANES + 3 * LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aFrom + k]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          c02 = a0.fma(b2, c02);
          c03 = a0.fma(b3, c03);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aFrom + k + LANES]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          c12 = a1.fma(b2, c12);
          c13 = a1.fma(b3, c13);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 2 * LANES]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          c22 = a2.fma(b2, c22);
          c23 = a2.fma(b3, c23);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 3 * LANES]);
          c30 = a3.fma(b0, c30);
          c31 = a3.fma(b1, c31);
          c32 = a3.fma(b2, c32);
          c33 = a3.fma(b3, c33);
        }
      }
      FloatVector.fromArray(SPECIES, cData, cIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, cData, cIndex + LANES).add(c01).intoArray(cData, cIndex + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * LANES).add(c02).intoArray(cData, cIndex + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * LANES).add(c03).intoArray(cData, cIndex + 3 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride + LANES).add(c11).intoArray(cData, cIndex + cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride + 2 * LANES).add(c12).intoArray(cData, cIndex + cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride + 3 * LANES).add(c13).intoArray(cData, cIndex + cStride + 3 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride + LANES).add(c21).intoArray(cData, cIndex + 2 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride + 2 * LANES).add(c22).intoArray(cData, cIndex + 2 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride + 3 * LANES).add(c23).intoArray(cData, cIndex + 2 * cStride + 3 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride + LANES).add(c31).intoArray(cData, cIndex + 3 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride + 2 * LANES).add(c32).intoArray(cData, cIndex + 3 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride + 3 * LANES).add(c33).intoArray(cData, cIndex + 3 * cStride + 3 * LANES);
      aIndex += 4 * LANES;
      cIndex += 4 * cStride;
    }
  }

  /** Eight rows by three vectors: 24 accumulators, 3 of B, 1 of A. */
  private static void rows8Of3(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aIndex = a.offset;
    int aStride = a.stride;
    int bIndex = b.offset;
    float[] cData = c.data;
    int cIndex = c.offset;
    int cStride = c.stride;
    for (int strip = 0; strip < strips; strip++) {
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
      FloatVector c40 = FloatVector.zero(SPECIES);
      FloatVector c41 = FloatVector.zero(SPECIES);
      FloatVector c42 = FloatVector.zero(SPECIES);
      FloatVector c50 = FloatVector.zero(SPECIES);
      FloatVector c51 = FloatVector.zero(SPECIES);
      FloatVector c52 = FloatVector.zero(SPECIES);
      FloatVector c60 = FloatVector.zero(SPECIES);
      FloatVector c61 = FloatVector.zero(SPECIES);
      FloatVector c62 = FloatVector.zero(SPECIES);
      FloatVector c70 = FloatVector.zero(SPECIES);
      FloatVector c71 = FloatVector.zero(SPECIES);
      FloatVector c72 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += LANES) {
        int count = Math.min(LANES, depth - from);
        int aFrom = aIndex + from / LANES * aStride;
        int bFrom = bIndex + from * 3 * LANES;
        for (int k = 0; k < count; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 3 * LANES);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 3 * LANES + LANES);
          FloatVector b2 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 3 * LANES + 2 * LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aFrom + k]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          c02 = a0.fma(b2, c02);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aFrom + k + LANES]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          c12 = a1.fma(b2, c12);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 2 * LANES]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          c22 = a2.fma(b2, c22);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 3 * LANES]);
          c30 = a3.fma(b0, c30);
          c31 = a3.fma(b1, c31);
          c32 = a3.fma(b2, c32);
          FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 4 * LANES]);
          c40 = a4.fma(b0, c40);
          c41 = a4.fma(b1, c41);
          c42 = a4.fma(b2, c42);
          FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 5 * LANES]);
          c50 = a5.fma(b0, c50);
          c51 = a5.fma(b1, c51);
          c52 = a5.fma(b2, c52);
          FloatVector a6 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 6 * LANES]);
          c60 = a6.fma(b0, c60);
          c61 = a6.fma(b1, c61);
          c62 = a6.fma(b2, c62);
          FloatVector a7 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 7 * LANES]);
          c70 = a7.fma(b0, c70);
          c71 = a7.fma(b1, c71);
          c72 = a7.fma(b2, c72);
        }
      }
      FloatVector.fromArray(SPECIES, cData, cIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, cData, cIndex + LANES).add(c01).intoArray(cData, cIndex + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * LANES).add(c02).intoArray(cData, cIndex + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride + LANES).add(c11).intoArray(cData, cIndex + cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride + 2 * LANES).add(c12).intoArray(cData, cIndex + cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride + LANES).add(c21).intoArray(cData, cIndex + 2 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride + 2 * LANES).add(c22).intoArray(cData, cIndex + 2 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride + LANES).add(c31).intoArray(cData, cIndex + 3 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride + 2 * LANES).add(c32).intoArray(cData, cIndex + 3 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 4 * cStride).add(c40).intoArray(cData, cIndex + 4 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 4 * cStride + LANES).add(c41).intoArray(cData, cIndex + 4 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 4 * cStride + 2 * LANES).add(c42).intoArray(cData, cIndex + 4 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 5 * cStride).add(c50).intoArray(cData, cIndex + 5 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 5 * cStride + LANES).add(c51).intoArray(cData, cIndex + 5 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 5 * cStride + 2 * LANES).add(c52).intoArray(cData, cIndex + 5 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 6 * cStride).add(c60).intoArray(cData, cIndex + 6 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 6 * cStride + LANES).add(c61).intoArray(cData, cIndex + 6 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 6 * cStride + 2 * LANES).add(c62).intoArray(cData, cIndex + 6 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 7 * cStride).add(c70).intoArray(cData, cIndex + 7 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 7 * cStride + LANES).add(c71).intoArray(cData, cIndex + 7 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 7 * cStride + 2 * LANES).add(c72).intoArray(cData, cIndex + 7 * cStride + 2 * LANES);
      aIndex += 8 * LANES;
      cIndex += 8 * cStride;
    }
  }

  /** Eight rows by two vectors. */
  private static void rows8Of2(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aIndex = a.offset;
    int aStride = a.stride;
    int bIndex = b.offset;
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
      for (int from = 0; from < depth; from += LANES) {
        int count = Math.min(LANES, depth - from);
        int aFrom = aIndex + from / LANES * aStride;
        int bFrom = bIndex + from * 2 * LANES;
        for (int k = 0; k < count; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 2 * LANES);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 2 * LANES + LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aFrom + k]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aFrom + k + LANES]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 2 * LANES]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 3 * LANES]);
          c30 = a3.fma(b0, c30);
          c31 = a3.fma(b1, c31);
          FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 4 * LANES]);
          c40 = a4.fma(b0, c40);
          c41 = a4.fma(b1, c41);
          FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 5 * LANES]);
          c50 = a5.fma(b0, c50);
          c51 = a5.fma(b1, c51);
          FloatVector a6 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 6 * LANES]);
          c60 = a6.fma(b0, c60);
          c61 = a6.fma(b1, c61);
          FloatVector a7 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 7 * LANES]);
          c70 = a7.fma(b0, c70);
          c71 = a7.fma(b1, c71);
        }
      }
      FloatVector.fromArray(SPECIES, cData, cIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, cData, cIndex + LANES).add(c01).intoArray(cData, cIndex + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride + LANES).add(c11).intoArray(cData, cIndex + cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride + LANES).add(c21).intoArray(cData, cIndex + 2 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride + LANES).add(c31).intoArray(cData, cIndex + 3 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 4 * cStride).add(c40).intoArray(cData, cIndex + 4 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 4 * cStride + LANES).add(c41).intoArray(cData, cIndex + 4 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 5 * cStride).add(c50).intoArray(cData, cIndex + 5 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 5 * cStride + LANES).add(c51).intoArray(cData, cIndex + 5 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 6 * cStride).add(c60).intoArray(cData, cIndex + 6 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 6 * cStride + LANES).add(c61).intoArray(cData, cIndex + 6 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 7 * cStride).add(c70).intoArray(cData, cIndex + 7 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 7 * cStride + LANES).add(c71).intoArray(cData, cIndex + 7 * cStride + LANES);
      aIndex += 8 * LANES;
      cIndex += 8 * cStride;
    }
  }

  /** Four rows by two vectors, for 16 registers. */
  private static void rows4Of2(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aIndex = a.offset;
    int aStride = a.stride;
    int bIndex = b.offset;
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
      for (int from = 0; from < depth; from += LANES) {
        int count = Math.min(LANES, depth - from);
        int aFrom = aIndex + from / LANES * aStride;
        int bFrom = bIndex + from * 2 * LANES;
        for (int k = 0; k < count; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 2 * LANES);
          FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bFrom + k * 2 * LANES + LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aFrom + k]);
          c00 = a0.fma(b0, c00);
          c01 = a0.fma(b1, c01);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aFrom + k + LANES]);
          c10 = a1.fma(b0, c10);
          c11 = a1.fma(b1, c11);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 2 * LANES]);
          c20 = a2.fma(b0, c20);
          c21 = a2.fma(b1, c21);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 3 * LANES]);
          c30 = a3.fma(b0, c30);
          c31 = a3.fma(b1, c31);
        }
      }
      FloatVector.fromArray(SPECIES, cData, cIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, cData, cIndex + LANES).add(c01).intoArray(cData, cIndex + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride + LANES).add(c11).intoArray(cData, cIndex + cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride + LANES).add(c21).intoArray(cData, cIndex + 2 * cStride + LANES);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride + LANES).add(c31).intoArray(cData, cIndex + 3 * cStride + LANES);
      aIndex += 4 * LANES;
      cIndex += 4 * cStride;
    }
  }

  /** Eight rows by one vector. */
  private static void rows8(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aIndex = a.offset;
    int aStride = a.stride;
    int bIndex = b.offset;
    float[] cData = c.data;
    int cIndex = c.offset;
    int cStride = c.stride;
    for (int strip = 0; strip < strips; strip++) {
      FloatVector c00 = FloatVector.zero(SPECIES);
      FloatVector c10 = FloatVector.zero(SPECIES);
      FloatVector c20 = FloatVector.zero(SPECIES);
      FloatVector c30 = FloatVector.zero(SPECIES);
      FloatVector c40 = FloatVector.zero(SPECIES);
      FloatVector c50 = FloatVector.zero(SPECIES);
      FloatVector c60 = FloatVector.zero(SPECIES);
      FloatVector c70 = FloatVector.zero(SPECIES);
      for (int from = 0; from < depth; from += LANES) {
        int count = Math.min(LANES, depth - from);
        int aFrom = aIndex + from / LANES * aStride;
        int bFrom = bIndex + from * LANES;
        for (int k = 0; k < count; k++) {
          FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bFrom + k * LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aFrom + k]);
          c00 = a0.fma(b0, c00);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aFrom + k + LANES]);
          c10 = a1.fma(b0, c10);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 2 * LANES]);
          c20 = a2.fma(b0, c20);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 3 * LANES]);
          c30 = a3.fma(b0, c30);
          FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 4 * LANES]);
          c40 = a4.fma(b0, c40);
          FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 5 * LANES]);
          c50 = a5.fma(b0, c50);
          FloatVector a6 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 6 * LANES]);
          c60 = a6.fma(b0, c60);
          FloatVector a7 = FloatVector.broadcast(SPECIES, aData[aFrom + k + 7 * LANES]);
          c70 = a7.fma(b0, c70);
        }
      }
      FloatVector.fromArray(SPECIES, cData, cIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, cData, cIndex + cStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 2 * cStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 3 * cStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 4 * cStride).add(c40).intoArray(cData, cIndex + 4 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 5 * cStride).add(c50).intoArray(cData, cIndex + 5 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 6 * cStride).add(c60).intoArray(cData, cIndex + 6 * cStride);
      FloatVector.fromArray(SPECIES, cData, cIndex + 7 * cStride).add(c70).intoArray(cData, cIndex + 7 * cStride);
      aIndex += 8 * LANES;
      cIndex += 8 * cStride;
    }
  }
}
