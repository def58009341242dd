package dev.lanewise.kernels;

/** Turns a tile of scores (keys × lanes) into rows for the caller's functions, and back. */
final class TileRows {
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;
  private static final int ROW = Packing.roundUp(Tiles.KEYS, LANES);

  private float[] rows = new float[0];

  /**
   * Hands the segment of each row to a function.
   *
   * @param changes whether what the function leaves goes back into {@code scores}
   */
  void apply(RowFunction function, boolean changes, Panel panel, float[] scores) {
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
    for (int lane = 0; lane < panel.rows(); lane++) {
      function.apply(rows, lane * ROW, panel.keys(), panel.batchEntry(), panel.queryHead(lane), panel.query(lane), panel.key());
    }
    if (changes) {
      for (int lane = 0; lane < QUERIES; lane += LANES) {
        for (int i = 0; i < panel.keys(); i += LANES) {
          scratch.source.set(rows, lane * ROW + i, ROW);
          scratch.target.set(scores, i * QUERIES + lane, QUERIES);
          Transpose.block(scratch.source, scratch.target, 1, scratch.block);
        }
      }
    }
  }
}
