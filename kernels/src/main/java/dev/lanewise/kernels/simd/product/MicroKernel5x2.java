package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link MicroKernel} with 16 vector registers: 10 accumulators, 2 of B, 1 of A. Eight chains (4 x 2) only just cover a latency of 4 cycles
 * on two units and lose a sixth of the speed to any delay; 6 x 2 spills registers.
 */
final class MicroKernel5x2 {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int NR = 2 * LANES;

  private MicroKernel5x2() {}

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
      FloatVector c10 = FloatVector.zero(SPECIES);
      FloatVector c11 = FloatVector.zero(SPECIES);
      FloatVector c20 = FloatVector.zero(SPECIES);
      FloatVector c21 = FloatVector.zero(SPECIES);
      FloatVector c30 = FloatVector.zero(SPECIES);
      FloatVector c31 = FloatVector.zero(SPECIES);
      FloatVector c40 = FloatVector.zero(SPECIES);
      FloatVector c41 = FloatVector.zero(SPECIES);
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
      aIndex += a.next;
      startIndex += start.next;
      cIndex += c.next;
    }
  }
}
