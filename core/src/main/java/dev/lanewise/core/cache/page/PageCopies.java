package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import org.jspecify.annotations.Nullable;

/** Copies of those pages of a table that other sequences share, made before the pages are written. */
final class PageCopies {
  private final PageTable table;
  private final int firstPage;

  /** The copy of each page from firstPage on; null for a page that is not shared. */
  private final @Nullable Page[] copies;

  private PageCopies(PageTable table, int firstPage, int count) {
    this.table = table;
    this.firstPage = firstPage;
    this.copies = new @Nullable Page[count];
  }

  /**
   * Takes a page for the copy of each shared page among {@code count} pages.
   *
   * @throws IllegalStateException if too few pages are free; none has been taken then
   */
  static PageCopies of(PageTable table, int firstPage, int count) {
    PageCopies result = new PageCopies(table, firstPage, count);
    boolean[] shared = new boolean[count]; // asked once: another thread may close the cache that shares a page
    int needed = 0;
    for (int i = 0; i < count; i++) {
      shared[i] = table.pages.isShared(table.page(firstPage + i));
      needed += shared[i] ? 1 : 0;
    }
    Page[] taken = new Page[needed];
    if (needed > 0) {
      table.pages.take(needed, 0, taken, 0);
    }
    for (int i = 0, next = 0; i < count; i++) {
      result.copies[i] = shared[i] ? taken[next++] : null;
    }
    return result;
  }

  /** Copies the contents of the pages. */
  void fill() {
    for (int i = 0; i < copies.length; i++) {
      Page copy = copies[i];
      if (copy != null) {
        table.pages.copy(table.page(firstPage + i), copy, table.pageRows / KeyValueLayout.BLOCK_ROWS);
      }
    }
  }

  /** Puts the copies in place of the pages. */
  void use() {
    int first = table.heldIndex(firstPage);
    for (int i = 0; i < copies.length; i++) {
      Page copy = copies[i];
      if (copy != null) {
        table.pages.release(table.held[first + i]);
        table.held[first + i] = copy;
      }
    }
  }

  /** Gives the copies back, which have not been used. */
  void release() {
    for (Page copy : copies) {
      if (copy != null) {
        table.pages.release(copy);
      }
    }
  }
}
