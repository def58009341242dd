package dev.lanewise.kernels.cache;

/**
 * The cached keys and values of one sequence, as the kernels read them: a table from logical to physical blocks. The answers must not
 * change while a call reads them.
 */
public interface CachedSequence {
  /** The layout of the rows in memory. */
  KeyValueLayout layout();

  /** Number of rows of the sequence, dropped rows included: row r is key r of its masks. */
  int rows();

  /** The memory that holds the rows from {@code block * BLOCK_ROWS} on; not called for a block whose rows have all been dropped. */
  KeyValueMemory memory(int block);

  /** The number of a logical block in its memory. */
  int physicalBlock(int block);

  /** The first dropped row. No query sees the rows from here to {@link #droppedTo}. */
  default int droppedFrom() {
    return 0;
  }

  /** One past the last dropped row. */
  default int droppedTo() {
    return 0;
  }
}
