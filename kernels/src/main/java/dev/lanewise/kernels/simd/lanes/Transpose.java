package dev.lanewise.kernels.simd.lanes;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The transposition of square blocks of {@link Lanes#COUNT} rows and columns by a butterfly network: stage s exchanges bit s of the row
 * with bit s of the column, with one rearrange and one blend for each vector and two stages in each pass over memory. The code serves every
 * width.
 */
public final class Transpose {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  // Named constants instead of an array, because C2 folds only these. Stages beyond the width never run.
  private static final VectorShuffle<Float> SWAP1 = swap(1);
  private static final VectorShuffle<Float> SWAP2 = swap(2);
  private static final VectorShuffle<Float> SWAP4 = swap(4);
  private static final VectorShuffle<Float> SWAP8 = swap(8);
  private static final VectorMask<Float> ODD1 = odd(1);
  private static final VectorMask<Float> ODD2 = odd(2);
  private static final VectorMask<Float> ODD4 = odd(4);
  private static final VectorMask<Float> ODD8 = odd(8);

  private Transpose() {}

  /** Number of elements of the scratch that {@link #block} needs. */
  static int scratchSize() {
    return LANES * LANES;
  }

  /**
   * target[j][i] = scale · source[i][j] for a whole block.
   *
   * @param source row i starts at {@link Operand#row}
   * @param target row j starts at {@link Operand#row}
   * @param scratch {@link #scratchSize} elements, rows {@link Lanes#COUNT} apart
   */
  public static void block(Operand source, Operand target, float scale, Operand scratch) {
    if (LANES == 4) {
      lowStages(source, scale, target);
      return;
    }
    lowStages(source, scale, scratch);
    if (LANES == 8) {
      stage4(scratch, target);
    } else {
      stages4And8(scratch, target);
    }
  }

  /** Stages 1 and 2: four neighbouring rows at a time. */
  private static void lowStages(Operand from, float scale, Operand to) {
    for (int row = 0; row < LANES; row += 4) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, from.data, from.row(row)).mul(scale);
      FloatVector x1 = FloatVector.fromArray(SPECIES, from.data, from.row(row + 1)).mul(scale);
      FloatVector x2 = FloatVector.fromArray(SPECIES, from.data, from.row(row + 2)).mul(scale);
      FloatVector x3 = FloatVector.fromArray(SPECIES, from.data, from.row(row + 3)).mul(scale);
      FloatVector y0 = x0.blend(x1.rearrange(SWAP1), ODD1);
      FloatVector y1 = x0.rearrange(SWAP1).blend(x1, ODD1);
      FloatVector y2 = x2.blend(x3.rearrange(SWAP1), ODD1);
      FloatVector y3 = x2.rearrange(SWAP1).blend(x3, ODD1);
      y0.blend(y2.rearrange(SWAP2), ODD2).intoArray(to.data, to.row(row));
      y1.blend(y3.rearrange(SWAP2), ODD2).intoArray(to.data, to.row(row + 1));
      y0.rearrange(SWAP2).blend(y2, ODD2).intoArray(to.data, to.row(row + 2));
      y1.rearrange(SWAP2).blend(y3, ODD2).intoArray(to.data, to.row(row + 3));
    }
  }

  /** The last stage of 8 lanes. */
  private static void stage4(Operand from, Operand to) {
    for (int row = 0; row < 4; row++) {
      FloatVector x = FloatVector.fromArray(SPECIES, from.data, from.offset + row * from.stride);
      FloatVector y = FloatVector.fromArray(SPECIES, from.data, from.offset + (row + 4) * from.stride);
      x.blend(y.rearrange(SWAP4), ODD4).intoArray(to.data, to.row(row));
      x.rearrange(SWAP4).blend(y, ODD4).intoArray(to.data, to.row(row + 4));
    }
  }

  /** The last two stages of 16 lanes: rows four apart. */
  private static void stages4And8(Operand from, Operand to) {
    for (int row = 0; row < 4; row++) {
      int at = from.offset + row * from.stride;
      FloatVector x0 = FloatVector.fromArray(SPECIES, from.data, at);
      FloatVector x1 = FloatVector.fromArray(SPECIES, from.data, at + 4 * from.stride);
      FloatVector x2 = FloatVector.fromArray(SPECIES, from.data, at + 8 * from.stride);
      FloatVector x3 = FloatVector.fromArray(SPECIES, from.data, at + 12 * from.stride);
      FloatVector y0 = x0.blend(x1.rearrange(SWAP4), ODD4);
      FloatVector y1 = x0.rearrange(SWAP4).blend(x1, ODD4);
      FloatVector y2 = x2.blend(x3.rearrange(SWAP4), ODD4);
      FloatVector y3 = x2.rearrange(SWAP4).blend(x3, ODD4);
      y0.blend(y2.rearrange(SWAP8), ODD8).intoArray(to.data, to.row(row));
      y1.blend(y3.rearrange(SWAP8), ODD8).intoArray(to.data, to.row(row + 4));
      y0.rearrange(SWAP8).blend(y2, ODD8).intoArray(to.data, to.row(row + 8));
      y1.rearrange(SWAP8).blend(y3, ODD8).intoArray(to.data, to.row(row + 12));
    }
  }

  private static VectorShuffle<Float> swap(int bit) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane ^ bit) % LANES);
  }

  private static VectorMask<Float> odd(int bit) {
    boolean[] lanes = new boolean[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] = (lane & bit) != 0;
    }
    return VectorMask.fromArray(SPECIES, lanes, 0);
  }
}
