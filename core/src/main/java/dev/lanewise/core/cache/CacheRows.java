package dev.lanewise.core.cache;

import dev.lanewise.core.cache.page.CacheFile;
import dev.lanewise.core.cache.page.CacheLock;
import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.cache.page.PagedCache;
import dev.lanewise.core.cache.page.Pages;
import dev.lanewise.core.cache.page.RowReads;
import dev.lanewise.core.cache.page.StackSpace;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.RotaryTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a {@link KeyValueCache} does with the rows that it has: it counts, reads, removes, saves and loads them. */
@SuppressWarnings("exports") // the rows are internal: only calls read them
abstract sealed class CacheRows implements PagedCache permits KeyValueCache {
  final PageTable table;
  final @Nullable KeyValuePool pool;
  final CacheLock lock = new CacheLock();

  CacheRows(PageTable table, @Nullable KeyValuePool pool) {
    this.table = table;
    this.pool = pool;
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
  public KeyValueCache.Statistics statistics() {
    acquireShared();
    Pages pages = table.pages();
    int count = table.count();
    int stored = table.storedRows();
    long reserved = (pool == null ? pages.reserved() : count) * pages.pageBytes();
    var statistics = new KeyValueCache.Statistics(table.rows(), stored, count, table.shared(), stored * pages.rowBytes(), reserved);
    releaseShared();
    return statistics;
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
   * layer.withMask(Mask.causal().and(Mask.tree(parents))).forward(drafts, List.of(cache), y);
   * cache.keep(before, before, before + 2, before + 5); // nodes 0, 2 and 5 of the tree were accepted
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
   * try (KeyValueCache copy = KeyValueCache.builder(prompt.keyValueHeads(), prompt.headDim()).capacity(4096).build()) {
   *   copy.load(path); // the same bits as prompt
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
}
