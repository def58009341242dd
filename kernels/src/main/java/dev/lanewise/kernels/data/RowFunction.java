package dev.lanewise.kernels.data;

/**
 * A caller's function over the scores or weights of one query, in place and segment by segment: {@code row[offset + i]} belongs to key
 * {@code firstKey + i} for i below {@code length}. The function must not write outside the segment.
 *
 * <p>A function that changes a row may keep state from one key of the row to the next. Within a call it receives exactly the keys that the
 * mask lets the query see, each once, in ascending order and all on one thread. This holds on every path, for any number of threads and
 * with any other option of the call. The boundaries of the segments are not specified; no segment contains a key that the query does not
 * see. Different threads may process different rows at the same time, and segments of different rows may alternate on one thread. State
 * therefore belongs to a row (batch entry, query head, query), not to the function or the thread.
 *
 * <pre>{@code
 * RowFunction clamp =
 *     (row, offset, length, batchEntry, queryHead, queryRow, firstKey) -> {
 *       for (int i = offset; i < offset + length; i++) {
 *         row[i] = Math.min(row[i], 20);
 *       }
 *     };
 * attention.withScoreFunction(clamp).compute(query, key, value, output);
 * }</pre>
 */
@FunctionalInterface
public interface RowFunction {
  /** Reads, or changes, the segment. Query and key positions count from 0 in their own sequence. */
  void apply(float[] row, int offset, int length, int batchEntry, int queryHead, int query, int firstKey);
}
