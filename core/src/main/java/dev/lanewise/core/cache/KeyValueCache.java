package dev.lanewise.core.cache;

import dev.lanewise.core.cache.page.BatchAppend;
import dev.lanewise.core.cache.page.CacheSettings;
import dev.lanewise.core.cache.page.ChannelScales;
import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.cache.page.Pages;
import dev.lanewise.core.cache.page.RowReads;
import dev.lanewise.core.cache.page.StackSpace;
import dev.lanewise.core.cache.page.Window;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
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
 * <p>Over formats other than INT8 a row of attention has the same bits in a step and in a longer call, see {@link
 * dev.lanewise.core.Attention#compute(Heads, List, Heads)}.
 *
 * <p>A call that fails changes nothing, even after an {@link OutOfMemoryError}. One thread may use a cache at a time, or several threads if
 * all of them only read. If two calls overlap and one of them changes the cache, one of them is refused with an {@link
 * IllegalStateException}. Different threads may use different caches of one pool at the same time.
 */
@SuppressWarnings("exports") // the rows are internal: only calls read them
public final class KeyValueCache extends CacheRows implements AutoCloseable {
  KeyValueCache(PageTable table, @Nullable KeyValuePool pool) {
    super(table, pool);
  }

  /**
   * Creates a builder of a cache with its own memory, for this number of heads and of elements of a key.
   *
   * @throws IllegalArgumentException if a number is below 1, or headDim above 2<sup>22</sup>, the maximum for attention
   */
  public static Builder builder(int keyValueHeads, int headDim) {
    return new Builder(keyValueHeads, headDim);
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
  public static final class Builder extends StorageBuilder<Builder> {
    private int capacity;
    private boolean growing;
    private @Nullable Window window;

    private Builder(int keyValueHeads, int headDim) {
      super(keyValueHeads, headDim);
    }

    @Override
    Builder self() {
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
