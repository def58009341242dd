package dev.lanewise.core.cache.page;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one sequence, in order. Rows are added in three steps: {@link #reserve} reserves memory, {@link #add} writes, and {@link
 * #commit} ends the append. Until then {@link #rollback} restores the earlier state: rows that the window drops, and a page that was
 * replaced by its copy, are not freed before {@code commit}. Only {@code reserve}, {@code add} and {@code truncate} may fail. {@link
 * PageEdit} moves and removes rows. Not synchronised.
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
  private final PageEdit edit = new PageEdit(this);

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
    return held[heldIndex(number)];
  }

  /** Index of a page of the sequence among the held pages. */
  int heldIndex(int number) {
    return number < sinkPages ? number : number - dropped + pending.leaving();
  }

  /** The change of stored rows that is prepared, if any. */
  PageEdit edit() {
    return edit;
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

  /** Checks that rows of another table have the form of these, so that they may be copied bit by bit. */
  public void checkSameForm(String name, PageTable other) {
    pages.rowForm().check(name, other.pages.rowForm());
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

  /** Reserves memory for the rows of an empty table, of which pages after the sinks count as dropped. */
  void reserve(int rowCount, int skippedPages) {
    pending.reserve(rowCount, skippedPages);
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

  /** Adds rows that a function writes; otherwise as {@link #add(Heads, Heads, int)}. */
  void add(int newRows, PageAppend.RowWriter writer) {
    pending.add(newRows, writer);
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
   * Removes the last rows.
   *
   * @throws IllegalArgumentException if there are fewer rows, or the window of the last remaining row needs rows that have been dropped
   */
  public void truncate(int newRows) {
    edit.prepareTruncate(newRows);
    edit.apply();
  }

  /** Keeps rows, see {@link KeyValueCache#keep}. */
  public void keep(int from, int[] kept) {
    edit.prepareKeep(from, kept);
    edit.apply();
  }

  /** Removes rows, see {@link KeyValueCache#remove(int, int, RotaryTable)}. */
  public void remove(int from, int to, @Nullable RotaryTable rotary) {
    edit.prepareRemove(from, to, rotary);
    edit.apply();
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
