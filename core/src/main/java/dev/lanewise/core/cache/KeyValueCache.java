package dev.lanewise.core.cache;

import dev.lanewise.core.cache.page.BatchAppend;
import dev.lanewise.core.cache.page.CacheSettings;
import dev.lanewise.core.cache.page.ChannelScales;
import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.cache.page.PagedCache;
import dev.lanewise.core.cache.page.Pages;
import dev.lanewise.core.cache.page.StackRoom;
import dev.lanewise.core.cache.page.Usage;
import dev.lanewise.core.cache.page.Window;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of one sequence, kept from one step of decoding to the next. Three kinds differ in where rows lie:
 *
 * <table>
 * <caption>Kinds of caches</caption>
 * <tr><td>{@code builder(…).capacity(rows)}</td><td>memory of its own, up to a capacity; with {@code growing()} it doubles</td></tr>
 * <tr><td>{@code builder(…).window(rows, sinks)}</td><td>memory of its own that keeps the first rows and the last ones</td></tr>
 * <tr><td>{@link KeyValuePool#newCache()}</td><td>pages of a pool; {@link #fork} shares them, and copies a page when it is written</td></tr>
 * </table>
 *
 * <pre>{@code
 * try (KeyValueCache cache = KeyValueCache.builder(keyValueHeads, headDim).format(KeyValueFormat.F16).capacity(4096).build()) {
 *   cache.append(promptKey, promptValue); // 1 × keyValueHeads × any number of rows × headDim
 *   cache.append(draftKey, draftValue);
 *   cache.truncate(cache.rows() - 2); // two of the drafted tokens were refused
 * }
 * }</pre>
 *
 * <p>A call that fails leaves everything as it was, on {@link OutOfMemoryError} too. A cache is for one thread at a time, or for several
 * that only read: where two calls meet of which one changes it, one of them is refused with an {@link IllegalStateException}. Other than
 * that, caches of one pool may be used by different threads.
 */
@SuppressWarnings("exports") // calls reach the rows, users do not
public final class KeyValueCache implements AutoCloseable, PagedCache {
  private final PageTable table;
  private final @Nullable KeyValuePool pool;
  private final Usage usage = new Usage();

  KeyValueCache(PageTable table, @Nullable KeyValuePool pool) {
    this.table = table;
    this.pool = pool;
  }

  /**
   * A cache with memory of its own, of so many heads and elements a key.
   *
   * @throws IllegalArgumentException if a number is below 1, or headDim above 2<sup>22</sup>, the most that attention takes
   */
  public static Builder builder(int keyValueHeads, int headDim) {
    return new Builder(keyValueHeads, headDim);
  }

  /** Key/value heads. */
  public int keyValueHeads() {
    return table.layout().heads();
  }

  /** Elements of a key. */
  public int headDim() {
    return table.layout().keyWidth();
  }

  /** Elements of a value. */
  public int valueDim() {
    return table.layout().valueWidth();
  }

  /** How elements are stored. */
  public KeyValueFormat format() {
    return table.layout().format();
  }

  /** Rows of the sequence; those that a window has let go count. */
  public int rows() {
    acquireShared();
    int rows = table.rows();
    releaseShared();
    return rows;
  }

  /**
   * How many rows there may be: of a growing cache how many there is memory for by now, of one of a pool how many the pool holds; {@link
   * Integer#MAX_VALUE} with a window.
   */
  public int capacity() {
    acquireShared();
    Pages pages = table.pages();
    long most = (long) (pool == null ? pages.reserved() : pages.most()) * pages.pageRows();
    boolean fixed = table.hasWindow() || (pool == null && !pages.isGrowing());
    releaseShared();
    return fixed ? table.capacity() : (int) Math.min(Integer.MAX_VALUE, most);
  }

  /** How much is held. */
  public Statistics statistics() {
    acquireShared();
    Pages pages = table.pages();
    int count = table.count();
    int stored = table.storedRows();
    long reserved = (pool == null ? pages.reserved() : count) * pages.pageBytes();
    var statistics = new Statistics(table.rows(), stored, count, table.shared(), stored * pages.rowBytes(), reserved);
    releaseShared();
    return statistics;
  }

  /**
   * Adds rows at the end.
   *
   * @param key 1 × keyValueHeads × rows × headDim
   * @param value 1 × keyValueHeads × rows × valueDim
   * @throws IllegalStateException if the cache is full, its pool exhausted, or it is closed or in use
   * @throws IllegalArgumentException if shapes do not fit
   */
  public void append(Heads key, Heads value) {
    BatchAppend.check(table.layout(), key, value, 1);
    StackRoom.check();
    usage.acquireExclusive();
    try {
      table.reserve(key.rows());
      table.add(key, value, 0);
      table.commit();
    } finally {
      table.rollback();
      usage.releaseExclusive();
    }
  }

  /**
   * Adds rows to the caches of a whole batch, to all of them or, if anything fails, to none.
   *
   * @param caches one a batch entry
   * @param key batch × keyValueHeads × rows × headDim
   * @param value batch × keyValueHeads × rows × valueDim
   * @throws IllegalStateException if a cache is full, a pool exhausted, or a cache is closed or in use
   * @throws IllegalArgumentException if shapes do not fit, or a cache is there twice
   */
  public static void appendAll(List<KeyValueCache> caches, Heads key, Heads value) {
    BatchAppend.run(caches, key, value);
  }

  /**
   * Goes back to the first rows, as after speculative tokens that were refused. Pages behind them are free again.
   *
   * @param rows how many rows stay
   * @throws IllegalArgumentException if that is below 0 or above {@link #rows}, or if rows have been let go that the window of the last row
   *     left reaches; back to where the last append began is always possible
   */
  public void truncate(int rows) {
    StackRoom.check();
    usage.acquireExclusive();
    try {
      table.truncate(rows);
    } finally {
      usage.releaseExclusive();
    }
  }

  /** Goes back to no rows; memory stays with the cache, pages go back to the pool. */
  public void reset() {
    truncate(0);
  }

  /**
   * Another cache with the same rows, which lives on its own: whichever is closed first. In a pool both refer to the same pages until one
   * of them writes to a page; with memory of its own, everything is copied.
   */
  public KeyValueCache fork() {
    StackRoom.check();
    acquireShared();
    try {
      if (pool == null) {
        return new KeyValueCache(table.copy(), null);
      }
      KeyValueCache fork = new KeyValueCache(table.share(), pool);
      table.retain();
      pool.opened();
      return fork;
    } finally {
      releaseShared();
    }
  }

  /**
   * Gives pages back, or frees memory. Any other call is refused from now on; closing again does nothing.
   *
   * @throws IllegalStateException if the cache is in use
   */
  @Override
  public void close() {
    StackRoom.check();
    if (!usage.acquireToClose()) {
      return;
    }
    table.truncate(0);
    if (pool == null) {
      table.pages().close();
    } else {
      pool.released();
    }
    usage.closeExclusive();
  }

  /**
   * The rows.
   *
   * @hidden
   */
  @Override
  public PageTable table() {
    return table;
  }

  /**
   * The calls that read or change the cache.
   *
   * @hidden
   */
  @Override
  public Usage usage() {
    return usage;
  }

  /**
   * What the columns of K are best divided by before a row gets its scale, so that a channel of large numbers does not cost the others
   * their precision: max |x| of each channel over sample rows. A channel of zeros, or of numbers below {@link Float#MIN_NORMAL}, gets the
   * largest of its head, or 1.
   *
   * @param key batch × keyValueHeads × rows × headDim, finite
   * @return keyValueHeads × headDim, all positive
   * @throws IllegalArgumentException if an element is not finite
   */
  public static float[] channelScales(Heads key) {
    return ChannelScales.of(key);
  }

  /** Describes a cache. */
  public static final class Builder {
    private final CacheSettings settings;
    private int capacity;
    private boolean growing;
    private @Nullable Window window;

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

    /**
     * For {@link KeyValueFormat#INT8}: what the columns of K are divided by before a row gets its scale. {@link #channelScales} finds them.
     *
     * @param scales keyValueHeads × headDim, all from {@link Float#MIN_NORMAL} on and finite
     * @throws IllegalArgumentException if there are more or fewer; that they are positive, {@link #build} checks
     */
    public Builder keyChannels(float[] scales) {
      settings.keyChannels(scales);
      return this;
    }

    /** Outside of the heap; freed by {@link KeyValueCache#close} and by nothing else: a cache that is forgotten keeps its memory. */
    public Builder offHeap() {
      settings.offHeap = true;
      return this;
    }

    /**
     * How many rows there may be; memory for them is reserved in pieces of up to 64 MB, or of 16 rows if these are more.
     *
     * @throws IllegalArgumentException if that is below 1
     */
    public Builder capacity(int rows) {
      Checks.atLeast("capacity", rows, 1);
      capacity = rows;
      return this;
    }

    /**
     * The capacity is only where it begins: its memory is reserved at once, doubles when it is used up, and nothing is copied. On the heap
     * a step is no larger than an array.
     */
    public Builder growing() {
      growing = true;
      return this;
    }

    /**
     * Keeps what queries see of a sequence of any length that an int counts: the first {@code sinks} rows, and the last {@code rows} up to
     * the query's own. A query of such a cache, the last of which stands at the last row, sees exactly these keys of those that its mask
     * shows, however the rows were appended; a query in the middle of several sees its own window, and no row behind it. It is as if every
     * mask were combined, by {@link Mask#and}, with {@link Mask#window(int, int, int) Mask.window(rows − 1, 0, sinks)}. Rows keep their
     * numbers.
     *
     * <p>Whole blocks of 16 rows that no query sees any more are let go by the next append, and used again. With n rows at once the cache
     * holds up to ⌈sinks / 16⌉ + ⌈(rows + n − 1) / 16⌉ + 1 blocks, however long the sequence. At most as many queries as the last append
     * had rows are sure to find their windows; where a window has been let go, the call is refused with an {@link
     * IllegalArgumentException}. A larger window and a mask leave room to {@link #truncate} further than the last append.
     *
     * @throws IllegalArgumentException if rows is below 1, or sinks is negative
     */
    public Builder window(int rows, int sinks) {
      window = new Window(rows, sinks);
      return this;
    }

    /**
     * The cache.
     *
     * @throws IllegalStateException if neither capacity nor window was given
     * @throws IllegalArgumentException if both were, 16 rows do not fit in an array, or what was given does not go together
     */
    public KeyValueCache build() {
      Window kept = window;
      if (kept != null && (capacity > 0 || growing)) {
        String other = capacity > 0 ? "capacity is " + capacity : "the cache is growing";
        throw new IllegalArgumentException("window is " + kept.rows() + ", but " + other + ": a window needs no capacity");
      }
      if (kept == null && capacity == 0) {
        throw new IllegalStateException("capacity is not set");
      }
      CacheSettings copy = settings.copy();
      if (kept != null) {
        return new KeyValueCache(new PageTable(Pages.unlimited(copy, kept.mostPages(copy.pageRows)), Integer.MAX_VALUE, kept), null);
      }
      int pages = Math.ceilDiv(capacity, copy.pageRows);
      Pages memory = growing ? Pages.growing(copy, pages) : Pages.fixed(copy, pages);
      return new KeyValueCache(new PageTable(memory, growing ? Integer.MAX_VALUE : capacity, Window.NONE), null);
    }
  }

  /**
   * How much a {@link KeyValueCache} holds.
   *
   * @param rows rows of the sequence, those that a window has let go included
   * @param storedRows rows whose keys and values are there
   * @param pages pages that the cache refers to
   * @param sharedPages those of them that other caches refer to as well
   * @param bytesUsed bytes of the stored rows, with their scales
   * @param bytesReserved bytes of the pages, of a cache with memory of its own bytes of all its memory
   */
  public record Statistics(int rows, int storedRows, int pages, int sharedPages, long bytesUsed, long bytesReserved) {}
}
