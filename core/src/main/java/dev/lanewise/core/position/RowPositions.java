package dev.lanewise.core.position;

import dev.lanewise.kernels.data.PackedSequences;
import org.jspecify.annotations.Nullable;

/**
 * The position of each row: the last query stands where the last key does, the first of the more numerous at 0, and the nodes of a tree,
 * which are the last rows, at their depth behind the rows before them. Packed sequences count from their own first row.
 */
final class RowPositions {
  private RowPositions() {}

  /** Rows that are packed. */
  static int[] ofQueries(PackedSequences sequences, int @Nullable [] depths) {
    int[] positions = new int[sequences.queryStart(sequences.count())];
    for (int b = 0; b < sequences.count(); b++) {
      int first = Math.max(0, sequences.keys(b) - sequences.queries(b));
      fill(positions, sequences.queryStart(b), sequences.queries(b), first, depths);
    }
    return positions;
  }

  /** Rows that are packed. */
  static int[] ofKeys(PackedSequences sequences, int @Nullable [] depths) {
    int[] positions = new int[sequences.keyStart(sequences.count())];
    for (int b = 0; b < sequences.count(); b++) {
      int first = Math.max(0, sequences.queries(b) - sequences.keys(b));
      fill(positions, sequences.keyStart(b), sequences.keys(b), first, depths);
    }
    return positions;
  }

  /** Rows of a batch, each entry's first at a position of its own: batch × rows. */
  static int[] ofBatch(int[] firstPositions, int rows, int @Nullable [] depths) {
    int[] positions = new int[Math.multiplyExact(firstPositions.length, rows)];
    for (int b = 0; b < firstPositions.length; b++) {
      fill(positions, b * rows, rows, firstPositions[b], depths);
    }
    return positions;
  }

  private static void fill(int[] positions, int at, int rows, int first, int @Nullable [] depths) {
    int before = depths == null ? rows : rows - depths.length;
    for (int row = 0; row < rows; row++) {
      positions[at + row] = first + (depths == null || row < before ? row : before + depths[row - before]);
    }
  }
}
