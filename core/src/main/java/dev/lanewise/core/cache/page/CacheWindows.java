package dev.lanewise.core.cache.page;

import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.CallShape;
import org.jspecify.annotations.Nullable;

/**
 * Limits the queries of a cache with a window to its sinks and its window, whatever rows are still stored. What a query sees is therefore
 * independent of how the rows were appended, and of which blocks have been dropped so far.
 */
public final class CacheWindows {
  private CacheWindows() {}

  /**
   * Returns the shape with the rows of the caches as its queries read them.
   *
   * @throws IllegalArgumentException if the window of a query needs rows that have been dropped
   */
  public static CallShape narrow(CallShape shape) {
    if (!hasWindow(shape)) {
      return shape;
    }
    CachedSequence[] result = shape.caches().clone();
    for (int b = 0; b < result.length; b++) {
      Window window = window(shape, b);
      int queries = shape.queries(b);
      if (window != Window.NONE && queries > 0) {
        int first = window.firstSeen(Math.max(0, shape.keys(b) - queries));
        check(result[b], first, queries, b);
        result[b] = WindowedSequence.of(result[b], window, first);
      }
    }
    return shape.withCaches(result);
  }

  private static boolean hasWindow(CallShape shape) {
    for (CachedSequence rows : shape.caches()) {
      if (rows instanceof PageTable table && table.hasWindow()) {
        return true;
      }
    }
    return false;
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

  /**
   * Adds the windows to the mask of a call.
   *
   * @param depths depths of the last queries and keys, whose positions the windows count; null if they count rows
   */
  public static void lower(Lowering lowering, int @Nullable [] depths) {
    CallShape shape = lowering.shape();
    if (!hasWindow(shape)) {
      return;
    }
    for (int b = 0; b < shape.batch(); b++) {
      if (window(shape, b) != Window.NONE) {
        lowering.band().entry(b).upTo(shape.keys(b) - shape.queries(b));
      }
    }
    lowering.addWindows(b -> shape.keys(b) - shape.queries(b) + 1L - window(shape, b).rows(), b -> window(shape, b).sinks(), depths);
  }

  private static Window window(CallShape shape, int b) {
    return shape.caches()[b] instanceof PageTable table ? table.window() : Window.NONE;
  }
}
