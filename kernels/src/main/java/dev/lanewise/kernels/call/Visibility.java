package dev.lanewise.kernels.call;

/**
 * A mask: the range of keys that a query sees, and the holes in it. Positions count from 0 in their own sequence. The kernels do not check
 * the answers: 0 ≤ firstKey ≤ endKey ≤ keys, with an empty range for a query that sees no key, and the same answer each time and on any
 * thread.
 */
public interface Visibility {
  /** The first key that the query sees. */
  int firstKey(int batchEntry, int queryHead, int query);

  /** One past the last key that the query sees. */
  int endKey(int batchEntry, int queryHead, int query);

  /** Whether every query of a batch entry sees every key of it; false also if that is not known. */
  default boolean showsAll(int batchEntry) {
    return false;
  }

  /** Whether a range may have holes. If not, {@link #keys64} is never called. */
  default boolean hasHoles() {
    return false;
  }

  /** A word whose bit i tells whether the query sees key 64 · word + i. Bits outside the range of the query are ignored. */
  default long keys64(int batchEntry, int queryHead, int query, int word) {
    return -1L;
  }

  /**
   * A lower bound of the first key from {@code key} on that the query sees, so that large holes are skipped without a look at each word. It
   * may be {@code key} itself. If the query sees no further key, it may be past the query's last key.
   */
  default int nextKey(int batchEntry, int queryHead, int query, int key) {
    return key;
  }
}
