package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link MicroKernel} for attention with 32 vector registers: 16 accumulators, 4 of B, 1 of A; it needs half the broadcasts of 8 x 2. */
final class MicroKernel4x4 {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int NR = 4 * LANES;

  private MicroKernel4x4() {}

  static void multiply(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
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
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + 3 * LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * aStride]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        c02 = a0.fma(b2, c02);
        c03 = a0.fma(b3, c03);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + k * aStride + 1]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        c12 = a1.fma(b2, c12);
        c13 = a1.fma(b3, c13);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + k * aStride + 2]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        c22 = a2.fma(b2, c22);
        c23 = a2.fma(b3, c23);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + k * aStride + 3]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        c32 = a3.fma(b2, c32);
        c33 = a3.fma(b3, c33);
      }
      FloatVector.fromArray(SPECIES, startData, startIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, startData, startIndex + LANES).add(c01).intoArray(cData, cIndex + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * LANES).add(c02).intoArray(cData, cIndex + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * LANES).add(c03).intoArray(cData, cIndex + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride + LANES).add(c11).intoArray(cData, cIndex + cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride + 2 * LANES)
          .add(c12)
          .intoArray(cData, cIndex + cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride + 3 * LANES)
          .add(c13)
          .intoArray(cData, cIndex + cStride + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + LANES)
          .add(c21)
          .intoArray(cData, cIndex + 2 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + 2 * LANES)
          .add(c22)
          .intoArray(cData, cIndex + 2 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + 3 * LANES)
          .add(c23)
          .intoArray(cData, cIndex + 2 * cStride + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + LANES)
          .add(c31)
          .intoArray(cData, cIndex + 3 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + 2 * LANES)
          .add(c32)
          .intoArray(cData, cIndex + 3 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + 3 * LANES)
          .add(c33)
          .intoArray(cData, cIndex + 3 * cStride + 3 * LANES);
      aIndex += a.next;
      startIndex += start.next;
      cIndex += c.next;
    }
  }

  static void multiplyRows(Operand a, Operand b, Operand start, Operand c, int depth, int strips) {
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
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + 3 * LANES);
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
      }
      FloatVector.fromArray(SPECIES, startData, startIndex).add(c00).intoArray(cData, cIndex);
      FloatVector.fromArray(SPECIES, startData, startIndex + LANES).add(c01).intoArray(cData, cIndex + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * LANES).add(c02).intoArray(cData, cIndex + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * LANES).add(c03).intoArray(cData, cIndex + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride).add(c10).intoArray(cData, cIndex + cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride + LANES).add(c11).intoArray(cData, cIndex + cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride + 2 * LANES)
          .add(c12)
          .intoArray(cData, cIndex + cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + startStride + 3 * LANES)
          .add(c13)
          .intoArray(cData, cIndex + cStride + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride).add(c20).intoArray(cData, cIndex + 2 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + LANES)
          .add(c21)
          .intoArray(cData, cIndex + 2 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + 2 * LANES)
          .add(c22)
          .intoArray(cData, cIndex + 2 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 2 * startStride + 3 * LANES)
          .add(c23)
          .intoArray(cData, cIndex + 2 * cStride + 3 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride).add(c30).intoArray(cData, cIndex + 3 * cStride);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + LANES)
          .add(c31)
          .intoArray(cData, cIndex + 3 * cStride + LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + 2 * LANES)
          .add(c32)
          .intoArray(cData, cIndex + 3 * cStride + 2 * LANES);
      FloatVector.fromArray(SPECIES, startData, startIndex + 3 * startStride + 3 * LANES)
          .add(c33)
          .intoArray(cData, cIndex + 3 * cStride + 3 * LANES);
      aIndex += a.next;
      startIndex += start.next;
      cIndex += c.next;
    }
  }
}
