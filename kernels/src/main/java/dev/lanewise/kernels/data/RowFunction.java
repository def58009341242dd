package dev.lanewise.kernels.data;

/**
 * Sees the scores or weights of one query, in place and segment by segment: {@code row[offset + i]} belongs to key {@code firstKey + i} for
 * i below {@code length}. Must not write outside the segment.
 *
 * <p>A function that changes a row may keep state from one key to the next, a row at a time: within a call it is given exactly the keys
 * that the mask lets the query see, each once and in ascending order, all on one thread, whatever else the call asks for, on every path and
 * for any number of threads. Where the segments are cut is not specified; keys that the query does not see lie in none of them. Different
 * rows may come from different threads at the same time, and segments of different rows may alternate on one thread, so state belongs to a
 * row (batch entry, query head, query) and not to the function or the thread.
 */
@FunctionalInterface
public interface RowFunction {
  /** Reads, or changes, the segment. Query and key positions count from 0 in their own sequence. */
  void apply(float[] row, int offset, int length, int batchEntry, int queryHead, int query, int firstKey);
}
