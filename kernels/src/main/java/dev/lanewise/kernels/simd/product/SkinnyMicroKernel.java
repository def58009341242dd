package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The micro-kernel of {@link SkinnyProduct}: c[r][v] = Σ<sub>k</sub> a[k][r] · b[k][v], with fewer rows and more panels than {@link
 * MicroKernel}. Every result is one chain of fused multiply-adds over k in order, as in {@link MicroKernel}. Panels, not steps, are
 * interleaved to have enough chains.
 *
 * <ul>
 *   <li>a: row r starts at {@code offset + r * stride};
 *   <li>b: panel p starts at {@code offset + p * next}, its step k at {@code k * NR} later;
 *   <li>c: a tile of rows {@code stride} apart, whose panels are contiguous.
 * </ul>
 *
 * A row past the last repeats the last row, which stores the same bits twice. A panel past the last repeats the last panel, into columns of
 * the tile that are not read. Accumulators are named local variables, for the reasons given in {@link MicroKernel}.
 */
final class SkinnyMicroKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int NR = Tiles.NR;

  private SkinnyMicroKernel() {}

  /** One row of up to four panels: 8 accumulators. */
  static void multiply1x4(Operand a, Operand b, Operand c, int panels, int depth) {
    float[] aData = a.data;
    float[] bData = b.data;
    float[] cData = c.data;
    int a0Index = a.offset;
    int b0Index = b.offset;
    int b1Index = b.offset + Math.min(1, panels - 1) * b.next;
    int b2Index = b.offset + Math.min(2, panels - 1) * b.next;
    int b3Index = b.offset + Math.min(3, panels - 1) * b.next;
    int c0Index = c.offset;
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c02 = FloatVector.zero(SPECIES);
    FloatVector c03 = FloatVector.zero(SPECIES);
    FloatVector c04 = FloatVector.zero(SPECIES);
    FloatVector c05 = FloatVector.zero(SPECIES);
    FloatVector c06 = FloatVector.zero(SPECIES);
    FloatVector c07 = FloatVector.zero(SPECIES);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * NR);
      FloatVector b1 = FloatVector.fromArray(SPECIES, bData, b0Index + k * NR + LANES);
      FloatVector b2 = FloatVector.fromArray(SPECIES, bData, b1Index + k * NR);
      FloatVector b3 = FloatVector.fromArray(SPECIES, bData, b1Index + k * NR + LANES);
      FloatVector b4 = FloatVector.fromArray(SPECIES, bData, b2Index + k * NR);
      FloatVector b5 = FloatVector.fromArray(SPECIES, bData, b2Index + k * NR + LANES);
      FloatVector b6 = FloatVector.fromArray(SPECIES, bData, b3Index + k * NR);
      FloatVector b7 = FloatVector.fromArray(SPECIES, bData, b3Index + k * NR + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, aData[a0Index + k]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      c03 = a0.fma(b3, c03);
      c04 = a0.fma(b4, c04);
      c05 = a0.fma(b5, c05);
      c06 = a0.fma(b6, c06);
      c07 = a0.fma(b7, c07);
    }
    c00.intoArray(cData, c0Index);
    c01.intoArray(cData, c0Index + LANES);
    c02.intoArray(cData, c0Index + 2 * LANES);
    c03.intoArray(cData, c0Index + 3 * LANES);
    c04.intoArray(cData, c0Index + 4 * LANES);
    c05.intoArray(cData, c0Index + 5 * LANES);
    c06.intoArray(cData, c0Index + 6 * LANES);
    c07.intoArray(cData, c0Index + 7 * LANES);
  }

  /** One or two rows of up to two panels: 8 accumulators, which leave room for B and A in 16 registers. */
  static void multiply2x2(Operand a, Operand b, Operand c, int rows, int panels, int depth) {
    float[] aData = a.data;
    float[] bData = b.data;
    float[] cData = c.data;
    int a0Index = a.offset;
    int a1Index = a.offset + (rows - 1) * a.stride;
    int b0Index = b.offset;
    int b1Index = b.offset + Math.min(1, panels - 1) * b.next;
    int c0Index = c.offset;
    int c1Index = c.offset + (rows - 1) * c.stride;
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c02 = FloatVector.zero(SPECIES);
    FloatVector c03 = FloatVector.zero(SPECIES);
    FloatVector c10 = FloatVector.zero(SPECIES);
    FloatVector c11 = FloatVector.zero(SPECIES);
    FloatVector c12 = FloatVector.zero(SPECIES);
    FloatVector c13 = FloatVector.zero(SPECIES);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * NR);
      FloatVector b1 = FloatVector.fromArray(SPECIES, bData, b0Index + k * NR + LANES);
      FloatVector b2 = FloatVector.fromArray(SPECIES, bData, b1Index + k * NR);
      FloatVector b3 = FloatVector.fromArray(SPECIES, bData, b1Index + k * NR + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, aData[a0Index + k]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      c03 = a0.fma(b3, c03);
      FloatVector a1 = FloatVector.broadcast(SPECIES, aData[a1Index + k]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c12 = a1.fma(b2, c12);
      c13 = a1.fma(b3, c13);
    }
    c00.intoArray(cData, c0Index);
    c01.intoArray(cData, c0Index + LANES);
    c02.intoArray(cData, c0Index + 2 * LANES);
    c03.intoArray(cData, c0Index + 3 * LANES);
    c10.intoArray(cData, c1Index);
    c11.intoArray(cData, c1Index + LANES);
    c12.intoArray(cData, c1Index + 2 * LANES);
    c13.intoArray(cData, c1Index + 3 * LANES);
  }

  /** Three or four rows of up to two panels: 16 accumulators, for 32 registers. */
  static void multiply4x2(Operand a, Operand b, Operand c, int rows, int panels, int depth) {
    float[] aData = a.data;
    float[] bData = b.data;
    float[] cData = c.data;
    int a0Index = a.offset;
    int a1Index = a.offset + a.stride;
    int a2Index = a.offset + 2 * a.stride;
    int a3Index = a.offset + (rows - 1) * a.stride;
    int b0Index = b.offset;
    int b1Index = b.offset + Math.min(1, panels - 1) * b.next;
    int c0Index = c.offset;
    int c1Index = c.offset + c.stride;
    int c2Index = c.offset + 2 * c.stride;
    int c3Index = c.offset + (rows - 1) * c.stride;
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
      FloatVector b0 = FloatVector.fromArray(SPECIES, bData, b0Index + k * NR);
      FloatVector b1 = FloatVector.fromArray(SPECIES, bData, b0Index + k * NR + LANES);
      FloatVector b2 = FloatVector.fromArray(SPECIES, bData, b1Index + k * NR);
      FloatVector b3 = FloatVector.fromArray(SPECIES, bData, b1Index + k * NR + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, aData[a0Index + k]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      c03 = a0.fma(b3, c03);
      FloatVector a1 = FloatVector.broadcast(SPECIES, aData[a1Index + k]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c12 = a1.fma(b2, c12);
      c13 = a1.fma(b3, c13);
      FloatVector a2 = FloatVector.broadcast(SPECIES, aData[a2Index + k]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c22 = a2.fma(b2, c22);
      c23 = a2.fma(b3, c23);
      FloatVector a3 = FloatVector.broadcast(SPECIES, aData[a3Index + k]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      c32 = a3.fma(b2, c32);
      c33 = a3.fma(b3, c33);
    }
    c00.intoArray(cData, c0Index);
    c01.intoArray(cData, c0Index + LANES);
    c02.intoArray(cData, c0Index + 2 * LANES);
    c03.intoArray(cData, c0Index + 3 * LANES);
    c10.intoArray(cData, c1Index);
    c11.intoArray(cData, c1Index + LANES);
    c12.intoArray(cData, c1Index + 2 * LANES);
    c13.intoArray(cData, c1Index + 3 * LANES);
    c20.intoArray(cData, c2Index);
    c21.intoArray(cData, c2Index + LANES);
    c22.intoArray(cData, c2Index + 2 * LANES);
    c23.intoArray(cData, c2Index + 3 * LANES);
    c30.intoArray(cData, c3Index);
    c31.intoArray(cData, c3Index + LANES);
    c32.intoArray(cData, c3Index + 2 * LANES);
    c33.intoArray(cData, c3Index + 3 * LANES);
  }
}
