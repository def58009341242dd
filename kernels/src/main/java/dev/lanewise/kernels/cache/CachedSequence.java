package dev.lanewise.kernels.cache;

/**
 * The cached keys and values of one sequence, as the kernels read them: which block holds which rows. The answers must not change while a
 * call that reads them runs.
 */
public interface CachedSequence {
  /** How the rows lie. */
  KeyValueLayout layout();

  /** Rows of the sequence, those that have been let go included: row r is key r of its masks. */
  int rows();

  /** The memory that holds rows {@code block * BLOCK_ROWS} on; not asked for blocks that were let go as a whole. */
  KeyValueMemory memory(int block);

  /** The number of that block in its memory. */
  int physicalBlock(int block);

  /** The first row that was let go: no query sees those from here to {@link #droppedTo}. */
  default int droppedFrom() {
    return 0;
  }

  /** One past the last row that was let go. */
  default int droppedTo() {
    return 0;
  }
}
