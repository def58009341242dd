package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one sequence, in order. Rows are added in three steps: {@link #reserve} reserves memory, {@link #add} writes, and {@link
 * #commit} ends the append. Until then {@link #rollback} restores the earlier state: rows that the window drops, and a page that was
 * replaced by its copy, are not freed before {@code commit}. Only {@code reserve}, {@code add} and {@code truncate} may fail. Not
 * synchronised.
 */
public final class PageTable implements CachedSequence {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  final Pages pages;
  final int pageRows;
  final int capacity;
  final Window window;
  final int sinkPages;

  /**
   * The held pages, {@code count} of them, and after them the pages that an append has taken. Dropped pages are left out, except that the
   * first {@code leaving} pages after the sinks are dropped by {@link #commit}.
   */
  Page[] held = new Page[4];

  int count;
  int rows;

  /** Number of pages of the sequence that have been dropped, from page {@code sinkPages} on. */
  int dropped;

  /**
   * A copy of the last block, in place of the original, if the page is shared and has special rows of other sequences after the own rows.
   */
  @Nullable KeyValueMemory last;

  private final PageAppend pending = new PageAppend(this);

  /**
   * Creates an empty table.
   *
   * @param pages the source of pages
   * @param capacity maximum number of rows
   */
  public PageTable(Pages pages, int capacity, Window window) {
    this.pages = pages;
    this.pageRows = pages.pageRows();
    this.capacity = capacity;
    this.window = window;
    this.sinkPages = window.sinkPages(pageRows);
  }

  @Override
  public KeyValueLayout layout() {
    return pages.layout();
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public KeyValueMemory memory(int block) {
    return isLast(block) ? Objects.requireNonNull(last) : page(block / (pageRows / BLOCK)).memory;
  }

  @Override
  public int physicalBlock(int block) {
    if (isLast(block)) {
      return 0;
    }
    int blocks = pageRows / BLOCK;
    return page(block / blocks).firstBlock + block % blocks;
  }

  private boolean isLast(int block) {
    return last != null && block == rows / BLOCK;
  }

  @Override
  public int droppedFrom() {
    return dropped == 0 ? 0 : sinkPages * pageRows;
  }

  @Override
  public int droppedTo() {
    return dropped == 0 ? 0 : (sinkPages + dropped) * pageRows;
  }

  Page page(int number) {
    assert number < sinkPages || number >= sinkPages + dropped : "page " + number + " was dropped";
    return held[number < sinkPages ? number : number - dropped + pending.leaving()];
  }

  public Pages pages() {
    return pages;
  }

  public int capacity() {
    return capacity;
  }

  public boolean hasWindow() {
    return window != Window.NONE;
  }

  Window window() {
    return window;
  }

  /** Number of held pages. */
  public int count() {
    return count;
  }

  /** Number of held pages that other sequences refer to as well. */
  public int shared() {
    return pages.shared(held, 0, count);
  }

  /** Number of rows that are still stored. */
  public int storedRows() {
    return rows - dropped * pageRows;
  }

  /**
   * Reserves memory for more rows, and begins an append.
   *
   * @throws IllegalStateException if there is not enough; nothing has changed then
   */
  public void reserve(int more) {
    pending.reserve(more);
  }

  /**
   * Adds the rows of a batch entry. Memory for them must have been reserved.
   *
   * @param key batch × heads × rows × headDim
   * @param value batch × heads × rows × valueDim
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; the caller must call {@link #rollback}, as after any
   *     failure
   */
  public void add(Heads key, Heads value, int batchEntry) {
    pending.add(key, value, batchEntry);
  }

  /** Ends an append, and frees what is no longer needed. */
  public void commit() {
    pending.commit();
  }

  /** Undoes an append that has not been committed; without one, does nothing. */
  public void rollback() {
    pending.rollback();
  }

  /**
   * Checks that {@link #truncate} is possible.
   *
   * @throws IllegalArgumentException if there are fewer rows, or the window of the last remaining row needs rows that have been dropped
   */
  public void checkTruncate(int newRows) {
    if (newRows < 0 || newRows > rows) {
      throw new IllegalArgumentException("rows is " + newRows + ", must be in 0.." + rows);
    }
    if (newRows > droppedFrom() && window.firstSeen(newRows - 1) < droppedTo()) {
      throw new IllegalArgumentException(
          "rows is "
              + newRows
              + ": the query of the last of them would see rows from "
              + window.firstSeen(newRows - 1)
              + " on, but those before "
              + droppedTo()
              + " have been dropped");
    }
  }

  /**
   * Removes the last rows.
   *
   * @throws IllegalArgumentException as {@link #checkTruncate}
   */
  public void truncate(int newRows) {
    checkTruncate(newRows);
    boolean beforeDropped = newRows <= droppedFrom();
    KeyValueMemory newLast = newRows == rows ? last : forget(newRows, beforeDropped ? 0 : dropped);
    int newDropped = beforeDropped ? 0 : dropped;
    int newCount = Math.ceilDiv(newRows, pageRows) - newDropped;
    pages.release(held, newCount, count - newCount);
    count = newCount;
    dropped = newDropped;
    rows = newRows;
    last = newLast;
  }

  /**
   * Clears special rows after the first ones in their block, since a block is read to its end. In a shared page they stay; a copy of the
   * block then replaces the block in this table, and is returned.
   */
  private @Nullable KeyValueMemory forget(int newRows, int newDropped) {
    int row = newRows % BLOCK;
    if (row == 0) {
      return null;
    }
    int number = newRows / pageRows;
    Page page = held[number < sinkPages ? number : number - newDropped];
    int block = page.firstBlock + newRows % pageRows / BLOCK;
    if (!page.memory.isSpecialFrom(block, row)) {
      return null;
    }
    if (!pages.isShared(page)) {
      page.memory.clearFrom(block, row);
      return null;
    }
    KeyValueMemory copy = pages.spare(1);
    copy.copyBlock(page.memory, block, 0);
    copy.clearFrom(0, row);
    return copy;
  }

  /** Creates a table of the same pages, which the caller must retain. */
  public PageTable share() {
    return sameRows(pages, held.clone());
  }

  /** Adds a reference to each page. */
  public void retain() {
    pages.retain(held, 0, count);
  }

  /** Creates a table with copies of the pages, in separate memory of the same kind. */
  public PageTable copy() {
    Pages others = pages.another();
    boolean done = false;
    try {
      Page[] copies = new Page[held.length];
      others.take(count, 0, copies, 0);
      for (int i = 0; i < count; i++) {
        pages.copy(held[i], copies[i], pageRows / BLOCK);
      }
      PageTable table = sameRows(others, copies);
      done = true;
      return table;
    } finally {
      if (!done) {
        others.close(); // not enough memory for all of it
      }
    }
  }

  private PageTable sameRows(Pages newPages, Page[] newHeld) {
    PageTable table = new PageTable(newPages, capacity, window);
    table.held = newHeld;
    table.count = count;
    table.rows = rows;
    table.dropped = dropped;
    table.last = last;
    return table;
  }
}
