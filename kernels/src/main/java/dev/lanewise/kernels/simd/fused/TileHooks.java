package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.call.VisibleSegments;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.Transpose;
import org.jspecify.annotations.Nullable;

/**
 * Runs the caller's functions on a tile of scores (keys × lanes), which it transposes to rows and back. An observer receives every key of
 * the tile; a function that changes the row receives the keys that the query sees.
 */
final class TileHooks {
  private static final int LANES = Lanes.COUNT;
  private static final int ROW = Packing.roundUp(Tiles.KEYS, LANES);

  private float[] rows = new float[0];

  /** Passes the segment of each row to an observer. */
  void observe(RowFunction function, QueryTile tile, float[] scores) {
    load(tile, scores);
    for (int lane = 0; lane < tile.rows(); lane++) {
      function.apply(rows, lane * ROW, tile.keys(), tile.batchEntry(), tile.queryHead(lane), tile.query(lane), tile.key());
    }
  }

  /**
   * Lets a function change the segments of each row that its query sees.
   *
   * @param kept keeps the changed segments in the first pass and restores them, without the function, in the second; null for neither
   */
  void change(RowFunction function, @Nullable KeptScores kept, QueryTile tile, float[] scores) {
    load(tile, scores);
    for (int lane = 0; lane < tile.rows(); lane++) {
      if (kept == null || !kept.areKnown()) {
        change(function, tile, lane);
      }
      if (kept != null) {
        change(kept.row(lane), tile, lane);
      }
    }
    store(tile, scores);
  }

  private void change(RowFunction function, QueryTile tile, int lane) {
    Visibility visibility = tile.problem().visibility;
    int head = tile.queryHead(lane);
    VisibleSegments.apply(function, visibility, rows, lane * ROW, tile.key(), tile.keys(), tile.batchEntry(), head, tile.query(lane));
  }

  private void load(QueryTile tile, float[] scores) {
    if (rows.length == 0) {
      rows = new float[Tiles.QUERIES * ROW];
    }
    Scratch scratch = tile.scratch;
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      for (int i = 0; i < tile.keys(); i += LANES) {
        scratch.source.set(scores, LaneRows.index(LaneRows.KEYS, i, lane), LANES);
        scratch.target.set(rows, lane * ROW + i, ROW);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
    }
  }

  private void store(QueryTile tile, float[] scores) {
    Scratch scratch = tile.scratch;
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      for (int i = 0; i < tile.keys(); i += LANES) {
        scratch.source.set(rows, lane * ROW + i, ROW);
        scratch.target.set(scores, LaneRows.index(LaneRows.KEYS, i, lane), LANES);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
    }
  }
}
