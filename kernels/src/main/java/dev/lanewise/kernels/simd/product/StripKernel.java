package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link MicroKernel} for rows of A that are packed in strips, and a C that is added to: c[r][v] += Σ<sub>k</sub> a[k][r] · b[k][v]. Step k
 * of a strip starts at {@code offset + k * MR}. Chains and bits are those of {@link MicroKernel}.
 */
final class StripKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int NR = Tiles.NR;

  private StripKernel() {}

  /** Computes several strips, {@code next} elements apart in a and c, against the same panel of b. */
  static void multiply(Operand a, Operand b, Operand c, int depth, int strips) {
    if (Tiles.MR == 8) {
      multiply8x2(a, b, c, depth, strips);
    } else {
      multiply5x2(a, b, c, depth, strips);
    }
  }

  private static void multiply8x2(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aIndex = a.offset;
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
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8 + 1]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8 + 2]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8 + 3]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8 + 4]);
        c40 = a4.fma(b0, c40);
        c41 = a4.fma(b1, c41);
        FloatVector a5 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8 + 5]);
        c50 = a5.fma(b0, c50);
        c51 = a5.fma(b1, c51);
        FloatVector a6 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8 + 6]);
        c60 = a6.fma(b0, c60);
        c61 = a6.fma(b1, c61);
        FloatVector a7 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 8 + 7]);
        c70 = a7.fma(b0, c70);
        c71 = a7.fma(b1, c71);
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
      aIndex += a.next;
      cIndex += c.next;
    }
  }

  private static void multiply5x2(Operand a, Operand b, Operand c, int depth, int strips) {
    float[] aData = a.data;
    float[] bData = b.data;
    int aIndex = a.offset;
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
      for (int k = 0; k < depth; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR);
        FloatVector b1 = FloatVector.fromArray(SPECIES, bData, bIndex + k * NR + LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 5]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 5 + 1]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 5 + 2]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 5 + 3]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        FloatVector a4 = FloatVector.broadcast(SPECIES, aData[aIndex + k * 5 + 4]);
        c40 = a4.fma(b0, c40);
        c41 = a4.fma(b1, c41);
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
      aIndex += a.next;
      cIndex += c.next;
    }
  }
}
