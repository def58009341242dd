package dev.lanewise.core;

import dev.lanewise.kernels.SequenceStarts;

/** Positions of rows that lie packed: each sequence counts from its own first row, and the last query stands where the last key does. */
final class PackedPositions {
  private PackedPositions() {}

  static int[] ofQueries(SequenceStarts sequences) {
    int[] positions = new int[sequences.queryStart(sequences.count())];
    for (int b = 0; b < sequences.count(); b++) {
      int first = Math.max(0, sequences.keys(b) - sequences.queries(b));
      for (int i = 0; i < sequences.queries(b); i++) {
        positions[sequences.queryStart(b) + i] = first + i;
      }
    }
    return positions;
  }

  static int[] ofKeys(SequenceStarts sequences) {
    int[] positions = new int[sequences.keyStart(sequences.count())];
    for (int b = 0; b < sequences.count(); b++) {
      int first = Math.max(0, sequences.queries(b) - sequences.keys(b));
      for (int j = 0; j < sequences.keys(b); j++) {
        positions[sequences.keyStart(b) + j] = first + j;
      }
    }
    return positions;
  }
}
