package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops over weights of 16 bits: c[v] += Σ<sub>k</sub> a[k] · b[k][v], in one chain as in {@link SkinnyMicroKernel}. A lane
 * of a vector of ints holds two consecutive inputs of one output, the first in the lower half. Halves are finite; their bits are shifted
 * into those of a float, which is then too small by 2<sup>112</sup>.
 *
 * <p>The expressions that widen are written out at each use: as methods C2 does not inline all of them, and a call allocates its vectors.
 */
final class HalfKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
  private static final int LANES = Lanes.COUNT;
  private static final int NR = Tiles.NR;

  /** Sign, exponent and fraction of a half that has been shifted to the upper bits of a float. */
  private static final int HALF_BITS = 0x8fffe000;

  private static final float HALF_FACTOR = 0x1p112f;

  private HalfKernel() {}

  /** One row of up to four panels of halves: 8 accumulators; panels past the last repeat the last. */
  static void multiplyHalf(Operand a, int[] codes, int from, int next, int panels, Operand c, int depth) {
    float[] aData = a.data;
    float[] cData = c.data;
    int at = a.offset;
    int b0 = from;
    int b1 = from + Math.min(1, panels - 1) * next;
    int b2 = from + Math.min(2, panels - 1) * next;
    int b3 = from + Math.min(3, panels - 1) * next;
    int c0 = c.offset;
    FloatVector s0 = FloatVector.fromArray(SPECIES, cData, c0);
    FloatVector s1 = FloatVector.fromArray(SPECIES, cData, c0 + LANES);
    FloatVector s2 = FloatVector.fromArray(SPECIES, cData, c0 + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(SPECIES, cData, c0 + 3 * LANES);
    FloatVector s4 = FloatVector.fromArray(SPECIES, cData, c0 + 4 * LANES);
    FloatVector s5 = FloatVector.fromArray(SPECIES, cData, c0 + 5 * LANES);
    FloatVector s6 = FloatVector.fromArray(SPECIES, cData, c0 + 6 * LANES);
    FloatVector s7 = FloatVector.fromArray(SPECIES, cData, c0 + 7 * LANES);
    int pairs = depth >> 1;
    for (int k = 0; k < pairs; k++) {
      FloatVector low = FloatVector.broadcast(SPECIES, aData[at + 2 * k]);
      FloatVector high = FloatVector.broadcast(SPECIES, aData[at + 2 * k + 1]);
      IntVector v0 = IntVector.fromArray(INTS, codes, b0 + k * NR);
      s0 =
          low.fma(
              v0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s0);
      s0 = high.fma(v0.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s0);
      IntVector v1 = IntVector.fromArray(INTS, codes, b0 + k * NR + LANES);
      s1 =
          low.fma(
              v1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s1);
      s1 = high.fma(v1.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s1);
      IntVector v2 = IntVector.fromArray(INTS, codes, b1 + k * NR);
      s2 =
          low.fma(
              v2.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s2);
      s2 = high.fma(v2.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s2);
      IntVector v3 = IntVector.fromArray(INTS, codes, b1 + k * NR + LANES);
      s3 =
          low.fma(
              v3.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s3);
      s3 = high.fma(v3.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s3);
      IntVector v4 = IntVector.fromArray(INTS, codes, b2 + k * NR);
      s4 =
          low.fma(
              v4.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s4);
      s4 = high.fma(v4.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s4);
      IntVector v5 = IntVector.fromArray(INTS, codes, b2 + k * NR + LANES);
      s5 =
          low.fma(
              v5.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s5);
      s5 = high.fma(v5.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s5);
      IntVector v6 = IntVector.fromArray(INTS, codes, b3 + k * NR);
      s6 =
          low.fma(
              v6.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s6);
      s6 = high.fma(v6.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s6);
      IntVector v7 = IntVector.fromArray(INTS, codes, b3 + k * NR + LANES);
      s7 =
          low.fma(
              v7.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s7);
      s7 = high.fma(v7.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR), s7);
    }
    if ((depth & 1) != 0) {
      FloatVector low = FloatVector.broadcast(SPECIES, aData[at + depth - 1]);
      IntVector v0 = IntVector.fromArray(INTS, codes, b0 + pairs * NR);
      s0 =
          low.fma(
              v0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s0);
      IntVector v1 = IntVector.fromArray(INTS, codes, b0 + pairs * NR + LANES);
      s1 =
          low.fma(
              v1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s1);
      IntVector v2 = IntVector.fromArray(INTS, codes, b1 + pairs * NR);
      s2 =
          low.fma(
              v2.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s2);
      IntVector v3 = IntVector.fromArray(INTS, codes, b1 + pairs * NR + LANES);
      s3 =
          low.fma(
              v3.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s3);
      IntVector v4 = IntVector.fromArray(INTS, codes, b2 + pairs * NR);
      s4 =
          low.fma(
              v4.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s4);
      IntVector v5 = IntVector.fromArray(INTS, codes, b2 + pairs * NR + LANES);
      s5 =
          low.fma(
              v5.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s5);
      IntVector v6 = IntVector.fromArray(INTS, codes, b3 + pairs * NR);
      s6 =
          low.fma(
              v6.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s6);
      IntVector v7 = IntVector.fromArray(INTS, codes, b3 + pairs * NR + LANES);
      s7 =
          low.fma(
              v7.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_FACTOR),
              s7);
    }
    s0.intoArray(cData, c0);
    s1.intoArray(cData, c0 + LANES);
    s2.intoArray(cData, c0 + 2 * LANES);
    s3.intoArray(cData, c0 + 3 * LANES);
    s4.intoArray(cData, c0 + 4 * LANES);
    s5.intoArray(cData, c0 + 5 * LANES);
    s6.intoArray(cData, c0 + 6 * LANES);
    s7.intoArray(cData, c0 + 7 * LANES);
  }

  /** One row of up to four panels of bfloat16: 8 accumulators; panels past the last repeat the last. */
  static void multiplyBfloat(Operand a, int[] codes, int from, int next, int panels, Operand c, int depth) {
    float[] aData = a.data;
    float[] cData = c.data;
    int at = a.offset;
    int b0 = from;
    int b1 = from + Math.min(1, panels - 1) * next;
    int b2 = from + Math.min(2, panels - 1) * next;
    int b3 = from + Math.min(3, panels - 1) * next;
    int c0 = c.offset;
    FloatVector s0 = FloatVector.fromArray(SPECIES, cData, c0);
    FloatVector s1 = FloatVector.fromArray(SPECIES, cData, c0 + LANES);
    FloatVector s2 = FloatVector.fromArray(SPECIES, cData, c0 + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(SPECIES, cData, c0 + 3 * LANES);
    FloatVector s4 = FloatVector.fromArray(SPECIES, cData, c0 + 4 * LANES);
    FloatVector s5 = FloatVector.fromArray(SPECIES, cData, c0 + 5 * LANES);
    FloatVector s6 = FloatVector.fromArray(SPECIES, cData, c0 + 6 * LANES);
    FloatVector s7 = FloatVector.fromArray(SPECIES, cData, c0 + 7 * LANES);
    int pairs = depth >> 1;
    for (int k = 0; k < pairs; k++) {
      FloatVector low = FloatVector.broadcast(SPECIES, aData[at + 2 * k]);
      FloatVector high = FloatVector.broadcast(SPECIES, aData[at + 2 * k + 1]);
      IntVector v0 = IntVector.fromArray(INTS, codes, b0 + k * NR);
      s0 = low.fma(v0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s0);
      s0 = high.fma(v0.and(0xffff0000).reinterpretAsFloats(), s0);
      IntVector v1 = IntVector.fromArray(INTS, codes, b0 + k * NR + LANES);
      s1 = low.fma(v1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s1);
      s1 = high.fma(v1.and(0xffff0000).reinterpretAsFloats(), s1);
      IntVector v2 = IntVector.fromArray(INTS, codes, b1 + k * NR);
      s2 = low.fma(v2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s2);
      s2 = high.fma(v2.and(0xffff0000).reinterpretAsFloats(), s2);
      IntVector v3 = IntVector.fromArray(INTS, codes, b1 + k * NR + LANES);
      s3 = low.fma(v3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s3);
      s3 = high.fma(v3.and(0xffff0000).reinterpretAsFloats(), s3);
      IntVector v4 = IntVector.fromArray(INTS, codes, b2 + k * NR);
      s4 = low.fma(v4.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s4);
      s4 = high.fma(v4.and(0xffff0000).reinterpretAsFloats(), s4);
      IntVector v5 = IntVector.fromArray(INTS, codes, b2 + k * NR + LANES);
      s5 = low.fma(v5.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s5);
      s5 = high.fma(v5.and(0xffff0000).reinterpretAsFloats(), s5);
      IntVector v6 = IntVector.fromArray(INTS, codes, b3 + k * NR);
      s6 = low.fma(v6.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s6);
      s6 = high.fma(v6.and(0xffff0000).reinterpretAsFloats(), s6);
      IntVector v7 = IntVector.fromArray(INTS, codes, b3 + k * NR + LANES);
      s7 = low.fma(v7.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s7);
      s7 = high.fma(v7.and(0xffff0000).reinterpretAsFloats(), s7);
    }
    if ((depth & 1) != 0) {
      FloatVector low = FloatVector.broadcast(SPECIES, aData[at + depth - 1]);
      IntVector v0 = IntVector.fromArray(INTS, codes, b0 + pairs * NR);
      s0 = low.fma(v0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s0);
      IntVector v1 = IntVector.fromArray(INTS, codes, b0 + pairs * NR + LANES);
      s1 = low.fma(v1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s1);
      IntVector v2 = IntVector.fromArray(INTS, codes, b1 + pairs * NR);
      s2 = low.fma(v2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s2);
      IntVector v3 = IntVector.fromArray(INTS, codes, b1 + pairs * NR + LANES);
      s3 = low.fma(v3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s3);
      IntVector v4 = IntVector.fromArray(INTS, codes, b2 + pairs * NR);
      s4 = low.fma(v4.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s4);
      IntVector v5 = IntVector.fromArray(INTS, codes, b2 + pairs * NR + LANES);
      s5 = low.fma(v5.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s5);
      IntVector v6 = IntVector.fromArray(INTS, codes, b3 + pairs * NR);
      s6 = low.fma(v6.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s6);
      IntVector v7 = IntVector.fromArray(INTS, codes, b3 + pairs * NR + LANES);
      s7 = low.fma(v7.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s7);
    }
    s0.intoArray(cData, c0);
    s1.intoArray(cData, c0 + LANES);
    s2.intoArray(cData, c0 + 2 * LANES);
    s3.intoArray(cData, c0 + 3 * LANES);
    s4.intoArray(cData, c0 + 4 * LANES);
    s5.intoArray(cData, c0 + 5 * LANES);
    s6.intoArray(cData, c0 + 6 * LANES);
    s7.intoArray(cData, c0 + 7 * LANES);
  }

  /** Widens {@code groups} pairs of steps of a panel. */
  static void widen(boolean half, int[] codes, int from, int groups, float[] target, int to) {
    if (half) {
      widenHalves(codes, from, groups, target, to);
      return;
    }
    for (int k = 0; k < groups; k++) {
      int at = to + 2 * k * NR;
      IntVector v0 = IntVector.fromArray(INTS, codes, from + k * NR);
      IntVector v1 = IntVector.fromArray(INTS, codes, from + k * NR + LANES);
      v0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, at);
      v1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, at + LANES);
      v0.and(0xffff0000).reinterpretAsFloats().intoArray(target, at + NR);
      v1.and(0xffff0000).reinterpretAsFloats().intoArray(target, at + NR + LANES);
    }
  }

  private static void widenHalves(int[] codes, int from, int groups, float[] target, int to) {
    for (int k = 0; k < groups; k++) {
      int at = to + 2 * k * NR;
      IntVector v0 = IntVector.fromArray(INTS, codes, from + k * NR);
      IntVector v1 = IntVector.fromArray(INTS, codes, from + k * NR + LANES);
      IntVector low0 = v0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS);
      IntVector low1 = v1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS);
      IntVector high0 = v0.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS);
      IntVector high1 = v1.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS);
      low0.reinterpretAsFloats().mul(HALF_FACTOR).intoArray(target, at);
      low1.reinterpretAsFloats().mul(HALF_FACTOR).intoArray(target, at + LANES);
      high0.reinterpretAsFloats().mul(HALF_FACTOR).intoArray(target, at + NR);
      high1.reinterpretAsFloats().mul(HALF_FACTOR).intoArray(target, at + NR + LANES);
    }
  }
}
