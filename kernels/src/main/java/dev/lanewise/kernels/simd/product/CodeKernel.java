package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.simd.lanes.CodeOperand;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops over integer codes. For each block of inputs c[v] += scale[v] · (Σ<sub>k</sub> a[k] · code[k][v]), where step 0
 * multiplies the zero points and the sum is one chain of fused multiply-adds, as in {@link MicroKernel}.
 *
 * <p>A lane of a vector of ints holds the codes of consecutive inputs of one output. A code is masked out where it lies and converted: it
 * is then too large by a power of two, which {@link CodeRows} takes out of the input. So a vector of codes costs two operations, and no
 * shift. The highest code of an int is shifted instead, because its mask would be negative. The masks are loaded from arrays, because C2
 * loads a constant again at each use.
 */
final class CodeKernel {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
  private static final int LANES = Lanes.COUNT;
  private static final int NR = Tiles.NR;
  private static final int[] MASKS_4 = masks();

  private CodeKernel() {}

  private static int[] masks() {
    int[] masks = new int[7 * LANES];
    for (int i = 0; i < 7; i++) {
      Arrays.fill(masks, i * LANES, (i + 1) * LANES, 15 << 4 * i);
    }
    return masks;
  }

  /** One row of two panels of codes: c is a tile of two panels. */
  static void multiply(int bits, CodeOperand b, float[] aData, float[] cData, int blocks) {
    if (bits == 4) {
      multiply4(b, aData, cData, blocks);
    } else {
      multiply8(b, aData, cData, blocks);
    }
  }

  /** Widens a block of a panel: the zero points, then the codes of each input, in panels of {@link Tiles#NR} columns. */
  static void widen(int bits, int[] codes, int from, float[] zeros, int zero, float[] target, int to) {
    System.arraycopy(zeros, zero, target, to, NR);
    if (bits == 4) {
      widen4(codes, from, target, to + NR);
    } else {
      widen8(codes, from, target, to + NR);
    }
  }

  /** c += scale · sum, for {@code width} columns of one row. */
  static void addScaled(float[] sum, int from, float[] scales, int scale, float[] c, int to, int width) {
    for (int i = 0; i < width; i += LANES) {
      FloatVector.fromArray(SPECIES, sum, from + i)
          .fma(FloatVector.fromArray(SPECIES, scales, scale + i), FloatVector.fromArray(SPECIES, c, to + i))
          .intoArray(c, to + i);
    }
  }

  /** One row of two panels of codes of 4 bits: 4 accumulators. */
  static void multiply4(CodeOperand b, float[] aData, float[] cData, int blocks) {
    int[] codes = b.codes;
    float[] scales = b.scales;
    float[] zeros = b.zeros;
    int b0 = b.codes0;
    int b1 = b.codes1;
    int s0 = b.scales0;
    int s1 = b.scales1;
    int z0 = b.zeros0;
    int z1 = b.zeros1;
    int scaleStep = b.scaleStep;
    int zeroStep = b.zeroStep;
    IntVector mask0 = IntVector.fromArray(INTS, MASKS_4, 0);
    IntVector mask1 = IntVector.fromArray(INTS, MASKS_4, 1 * LANES);
    IntVector mask2 = IntVector.fromArray(INTS, MASKS_4, 2 * LANES);
    IntVector mask3 = IntVector.fromArray(INTS, MASKS_4, 3 * LANES);
    IntVector mask4 = IntVector.fromArray(INTS, MASKS_4, 4 * LANES);
    IntVector mask5 = IntVector.fromArray(INTS, MASKS_4, 5 * LANES);
    IntVector mask6 = IntVector.fromArray(INTS, MASKS_4, 6 * LANES);
    int at = 0;
    for (int block = 0; block < blocks; block++) {
      FloatVector sum = FloatVector.broadcast(SPECIES, aData[at]);
      FloatVector c0 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z0));
      FloatVector c1 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z0 + LANES));
      FloatVector c2 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z1));
      FloatVector c3 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z1 + LANES));
      at++;
      for (int group = 0; group < 4; group++) {
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
        c0 = a3.fma((FloatVector) v0.and(mask3).convert(VectorOperators.I2F, 0), c0);
        c1 = a3.fma((FloatVector) v1.and(mask3).convert(VectorOperators.I2F, 0), c1);
        c2 = a3.fma((FloatVector) v2.and(mask3).convert(VectorOperators.I2F, 0), c2);
        c3 = a3.fma((FloatVector) v3.and(mask3).convert(VectorOperators.I2F, 0), c3);
        FloatVector a4 = FloatVector.broadcast(SPECIES, aData[at + 4]);
        c0 = a4.fma((FloatVector) v0.and(mask4).convert(VectorOperators.I2F, 0), c0);
        c1 = a4.fma((FloatVector) v1.and(mask4).convert(VectorOperators.I2F, 0), c1);
        c2 = a4.fma((FloatVector) v2.and(mask4).convert(VectorOperators.I2F, 0), c2);
        c3 = a4.fma((FloatVector) v3.and(mask4).convert(VectorOperators.I2F, 0), c3);
        FloatVector a5 = FloatVector.broadcast(SPECIES, aData[at + 5]);
        c0 = a5.fma((FloatVector) v0.and(mask5).convert(VectorOperators.I2F, 0), c0);
        c1 = a5.fma((FloatVector) v1.and(mask5).convert(VectorOperators.I2F, 0), c1);
        c2 = a5.fma((FloatVector) v2.and(mask5).convert(VectorOperators.I2F, 0), c2);
        c3 = a5.fma((FloatVector) v3.and(mask5).convert(VectorOperators.I2F, 0), c3);
        FloatVector a6 = FloatVector.broadcast(SPECIES, aData[at + 6]);
        c0 = a6.fma((FloatVector) v0.and(mask6).convert(VectorOperators.I2F, 0), c0);
        c1 = a6.fma((FloatVector) v1.and(mask6).convert(VectorOperators.I2F, 0), c1);
        c2 = a6.fma((FloatVector) v2.and(mask6).convert(VectorOperators.I2F, 0), c2);
        c3 = a6.fma((FloatVector) v3.and(mask6).convert(VectorOperators.I2F, 0), c3);
        FloatVector a7 = FloatVector.broadcast(SPECIES, aData[at + 7]);
        c0 = a7.fma((FloatVector) v0.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0), c0);
        c1 = a7.fma((FloatVector) v1.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0), c1);
        c2 = a7.fma((FloatVector) v2.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0), c2);
        c3 = a7.fma((FloatVector) v3.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0), c3);
        at += 8;
      }
      c0.fma(FloatVector.fromArray(SPECIES, scales, s0), FloatVector.fromArray(SPECIES, cData, 0)).intoArray(cData, 0);
      c1.fma(FloatVector.fromArray(SPECIES, scales, s0 + LANES), FloatVector.fromArray(SPECIES, cData, LANES)).intoArray(cData, LANES);
      c2.fma(FloatVector.fromArray(SPECIES, scales, s1), FloatVector.fromArray(SPECIES, cData, 2 * LANES)).intoArray(cData, 2 * LANES);
      c3.fma(FloatVector.fromArray(SPECIES, scales, s1 + LANES), FloatVector.fromArray(SPECIES, cData, 3 * LANES))
          .intoArray(cData, 3 * LANES);
      b0 += 4 * NR;
      b1 += 4 * NR;
      s0 += scaleStep;
      s1 += scaleStep;
      z0 += zeroStep;
      z1 += zeroStep;
    }
  }

  /** One row of two panels of codes of 8 bits: 4 accumulators. */
  static void multiply8(CodeOperand b, float[] aData, float[] cData, int blocks) {
    int[] codes = b.codes;
    float[] scales = b.scales;
    float[] zeros = b.zeros;
    int b0 = b.codes0;
    int b1 = b.codes1;
    int s0 = b.scales0;
    int s1 = b.scales1;
    int z0 = b.zeros0;
    int z1 = b.zeros1;
    int scaleStep = b.scaleStep;
    int zeroStep = b.zeroStep;
    IntVector mask = IntVector.broadcast(INTS, 0xff000000);
    int at = 0;
    for (int block = 0; block < blocks; block++) {
      FloatVector sum = FloatVector.broadcast(SPECIES, aData[at]);
      FloatVector c0 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z0));
      FloatVector c1 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z0 + LANES));
      FloatVector c2 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z1));
      FloatVector c3 = sum.mul(FloatVector.fromArray(SPECIES, zeros, z1 + LANES));
      at++;
      for (int group = 0; group < 8; group++) {
        IntVector v0 = IntVector.fromArray(INTS, codes, b0 + group * NR);
        IntVector v1 = IntVector.fromArray(INTS, codes, b0 + group * NR + LANES);
        IntVector v2 = IntVector.fromArray(INTS, codes, b1 + group * NR);
        IntVector v3 = IntVector.fromArray(INTS, codes, b1 + group * NR + LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, aData[at]);
        c0 = a0.fma((FloatVector) v0.lanewise(VectorOperators.LSHL, 24).and(mask).convert(VectorOperators.I2F, 0), c0);
        c1 = a0.fma((FloatVector) v1.lanewise(VectorOperators.LSHL, 24).and(mask).convert(VectorOperators.I2F, 0), c1);
        c2 = a0.fma((FloatVector) v2.lanewise(VectorOperators.LSHL, 24).and(mask).convert(VectorOperators.I2F, 0), c2);
        c3 = a0.fma((FloatVector) v3.lanewise(VectorOperators.LSHL, 24).and(mask).convert(VectorOperators.I2F, 0), c3);
        FloatVector a1 = FloatVector.broadcast(SPECIES, aData[at + 1]);
        c0 = a1.fma((FloatVector) v0.lanewise(VectorOperators.LSHL, 16).and(mask).convert(VectorOperators.I2F, 0), c0);
        c1 = a1.fma((FloatVector) v1.lanewise(VectorOperators.LSHL, 16).and(mask).convert(VectorOperators.I2F, 0), c1);
        c2 = a1.fma((FloatVector) v2.lanewise(VectorOperators.LSHL, 16).and(mask).convert(VectorOperators.I2F, 0), c2);
        c3 = a1.fma((FloatVector) v3.lanewise(VectorOperators.LSHL, 16).and(mask).convert(VectorOperators.I2F, 0), c3);
        FloatVector a2 = FloatVector.broadcast(SPECIES, aData[at + 2]);
        c0 = a2.fma((FloatVector) v0.lanewise(VectorOperators.LSHL, 8).and(mask).convert(VectorOperators.I2F, 0), c0);
        c1 = a2.fma((FloatVector) v1.lanewise(VectorOperators.LSHL, 8).and(mask).convert(VectorOperators.I2F, 0), c1);
        c2 = a2.fma((FloatVector) v2.lanewise(VectorOperators.LSHL, 8).and(mask).convert(VectorOperators.I2F, 0), c2);
        c3 = a2.fma((FloatVector) v3.lanewise(VectorOperators.LSHL, 8).and(mask).convert(VectorOperators.I2F, 0), c3);
        FloatVector a3 = FloatVector.broadcast(SPECIES, aData[at + 3]);
        c0 = a3.fma((FloatVector) v0.and(mask).convert(VectorOperators.I2F, 0), c0);
        c1 = a3.fma((FloatVector) v1.and(mask).convert(VectorOperators.I2F, 0), c1);
        c2 = a3.fma((FloatVector) v2.and(mask).convert(VectorOperators.I2F, 0), c2);
        c3 = a3.fma((FloatVector) v3.and(mask).convert(VectorOperators.I2F, 0), c3);
        at += 4;
      }
      c0.fma(FloatVector.fromArray(SPECIES, scales, s0), FloatVector.fromArray(SPECIES, cData, 0)).intoArray(cData, 0);
      c1.fma(FloatVector.fromArray(SPECIES, scales, s0 + LANES), FloatVector.fromArray(SPECIES, cData, LANES)).intoArray(cData, LANES);
      c2.fma(FloatVector.fromArray(SPECIES, scales, s1), FloatVector.fromArray(SPECIES, cData, 2 * LANES)).intoArray(cData, 2 * LANES);
      c3.fma(FloatVector.fromArray(SPECIES, scales, s1 + LANES), FloatVector.fromArray(SPECIES, cData, 3 * LANES))
          .intoArray(cData, 3 * LANES);
      b0 += 8 * NR;
      b1 += 8 * NR;
      s0 += scaleStep;
      s1 += scaleStep;
      z0 += zeroStep;
      z1 += zeroStep;
    }
  }

  /** Widens a block of a panel of codes of 4 bits: the zero points, then the codes of each input. */
  private static void widen4(int[] codes, int from, float[] target, int to) {
    for (int group = 0; group < 4; group++) {
      int at = to + group * 8 * NR;
      for (int lane = 0; lane < NR; lane += LANES) {
        IntVector v = IntVector.fromArray(INTS, codes, from + group * NR + lane);
        ((FloatVector) v.and(0xf).convert(VectorOperators.I2F, 0)).intoArray(target, at + lane);
        ((FloatVector) v.and(0xf0).convert(VectorOperators.I2F, 0)).intoArray(target, at + 1 * NR + lane);
        ((FloatVector) v.and(0xf00).convert(VectorOperators.I2F, 0)).intoArray(target, at + 2 * NR + lane);
        ((FloatVector) v.and(0xf000).convert(VectorOperators.I2F, 0)).intoArray(target, at + 3 * NR + lane);
        ((FloatVector) v.and(0xf0000).convert(VectorOperators.I2F, 0)).intoArray(target, at + 4 * NR + lane);
        ((FloatVector) v.and(0xf00000).convert(VectorOperators.I2F, 0)).intoArray(target, at + 5 * NR + lane);
        ((FloatVector) v.and(0xf000000).convert(VectorOperators.I2F, 0)).intoArray(target, at + 6 * NR + lane);
        ((FloatVector) v.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0)).intoArray(target, at + 7 * NR + lane);
      }
    }
  }

  /** Widens a block of a panel of codes of 8 bits: the zero points, then the codes of each input. */
  private static void widen8(int[] codes, int from, float[] target, int to) {
    for (int group = 0; group < 8; group++) {
      int at = to + group * 4 * NR;
      for (int lane = 0; lane < NR; lane += LANES) {
        IntVector v = IntVector.fromArray(INTS, codes, from + group * NR + lane);
        ((FloatVector) v.lanewise(VectorOperators.LSHL, 24).and(0xff000000).convert(VectorOperators.I2F, 0)).intoArray(target, at + lane);
        ((FloatVector) v.lanewise(VectorOperators.LSHL, 16).and(0xff000000).convert(VectorOperators.I2F, 0))
            .intoArray(target, at + 1 * NR + lane);
        ((FloatVector) v.lanewise(VectorOperators.LSHL, 8).and(0xff000000).convert(VectorOperators.I2F, 0))
            .intoArray(target, at + 2 * NR + lane);
        ((FloatVector) v.and(0xff000000).convert(VectorOperators.I2F, 0)).intoArray(target, at + 3 * NR + lane);
      }
    }
  }
}
