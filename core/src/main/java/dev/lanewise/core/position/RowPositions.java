package dev.lanewise.core.position;

import dev.lanewise.kernels.data.PackedSequences;
import org.jspecify.annotations.Nullable;

/**
 * Computes the position of each row. The last query has the position of the last key, and the longer of the two begins at 0. The nodes of a
 * tree are the last rows, and their position is their depth plus the number of rows before the tree. Each packed sequence begins at
 * position 0.
 */
final class RowPositions {
  private RowPositions() {}

  /** Positions of the query rows of packed sequences. */
  static int[] ofQueries(PackedSequences sequences, int @Nullable [] depths) {
    int[] positions = new int[sequences.queryStart(sequences.count())];
    for (int b = 0; b < sequences.count(); b++) {
      int first = Math.max(0, sequences.keys(b) - sequences.queries(b));
      fill(positions, sequences.queryStart(b), sequences.queries(b), first, depths);
    }
    return positions;
  }

  /** Positions of the key rows of packed sequences. */
  static int[] ofKeys(PackedSequences sequences, int @Nullable [] depths) {
    int[] positions = new int[sequences.keyStart(sequences.count())];
    for (int b = 0; b < sequences.count(); b++) {
      int first = Math.max(0, sequences.queries(b) - sequences.keys(b));
      fill(positions, sequences.keyStart(b), sequences.keys(b), first, depths);
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
