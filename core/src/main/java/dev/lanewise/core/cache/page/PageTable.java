package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which pages hold the rows of one sequence, in order. Rows are added in three steps: {@link #reserve} makes room, {@link #add} writes, and
 * {@link #commit} ends the append. Until then {@link #rollback} restores what was there before: what the window lets go and a page that is
 * replaced by its copy are only given back by {@code commit}. Only {@code reserve}, {@code add} and {@code truncate} may fail. Not
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
   * The pages that are held, {@code count} of them; those that have been let go are left out, except the first {@code leaving} behind the
   * sinks, which go with {@link #commit}. Behind them those that were taken.
   */
  Page[] held = new Page[4];

  int count;
  int rows;

  /** Pages of the sequence that have been let go, from {@code sinkPages} on. */
  int dropped;

  /** In place of the last block, whose page others hold as well, if behind the rows it has special ones of theirs. */
  @Nullable KeyValueMemory last;

  private final PageAppend pending = new PageAppend(this);

  /**
   * @param pages where pages come from
   * @param capacity how many rows there may be
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
    assert number < sinkPages || number >= sinkPages + dropped : "page " + number + " was let go";
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

  /** Pages that are held. */
  public int count() {
    return count;
  }

  /** Those of them that others hold as well. */
  public int shared() {
    return pages.shared(held, 0, count);
  }

  /** Rows whose elements are still there. */
  public int storedRows() {
    return rows - dropped * pageRows;
  }

  /**
   * Makes room for more rows, and begins an append.
   *
   * @throws IllegalStateException if there is none; nothing has changed then
   */
  public void reserve(int more) {
    pending.reserve(more);
  }

  /**
   * Adds the rows of a batch entry, for which there is room.
   *
   * @param key batch × heads × rows × headDim
   * @param value batch × heads × rows × valueDim
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; {@link #rollback} is left to the caller, as after any
   *     failure
   */
  public void add(Heads key, Heads value, int batchEntry) {
    pending.add(key, value, batchEntry);
  }

  /** Ends an append: what is no longer needed is given back. */
  public void commit() {
    pending.commit();
  }

  /** Takes an append back that has not been committed; without one, does nothing. */
  public void rollback() {
    pending.rollback();
  }

  /**
   * Goes back to the first rows.
   *
   * @throws IllegalArgumentException if there are fewer rows, or the query of the last row left would see some that have been let go
   */
  public void truncate(int newRows) {
    if (newRows < 0 || newRows > rows) {
      throw new IllegalArgumentException("rows is " + newRows + ", must lie in 0.." + rows);
    }
    boolean beforeDropped = newRows <= droppedFrom();
    if (!beforeDropped && window.firstSeen(newRows - 1) < droppedTo()) {
      throw new IllegalArgumentException(
          "rows is "
              + newRows
              + ": the query of the last of them would see rows from "
              + window.firstSeen(newRows - 1)
              + " on, but those before "
              + droppedTo()
              + " have been let go");
    }
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
   * Clears special rows behind the first ones in their block, which is read to its end. In a page that others hold as well they stay; a
   * copy of the block then takes its place here, which is returned.
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

  /** A table of the same pages, which are to be retained. */
  public PageTable share() {
    return sameRows(pages, held.clone());
  }

  /** Once more for each page. */
  public void retain() {
    pages.retain(held, 0, count);
  }

  /** A table of copies of the pages, in other memory of the same kind. */
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
        others.close(); // no memory for all of it
      }
    }
  }

  private PageTable sameRows(Pages of, Page[] newHeld) {
    PageTable table = new PageTable(of, capacity, window);
    table.held = newHeld;
    table.count = count;
    table.rows = rows;
    table.dropped = dropped;
    table.last = last;
    return table;
  }
}
