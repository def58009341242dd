package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.cache.StoredRows;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A change of the stored rows of a {@link PageTable}, in two steps: a {@code prepare} method checks it and provides all memory, and may
 * fail; {@link #apply} then cannot fail. Until then no row has changed, and {@link #cancel} gives the memory back. Several tables can
 * therefore be changed together or not at all. Shared pages are not written: copies replace them. The object is reused.
 */
final class PageEdit {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private final PageTable table;
  private boolean open;
  private int slabsBefore;

  /** Number of rows after the change. */
  private int newRows;

  /** The first row that another row replaces; newRows if rows are only removed. */
  private int firstMoved;

  /** Row r comes from row r + distance, unless {@link #sources} says where it comes from. */
  private int distance;

  /** The row that replaces row firstMoved + i; they ascend unless {@link #gathered} holds their contents. */
  private int @Nullable [] sources;

  private int firstSource;

  /** Copies of the moved rows, if their order changes. */
  private @Nullable KeyValueMemory gathered;

  private @Nullable KeyShift shift;

  /** Copies of the shared pages among those that are written. */
  private @Nullable PageCopies copies;

  /** A copy of the last block without special rows after the last row, if its page is shared. */
  private @Nullable KeyValueMemory newLast;

  PageEdit(PageTable table) {
    this.table = table;
  }

  /**
   * Prepares to remove the last rows.
   *
   * @throws IllegalArgumentException if there are fewer rows, or the window of the last remaining row needs rows that have been dropped
   */
  void prepareTruncate(int rows) {
    if (rows < 0 || rows > table.rows) {
      throw new IllegalArgumentException("rows is " + rows + ", must be in 0.." + table.rows);
    }
    end();
    checkWindow("rows is " + rows, rows);
    newLast = rows == table.rows ? table.last : lastCopy(rows);
    newRows = rows;
    firstMoved = rows;
  }

  private boolean isBeforeDropped(int rows) {
    return rows <= table.droppedFrom();
  }

  private void checkWindow(String given, int rows) {
    if (!isBeforeDropped(rows) && table.window.firstSeen(rows - 1) < table.droppedTo()) {
      String query = ": the query of the last of " + rows + " rows would see rows from " + table.window.firstSeen(rows - 1) + " on";
      throw new IllegalArgumentException(given + query + ", but those before " + table.droppedTo() + " have been dropped");
    }
  }

  /** A block is read to its end. If special rows follow in a shared page, the table needs a copy of the block without them. */
  private @Nullable KeyValueMemory lastCopy(int rows) {
    int row = rows % BLOCK;
    if (row == 0) {
      return null;
    }
    Page page = table.page(rows / table.pageRows);
    int block = page.firstBlock + rows % table.pageRows / BLOCK;
    if (!page.memory.isSpecialFrom(block, row) || !table.pages.isShared(page)) {
      return null;
    }
    KeyValueMemory copy = table.pages.spare(1);
    copy.copyBlock(page.memory, block, 0);
    copy.clearFrom(0, row);
    return copy;
  }

  /**
   * Prepares to keep the rows before {@code from} and the given ones.
   *
   * @param rows numbers of rows from {@code from} on, in their new order, all different
   * @throws IllegalArgumentException if a number is outside of that range or occurs twice, or rows that are needed have been dropped
   * @throws IllegalStateException if too few pages are free to copy shared ones
   */
  void prepareKeep(int from, int[] rows) {
    end();
    if (from < 0 || from > table.rows) {
      throw new IllegalArgumentException("from is " + from + ", must be in 0.." + table.rows);
    }
    int[] kept = Objects.requireNonNull(rows, "rows").clone();
    boolean ascending = checkKept(from, kept);
    int unmoved = 0;
    while (unmoved < kept.length && kept[unmoved] == from + unmoved) {
      unmoved++;
    }
    if (unmoved == kept.length) {
      prepareTruncate(from + kept.length);
      return;
    }
    sources = kept;
    firstSource = unmoved;
    prepareMove("from is " + from, from + unmoved, from + kept.length, ascending);
  }

  /** Checks the numbers of kept rows; returns whether they ascend. */
  private boolean checkKept(int from, int[] rows) {
    boolean ascending = true;
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] < from || rows[i] >= table.rows) {
        throw new IllegalArgumentException("rows[" + i + "] is " + rows[i] + ", must be in " + from + ".." + (table.rows - 1));
      }
      ascending &= i == 0 || rows[i] > rows[i - 1];
    }
    if (!ascending) {
      BitSet seen = new BitSet();
      for (int i = 0; i < rows.length; i++) {
        if (seen.get(rows[i] - from)) {
          throw new IllegalArgumentException("rows[" + i + "] is " + rows[i] + ", which occurs before");
        }
        seen.set(rows[i] - from);
      }
    }
    return ascending;
  }

  /**
   * Prepares to remove the rows {@code from} (inclusive) to {@code to} (exclusive). Later rows move down.
   *
   * @param rotary moves the keys of the later rows to the positions of their new numbers; null leaves the keys as they are
   * @throws IllegalArgumentException if there are no such rows, rows that are needed have been dropped, or the table cannot shift keys
   * @throws IllegalStateException if too few pages are free to copy shared ones
   */
  void prepareRemove(int from, int to, @Nullable RotaryTable rotary) {
    end();
    if (from < 0 || from > to || to > table.rows) {
      throw new IllegalArgumentException("from is " + from + " and to is " + to + ", must be in order and in 0.." + table.rows);
    }
    KeyShift newShift = rotary == null ? null : KeyShift.of(rotary, to - from, table.layout());
    if (to == table.rows || from == to) {
      prepareTruncate(table.rows - (to - from));
      return;
    }
    shift = newShift;
    distance = to - from;
    prepareMove("from is " + from + " and to is " + to, from, table.rows - distance, true);
  }

  private void prepareMove(String given, int first, int rows, boolean ascending) {
    if (first < table.droppedTo()) {
      throw new IllegalArgumentException(
          given + ": rows would move to row " + first + ", but rows before " + table.droppedTo() + " have been dropped");
    }
    checkWindow(given, rows);
    newRows = rows;
    firstMoved = first;
    slabsBefore = table.pages.slabs();
    open = true;
    boolean done = false;
    try {
      int firstPage = firstMoved / table.pageRows;
      copies = PageCopies.of(table, firstPage, Math.ceilDiv(newRows, table.pageRows) - firstPage);
      copies.fill();
      if (!ascending) {
        gather();
      }
      done = true;
    } finally {
      if (!done) {
        cancel();
      }
    }
  }

  private void gather() {
    int moved = newRows - firstMoved;
    KeyValueMemory memory = table.pages.spare(Math.ceilDiv(moved, BLOCK));
    for (int i = 0; i < moved; i++) {
      int source = source(firstMoved + i);
      StoredRows.copy(table.memory(source / BLOCK), table.physicalBlock(source / BLOCK), source % BLOCK, memory, i / BLOCK, i % BLOCK);
    }
    gathered = memory;
  }

  private int source(int row) {
    int[] given = sources;
    return given == null ? row + distance : given[firstSource + row - firstMoved];
  }

  /** Makes the prepared change. */
  void apply() {
    if (firstMoved < newRows) {
      Objects.requireNonNull(copies).use();
      table.last = null; // its page holds the same rows, and is either written or removed
      for (int row = firstMoved; row < newRows; row++) {
        move(row);
      }
    }
    boolean shorter = newRows < table.rows;
    if (isBeforeDropped(newRows)) {
      table.dropped = 0;
    }
    int newCount = Math.ceilDiv(newRows, table.pageRows) - table.dropped;
    int row = newRows % BLOCK;
    if (row > 0 && newLast == null && (shorter || firstMoved < newRows)) {
      Page page = table.page(newRows / table.pageRows);
      if (!table.pages.isShared(page)) {
        page.memory.clearFrom(page.firstBlock + newRows % table.pageRows / BLOCK, row);
      }
    }
    table.pages.release(table.held, newCount, table.count - newCount);
    table.count = newCount;
    table.rows = newRows;
    table.last = newLast;
    end();
  }

  private void move(int row) {
    KeyValueMemory memory = table.memory(row / BLOCK);
    int block = table.physicalBlock(row / BLOCK);
    KeyValueMemory rows = gathered;
    if (rows != null) {
      int i = row - firstMoved;
      StoredRows.copy(rows, i / BLOCK, i % BLOCK, memory, block, row % BLOCK);
      return;
    }
    int source = source(row);
    StoredRows.copy(table.memory(source / BLOCK), table.physicalBlock(source / BLOCK), source % BLOCK, memory, block, row % BLOCK);
    if (shift != null) {
      shift.turn(memory, block, row % BLOCK);
    }
  }

  /** Gives the memory of a prepared change back; without one, does nothing. */
  void cancel() {
    if (copies != null) {
      copies.release();
    }
    if (open) {
      table.pages.trim(slabsBefore);
    }
    end();
  }

  private void end() {
    open = false;
    distance = 0;
    sources = null;
    firstSource = 0;
    gathered = null;
    shift = null;
    copies = null;
    newLast = null;
  }
}
