package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.KeyValueLayout;
import dev.lanewise.kernels.KeyValueMemory;
import dev.lanewise.kernels.KeyValueRows;
import dev.lanewise.kernels.internal.Interruption;
import java.util.Arrays;

/**
 * Which pages hold the rows of one sequence, in order. Rows are added in two steps: {@link #reserve} may fail and changes nothing that can
 * be seen, {@link #add} cannot. Not synchronised.
 */
final class PageTable implements KeyValueRows {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private final Pages pages;
  private final int pageRows;
  private final int capacity;
  private final Window window;
  private final int sinkPages;

  /** The pages that are held, {@code count} of them; those that have been let go are left out. Behind them those that were taken. */
  private Page[] held = new Page[4];

  private int count;
  private int rows;

  /** Pages of the sequence that have been let go, from {@code sinkPages} on. */
  private int dropped;

  /** By {@link #reserve} until {@link #add}: pages taken, pages that the window lets go to be used again, whether one is for a copy. */
  private int taken;

  private int reused;
  private boolean copiesLast;

  /**
   * @param pages where pages come from
   * @param capacity how many rows there may be
   */
  PageTable(Pages pages, int capacity, Window window) {
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
    return page(block / (pageRows / BLOCK)).memory;
  }

  @Override
  public int place(int block) {
    int blocks = pageRows / BLOCK;
    return page(block / blocks).firstBlock + block % blocks;
  }

  @Override
  public int droppedFrom() {
    return dropped == 0 ? 0 : sinkPages * pageRows;
  }

  @Override
  public int droppedTo() {
    return dropped == 0 ? 0 : (sinkPages + dropped) * pageRows;
  }

  private Page page(int number) {
    assert number < sinkPages || number >= sinkPages + dropped : "page " + number + " was let go";
    return held[number < sinkPages ? number : number - dropped];
  }

  Pages pages() {
    return pages;
  }

  int capacity() {
    return capacity;
  }

  boolean hasWindow() {
    return window != Window.NONE;
  }

  /** Pages that are held. */
  int count() {
    return count;
  }

  /** Those of them that others hold as well. */
  int shared() {
    return pages.shared(held, 0, count);
  }

  /** Rows whose elements are still there. */
  int storedRows() {
    return rows - dropped * pageRows;
  }

  /** Pages behind the sinks that the query of the next row does not see. */
  private int droppable() {
    return Math.max(0, window.firstSeen(rows) / pageRows - sinkPages - dropped);
  }

  /**
   * Makes sure that there is room for more rows.
   *
   * @throws IllegalStateException if there is not
   */
  void reserve(int more) {
    long wanted = (long) rows + more;
    if (wanted > capacity) {
      throw new IllegalStateException("the cache is full: rows would be " + wanted + ", but capacity is " + capacity);
    }
    boolean copies = more > 0 && rows % pageRows != 0 && pages.isShared(held[count - 1]);
    int needed = (int) Math.ceilDiv(wanted, pageRows) - dropped - count + (copies ? 1 : 0);
    if (needed == 0) {
      return;
    }
    if (count + needed > held.length) {
      held = Arrays.copyOf(held, Math.max(count + needed, 2 * count));
    }
    int droppable = droppable();
    int own = droppable == 0 ? 0 : droppable - pages.shared(held, sinkPages, droppable);
    int reusable = Math.min(needed, own);
    pages.take(needed - reusable, held, count);
    taken = needed - reusable;
    reused = reusable;
    copiesLast = copies;
  }

  /** Takes {@link #reserve} back. */
  void cancel() {
    pages.release(held, count, taken);
    forgetReserved();
  }

  private void forgetReserved() {
    taken = 0;
    reused = 0;
    copiesLast = false;
  }

  /**
   * Adds the rows of a batch entry, for which there is room. If the thread is interrupted, the rows are those before.
   *
   * @param key batch × heads × rows × headDim
   * @param value batch × heads × rows × valueDim
   */
  void add(Heads key, Heads value, int batchEntry) {
    int more = key.rows();
    if (more == 0) {
      return;
    }
    drop();
    if (copiesLast) {
      copyLast();
    }
    count += taken + reused - (copiesLast ? 1 : 0);
    forgetReserved();
    int before = rows;
    rows += more;
    boolean done = false;
    try {
      write(before, key, value, batchEntry);
      done = true;
    } finally {
      if (!done) {
        truncate(before);
      }
    }
  }

  private void write(int from, Heads key, Heads value, int batchEntry) {
    for (int i = 0; i < key.rows(); i++) {
      Interruption.check();
      int row = from + i;
      Page page = page(row / pageRows);
      page.memory.write(page.firstBlock + row % pageRows / BLOCK, row % BLOCK, key, value, batchEntry, i);
    }
  }

  /** Lets pages go that no query to come sees, but for those to be used again, which go behind the ones that were taken. */
  private void drop() {
    int droppable = droppable();
    if (droppable == 0) {
      return;
    }
    int end = count + taken;
    int kept = 0;
    for (int i = sinkPages; i < sinkPages + droppable; i++) {
      if (kept < reused && !pages.isShared(held[i])) {
        pages.clear(held[i]);
        held[end + kept++] = held[i];
      } else {
        pages.release(held, i, 1);
      }
    }
    System.arraycopy(held, sinkPages + droppable, held, sinkPages, end + kept - sinkPages - droppable);
    count -= droppable;
    dropped += droppable;
  }

  /** Replaces the last page, which others hold as well, by a copy in the last of the new ones. */
  private void copyLast() {
    Page copy = held[count + taken + reused - 1];
    pages.copy(held[count - 1], copy, Math.ceilDiv(rows % pageRows, BLOCK));
    pages.release(held, count - 1, 1);
    held[count - 1] = copy;
  }

  /**
   * Goes back to the first rows.
   *
   * @throws IllegalArgumentException if there are fewer rows, or the query of the next row would see some that have been let go
   */
  void truncate(int newRows) {
    if (newRows < 0 || newRows > rows) {
      throw new IllegalArgumentException("rows is " + newRows + ", must lie in 0.." + rows);
    }
    boolean beforeDropped = newRows <= droppedFrom();
    if (!beforeDropped && window.firstSeen(newRows) < droppedTo()) {
      throw new IllegalArgumentException(
          "rows is "
              + newRows
              + ": the next query would see rows from "
              + window.firstSeen(newRows)
              + " on, but those before "
              + droppedTo()
              + " have been let go");
    }
    int newDropped = beforeDropped ? 0 : dropped;
    int newCount = Math.ceilDiv(newRows, pageRows) - newDropped;
    pages.release(held, newCount, count - newCount);
    count = newCount;
    dropped = newDropped;
    rows = newRows;
  }

  /** A table of the same pages, which are to be retained. */
  PageTable share() {
    return sameRows(pages, held.clone());
  }

  /** Once more for each page. */
  void retain() {
    pages.retain(held, count);
  }

  /** A table of copies of the pages, in other memory of the same kind. */
  PageTable copy() {
    Pages others = pages.another();
    boolean done = false;
    try {
      Page[] copies = new Page[held.length];
      others.take(count, copies, 0);
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
    return table;
  }
}
