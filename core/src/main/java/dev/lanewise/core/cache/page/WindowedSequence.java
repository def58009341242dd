package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;

/**
 * The rows of a cache with a window, as a call reads them: blocks that none of its queries sees count as dropped, whether they are still
 * stored or not. The path and the bits of a call are therefore independent of how the rows were appended.
 */
record WindowedSequence(CachedSequence stored, int droppedFrom, int droppedTo) implements CachedSequence {
  /**
   * Limits rows to a window.
   *
   * @param first the first row after the sinks that a query sees
   */
  static WindowedSequence of(CachedSequence rows, Window window, int first) {
    int block = KeyValueLayout.BLOCK_ROWS;
    int from = window.sinkPages(block) * block;
    return new WindowedSequence(rows, from, Math.max(from, first / block * block));
  }

  @Override
  public KeyValueLayout layout() {
    return stored.layout();
  }

  @Override
  public int rows() {
    return stored.rows();
  }

  @Override
  public KeyValueMemory memory(int block) {
    return stored.memory(block);
  }

  @Override
  public int physicalBlock(int block) {
    return stored.physicalBlock(block);
  }
}
