package dev.lanewise.core.cache.page;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.cache.StoredRows;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Interruption;

/** Reads stored rows of a cache: widens them to floats, or copies them to another cache with the bits that are stored. */
public final class RowReads {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private RowReads() {}

  /** Checks the targets of {@link KeyValueCache#copyTo} apart from the rows of the cache. */
  public static void check(KeyValueLayout layout, Heads key, Heads value) {
    BatchAppend.check(layout, key, value, 1);
    ViewChecks.writable("key", key);
    ViewChecks.writable("value", value);
    ViewChecks.disjoint("value", value, "key", key);
  }

  /** Widens rows from {@code from} on, see {@link KeyValueCache#copyTo}. */
  public static void copy(PageTable table, int from, Heads key, Heads value) {
    checkRange(table, "from is " + from + " and key.rows is " + key.rows(), from, (long) from + key.rows());
    for (int i = 0; i < key.rows(); i++) {
      int row = from + i;
      if (i == 0 || row % BLOCK == 0) {
        Interruption.check();
      }
      StoredRows.widenKey(table.memory(row / BLOCK), table.physicalBlock(row / BLOCK), row % BLOCK, key, i);
      StoredRows.widenValue(table.memory(row / BLOCK), table.physicalBlock(row / BLOCK), row % BLOCK, value, i);
    }
  }

  /** Appends rows of another cache, for which memory has been reserved, see {@link KeyValueCache#append(KeyValueCache, int, int)}. */
  public static void append(PageTable target, PageTable source, int from, int to) {
    target.add(
        to - from,
        (memory, block, row, i) -> {
          int at = from + i;
          KeyValueMemory rows = source.memory(at / BLOCK);
          StoredRows.copy(rows, source.physicalBlock(at / BLOCK), at % BLOCK, memory, block, row);
        });
  }

  /** Checks that a table has these rows, and that none of them has been dropped. */
  public static void checkRange(PageTable table, String given, int from, long to) {
    if (from < 0 || from > to || to > table.rows()) {
      throw new IllegalArgumentException(given + ": the rows must be in 0.." + table.rows());
    }
    if (from < to && from < table.droppedTo() && to > table.droppedFrom()) {
      String dropped = ", but rows " + table.droppedFrom() + " to " + (table.droppedTo() - 1) + " have been dropped";
      throw new IllegalArgumentException(given + dropped);
    }
  }
}
