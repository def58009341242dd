package dev.lanewise.kernels;

/**
 * Sees a segment of one query's scores or weights, in place: {@code row[offset + i]} belongs to key {@code firstKey + i} for i below {@code
 * length}. A row comes as several segments, keys ascending, all from one thread; different rows may come from different threads at the same
 * time. Must not write outside the segment.
 */
@FunctionalInterface
public interface RowFunction {
  /** Reads, or changes, the segment. Query and key positions count from 0 in their own sequence. */
  void apply(float[] row, int offset, int length, int batchEntry, int queryHead, int query, int firstKey);
}
