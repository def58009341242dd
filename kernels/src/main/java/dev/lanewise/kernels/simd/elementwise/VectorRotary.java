package dev.lanewise.kernels.simd.elementwise;

import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.plain.ScalarRotary;
import dev.lanewise.kernels.simd.lanes.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The rotation of one row; {@link RotaryTable#rowSize} describes the layout of the angles. It uses no fused multiply-adds, so that the bits
 * are those of {@link ScalarRotary}. This is not slower, because loads and stores limit the speed.
 *
 * <p>Elements at the end that fill no vector are rotated as part of the last vector that ends with the row, which overlaps the one before.
 * It is read before anything is written, because y may be x.
 */
public final class VectorRotary {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  /** The shuffle that exchanges the two elements of each pair. */
  private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(SPECIES, lane -> lane ^ 1);

  private VectorRotary() {}

  public static void half(float[] x, int from, float[] y, int to, float[] angles, int at, int pairs) {
    if (pairs % LANES == 0) {
      halfWhole(x, from, y, to, angles, at, pairs);
    } else if (pairs > LANES) {
      halfCut(x, from, y, to, angles, at, pairs);
    } else {
      ScalarRotary.half(x, from, y, to, angles, at, pairs);
    }
  }

  private static void halfWhole(float[] x, int from, float[] y, int to, float[] angles, int at, int pairs) {
    for (int i = 0; i < pairs; i += LANES) {
      FloatVector cosine = FloatVector.fromArray(SPECIES, angles, at + i);
      FloatVector sine = FloatVector.fromArray(SPECIES, angles, at + pairs + i);
      FloatVector left = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector right = FloatVector.fromArray(SPECIES, x, from + pairs + i);
      left.mul(cosine).sub(right.mul(sine)).intoArray(y, to + i);
      right.mul(cosine).add(left.mul(sine)).intoArray(y, to + pairs + i);
    }
  }

  private static void halfCut(float[] x, int from, float[] y, int to, float[] angles, int at, int pairs) {
    int end = pairs - LANES;
    FloatVector endLeft = FloatVector.fromArray(SPECIES, x, from + end);
    FloatVector endRight = FloatVector.fromArray(SPECIES, x, from + pairs + end);
    for (int i = 0; i < end; i += LANES) {
      FloatVector cosine = FloatVector.fromArray(SPECIES, angles, at + i);
      FloatVector sine = FloatVector.fromArray(SPECIES, angles, at + pairs + i);
      FloatVector left = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector right = FloatVector.fromArray(SPECIES, x, from + pairs + i);
      left.mul(cosine).sub(right.mul(sine)).intoArray(y, to + i);
      right.mul(cosine).add(left.mul(sine)).intoArray(y, to + pairs + i);
    }
    FloatVector cosine = FloatVector.fromArray(SPECIES, angles, at + end);
    FloatVector sine = FloatVector.fromArray(SPECIES, angles, at + pairs + end);
    endLeft.mul(cosine).sub(endRight.mul(sine)).intoArray(y, to + end);
    endRight.mul(cosine).add(endLeft.mul(sine)).intoArray(y, to + pairs + end);
  }

  public static void interleaved(float[] x, int from, float[] y, int to, float[] angles, int at, int pairs) {
    if (2 * pairs % LANES == 0) {
      interleavedWhole(x, from, y, to, angles, at, 2 * pairs);
    } else if (2 * pairs > LANES) {
      interleavedCut(x, from, y, to, angles, at, 2 * pairs);
    } else {
      ScalarRotary.interleaved(x, from, y, to, angles, at, pairs);
    }
  }

  private static void interleavedWhole(float[] x, int from, float[] y, int to, float[] angles, int at, int rotaryDim) {
    for (int i = 0; i < rotaryDim; i += LANES) {
      FloatVector both = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector cosine = FloatVector.fromArray(SPECIES, angles, at + i);
      FloatVector sine = FloatVector.fromArray(SPECIES, angles, at + rotaryDim + i);
      both.mul(cosine).add(both.rearrange(SWAP).mul(sine)).intoArray(y, to + i);
    }
  }

  private static void interleavedCut(float[] x, int from, float[] y, int to, float[] angles, int at, int rotaryDim) {
    int end = rotaryDim - LANES;
    FloatVector last = FloatVector.fromArray(SPECIES, x, from + end);
    for (int i = 0; i < end; i += LANES) {
      FloatVector both = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector cosine = FloatVector.fromArray(SPECIES, angles, at + i);
      FloatVector sine = FloatVector.fromArray(SPECIES, angles, at + rotaryDim + i);
      both.mul(cosine).add(both.rearrange(SWAP).mul(sine)).intoArray(y, to + i);
    }
    FloatVector cosine = FloatVector.fromArray(SPECIES, angles, at + end);
    FloatVector sine = FloatVector.fromArray(SPECIES, angles, at + rotaryDim + end);
    last.mul(cosine).add(last.rearrange(SWAP).mul(sine)).intoArray(y, to + end);
  }
}
