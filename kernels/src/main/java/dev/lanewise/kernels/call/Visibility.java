package dev.lanewise.kernels.call;

/**
 * Which keys a query sees: a range, and inside it perhaps holes. Positions count from 0 in their own sequence. The answers are trusted: 0 ≤
 * firstKey ≤ endKey ≤ keys (a query that sees nothing answers with an empty range), the same each time, from any thread.
 */
public interface Visibility {
  /** The first key that the query sees. */
  int firstKey(int batchEntry, int queryHead, int query);

  /** One past the last key that the query sees. */
  int endKey(int batchEntry, int queryHead, int query);

  /** Whether a range may have holes. If not, {@link #keys64} is never asked. */
  default boolean hasHoles() {
    return false;
  }

  /** Bit i tells whether the query sees key 64 · word + i; bits outside the range of the query do not matter. */
  default long keys64(int batchEntry, int queryHead, int query, int word) {
    return -1L;
  }

  /**
   * The first key from {@code key} on that the query may see, so that large holes are skipped and not looked at word by word. May be less
   * than the first that it sees, {@code key} itself where nothing better is known, and past the query's last key where no other comes.
   */
  default int nextKey(int batchEntry, int queryHead, int query, int key) {
    return key;
  }
}
