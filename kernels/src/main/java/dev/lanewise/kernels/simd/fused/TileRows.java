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
 * Turns a tile of scores (keys × lanes) into rows for the caller's functions, and back. An observer gets every key of the tile, a function
 * that changes the row the keys that the row's query sees.
 */
final class TileRows {
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;
  private static final int ROW = Packing.roundUp(Tiles.KEYS, LANES);

  private float[] rows = new float[0];

  /** Shows the segment of each row to a function. */
  void observe(RowFunction function, Panel panel, float[] scores) {
    load(panel, scores);
    for (int lane = 0; lane < panel.rows(); lane++) {
      function.apply(rows, lane * ROW, panel.keys(), panel.batchEntry(), panel.queryHead(lane), panel.query(lane), panel.key());
    }
  }

  /**
   * Lets a function change the segments of each row that its query sees.
   *
   * @param kept where the changed segments are kept, or, once they are known, taken from without the function; null for neither
   */
  void change(RowFunction function, @Nullable KeptScores kept, Panel panel, float[] scores) {
    load(panel, scores);
    for (int lane = 0; lane < panel.rows(); lane++) {
      if (kept == null || !kept.areKnown()) {
        change(function, panel, lane);
      }
      if (kept != null) {
        change(kept.row(lane), panel, lane);
      }
    }
    store(panel, scores);
  }

  private void change(RowFunction function, Panel panel, int lane) {
    Visibility visibility = panel.problem().visibility;
    int head = panel.queryHead(lane);
    VisibleSegments.apply(function, visibility, rows, lane * ROW, panel.key(), panel.keys(), panel.batchEntry(), head, panel.query(lane));
  }

  private void load(Panel panel, float[] scores) {
    if (rows.length == 0) {
      rows = new float[QUERIES * ROW];
    }
    Scratch scratch = panel.scratch;
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      for (int i = 0; i < panel.keys(); i += LANES) {
        scratch.source.set(scores, i * QUERIES + lane, QUERIES);
        scratch.target.set(rows, lane * ROW + i, ROW);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
    }
  }

  private void store(Panel panel, float[] scores) {
    Scratch scratch = panel.scratch;
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      for (int i = 0; i < panel.keys(); i += LANES) {
        scratch.source.set(rows, lane * ROW + i, ROW);
        scratch.target.set(scores, i * QUERIES + lane, QUERIES);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
    }
  }
}
