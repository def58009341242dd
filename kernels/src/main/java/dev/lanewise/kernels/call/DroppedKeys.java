package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;

/** A mask that also hides the keys that caches have dropped. */
record DroppedKeys(Visibility mask, CachedSequence[] cached) implements Visibility {
  /** Whether any cache has dropped keys. */
  static boolean any(CachedSequence[] cached) {
    for (CachedSequence rows : cached) {
      if (rows.droppedFrom() < rows.droppedTo()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public int firstKey(int batchEntry, int queryHead, int query) {
    int first = mask.firstKey(batchEntry, queryHead, query);
    CachedSequence rows = cached[batchEntry];
    boolean dropped = first >= rows.droppedFrom() && first < rows.droppedTo();
    return dropped ? Math.min(rows.droppedTo(), mask.endKey(batchEntry, queryHead, query)) : first;
  }

  @Override
  public int endKey(int batchEntry, int queryHead, int query) {
    return mask.endKey(batchEntry, queryHead, query);
  }

  @Override
  public boolean hasHoles() {
    return true;
  }

  @Override
  public int nextKey(int batchEntry, int queryHead, int query, int key) {
    CachedSequence rows = cached[batchEntry];
    boolean dropped = key >= rows.droppedFrom() && key < rows.droppedTo();
    return mask.nextKey(batchEntry, queryHead, query, dropped ? rows.droppedTo() : key);
  }

  @Override
  public long keys64(int batchEntry, int queryHead, int query, int word) {
    CachedSequence rows = cached[batchEntry];
    long bits = mask.hasHoles() ? mask.keys64(batchEntry, queryHead, query, word) : -1L;
    long from = Math.clamp(rows.droppedFrom() - (long) word * Long.SIZE, 0, Long.SIZE);
    long to = Math.clamp(rows.droppedTo() - (long) word * Long.SIZE, 0, Long.SIZE);
    return from < to ? bits & ~(-1L >>> (Long.SIZE - (to - from)) << from) : bits;
  }
}
