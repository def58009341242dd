package dev.lanewise.kernels.simd.fused;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.VectorFunctions;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Additive scores (Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate", 2015): Σ<sub>a</sub>
 * vector[a] · tanh(query[a] + key[a]). Nearly all of the time is spent in tanh, so only the operand in the lanes is worth packing.
 */
public final class AdditiveScores {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;

  private AdditiveScores() {}

  /**
   * target[i][lane] = Σ<sub>a</sub> vector[a] · tanh(queryPanel[a][lane] + key[row + i][a]), in chains of {@link Tiles#KC} multiply-adds
   * over a in order.
   *
   * <p>Scores with a vector of more than {@link Tiles#LONG} elements are computed in plain Java, in double.
   *
   * @param queryPanel key.columns × lanes, one query in each lane, in the layout of {@link LaneRows}
   * @param key holds keys × columns, read in place: the first row starts at {@code first}, each next row {@code stride} later
   * @param vector key.columns elements
   * @param target {@link LaneRows#KEYS} × lanes in the same layout, of which the first {@code keys} rows are written
   */
  static void tile(float[] queryPanel, float[] key, int first, int stride, int keys, float[] vector, int lanes, float[] target) {
    for (int i = 0; i < keys; i++) {
      int from = first + i * stride;
      if (vector.length > Tiles.LONG) {
        plain(queryPanel, key, from, vector, lanes, target, i);
        continue;
      }
      for (int lane = 0; lane < lanes; lane += LANES) {
        score(queryPanel, lane * vector.length, key, from, vector, target, LaneRows.index(LaneRows.KEYS, i, lane));
      }
    }
  }

  /** Computes one vector of results. This is a separate method, because C2 compiles the loop 10 % slower inside the loops around it. */
  private static void score(float[] queryPanel, int panel, float[] key, int from, float[] vector, float[] target, int to) {
    FloatVector.zero(SPECIES).intoArray(target, to);
    for (int a = 0; a < vector.length; a += Tiles.KC) {
      addChain(queryPanel, panel, key, from, vector, a, Math.min(a + Tiles.KC, vector.length), target, to);
    }
  }

  private static void addChain(
      float[] queryPanel, int panel, float[] key, int from, float[] vector, int first, int end, float[] target, int to) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int a = first; a < end; a++) {
      FloatVector x = FloatVector.fromArray(SPECIES, queryPanel, panel + a * LANES).add(key[from + a]);
      sum = VectorFunctions.tanh(x).fma(broadcast(SPECIES, vector[a]), sum);
    }
    FloatVector.fromArray(SPECIES, target, to).add(sum).intoArray(target, to);
  }

  private static void plain(float[] queryPanel, float[] key, int from, float[] vector, int lanes, float[] target, int row) {
    for (int lane = 0; lane < lanes; lane++) {
      double sum = 0;
      for (int a = 0; a < vector.length; a++) {
        sum += vector[a] * Math.tanh(queryPanel[LaneRows.index(vector.length, a, lane)] + key[from + a]);
      }
      target[LaneRows.index(LaneRows.KEYS, row, lane)] = (float) sum;
    }
  }

  /**
   * Computes all scores with a panel of keys in the lanes instead of queries (query + key is symmetric), so that the scores of a row are
   * contiguous.
   */
  public static void run(Matrix query, Matrix key, float[] vector, Matrix scores, Scratch scratch) {
    float[] panel = scratch.right(Packing.size(QUERIES, vector.length, LANES));
    float[] target = scratch.left(LaneRows.KEYS * QUERIES);
    for (int column = 0; column < key.rows(); column += QUERIES) {
      int columns = Math.min(QUERIES, key.rows() - column);
      int lanes = Packing.roundUp(columns, LANES);
      Packing.rows(key.rows(column, column + columns), 0, vector.length, LANES, 1, panel, scratch);
      for (int row = 0; row < query.rows(); row += Tiles.KEYS) {
        int rows = Math.min(Tiles.KEYS, query.rows() - row);
        Interruption.check();
        tile(panel, query.data(), query.index(row, 0), query.rowStride(), rows, vector, lanes, target);
        for (int i = 0; i < rows; i++) {
          for (int lane = 0; lane < columns; lane += LANES) {
            int to = scores.index(row + i, column + lane);
            System.arraycopy(target, LaneRows.index(LaneRows.KEYS, i, lane), scores.data(), to, Math.min(LANES, columns - lane));
          }
        }
      }
    }
  }
}
