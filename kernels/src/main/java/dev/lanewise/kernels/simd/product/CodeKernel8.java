package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.CodeOperand;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The loops of {@link CodeKernel} for codes of 8 bits, 4 of which share an int. */
final class CodeKernel8 {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
  private static final int LANES = Lanes.COUNT;
  private static final int NR = Tiles.NR;
  private static final int[] MASKS = CodeKernel.masks(8);

  private CodeKernel8() {}

  /** One row of up to four panels of codes of 8 bits, two at a time: 4 accumulators. */
  static void multiply(CodeOperand b, float[] aData, float[] cData, int panels, int blocks) {
    int[] codes = b.codes;
    float[] scales = b.scales;
    float[] zeros = b.zeros;

    IntVector mask0 = IntVector.fromArray(INTS, MASKS, 0);
    IntVector mask1 = IntVector.fromArray(INTS, MASKS, 1 * LANES);
    IntVector mask2 = IntVector.fromArray(INTS, MASKS, 2 * LANES);
    for (int block = 0; block < blocks; block++) {
      for (int panel = 0; panel < panels; panel += 2) {
        int second = Math.min(1, panels - 1 - panel);
        int at = block * CodeRows.STEPS;
        int b0 = b.codes0 + panel * b.nextCodes;
        int b1 = b0 + second * b.nextCodes;
        int s0 = b.scales0 + panel * b.nextScales + block * b.scaleStep;
        int s1 = s0 + second * b.nextScales;
        int z0 = b.zeros0 + panel * b.nextZeros + block * b.zeroStep;
        int z1 = z0 + second * b.nextZeros;
        int to = panel * NR;
        FloatVector sum = FloatVector.broadcast(SPECIES, aData[at]);
        FloatVector c0 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z0));
        FloatVector c1 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z0 + LANES));
        FloatVector c2 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z1));
        FloatVector c3 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z1 + LANES));
        at++;
        for (int group = block * 8; group < block * 8 + 8; group++) {
          IntVector v0 = IntVector.fromArray(INTS, codes, b0 + group * NR);
          IntVector v1 = IntVector.fromArray(INTS, codes, b0 + group * NR + LANES);
          IntVector v2 = IntVector.fromArray(INTS, codes, b1 + group * NR);
          IntVector v3 = IntVector.fromArray(INTS, codes, b1 + group * NR + LANES);
          FloatVector a0 = FloatVector.broadcast(SPECIES, aData[at]);
          c0 = a0.fma((FloatVector) v0.and(mask0).convert(VectorOperators.I2F, 0), c0);
          c1 = a0.fma((FloatVector) v1.and(mask0).convert(VectorOperators.I2F, 0), c1);
          c2 = a0.fma((FloatVector) v2.and(mask0).convert(VectorOperators.I2F, 0), c2);
          c3 = a0.fma((FloatVector) v3.and(mask0).convert(VectorOperators.I2F, 0), c3);
          FloatVector a1 = FloatVector.broadcast(SPECIES, aData[at + 1]);
          c0 = a1.fma((FloatVector) v0.and(mask1).convert(VectorOperators.I2F, 0), c0);
          c1 = a1.fma((FloatVector) v1.and(mask1).convert(VectorOperators.I2F, 0), c1);
          c2 = a1.fma((FloatVector) v2.and(mask1).convert(VectorOperators.I2F, 0), c2);
          c3 = a1.fma((FloatVector) v3.and(mask1).convert(VectorOperators.I2F, 0), c3);
          FloatVector a2 = FloatVector.broadcast(SPECIES, aData[at + 2]);
          c0 = a2.fma((FloatVector) v0.and(mask2).convert(VectorOperators.I2F, 0), c0);
          c1 = a2.fma((FloatVector) v1.and(mask2).convert(VectorOperators.I2F, 0), c1);
          c2 = a2.fma((FloatVector) v2.and(mask2).convert(VectorOperators.I2F, 0), c2);
          c3 = a2.fma((FloatVector) v3.and(mask2).convert(VectorOperators.I2F, 0), c3);
          FloatVector a3 = FloatVector.broadcast(SPECIES, aData[at + 3]);
          c0 = a3.fma((FloatVector) v0.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0), c0);
          c1 = a3.fma((FloatVector) v1.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0), c1);
          c2 = a3.fma((FloatVector) v2.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0), c2);
          c3 = a3.fma((FloatVector) v3.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0), c3);
          at += 4;
        }
        c0.fma(FloatVector.fromArray(SPECIES, scales, s0), FloatVector.fromArray(SPECIES, cData, to)).intoArray(cData, to);
        c1.fma(FloatVector.fromArray(SPECIES, scales, s0 + LANES), FloatVector.fromArray(SPECIES, cData, to + LANES))
            .intoArray(cData, to + LANES);
        c2.fma(FloatVector.fromArray(SPECIES, scales, s1), FloatVector.fromArray(SPECIES, cData, to + NR)).intoArray(cData, to + NR);
        c3.fma(FloatVector.fromArray(SPECIES, scales, s1 + LANES), FloatVector.fromArray(SPECIES, cData, to + NR + LANES))
            .intoArray(cData, to + NR + LANES);
      }
    }
  }

  /** Up to four rows of one panel of codes of 8 bits: 8 accumulators. */
  static void multiplyRows(CodeOperand b, Operand a, Operand c, int rows, int blocks) {
    int[] codes = b.codes;
    float[] scales = b.scales;
    float[] zeros = b.zeros;
    float[] aData = a.data;
    float[] cData = c.data;
    int a0 = a.offset;
    int a1 = a0 + Math.min(1, rows - 1) * a.stride;
    int a2 = a0 + Math.min(2, rows - 1) * a.stride;
    int a3 = a0 + Math.min(3, rows - 1) * a.stride;
    int to0 = c.offset;
    int to1 = to0 + Math.min(1, rows - 1) * c.stride;
    int to2 = to0 + Math.min(2, rows - 1) * c.stride;
    int to3 = to0 + Math.min(3, rows - 1) * c.stride;
    for (int block = 0; block < blocks; block++) {
      int from = b.codes0 + block * 8 * NR;
      int at = block * CodeRows.STEPS;
      FloatVector z0 = FloatVector.fromArray(SPECIES, zeros, b.zeros0 + block * b.zeroStep);
      FloatVector z1 = FloatVector.fromArray(SPECIES, zeros, b.zeros0 + block * b.zeroStep + LANES);
      FloatVector c00 = FloatVector.broadcast(SPECIES, aData[a0 + at]).mul(z0);
      FloatVector c01 = FloatVector.broadcast(SPECIES, aData[a0 + at]).mul(z1);
      FloatVector c10 = FloatVector.broadcast(SPECIES, aData[a1 + at]).mul(z0);
      FloatVector c11 = FloatVector.broadcast(SPECIES, aData[a1 + at]).mul(z1);
      FloatVector c20 = FloatVector.broadcast(SPECIES, aData[a2 + at]).mul(z0);
      FloatVector c21 = FloatVector.broadcast(SPECIES, aData[a2 + at]).mul(z1);
      FloatVector c30 = FloatVector.broadcast(SPECIES, aData[a3 + at]).mul(z0);
      FloatVector c31 = FloatVector.broadcast(SPECIES, aData[a3 + at]).mul(z1);
      at++;
      for (int group = 0; group < 8; group++) {
        IntVector v0 = IntVector.fromArray(INTS, codes, from + group * NR);
        IntVector v1 = IntVector.fromArray(INTS, codes, from + group * NR + LANES);
        FloatVector x0 = (FloatVector) v0.and(0xff).convert(VectorOperators.I2F, 0);
        FloatVector y0 = (FloatVector) v1.and(0xff).convert(VectorOperators.I2F, 0);
        FloatVector a00 = FloatVector.broadcast(SPECIES, aData[a0 + at]);
        c00 = a00.fma(x0, c00);
        c01 = a00.fma(y0, c01);
        FloatVector a10 = FloatVector.broadcast(SPECIES, aData[a1 + at]);
        c10 = a10.fma(x0, c10);
        c11 = a10.fma(y0, c11);
        FloatVector a20 = FloatVector.broadcast(SPECIES, aData[a2 + at]);
        c20 = a20.fma(x0, c20);
        c21 = a20.fma(y0, c21);
        FloatVector a30 = FloatVector.broadcast(SPECIES, aData[a3 + at]);
        c30 = a30.fma(x0, c30);
        c31 = a30.fma(y0, c31);
        FloatVector x1 = (FloatVector) v0.and(0xff00).convert(VectorOperators.I2F, 0);
        FloatVector y1 = (FloatVector) v1.and(0xff00).convert(VectorOperators.I2F, 0);
        FloatVector a01 = FloatVector.broadcast(SPECIES, aData[a0 + at + 1]);
        c00 = a01.fma(x1, c00);
        c01 = a01.fma(y1, c01);
        FloatVector a11 = FloatVector.broadcast(SPECIES, aData[a1 + at + 1]);
        c10 = a11.fma(x1, c10);
        c11 = a11.fma(y1, c11);
        FloatVector a21 = FloatVector.broadcast(SPECIES, aData[a2 + at + 1]);
        c20 = a21.fma(x1, c20);
        c21 = a21.fma(y1, c21);
        FloatVector a31 = FloatVector.broadcast(SPECIES, aData[a3 + at + 1]);
        c30 = a31.fma(x1, c30);
        c31 = a31.fma(y1, c31);
        FloatVector x2 = (FloatVector) v0.and(0xff0000).convert(VectorOperators.I2F, 0);
        FloatVector y2 = (FloatVector) v1.and(0xff0000).convert(VectorOperators.I2F, 0);
        FloatVector a02 = FloatVector.broadcast(SPECIES, aData[a0 + at + 2]);
        c00 = a02.fma(x2, c00);
        c01 = a02.fma(y2, c01);
        FloatVector a12 = FloatVector.broadcast(SPECIES, aData[a1 + at + 2]);
        c10 = a12.fma(x2, c10);
        c11 = a12.fma(y2, c11);
        FloatVector a22 = FloatVector.broadcast(SPECIES, aData[a2 + at + 2]);
        c20 = a22.fma(x2, c20);
        c21 = a22.fma(y2, c21);
        FloatVector a32 = FloatVector.broadcast(SPECIES, aData[a3 + at + 2]);
        c30 = a32.fma(x2, c30);
        c31 = a32.fma(y2, c31);
        FloatVector x3 = (FloatVector) v0.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0);
        FloatVector y3 = (FloatVector) v1.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0);
        FloatVector a03 = FloatVector.broadcast(SPECIES, aData[a0 + at + 3]);
        c00 = a03.fma(x3, c00);
        c01 = a03.fma(y3, c01);
        FloatVector a13 = FloatVector.broadcast(SPECIES, aData[a1 + at + 3]);
        c10 = a13.fma(x3, c10);
        c11 = a13.fma(y3, c11);
        FloatVector a23 = FloatVector.broadcast(SPECIES, aData[a2 + at + 3]);
        c20 = a23.fma(x3, c20);
        c21 = a23.fma(y3, c21);
        FloatVector a33 = FloatVector.broadcast(SPECIES, aData[a3 + at + 3]);
        c30 = a33.fma(x3, c30);
        c31 = a33.fma(y3, c31);
        at += 4;
      }
      FloatVector s0 = FloatVector.fromArray(SPECIES, scales, b.scales0 + block * b.scaleStep);
      FloatVector s1 = FloatVector.fromArray(SPECIES, scales, b.scales0 + block * b.scaleStep + LANES);
      // all rows are read before any is written, because rows may be the same
      FloatVector t00 = c00.fma(s0, FloatVector.fromArray(SPECIES, cData, to0));
      FloatVector t01 = c01.fma(s1, FloatVector.fromArray(SPECIES, cData, to0 + LANES));
      FloatVector t10 = c10.fma(s0, FloatVector.fromArray(SPECIES, cData, to1));
      FloatVector t11 = c11.fma(s1, FloatVector.fromArray(SPECIES, cData, to1 + LANES));
      FloatVector t20 = c20.fma(s0, FloatVector.fromArray(SPECIES, cData, to2));
      FloatVector t21 = c21.fma(s1, FloatVector.fromArray(SPECIES, cData, to2 + LANES));
      FloatVector t30 = c30.fma(s0, FloatVector.fromArray(SPECIES, cData, to3));
      FloatVector t31 = c31.fma(s1, FloatVector.fromArray(SPECIES, cData, to3 + LANES));
      t00.intoArray(cData, to0);
      t01.intoArray(cData, to0 + LANES);
      t10.intoArray(cData, to1);
      t11.intoArray(cData, to1 + LANES);
      t20.intoArray(cData, to2);
      t21.intoArray(cData, to2 + LANES);
      t30.intoArray(cData, to3);
      t31.intoArray(cData, to3 + LANES);
    }
  }

  /** Widens a block of a panel of codes of 8 bits. */
  static void widen(int[] codes, int from, float[] target, int to) {
    for (int group = 0; group < 8; group++) {
      int at = to + group * 4 * NR;
      IntVector v0 = IntVector.fromArray(INTS, codes, from + group * NR);
      IntVector v1 = IntVector.fromArray(INTS, codes, from + group * NR + LANES);
      ((FloatVector) v0.and(0xff).convert(VectorOperators.I2F, 0)).intoArray(target, at);
      ((FloatVector) v1.and(0xff).convert(VectorOperators.I2F, 0)).intoArray(target, at + LANES);
      ((FloatVector) v0.and(0xff00).convert(VectorOperators.I2F, 0)).intoArray(target, at + 1 * NR);
      ((FloatVector) v1.and(0xff00).convert(VectorOperators.I2F, 0)).intoArray(target, at + 1 * NR + LANES);
      ((FloatVector) v0.and(0xff0000).convert(VectorOperators.I2F, 0)).intoArray(target, at + 2 * NR);
      ((FloatVector) v1.and(0xff0000).convert(VectorOperators.I2F, 0)).intoArray(target, at + 2 * NR + LANES);
      ((FloatVector) v0.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0)).intoArray(target, at + 3 * NR);
      ((FloatVector) v1.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0)).intoArray(target, at + 3 * NR + LANES);
    }
  }
}
