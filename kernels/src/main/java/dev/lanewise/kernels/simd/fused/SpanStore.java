package dev.lanewise.kernels.simd.fused;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * The results of the spans of each batch entry of a call, held from the first task of the entry to its last. Tasks begin in order, so at
 * most one batch entry for each thread, and one more that begins, holds results.
 */
public final class SpanStore {
  /** Number of unfinished tasks of each batch entry. */
  private final AtomicIntegerArray unfinished;

  /** Guarded by this. */
  private final @Nullable SpanResults[] results;

  public SpanStore(int batch) {
    unfinished = new AtomicIntegerArray(batch);
    results = new @Nullable SpanResults[batch];
  }

  /** Announces the number of tasks of a batch entry. */
  public void expect(int batchEntry, int tasks) {
    unfinished.set(batchEntry, tasks);
  }

  /** The results of a batch entry, with room for {@code size} floats. */
  public synchronized SpanResults held(int batchEntry, int size, int valueWidth) {
    SpanResults held = results[batchEntry];
    if (held == null) {
      held = SpanResults.take(size, valueWidth);
      results[batchEntry] = held;
    }
    return held;
  }

  /** Ends a task; returns whether it was the last of its batch entry, whose spans can now be joined. */
  public boolean finish(int batchEntry) {
    return unfinished.decrementAndGet(batchEntry) == 0;
  }

  /** Gives the results of a batch entry back. */
  public synchronized void giveBack(int batchEntry) {
    Objects.requireNonNull(results[batchEntry]).giveBack();
    results[batchEntry] = null;
  }
}
