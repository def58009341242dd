package dev.lanewise.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** What the queries of a panel see: lane i the first limit[i] keys. Keys that all lanes see cost nothing here. */
final class PanelMask {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;

  private final int[] limit = new int[QUERIES];
  private int least;
  private int most;

  void open(AttentionProblem problem, int unit, int row, int rows) {
    least = Integer.MAX_VALUE;
    most = 0;
    for (int lane = 0; lane < rows; lane++) {
      limit[lane] = problem.endKey(unit, row + lane);
      least = Math.min(least, limit[lane]);
      most = Math.max(most, limit[lane]);
    }
    for (int lane = rows; lane < QUERIES; lane++) {
      limit[lane] = most; // nobody reads these lanes
    }
  }

  /** Keys that at least one lane sees. */
  int most() {
    return most;
  }

  /** Puts −∞ where a lane does not see a key. */
  void apply(float[] scores, int key, int keys) {
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      var limits = jdk.incubator.vector.IntVector.fromArray(SPECIES.vectorShape().withLanes(int.class), limit, lane);
      for (int i = Math.max(least - key, 0); i < keys; i++) {
        int at = i * QUERIES + lane;
        var hidden = limits.compare(VectorOperators.LE, key + i).cast(SPECIES);
        FloatVector.fromArray(SPECIES, scores, at).blend(Float.NEGATIVE_INFINITY, hidden).intoArray(scores, at);
      }
    }
  }

  /**
   * How many of the tile's keys may be multiplied without a look at the mask. A hidden key has weight 0, and 0 times its value is 0 unless
   * the value is NaN or infinite: such a tile ends, for this purpose, at the first key that some lane does not see.
   */
  int poisonFree(AttentionProblem problem, int unit, int key, int keys) {
    Heads value = java.util.Objects.requireNonNull(problem.value);
    int first = Math.max(least - key, 0);
    for (int i = first; i < keys; i++) {
      int row = problem.keyIndex(value, unit, key + i);
      if (!allFinite(value.data(), row, value.width())) {
        return first;
      }
    }
    return keys;
  }

  /**
   * output[d][lane] += V[key][d] · weights[key][lane] for the keys {@code from} to {@code to} of a tile, only in the lanes that see them.
   */
  void blendVisible(Heads value, int first, int from, int to, int key, float[] weights, float[] output) {
    for (int i = from; i < to; i++) {
      for (int lane = 0; lane < QUERIES; lane++) {
        if (key + i < limit[lane]) {
          float weight = weights[i * QUERIES + lane];
          for (int d = 0; d < value.width(); d++) {
            int at = d * QUERIES + lane;
            output[at] = Math.fma(value.data()[first + i * value.rowStride() + d], weight, output[at]);
          }
        }
      }
    }
  }

  /** x · 0 is 0 for every finite x, and NaN for the rest. */
  private static boolean allFinite(float[] x, int from, int length) {
    FloatVector zeros = FloatVector.zero(SPECIES);
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      zeros = FloatVector.fromArray(SPECIES, x, from + i).fma(FloatVector.zero(SPECIES), zeros);
    }
    float rest = 0;
    for (int i = bound; i < length; i++) {
      rest += x[from + i] * 0;
    }
    return rest == 0 && zeros.compare(VectorOperators.EQ, 0f).allTrue();
  }
}
