package dev.lanewise.core.position;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import org.jspecify.annotations.Nullable;

/**
 * Computes the position of each row. The last query has the position of the last key, and the longer of the two begins at 0. The nodes of a
 * tree are the last rows, and their position is their depth plus the number of rows before the tree. Each packed sequence begins at
 * position 0.
 */
final class RowPositions {
  private RowPositions() {}

  /** Positions of the queries of a call, which with caches are also those of the new keys, or of the keys of a call without caches. */
  static int[] ofCall(CallShape shape, boolean ofKeys, int @Nullable [] depths) {
    Heads rows = ofKeys ? shape.key() : shape.query();
    int[] positions = new int[Math.multiplyExact(rows.batch(), rows.rows())];
    for (int b = 0; b < shape.batch(); b++) {
      int before = shape.keys(b) - shape.queries(b);
      int from = shape.viewEntry(b) * rows.rows() + (ofKeys ? shape.keyRow(b, 0) : shape.queryRow(b, 0));
      fill(positions, from, ofKeys ? shape.keys(b) : shape.queries(b), Math.max(0, ofKeys ? -before : before), depths);
    }
    return positions;
  }

  /** Positions of the rows of a batch, batch × rows; the first row of each batch entry has its own given position. */
  static int[] ofBatch(int[] firstPositions, int rows, int @Nullable [] depths) {
    int[] positions = new int[Math.multiplyExact(firstPositions.length, rows)];
    for (int b = 0; b < firstPositions.length; b++) {
      fill(positions, b * rows, rows, firstPositions[b], depths);
    }
    return positions;
  }

  private static void fill(int[] positions, int offset, int rows, int first, int @Nullable [] depths) {
    int before = depths == null ? rows : rows - depths.length;
    for (int row = 0; row < rows; row++) {
      positions[offset + row] = first + (depths == null || row < before ? row : before + depths[row - before]);
    }
  }
}
