package dev.lanewise.core.testing;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;

/** Appends rows in which all elements are the same number, and reads them from a cache. */
public final class CachedRows {
  private CachedRows() {}

  /** 1 × heads × rows × width, where all elements of row i are sign · (first + i). */
  private static Heads counting(int heads, int rows, int width, int first, int sign) {
    float[] x = new float[rows * heads * width];
    for (int i = 0; i < x.length; i++) {
      x[i] = sign * (first + i / (heads * width));
    }
    return Heads.ofRows(x, 1, rows, heads, width);
  }

  /** Appends rows: the elements of keys count from {@code first} on, values are the negative of keys. */
  public static void append(KeyValueCache cache, int rows, int first) {
    KeyValueLayout layout = cache.table().layout();
    Heads key = counting(layout.heads(), rows, layout.keyWidth(), first, 1);
    cache.append(key, counting(layout.heads(), rows, layout.valueWidth(), first, -1));
  }

  /** The first element of a row's first key. */
  public static float key(KeyValueCache cache, int row) {
    return read(cache, row, true, 0, 0);
  }

  /** The first element of a row's first value. */
  public static float value(KeyValueCache cache, int row) {
    return read(cache, row, false, 0, 0);
  }

  /** An element of a key in memory. */
  public static float key(KeyValueMemory memory, int block, int head, int row, int d) {
    float[] key = new float[memory.layout().keyWidth()];
    memory.readKey(block, head, row, key, 0, 1);
    return key[d];
  }

  /** A column of a value in memory. */
  public static float value(KeyValueMemory memory, int block, int head, int row, int d) {
    float[] value = new float[memory.layout().valueWidth()];
    memory.readValue(block, head, row, value, 0, 1);
    return value[d];
  }

  public static float read(KeyValueCache cache, int row, boolean key, int head, int column) {
    CachedSequence rows = cache.acquireShared();
    try {
      int block = row / KeyValueLayout.BLOCK_ROWS;
      KeyValueMemory memory = rows.memory(block);
      int inBlock = row % KeyValueLayout.BLOCK_ROWS;
      return key
          ? key(memory, rows.physicalBlock(block), head, inBlock, column)
          : value(memory, rows.physicalBlock(block), head, inBlock, column);
    } finally {
      cache.releaseShared();
    }
  }

  /** The physical blocks of a cache. */
  public static int[] physicalBlocks(KeyValueCache cache) {
    CachedSequence rows = cache.acquireShared();
    int[] physicalBlocks = new int[Math.ceilDiv(rows.rows(), KeyValueLayout.BLOCK_ROWS)];
    for (int block = 0; block < physicalBlocks.length; block++) {
      physicalBlocks[block] = rows.physicalBlock(block);
    }
    cache.releaseShared();
    return physicalBlocks;
  }
}
