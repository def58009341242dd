package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The micro-kernel of attention's scores: C = A · B with keys in the rows of A and queries in the lanes of B. A is read in place. B and C
 * consist of columns of one vector: column v of B starts at {@code offset + v * stride}, and its step k {@code k * LANES} later; column v
 * of C starts at {@code offset + v * stride}, and its row r {@code r * LANES} later. Accumulators are named local variables, for the
 * reasons given in {@link MicroKernel}.
 */
public final class ScoreKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private ScoreKernel() {}

  /** Number of rows of A that are computed together with {@code vectors} columns of B. */
  public static int rows(int vectors) {
    return vectors >= 3 ? 4 : vectors == 2 && !Tiles.MANY_REGISTERS ? 5 : 8;
  }

  /**
   * Multiplies {@code strips} strips of A by {@code vectors} columns of B. With four vectors it also loads elements that will be read next
   * into the cache, one for each step, so that the loads are hidden behind the multiply-adds; their bits are returned, so that the loads
   * are not optimised away.
   *
   * @param touched step k of a strip loads the element at {@code offset + k * stride}
   * @param vectors 1, 2, or also 3 and 4 with many registers
   */
  public static int multiply(Operand a, Operand b, Operand c, Operand touched, int depth, int strips, int vectors) {
    if (vectors == 4) {
      return rows4(a, b, c, touched, depth, strips);
    }
    if (vectors == 3) {
      rows4Of3(a, b, c, depth, strips);
    } else if (vectors == 1) {
      rows8(a, b, c, depth, strips);
    } else if (Tiles.MANY_REGISTERS) {
      rows8Of2(a, b, c, depth, strips);
    } else {
      rows5Of2(a, b, c, depth, strips);
    }
    return 0;
  }

  /** Four rows by four vectors: 16 accumulators, 4 of B, 1 of A. */
  private static int rows4(Operand a, Operand b, Operand c, Operand touched, int depth, int strips) {
    float[] touchedData = touched.data;
    int touchedIndex = touched.offset;
    int touchedStep = touched.stride;
    int bits = 0;
    float[] aData = a.data;
    float[] bData = b.data;
    int aStride = a.stride;
    int aIndex = a.offset;
    int b0Index = b.offset;
    int b1Index = b.offset + b.stride;
    int b2Index = b.offset + 2 * b.stride;
    int b3Index = b.offset + 3 * b.stride;
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
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * LANES);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, b1Index + k * LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, bData, b2Index + k * LANES);
        FloatVector b3 = FloatVector.fromArray(SPECIES, bData, b3Index + k * LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        c02 = a0.fma(b2, c02);
        c03 = a0.fma(b3, c03);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + aStride + k]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        c12 = a1.fma(b2, c12);
        c13 = a1.fma(b3, c13);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + 2 * aStride + k]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        c22 = a2.fma(b2, c22);
        c23 = a2.fma(b3, c23);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + 3 * aStride + k]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        c32 = a3.fma(b2, c32);
        c33 = a3.fma(b3, c33);
        bits ^= Float.floatToRawIntBits(touchedData[touchedIndex + k * touchedStep]);
      }
      c00.intoArray(cData, cIndex);
      c10.intoArray(cData, cIndex + LANES);
      c20.intoArray(cData, cIndex + 2 * LANES);
      c30.intoArray(cData, cIndex + 3 * LANES);
      c01.intoArray(cData, cIndex + cStride);
      c11.intoArray(cData, cIndex + cStride + LANES);
      c21.intoArray(cData, cIndex + cStride + 2 * LANES);
      c31.intoArray(cData, cIndex + cStride + 3 * LANES);
      c02.intoArray(cData, cIndex + 2 * cStride);
      c12.intoArray(cData, cIndex + 2 * cStride + LANES);
      c22.intoArray(cData, cIndex + 2 * cStride + 2 * LANES);
      c32.intoArray(cData, cIndex + 2 * cStride + 3 * LANES);
      c03.intoArray(cData, cIndex + 3 * cStride);
      c13.intoArray(cData, cIndex + 3 * cStride + LANES);
      c23.intoArray(cData, cIndex + 3 * cStride + 2 * LANES);
      c33.intoArray(cData, cIndex + 3 * cStride + 3 * LANES);
      aIndex += a.next;
      cIndex += c.next;
      touchedIndex += touched.next;
    }
    return bits;
  }

  /** Four rows by three vectors. */
  private static void rows4Of3(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aStride = a.stride;
    int aIndex = a.offset;
    int b0Index = b.offset;
    int b1Index = b.offset + b.stride;
    int b2Index = b.offset + 2 * b.stride;
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
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * LANES);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, b1Index + k * LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, bData, b2Index + k * LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        c02 = a0.fma(b2, c02);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + aStride + k]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        c12 = a1.fma(b2, c12);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + 2 * aStride + k]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        c22 = a2.fma(b2, c22);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + 3 * aStride + k]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        c32 = a3.fma(b2, c32);
      }
      c00.intoArray(cData, cIndex);
      c10.intoArray(cData, cIndex + LANES);
      c20.intoArray(cData, cIndex + 2 * LANES);
      c30.intoArray(cData, cIndex + 3 * LANES);
      c01.intoArray(cData, cIndex + cStride);
      c11.intoArray(cData, cIndex + cStride + LANES);
      c21.intoArray(cData, cIndex + cStride + 2 * LANES);
      c31.intoArray(cData, cIndex + cStride + 3 * LANES);
      c02.intoArray(cData, cIndex + 2 * cStride);
      c12.intoArray(cData, cIndex + 2 * cStride + LANES);
      c22.intoArray(cData, cIndex + 2 * cStride + 2 * LANES);
      c32.intoArray(cData, cIndex + 2 * cStride + 3 * LANES);
      aIndex += a.next;
      cIndex += c.next;
    }
  }

  /** Eight rows by two vectors. */
  private static void rows8Of2(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aStride = a.stride;
    int aIndex = a.offset;
    int b0Index = b.offset;
    int b1Index = b.offset + b.stride;
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
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * LANES);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, b1Index + k * LANES);
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
      c10.intoArray(cData, cIndex + LANES);
      c20.intoArray(cData, cIndex + 2 * LANES);
      c30.intoArray(cData, cIndex + 3 * LANES);
      c40.intoArray(cData, cIndex + 4 * LANES);
      c50.intoArray(cData, cIndex + 5 * LANES);
      c60.intoArray(cData, cIndex + 6 * LANES);
      c70.intoArray(cData, cIndex + 7 * LANES);
      c01.intoArray(cData, cIndex + cStride);
      c11.intoArray(cData, cIndex + cStride + LANES);
      c21.intoArray(cData, cIndex + cStride + 2 * LANES);
      c31.intoArray(cData, cIndex + cStride + 3 * LANES);
      c41.intoArray(cData, cIndex + cStride + 4 * LANES);
      c51.intoArray(cData, cIndex + cStride + 5 * LANES);
      c61.intoArray(cData, cIndex + cStride + 6 * LANES);
      c71.intoArray(cData, cIndex + cStride + 7 * LANES);
      aIndex += a.next;
      cIndex += c.next;
    }
  }

  /** Five rows by two vectors, for 16 registers: 10 accumulators, 2 of B, 1 of A. */
  private static void rows5Of2(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aStride = a.stride;
    int aIndex = a.offset;
    int b0Index = b.offset;
    int b1Index = b.offset + b.stride;
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
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * LANES);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, b1Index + k * LANES);
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
      }
      c00.intoArray(cData, cIndex);
      c10.intoArray(cData, cIndex + LANES);
      c20.intoArray(cData, cIndex + 2 * LANES);
      c30.intoArray(cData, cIndex + 3 * LANES);
      c40.intoArray(cData, cIndex + 4 * LANES);
      c01.intoArray(cData, cIndex + cStride);
      c11.intoArray(cData, cIndex + cStride + LANES);
      c21.intoArray(cData, cIndex + cStride + 2 * LANES);
      c31.intoArray(cData, cIndex + cStride + 3 * LANES);
      c41.intoArray(cData, cIndex + cStride + 4 * LANES);
      aIndex += a.next;
      cIndex += c.next;
    }
  }

  /** Eight rows by one vector. */
  private static void rows8(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aStride = a.stride;
    int aIndex = a.offset;
    int b0Index = b.offset;
    float[] cData = c.data;
    int cIndex = c.offset;
    for (int strip = 0; strip < strips; strip++) {
      FloatVector c00 = FloatVector.zero(SPECIES);
      FloatVector c10 = FloatVector.zero(SPECIES);
      FloatVector c20 = FloatVector.zero(SPECIES);
      FloatVector c30 = FloatVector.zero(SPECIES);
      FloatVector c40 = FloatVector.zero(SPECIES);
      FloatVector c50 = FloatVector.zero(SPECIES);
      FloatVector c60 = FloatVector.zero(SPECIES);
      FloatVector c70 = FloatVector.zero(SPECIES);
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k]);
        c00 = a0.fma(b0, c00);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + aStride + k]);
        c10 = a1.fma(b0, c10);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + 2 * aStride + k]);
        c20 = a2.fma(b0, c20);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + 3 * aStride + k]);
        c30 = a3.fma(b0, c30);
        FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aIndex + 4 * aStride + k]);
        c40 = a4.fma(b0, c40);
        FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aIndex + 5 * aStride + k]);
        c50 = a5.fma(b0, c50);
        FloatVector a6 = FloatVector.broadcast(SPECIES, aData[aIndex + 6 * aStride + k]);
        c60 = a6.fma(b0, c60);
        FloatVector a7 = FloatVector.broadcast(SPECIES, aData[aIndex + 7 * aStride + k]);
        c70 = a7.fma(b0, c70);
      }
      c00.intoArray(cData, cIndex);
      c10.intoArray(cData, cIndex + LANES);
      c20.intoArray(cData, cIndex + 2 * LANES);
      c30.intoArray(cData, cIndex + 3 * LANES);
      c40.intoArray(cData, cIndex + 4 * LANES);
      c50.intoArray(cData, cIndex + 5 * LANES);
      c60.intoArray(cData, cIndex + 6 * LANES);
      c70.intoArray(cData, cIndex + 7 * LANES);
      aIndex += a.next;
      cIndex += c.next;
    }
  }
}
