package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;

/** The last rows of each sequence. */
final class LastRows {
  private LastRows() {}

  /** Adds rows to the last ones of {@code all}. */
  static void add(SequenceBatch rows, SequenceBatch all) {
    sum(all.rows(all.rows() - rows.rows(), all.rows()), rows, all.rows(all.rows() - rows.rows(), all.rows()));
  }

  /** Writes the sum of two views of equal shape to a third one, which may be one of them. */
  static void sum(SequenceBatch first, SequenceBatch second, SequenceBatch to) {
    for (int b = 0; b < to.batch(); b++) {
      for (int row = 0; row < to.rows(); row++) {
        int from = first.index(b, row);
        int other = second.index(b, row);
        int at = to.index(b, row);
        for (int c = 0; c < to.width(); c++) {
          to.data()[at + c] = first.data()[from + c] + second.data()[other + c];
        }
      }
    }
  }
}
