package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;

/** Rows that consist of others, side by side. All views have one row in each batch entry. */
final class Columns {
  private Columns() {}

  /** Writes {@code parts} side by side into {@code joined}. */
  static void join(SequenceBatch joined, SequenceBatch... parts) {
    int column = 0;
    for (SequenceBatch part : parts) {
      part.copyTo(joined.columns(column, column + part.width()));
      column += part.width();
    }
  }

  /** Adds {@code part} to {@code sum}. */
  static void add(SequenceBatch sum, SequenceBatch part) {
    for (int b = 0; b < sum.batch(); b++) {
      int to = sum.index(b, 0);
      int from = part.index(b, 0);
      for (int c = 0; c < sum.width(); c++) {
        sum.data()[to + c] += part.data()[from + c];
      }
    }
  }
}
