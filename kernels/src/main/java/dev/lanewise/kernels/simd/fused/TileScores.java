package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.ContiguousRow;
import dev.lanewise.kernels.call.Lengths;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** The scores of a tile, in the layout of {@link LaneRows}: scores[key][lane] = scale · similarity. */
public final class TileScores {
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] factor = new float[QUERIES];
  private final ContiguousRow row = new ContiguousRow();
  private final RowProduct product = new RowProduct();
  private float[] queryPanel = new float[0];
  private Similarity.Kind kind = Similarity.Kind.DOT;
  private float @Nullable [] additiveVector;
  private int depth;

  /** Number of rows of the panel; one more than {@link #depth} for the reason given in {@link LaneRows}. */
  private int panelRows;

  private int vectors;
  private int lanes;

  /** The factor of the computed scores. */
  private float after;

  /** Packs the queries into the lanes, multiplied by every factor that a product allows to apply to the queries. */
  public void open(Heads query, Similarity.Kind newKind, float @Nullable [] newVector, float scale, LaneTransposer rows, QueryTile tile) {
    kind = newKind;
    vectors = tile.vectors();
    lanes = tile.lanes();
    additiveVector = newVector;
    depth = query.width();
    panelRows = newKind == Similarity.Kind.ADDITIVE ? depth : depth + 1;
    int size = Packing.size(QUERIES, panelRows, Lanes.COUNT);
    if (queryPanel.length < size) {
      queryPanel = new float[size];
    }
    boolean additive = kind == Similarity.Kind.ADDITIVE;
    float before = additive ? 1 : ScoreScale.before(scale);
    after = additive ? scale : ScoreScale.after(scale);
    rows.load(query, before, queryPanel, panelRows, tile.scratch);
    if (kind == Similarity.Kind.COSINE) {
      divideByLengths(query, rows, before);
    }
  }

  /** Divides each lane's query by its length. */
  private void divideByLengths(Heads query, LaneTransposer rows, float scale) {
    boolean moderate = true;
    for (int lane = 0; lane < lanes; lane++) {
      row.open(query, rows.start(lane));
      double inverse = Lengths.inverse(row.data(), row.from(), query.width());
      factor[lane] = (float) inverse;
      moderate &= Lengths.isModerate(inverse);
    }
    LaneRows.multiply(queryPanel, panelRows, depth, lanes, factor);
    for (int lane = 0; !moderate && lane < lanes; lane++) {
      row.open(query, rows.start(lane));
      double inverse = Lengths.inverse(row.data(), row.from(), query.width());
      for (int d = 0; !Lengths.isModerate(inverse) && d < query.width(); d++) {
        queryPanel[LaneRows.index(panelRows, d, lane)] = (float) (row.data()[row.from() + d] * inverse * scale);
      }
    }
  }

  /**
   * Divides the scores of a key by its length, or recomputes them in double if float products may have left their range. The cosine with a
   * row of zeros is 0, whatever the other row holds.
   */
  private void divideByLength(float[] key, int from, float[] scores, int i) {
    double inverse = Lengths.inverse(key, from, depth);
    if (inverse > 0 && Lengths.isModerate(inverse)) {
      LaneRows.multiplyRow(scores, LaneRows.KEYS, i, lanes, (float) inverse);
      return;
    }
    for (int lane = 0; lane < lanes; lane++) {
      double sum = 0;
      boolean defined = inverse != 0 && factor[lane] != 0;
      for (int d = 0; defined && d < depth; d++) {
        sum += (double) queryPanel[LaneRows.index(panelRows, d, lane)] * key[from + d];
      }
      scores[LaneRows.index(LaneRows.KEYS, i, lane)] = defined ? (float) (sum * inverse) : 0;
    }
  }

  /**
   * Computes the scores of the tile's keys that any lane may see.
   *
   * @param next see {@link RowProduct#touch}
   */
  public void compute(ContiguousTile keys, @Nullable ContiguousTile next, QueryTile tile, float[] scores) {
    product.touch(next);
    Scratch scratch = tile.scratch;
    int count = tile.keys();
    switch (kind) {
      case DOT -> {
        if (depth <= Tiles.KC && !tile.seesAll(0, count)) {
          product.multiplySeen(keys, tile, queryPanel, panelRows, depth, scores, scratch);
        } else {
          product.multiply(keys, count, queryPanel, panelRows, depth, vectors, scores, scratch);
        }
      }
      case COSINE -> {
        product.multiply(keys, count, queryPanel, panelRows, depth, vectors, scores, scratch);
        for (int i = 0; i < count; i++) {
          divideByLength(keys.data(), keys.row(i), scores, i);
        }
      }
      case ADDITIVE ->
          AdditiveScores.tile(
              queryPanel, keys.data(), keys.row(0), keys.stride(), count, Objects.requireNonNull(additiveVector), lanes, scores);
    }
    for (int i = 0; after != 1 && i < count; i++) {
      LaneRows.multiplyRow(scores, LaneRows.KEYS, i, lanes, after);
    }
  }

  /**
   * products[lane] = scale · query[lane] · row[lane] for a dot product, with the operations of the scores up to {@link Tiles#KC} elements:
   * a lane whose row is a key has the bits of its score.
   *
   * @param rows headDim × lanes in the layout of {@link LaneRows} for {@link #panelRows} rows
   */
  public void multiplyRows(float[] rows, float[] products) {
    for (int lane = 0; lane < lanes; lane += Lanes.COUNT) {
      int first = lane * panelRows;
      FloatVector sum = FloatVector.zero(Lanes.SPECIES);
      for (int d = 0; d < depth; d++) {
        int at = first + d * Lanes.COUNT;
        sum = FloatVector.fromArray(Lanes.SPECIES, queryPanel, at).fma(FloatVector.fromArray(Lanes.SPECIES, rows, at), sum);
      }
      sum.intoArray(products, lane);
    }
    for (int lane = 0; after != 1 && lane < lanes; lane++) {
      products[lane] *= after;
    }
  }

  /** Number of rows for which the panel of queries is laid out, see {@link LaneRows}. */
  public int panelRows() {
    return panelRows;
  }

  /** Drops the references to the caller's arrays. */
  public void release() {
    row.release();
    product.touch(null);
    additiveVector = null;
  }
}
