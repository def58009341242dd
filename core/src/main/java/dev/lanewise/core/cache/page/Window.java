package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.runtime.Checks;

/**
 * What a sequence keeps: its first rows, and of the others those that a query to come may see.
 *
 * @param rows how many rows a query sees, its own the last of them
 * @param sinks how many of the first rows stay
 */
public record Window(int rows, int sinks) {
  /** Everything. */
  public static final Window NONE = new Window(Integer.MAX_VALUE, 0);

  public Window {
    Checks.atLeast("window", rows, 1);
    Checks.atLeast("sinks", sinks, 0);
  }

  /** The first row, sinks apart, that the query of a row sees. */
  int firstSeen(int row) {
    return (int) Math.max(0, row + 1L - rows);
  }

  /** How many pages the sinks lie in. */
  int sinkPages(int pageRows) {
    return Math.ceilDiv(sinks, pageRows);
  }

  /** The most pages that a sequence holds when rows are added one by one. */
  public int mostPages(int pageRows) {
    return (int) Math.min(Integer.MAX_VALUE, sinkPages(pageRows) + 1L + Math.ceilDiv(rows - 1, pageRows));
  }
}
