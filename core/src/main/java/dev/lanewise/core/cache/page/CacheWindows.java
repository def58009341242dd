package dev.lanewise.core.cache.page;

import dev.lanewise.core.mask.lowering.Band;
import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.core.mask.lowering.Union;
import dev.lanewise.kernels.cache.CachedSequence;
import java.util.Objects;

/**
 * Limits the queries of a cache with a window to its sinks and its window, whatever rows are still stored. What a query sees is therefore
 * independent of how the rows were appended, and of which blocks have been dropped so far.
 */
public final class CacheWindows {
  private CacheWindows() {}

  /**
   * The rows of the caches of a call, as the call reads them.
   *
   * @throws IllegalArgumentException if the window of a query needs rows that have been dropped
   */
  public static CachedSequence[] rows(Extents extents) {
    CachedSequence[] result = Objects.requireNonNull(extents.cached()).clone();
    for (int b = 0; b < result.length; b++) {
      Window window = window(extents, b);
      int queries = extents.queries(b);
      if (window != Window.NONE && queries > 0) {
        int first = window.firstSeen(Math.max(0, extents.keys(b) - queries));
        check(result[b], first, queries, b);
        result[b] = WindowedSequence.of(result[b], window, first);
      }
    }
    return result;
  }

  private static void check(CachedSequence rows, int first, int queries, int b) {
    if (first < rows.droppedTo()) {
      throw new IllegalArgumentException(
          "queries of caches["
              + b
              + "] is "
              + queries
              + ": the window of the first reaches row "
              + first
              + ", but rows "
              + rows.droppedFrom()
              + " to "
              + (rows.droppedTo() - 1)
              + " have been dropped");
    }
  }

  /** Adds the windows to the mask of a call. */
  public static void lower(Lowering lowering) {
    Extents extents = lowering.extents();
    boolean sinks = false;
    boolean windows = false;
    for (int b = 0; b < count(extents); b++) {
      windows |= window(extents, b) != Window.NONE;
      sinks |= window(extents, b).sinks() > 0;
    }
    if (!windows) {
      return;
    }
    Band recent = sinks ? new Band(extents) : lowering.band();
    Band first = new Band(extents);
    for (int b = 0; b < count(extents); b++) {
      Window window = window(extents, b);
      if (window != Window.NONE) {
        int position = recent.entry(b).position();
        lowering.band().entry(b).upTo(position);
        recent.entry(b).from(position + 1L - window.rows());
        first.entry(b).keysBelow(window.sinks());
      }
    }
    if (sinks) {
      lowering.add(new Union(recent, first));
    }
  }

  private static int count(Extents extents) {
    CachedSequence[] cached = extents.cached();
    return cached == null ? 0 : cached.length;
  }

  private static Window window(Extents extents, int b) {
    return Objects.requireNonNull(extents.cached())[b] instanceof PageTable table ? table.window() : Window.NONE;
  }
}
