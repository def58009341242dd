package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.ScoreKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The layout of rows whose elements are lanes, such as the scores of a key for all queries of a tile: [vector][row][lane of the vector].
 * Loops over the rows of one vector are contiguous, however many vectors a tile has.
 */
public final class LaneRows {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  /**
   * Number of rows of an array for the keys of a tile: room for the rows past the last that a strip of {@link ScoreKernel} writes, and an
   * odd number, so that the vectors of a row do not lie at a distance of whole pages, where they would compete for the same sets of L1.
   */
  public static final int KEYS = Tiles.KEYS + 9;

  /** Number of floats of an array for the keys and queries of a tile; kernels read a few lanes past the last. */
  public static final int TILE = KEYS * (Tiles.QUERIES + LANES);

  private LaneRows() {}

  /** Index of an element of an array for {@code rows} rows. */
  public static int index(int rows, int row, int lane) {
    return (lane / LANES * rows + row) * LANES + lane % LANES;
  }

  /** x[row][lane] *= factor[lane] for the first {@code count} rows of an array for {@code rows} rows. */
  static void multiply(float[] x, int rows, int count, int lanes, float[] factor) {
    for (int lane = 0; lane < lanes; lane += LANES) {
      FloatVector factors = FloatVector.fromArray(SPECIES, factor, lane);
      int from = lane * rows;
      for (int row = 0; row < count; row++) {
        int at = from + row * LANES;
        FloatVector.fromArray(SPECIES, x, at).mul(factors).intoArray(x, at);
      }
    }
  }

  /** x[row][lane] *= factor for one row of an array for {@code rows} rows. */
  static void multiplyRow(float[] x, int rows, int row, int lanes, float factor) {
    for (int lane = 0; lane < lanes; lane += LANES) {
      int at = index(rows, row, lane);
      FloatVector.fromArray(SPECIES, x, at).mul(factor).intoArray(x, at);
    }
  }
}
