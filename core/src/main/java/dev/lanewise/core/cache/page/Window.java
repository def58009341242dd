package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.runtime.Checks;

/**
 * The rows that a sequence keeps: its first rows, and those that a later query may see.
 *
 * @param rows number of rows that a query sees, the last of which is its own
 * @param sinks number of first rows that stay
 */
public record Window(int rows, int sinks) {
  /** Keeps all rows. */
  public static final Window NONE = new Window(Integer.MAX_VALUE, 0);

  public Window {
    Checks.atLeast("window", rows, 1);
    Checks.atLeast("sinks", sinks, 0);
  }

  /** The first row, except sinks, that the query of a row sees. */
  int firstSeen(int row) {
    return (int) Math.max(0, row + 1L - rows);
  }

  /** Number of pages that contain the sinks. */
  int sinkPages(int pageRows) {
    return Math.ceilDiv(sinks, pageRows);
  }

  /** Maximum number of pages that a sequence holds when rows are added one at a time. */
  public int mostPages(int pageRows) {
    return (int) Math.min(Integer.MAX_VALUE, sinkPages(pageRows) + 1L + Math.ceilDiv(rows - 1, pageRows));
  }
}
