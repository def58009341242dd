package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An append to a {@link PageTable} in progress, with the state that is needed to undo it until it is committed. The object is reused, so
 * that an append allocates nothing.
 */
final class PageAppend {
  /** Writes row {@code index} of an append. */
  interface RowWriter {
    /**
     * Writes the row.
     *
     * @param row 0 to 15, in the block
     */
    void write(KeyValueMemory memory, int block, int row, int index);
  }

  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private final PageTable table;
  private boolean open;

  /** The state before the append. */
  private int rowsBefore;

  private int countBefore;
  private int droppedBefore;
  private int slabsBefore;
  private @Nullable KeyValueMemory lastBefore;

  /** Number of pages taken, which follow the held pages in the array. The last {@code reused} of them are also among the leaving pages. */
  private int taken;

  private int reused;

  /** Former contents of the reused pages. */
  private @Nullable KeyValueMemory saved;

  /** Whether the last of the taken pages is for a copy of the last page, which is shared. */
  private boolean copiesLast;

  /** The shared page that was replaced by its copy. */
  private @Nullable Page original;

  /** Number of pages that the window drops when rows are added. {@code leaving} has the same value from then on, and is 0 before. */
  private int droppable;

  private int leaving;

  PageAppend(PageTable table) {
    this.table = table;
  }

  int leaving() {
    return leaving;
  }

  /** Number of pages after the sinks that neither the query of the last row nor a later query sees. */
  private int droppable() {
    return table.rows == 0 ? 0 : Math.max(0, table.window.firstSeen(table.rows - 1) / table.pageRows - table.sinkPages - table.dropped);
  }

  /**
   * Reserves memory for more rows, and begins an append.
   *
   * @throws IllegalStateException if there is not enough; nothing has changed then
   */
  void reserve(int more) {
    reserve(more, 0);
  }

  /**
   * Reserves memory for more rows except for pages after the sinks, which count as dropped; otherwise as {@link #reserve(int)}.
   *
   * @param skipped number of these pages; 0 unless the table is empty
   */
  void reserve(int more, int skipped) {
    long wanted = (long) table.rows + more;
    if (wanted > table.capacity) {
      throw new IllegalStateException("the cache is full: rows would be " + wanted + ", but capacity is " + table.capacity);
    }
    assert !open;
    rowsBefore = table.rows;
    countBefore = table.count;
    slabsBefore = table.pages.slabs();
    droppedBefore = table.dropped;
    lastBefore = table.last;
    open = true;
    table.dropped += skipped;
    boolean done = false;
    try {
      if (more > 0) {
        takePages(wanted);
      }
      done = true;
    } finally {
      if (!done) {
        rollback();
      }
    }
  }

  private void takePages(long wanted) {
    boolean copies = table.rows % table.pageRows != 0 && table.pages.isShared(table.held[table.count - 1]);
    int needed = (int) Math.ceilDiv(wanted, table.pageRows) - table.dropped - table.count + (copies ? 1 : 0);
    int own = unshared(table.sinkPages, droppable());
    if (needed > 0) {
      table.pages.available(needed - own); // checked before the array of references grows, which may take more memory than there is
    }
    if (table.count + needed > table.held.length) {
      table.held = Arrays.copyOf(table.held, Math.max(table.count + needed, 2 * table.count));
    }
    if (needed > 0) {
      taken = table.pages.take(needed, own, table.held, table.count);
      if (taken < needed) {
        reuse(needed - taken);
      }
    }
    copiesLast = copies;
    droppable = droppable();
  }

  /** Number of pages in a range of the held pages that no other sequence refers to. */
  private int unshared(int from, int pages) {
    return pages == 0 ? 0 : pages - table.pages.shared(table.held, from, pages);
  }

  /** Takes pages that the window drops, since no other pages are free, and saves their contents until the end of the append. */
  private void reuse(int wanted) {
    int blocks = table.pageRows / BLOCK;
    KeyValueMemory contents = table.pages.spare(Math.multiplyExact(wanted, blocks));
    int from = table.count + taken;
    int found = 0;
    for (int i = table.sinkPages; found < wanted && i < table.sinkPages + droppable(); i++) {
      Page page = table.held[i];
      if (!table.pages.isShared(page)) {
        for (int block = 0; block < blocks; block++) {
          contents.copyBlock(page.memory, page.firstBlock + block, found * blocks + block);
        }
        table.held[from + found++] = page;
      }
    }
    table.pages.retain(table.held, from, found);
    saved = contents;
    taken += found;
    reused = found;
  }

  /**
   * Adds the rows of a batch entry. Memory for them must have been reserved.
   *
   * @param key batch × heads × rows × headDim
   * @param value batch × heads × rows × valueDim
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; the caller must call {@link #rollback}, as after any
   *     failure
   */
  void add(Heads key, Heads value, int batchEntry) {
    int before = table.rows;
    begin(key.rows());
    for (int row = before; row < table.rows; row++) {
      Page page = prepare(row, row == before);
      page.memory.write(block(page, row), row % BLOCK, key, value, batchEntry, row - before);
    }
  }

  /** Adds rows that a function writes, all but those that were skipped; otherwise as {@link #add(Heads, Heads, int)}. */
  void add(int rows, RowWriter writer) {
    int before = table.rows;
    begin(rows);
    for (int row = before; row < table.rows; row++) {
      if (row == table.droppedFrom()) {
        row = Math.max(row, table.droppedTo()); // both are 0 if nothing was dropped
      }
      Page page = prepare(row, row == before);
      writer.write(page.memory, block(page, row), row % BLOCK, row - before);
    }
  }

  /** Adds rows whose contents are not yet written. */
  private void begin(int rows) {
    if (rows == 0) {
      return;
    }
    leaving = droppable;
    table.dropped += leaving;
    table.count += taken;
    if (copiesLast) {
      Page copy = table.held[--table.count];
      Page shared = table.held[countBefore - 1];
      table.pages.copy(shared, copy, Math.ceilDiv(table.rows % table.pageRows, BLOCK));
      table.held[table.count] = shared;
      table.held[countBefore - 1] = copy;
      original = shared;
    }
    table.last = null;
    table.rows += rows;
  }

  /** Finds the page of a row that is about to be written, and clears what an earlier use has left in its block. */
  private Page prepare(int row, boolean first) {
    Interruption.check();
    Page page = table.page(row / table.pageRows);
    if (first || row % BLOCK == 0) {
      page.memory.clearFrom(block(page, row), row % BLOCK);
    }
    return page;
  }

  private int block(Page page, int row) {
    return page.firstBlock + row % table.pageRows / BLOCK;
  }

  /** Ends an append, and frees what is no longer needed. */
  void commit() {
    if (original != null) {
      table.pages.release(original);
    }
    if (leaving > 0) {
      table.pages.release(table.held, table.sinkPages, leaving);
      table.count -= leaving;
      System.arraycopy(table.held, table.sinkPages + leaving, table.held, table.sinkPages, table.count - table.sinkPages);
    }
    end();
  }

  /** Undoes an append that has not been committed; without one, does nothing. */
  void rollback() {
    if (!open) {
      return;
    }
    if (original != null) {
      table.held[countBefore + taken - 1] = table.held[countBefore - 1];
      table.held[countBefore - 1] = original;
    }
    int blocks = table.pageRows / BLOCK;
    for (int i = 0; saved != null && i < reused * blocks; i++) {
      Page page = table.held[countBefore + taken - reused + i / blocks];
      page.memory.copyBlock(saved, i, page.firstBlock + i % blocks);
    }
    table.pages.release(table.held, countBefore, taken);
    table.pages.trim(slabsBefore);
    boolean wrote = table.rows > rowsBefore && original == null;
    table.rows = rowsBefore;
    table.count = countBefore;
    table.dropped = droppedBefore;
    table.last = lastBefore;
    end();
    if (wrote && table.rows % BLOCK != 0) {
      Page page = table.page(table.rows / table.pageRows);
      page.memory.clearFrom(page.firstBlock + table.rows % table.pageRows / BLOCK, table.rows % BLOCK);
    }
  }

  private void end() {
    open = false;
    lastBefore = null;
    taken = 0;
    reused = 0;
    saved = null;
    copiesLast = false;
    original = null;
    droppable = 0;
    leaving = 0;
  }
}
