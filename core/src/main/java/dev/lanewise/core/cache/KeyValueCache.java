package dev.lanewise.core.cache;

import dev.lanewise.core.cache.page.BatchAppend;
import dev.lanewise.core.cache.page.CacheFile;
import dev.lanewise.core.cache.page.CacheLock;
import dev.lanewise.core.cache.page.CacheSettings;
import dev.lanewise.core.cache.page.ChannelScales;
import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.cache.page.PagedCache;
import dev.lanewise.core.cache.page.Pages;
import dev.lanewise.core.cache.page.RowReads;
import dev.lanewise.core.cache.page.StackSpace;
import dev.lanewise.core.cache.page.Window;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of one sequence, kept between the steps of decoding. There are three kinds, which differ in their memory:
 *
 * <table>
 * <caption>Kinds of caches</caption>
 * <tr><td>{@code builder(…).capacity(rows)}</td><td>own memory, up to a capacity; with {@code growing()} it doubles</td></tr>
 * <tr><td>{@code builder(…).window(rows, sinks)}</td><td>own memory for the first rows and the last ones</td></tr>
 * <tr><td>{@link KeyValuePool#newCache()}</td><td>pages of a pool; {@link #fork} shares them, and a page is copied when it is written</td></tr>
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
 * <p>A call that fails changes nothing, even after an {@link OutOfMemoryError}. One thread may use a cache at a time, or several threads if
 * all of them only read. If two calls overlap and one of them changes the cache, one of them is refused with an {@link
 * IllegalStateException}. Different threads may use different caches of one pool at the same time.
 */
@SuppressWarnings("exports") // the rows are internal: only calls read them
public final class KeyValueCache implements AutoCloseable, PagedCache {
  private final PageTable table;
  private final @Nullable KeyValuePool pool;
  private final CacheLock lock = new CacheLock();

  KeyValueCache(PageTable table, @Nullable KeyValuePool pool) {
    this.table = table;
    this.pool = pool;
  }

  /**
   * Creates a builder of a cache with its own memory, for this number of heads and of elements of a key.
   *
   * @throws IllegalArgumentException if a number is below 1, or headDim above 2<sup>22</sup>, the maximum for attention
   */
  public static Builder builder(int keyValueHeads, int headDim) {
    return new Builder(keyValueHeads, headDim);
  }

  /** Number of key/value heads. */
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

  /** Storage format of the elements. */
  public KeyValueFormat format() {
    return table.layout().format();
  }

  /** Number of rows of the sequence, including rows that a window has dropped. */
  public int rows() {
    acquireShared();
    int rows = table.rows();
    releaseShared();
    return rows;
  }

  /**
   * Maximum number of rows. For a growing cache it is the number of rows that fit in the memory reserved so far, for a cache of a pool the
   * rows of the pool; {@link Integer#MAX_VALUE} with a window.
   */
  public int capacity() {
    acquireShared();
    Pages pages = table.pages();
    long most = (long) (pool == null ? pages.reserved() : pages.most()) * pages.pageRows();
    boolean fixed = table.hasWindow() || (pool == null && !pages.isGrowing());
    releaseShared();
    return fixed ? table.capacity() : (int) Math.min(Integer.MAX_VALUE, most);
  }

  /** Rows, pages and bytes of the cache. */
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
   * Appends rows.
   *
   * @param key 1 × keyValueHeads × rows × headDim
   * @param value 1 × keyValueHeads × rows × valueDim
   * @throws IllegalStateException if the cache is full, its pool exhausted, or it is closed or in use
   * @throws IllegalArgumentException if shapes do not fit
   */
  public void append(Heads key, Heads value) {
    BatchAppend.check(table.layout(), key, value, 1);
    StackSpace.check();
    lock.acquireExclusive();
    try {
      table.reserve(key.rows());
      table.add(key, value, 0);
      table.commit();
    } finally {
      table.rollback();
      lock.releaseExclusive();
    }
  }

  /**
   * Appends rows to the caches of a whole batch. If anything fails, no cache is changed.
   *
   * @param caches one cache for each batch entry
   * @param key batch × keyValueHeads × rows × headDim
   * @param value batch × keyValueHeads × rows × valueDim
   * @throws IllegalStateException if a cache is full, a pool exhausted, or a cache is closed or in use
   * @throws IllegalArgumentException if shapes do not fit, or a cache occurs twice
   */
  public static void appendAll(List<KeyValueCache> caches, Heads key, Heads value) {
    BatchAppend.run(caches, key, value);
  }

  /**
   * Appends packed rows to the caches of several sequences, which may receive different numbers of rows. If anything fails, no cache is
   * changed.
   *
   * @param caches one cache for each sequence
   * @param key 1 × keyValueHeads × the keys of all sequences × headDim
   * @param value 1 × keyValueHeads × the keys of all sequences × valueDim
   * @param sequences cache s receives the rows {@code sequences.keyStart(s)} (inclusive) to {@code sequences.keyStart(s + 1)} (exclusive)
   * @throws IllegalStateException if a cache is full, a pool exhausted, or a cache is closed or in use
   * @throws IllegalArgumentException if shapes or numbers of rows do not fit, or a cache occurs twice
   */
  public static void appendAll(List<KeyValueCache> caches, Heads key, Heads value, PackedSequences sequences) {
    BatchAppend.run(caches, key, value, sequences);
  }

  /**
   * Appends rows of another cache, with the bits that are stored. Between formats, {@link #copyTo} and {@link #append(Heads, Heads)}
   * convert.
   *
   * @param from the first row of {@code source}
   * @param to one past the last row of {@code source}
   * @throws IllegalArgumentException if shape, format or key channels differ, source does not have these rows or has dropped some of them,
   *     or it is this cache
   * @throws IllegalStateException if the cache is full, its pool exhausted, or one of the caches is closed or in use
   */
  public void append(KeyValueCache source, int from, int to) {
    Objects.requireNonNull(source, "source");
    if (source == this) {
      throw new IllegalArgumentException("source is this cache");
    }
    table.checkSameForm("source", source.table);
    StackSpace.check();
    lock.acquireExclusive();
    try {
      source.acquireShared();
      try {
        RowReads.checkRange(source.table, "from is " + from + " and to is " + to, from, to);
        table.reserve(to - from);
        RowReads.append(table, source.table, from, to);
        table.commit();
      } finally {
        source.releaseShared();
      }
    } finally {
      table.rollback();
      lock.releaseExclusive();
    }
  }

  /**
   * Copies rows to floats: the stored elements, widened exactly, and for {@link KeyValueFormat#INT8} multiplied by their scales and the key
   * channels.
   *
   * @param from the first row that is copied
   * @param key 1 × keyValueHeads × rows × headDim, written
   * @param value 1 × keyValueHeads × rows × valueDim, written
   * @throws IllegalArgumentException if shapes do not fit, elements of key and value overlap, there are fewer rows, or a window has dropped
   *     some of them; nothing has been written then
   */
  public void copyTo(int from, Heads key, Heads value) {
    RowReads.check(table.layout(), key, value);
    acquireShared();
    try {
      RowReads.copy(table, from, key, value);
    } finally {
      releaseShared();
    }
  }

  /**
   * Removes the last rows, for instance speculative tokens that were refused. Pages of the removed rows become free.
   *
   * @param rows number of rows that remain
   * @throws IllegalArgumentException if that is below 0 or above {@link #rows}, or if the window of the last remaining row needs rows that
   *     have been dropped. Removing all rows of the last append is always possible
   */
  public void truncate(int rows) {
    StackSpace.check();
    lock.acquireExclusive();
    try {
      table.truncate(rows);
    } finally {
      lock.releaseExclusive();
    }
  }

  /**
   * Keeps the rows before {@code from} and the given later ones, in the given order, and removes all others. Rows are copied with the bits
   * that are stored. After a tree of drafted tokens this keeps the accepted path:
   *
   * <pre>{@code
   * int before = cache.rows();
   * layer.withMask(Mask.tree(parents)).forward(drafts, List.of(cache), y);
   * cache.keep(before, 0 + before, 2 + before, 5 + before); // nodes 0, 2 and 5 of the tree
   * }</pre>
   *
   * @param from number of rows that stay where they are
   * @param rows numbers of the other rows that stay, from {@code from} on, all different: row rows[i] becomes row from + i
   * @throws IllegalArgumentException if a number is outside of {@code from} to {@link #rows} − 1 or occurs twice, if a row would move to
   *     where a window has dropped rows, or if the window of the last remaining row needs rows that have been dropped
   * @throws IllegalStateException if a shared page must be copied and the pool is exhausted, or the cache is closed or in use
   */
  public void keep(int from, int... rows) {
    StackSpace.check();
    lock.acquireExclusive();
    try {
      table.keep(from, rows);
    } finally {
      lock.releaseExclusive();
    }
  }

  /**
   * Removes the rows {@code from} (inclusive) to {@code to} (exclusive); later rows move down. Their keys and values keep the bits that are
   * stored.
   *
   * @throws IllegalArgumentException if there are no such rows, if a row would move to where a window has dropped rows, or if the window of
   *     the last remaining row needs rows that have been dropped
   * @throws IllegalStateException if a shared page must be copied and the pool is exhausted, or the cache is closed or in use
   */
  public void remove(int from, int to) {
    removeRows(from, to, null);
  }

  /**
   * Removes rows as {@link #remove(int, int)}, and rotates the keys of the later rows to the positions of their new numbers: by the angles
   * of −(to − from) positions. The context of a model then continues as if the removed tokens had never been there, except that later rows
   * were computed when they were (the "context shift" of other libraries).
   *
   * <pre>{@code
   * cache.remove(4, 260, rotary.table()); // forgets 256 tokens after the first 4
   * }</pre>
   *
   * <p>The table's factor (YaRN) is on the keys already and is not applied again. Keys are widened, rotated in double and rounded once to
   * the format: for F32 the error is about 1e-7 of a pair's length for each removal, for F16 and BF16 half a unit of the last place. For
   * INT8 a row gets a new scale, and an element is off by half a scale more.
   *
   * @param rotary cosines and sines that the keys were rotated with; those of a caller must be rotations by angles that grow evenly
   * @throws IllegalArgumentException as for {@link #remove(int, int)}, or if the table has more elements than a key, several sections, or
   *     fewer positions than rows are removed
   * @throws IllegalStateException as for {@link #remove(int, int)}
   */
  public void remove(int from, int to, RotaryTable rotary) {
    removeRows(from, to, Objects.requireNonNull(rotary, "rotary"));
  }

  private void removeRows(int from, int to, @Nullable RotaryTable rotary) {
    StackSpace.check();
    lock.acquireExclusive();
    try {
      table.remove(from, to, rotary);
    } finally {
      lock.releaseExclusive();
    }
  }

  /**
   * Saves the rows to a file, with the bits that are stored: shape, format, key channels and window, and all rows that a window has not
   * dropped. A temporary file in the same directory is moved to the path when it is complete. {@link #load} reads the file.
   *
   * <pre>{@code
   * prompt.save(path);
   * try (KeyValueCache cache = KeyValueCache.builder(keyValueHeads, headDim).capacity(4096).build()) {
   *   cache.load(path); // the same bits as prompt
   * }
   * }</pre>
   *
   * @throws IOException if writing fails; a file that was there before is unchanged then
   */
  public void save(Path path) throws IOException {
    CacheFile.save(path, List.of(this));
  }

  /**
   * Loads the rows of a file into this cache, which must be empty. Rows that a window had dropped stay dropped.
   *
   * @throws IOException if the file cannot be read, was not written by {@link #save}, is damaged or incomplete
   * @throws IllegalArgumentException if shape, format or key channels differ from those of the cache, or if the file lacks dropped rows and
   *     the cache has another window or page size
   * @throws IllegalStateException if the cache has rows, is too small, closed or in use, or its pool is exhausted
   */
  public void load(Path path) throws IOException {
    CacheFile.load(path, List.of(this));
  }

  /** Removes all rows. The cache keeps its own memory; pages return to the pool. */
  public void reset() {
    truncate(0);
  }

  /**
   * Creates an independent cache with the same rows; the two may be closed in any order. In a pool both share pages until one of them
   * writes to a page. With own memory everything is copied.
   */
  public KeyValueCache fork() {
    StackSpace.check();
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
   * Returns pages to the pool, or frees own memory. Every other call is refused afterwards; closing again has no effect.
   *
   * @throws IllegalStateException if the cache is in use
   */
  @Override
  public void close() {
    StackSpace.check();
    if (!lock.acquireToClose()) {
      return;
    }
    table.truncate(0);
    if (pool == null) {
      table.pages().close();
    } else {
      pool.released();
    }
    lock.closeExclusive();
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
   * The lock of the cache, which refuses calls that would overlap.
   *
   * @hidden
   */
  @Override
  public CacheLock lock() {
    return lock;
  }

  /**
   * Computes divisors for the columns of K, so that a channel with large numbers does not reduce the precision of the others: max |x| of
   * each channel over sample rows. A row is divided by them before it gets its scale. A channel of zeros, or of numbers below {@link
   * Float#MIN_NORMAL}, gets the largest divisor of its head, or 1.
   *
   * @param key batch × keyValueHeads × rows × headDim, finite
   * @return keyValueHeads × headDim, all positive
   * @throws IllegalArgumentException if an element is not finite
   */
  public static float[] channelScales(Heads key) {
    return ChannelScales.of(key);
  }

  /** Builder of a {@code KeyValueCache}: heads, width, format, capacity. */
  public static final class Builder {
    private final CacheSettings settings;
    private int capacity;
    private boolean growing;
    private @Nullable Window window;

    private Builder(int keyValueHeads, int headDim) {
      settings = new CacheSettings(keyValueHeads, headDim);
    }

    /**
     * Sets the elements of a value; the default is headDim.
     *
     * @throws IllegalArgumentException if that is below 1, or above 2<sup>22</sup>
     */
    public Builder valueDim(int valueDim) {
      settings.valueDim(valueDim);
      return this;
    }

    /** Sets the storage format of the elements; the default is {@link KeyValueFormat#F32}. */
    public Builder format(KeyValueFormat format) {
      settings.format(format);
      return this;
    }

    /**
     * Sets the divisors of the columns of K for {@link KeyValueFormat#INT8}: a row is divided by them before it gets its scale. {@link
     * #channelScales} computes them.
     *
     * @param scales keyValueHeads × headDim, all at least {@link Float#MIN_NORMAL} and finite
     * @throws IllegalArgumentException if there are more or fewer; {@link #build} checks that they are positive
     */
    public Builder keyChannels(float[] scales) {
      settings.keyChannels(scales);
      return this;
    }

    /** Allocates the memory outside the heap. Only {@link KeyValueCache#close} frees it: the garbage collector does not. */
    public Builder offHeap() {
      settings.offHeap = true;
      return this;
    }

    /**
     * Sets the maximum number of rows. Their memory is reserved in slabs of up to 64 MB, or of 16 rows if 16 rows are larger.
     *
     * @throws IllegalArgumentException if that is below 1
     */
    public Builder capacity(int rows) {
      Checks.atLeast("capacity", rows, 1);
      capacity = rows;
      return this;
    }

    /**
     * Makes the capacity an initial one. Its memory is reserved at once. When it is used up the memory doubles, without copying. On the
     * heap it never grows by more than one array at a time.
     */
    public Builder growing() {
      growing = true;
      return this;
    }

    /**
     * Limits the cache to the rows that queries can see, for a sequence as long as an int can count: the first {@code sinks} rows, and the
     * last {@code rows} rows up to and including the query's own. The last query has the position of the last row. A query sees exactly
     * these keys, of those that its mask shows, however the rows were appended. Each query of a call has its own window, and sees no later
     * row. The effect is the same as if every mask were combined, by {@link Mask#and}, with {@link Mask#window Mask.window(rows − 1,
     * 0).withSinks(sinks)}. Rows keep their numbers.
     *
     * <p>The next append drops whole blocks of 16 rows that no later query can see, and reuses their memory. If n rows are appended at
     * once, the cache holds up to ⌈sinks / 16⌉ + ⌈(rows + n − 1) / 16⌉ + 1 blocks, however long the sequence is. A call with at most as
     * many queries as the last append had rows always finds their windows. If a window has been dropped, the call is refused with an {@link
     * IllegalArgumentException}. To {@link #truncate} more than the last append, use a larger window and a mask.
     *
     * @throws IllegalArgumentException if rows is below 1, or sinks is negative
     */
    public Builder window(int rows, int sinks) {
      window = new Window(rows, sinks);
      return this;
    }

    /**
     * Creates the cache.
     *
     * @throws IllegalStateException if neither capacity nor window was given
     * @throws IllegalArgumentException if both were given, 16 rows do not fit in an array, or the settings cannot be combined
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
   * Rows, pages and bytes of a {@link KeyValueCache}.
   *
   * @param rows rows of the sequence, including those that a window has dropped
   * @param storedRows rows whose keys and values are stored
   * @param pages pages that the cache refers to
   * @param sharedPages number of these pages that other caches refer to as well
   * @param bytesUsed bytes of the stored rows, with their scales
   * @param bytesReserved bytes of the pages; for a cache with its own memory, bytes of all its memory
   */
  public record Statistics(int rows, int storedRows, int pages, int sharedPages, long bytesUsed, long bytesReserved) {}
}
