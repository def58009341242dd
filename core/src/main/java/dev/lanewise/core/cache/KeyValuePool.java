package dev.lanewise.core.cache;

import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.cache.page.Pages;
import dev.lanewise.core.cache.page.Window;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;

/**
 * Memory that the caches of many sequences share page by page (as in "Efficient Memory Management for Large Language Model Serving with
 * PagedAttention", Kwon et al., 2023). A page holds pageRows rows of all heads.
 *
 * <pre>{@code
 * try (KeyValuePool pool = KeyValuePool.builder(keyValueHeads, headDim).format(KeyValueFormat.BF16).pages(1024).build();
 *     KeyValueCache prompt = pool.newCache()) {
 *   prompt.append(promptKey, promptValue);
 *   try (KeyValueCache answer = prompt.fork(); // the prompt is stored once
 *       KeyValueCache other = prompt.fork()) {
 *     KeyValueCache.appendAll(List.of(answer, other), stepKey, stepValue);
 *   }
 * }
 * }</pre>
 *
 * <p>Memory is reserved in slabs of up to 64 MB, or of one page if a page is larger, when pages are first needed. A large pool therefore
 * costs nothing until it is used. A slab stays reserved until the pool is closed or, on the heap, garbage-collected. The lowest free pages
 * are taken first. Many threads may use a pool at the same time, each with its own caches.
 */
public final class KeyValuePool implements AutoCloseable {
  /** Default number of rows of a page; any other number must be a multiple of it. */
  public static final int BLOCK_ROWS = KeyValueLayout.BLOCK_ROWS;

  private final Pages pages;

  /** Number of open caches; guarded by this. */
  private int open;

  private boolean closed;

  private KeyValuePool(Pages pages) {
    this.pages = pages;
  }

  /**
   * Creates a builder of a pool, for this number of heads and of elements of a key.
   *
   * @throws IllegalArgumentException if a number is below 1, or headDim above 2<sup>22</sup>, the maximum for attention
   */
  public static Builder builder(int keyValueHeads, int headDim) {
    return new Builder(keyValueHeads, headDim);
  }

  /** Number of key/value heads of the caches. */
  public int keyValueHeads() {
    return pages.layout().heads();
  }

  /** Elements of a key. */
  public int headDim() {
    return pages.layout().keyWidth();
  }

  /** Elements of a value. */
  public int valueDim() {
    return pages.layout().valueWidth();
  }

  /** Storage format of the elements. */
  public KeyValueFormat format() {
    return pages.layout().format();
  }

  /** Number of rows of a page. */
  public int pageRows() {
    return pages.pageRows();
  }

  /**
   * Creates an empty cache for a sequence.
   *
   * @throws IllegalStateException if the pool is closed
   */
  public KeyValueCache newCache() {
    return newCache(Window.NONE);
  }

  /**
   * Creates a cache that keeps only a window and sinks, see {@link KeyValueCache.Builder#window}. Pages that it drops become free for other
   * caches.
   *
   * @throws IllegalStateException if the pool is closed
   * @throws IllegalArgumentException if window is below 1, or sinks is negative
   */
  public KeyValueCache newCache(int window, int sinks) {
    return newCache(new Window(window, sinks));
  }

  private KeyValueCache newCache(Window window) {
    KeyValueCache cache = new KeyValueCache(new PageTable(pages, Integer.MAX_VALUE, window), this);
    opened();
    return cache;
  }

  /** Counts a cache that is opened. */
  synchronized void opened() {
    requireOpen();
    open++;
  }

  /** Counts a cache that is closed. */
  synchronized void released() {
    open--;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the pool is closed");
    }
  }

  /**
   * Caches, pages and bytes of the pool.
   *
   * @throws IllegalStateException if the pool is closed
   */
  public synchronized Statistics statistics() {
    requireOpen();
    synchronized (pages) {
      int used = pages.used();
      long bytes = pages.pageBytes();
      return new Statistics(open, pages.most(), used, pages.shared(), used * bytes, pages.reserved() * bytes);
    }
  }

  /**
   * Frees the memory. Closing again has no effect.
   *
   * @throws IllegalStateException if caches are open
   */
  @Override
  public synchronized void close() {
    if (open > 0) {
      throw new IllegalStateException("the pool has " + open + " open caches, must have 0");
    }
    if (!closed) {
      closed = true;
      pages.close();
    }
  }

  /** Builder of a {@code KeyValuePool}: heads, width, format, number and size of pages. */
  public static final class Builder extends StorageBuilder<Builder> {
    private int pages;

    private Builder(int keyValueHeads, int headDim) {
      super(keyValueHeads, headDim);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Sets the rows of a page, a multiple of 16; the default is 16.
     *
     * @throws IllegalArgumentException if it is not a multiple of 16
     */
    public Builder pageRows(int rows) {
      settings.pageRows(rows);
      return this;
    }

    /**
     * Sets the number of pages.
     *
     * @throws IllegalArgumentException if that is below 1
     */
    public Builder pages(int count) {
      Checks.atLeast("pages", count, 1);
      pages = count;
      return this;
    }

    /**
     * Creates the pool.
     *
     * @throws IllegalStateException if the number of pages was not given
     * @throws IllegalArgumentException if a page does not fit in an array, or the settings cannot be combined
     */
    public KeyValuePool build() {
      if (pages == 0) {
        throw new IllegalStateException("pages is not set");
      }
      return new KeyValuePool(Pages.fixed(settings.copy(), pages));
    }
  }

  /**
   * Caches, pages and bytes of a {@link KeyValuePool}.
   *
   * @param caches open caches
   * @param pages pages of the pool
   * @param usedPages pages that caches refer to
   * @param sharedPages number of these pages that several caches refer to
   * @param bytesUsed bytes of the pages in use
   * @param bytesReserved bytes of memory reserved so far
   */
  public record Statistics(int caches, int pages, int usedPages, int sharedPages, long bytesUsed, long bytesReserved) {}
}
