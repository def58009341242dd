package dev.lanewise.core.cache;

import dev.lanewise.core.cache.page.CacheSettings;
import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.cache.page.Pages;
import dev.lanewise.core.cache.page.Window;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;

/**
 * Memory that the caches of many sequences share, page by page (as in "Efficient Memory Management for Large Language Model Serving with
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
 * <p>Memory is reserved in pieces of up to 64 MB, or of a page if that is more, when pages are first needed, so a large pool costs nothing
 * until it is used; a piece stays until the pool is closed or, on the heap, forgotten. Pages are taken from the lowest free one on. Safe
 * for use by many threads, each with caches of its own.
 */
public final class KeyValuePool implements AutoCloseable {
  /** Rows a page holds if nothing is said; any other number is a multiple of it. */
  public static final int BLOCK_ROWS = KeyValueLayout.BLOCK_ROWS;

  private final Pages pages;

  /** Caches that are open; guarded by this. */
  private int open;

  private boolean closed;

  private KeyValuePool(Pages pages) {
    this.pages = pages;
  }

  /**
   * A pool of pages of so many heads and elements a key.
   *
   * @throws IllegalArgumentException if a number is below 1, or headDim above 2<sup>22</sup>, the most that attention takes
   */
  public static Builder builder(int keyValueHeads, int headDim) {
    return new Builder(keyValueHeads, headDim);
  }

  /** Key/value heads of the caches. */
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

  /** How elements are stored. */
  public KeyValueFormat format() {
    return pages.layout().format();
  }

  /** Rows a page. */
  public int pageRows() {
    return pages.pageRows();
  }

  /**
   * A cache for a sequence, empty.
   *
   * @throws IllegalStateException if the pool is closed
   */
  public KeyValueCache newCache() {
    return newCache(Window.NONE);
  }

  /**
   * A cache that keeps a window and sinks, see {@link KeyValueCache.Builder#window}; pages that it lets go are free for others.
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

  /** One more cache is open. */
  synchronized void opened() {
    requireOpen();
    open++;
  }

  /** One less is. */
  synchronized void released() {
    open--;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the pool is closed");
    }
  }

  /**
   * How much is in use.
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
   * Frees the memory; once closed, this does nothing.
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

  /** Describes a pool. */
  public static final class Builder {
    private final CacheSettings settings;
    private int pages;

    private Builder(int keyValueHeads, int headDim) {
      settings = new CacheSettings(keyValueHeads, headDim);
    }

    /**
     * Elements a value; headDim if nothing is said.
     *
     * @throws IllegalArgumentException if that is below 1, or above 2<sup>22</sup>
     */
    public Builder valueDim(int valueDim) {
      settings.valueDim(valueDim);
      return this;
    }

    /** How elements are stored; {@link KeyValueFormat#F32} if nothing is said. */
    public Builder format(KeyValueFormat format) {
      settings.format(format);
      return this;
    }

    /** See {@link KeyValueCache.Builder#keyChannels}. */
    public Builder keyChannels(float[] scales) {
      settings.keyChannels(scales);
      return this;
    }

    /** Outside of the heap; freed by {@link KeyValuePool#close} and by nothing else: a pool that is forgotten keeps its memory. */
    public Builder offHeap() {
      settings.offHeap = true;
      return this;
    }

    /**
     * Rows a page, a multiple of 16; 16 if nothing is said.
     *
     * @throws IllegalArgumentException if it is none
     */
    public Builder pageRows(int rows) {
      settings.pageRows(rows);
      return this;
    }

    /**
     * How many pages there are.
     *
     * @throws IllegalArgumentException if that is below 1
     */
    public Builder pages(int count) {
      Checks.atLeast("pages", count, 1);
      pages = count;
      return this;
    }

    /**
     * The pool.
     *
     * @throws IllegalStateException if the number of pages was not given
     * @throws IllegalArgumentException if a page does not fit in an array, or what was given does not go together
     */
    public KeyValuePool build() {
      if (pages == 0) {
        throw new IllegalStateException("pages is not set");
      }
      return new KeyValuePool(Pages.fixed(settings.copy(), pages));
    }
  }

  /**
   * How much a {@link KeyValuePool} holds.
   *
   * @param caches caches that are open
   * @param pages pages of the pool
   * @param usedPages pages that caches refer to
   * @param sharedPages those of them that several refer to
   * @param bytesUsed bytes of the pages in use
   * @param bytesReserved bytes of memory reserved so far
   */
  public record Statistics(int caches, int pages, int usedPages, int sharedPages, long bytesUsed, long bytesReserved) {}
}
