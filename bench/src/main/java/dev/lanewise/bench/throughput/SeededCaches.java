package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Filled caches, one a batch entry. The numbers of each head come from a seed of its own, so that they can be made once more for a check
 * and need not be kept: the caches are filled a few rows at a time and take no more memory than themselves.
 *
 * <p>In a pool, the pages of a sequence are in seeded order. First every page is taken by a cache of one row; then, for each page to fill,
 * one of those caches is chosen at random and closed, and its page is the only free one. So neighbouring pages of a sequence are apart, as
 * after many requests have come and gone, and the pool has no page too many.
 */
final class SeededCaches implements AutoCloseable {
  /** Rows at a time of a cache without pages. */
  private static final int CHUNK = 64;

  private static final long PAGE_SEED = 5;

  private final ShapeOptions sizes;
  private final CacheOptions options;
  private final int[] lengths;
  private final @Nullable KeyValuePool pool;
  private final List<KeyValueCache> caches = new ArrayList<>();

  /** The numbers to come of each batch entry's heads, of K and of V in turn. */
  private final SeededData[] numbers;

  /**
   * Filled caches.
   *
   * @param lengths rows of each batch entry
   */
  SeededCaches(ShapeOptions sizes, CacheOptions options, int[] lengths) {
    this.sizes = sizes;
    this.options = options;
    this.lengths = lengths;
    this.pool = options.page == 0 ? null : pool();
    this.numbers = new SeededData[2 * lengths.length * sizes.keyValueHeads()];
    Arrays.setAll(numbers, SeededData::new);
    if (pool == null) {
      fill();
    } else {
      fill(pool);
    }
  }

  private KeyValuePool pool() {
    var builder =
        KeyValuePool.builder(sizes.keyValueHeads(), sizes.headDim)
            .valueDim(sizes.valueDim)
            .format(options.format())
            .pageRows(options.page)
            .pages(Arrays.stream(lengths).map(rows -> Math.ceilDiv(rows, options.page)).sum());
    return (options.offHeap ? builder.offHeap() : builder).build();
  }

  private KeyValueCache ownMemory(int rows) {
    var builder =
        KeyValueCache.builder(sizes.keyValueHeads(), sizes.headDim).valueDim(sizes.valueDim).format(options.format()).capacity(rows);
    return (options.offHeap ? builder.offHeap() : builder).build();
  }

  private void fill() {
    for (int b = 0; b < lengths.length; b++) {
      caches.add(ownMemory(lengths[b]));
      for (int row = 0; row < lengths[b]; row += CHUNK) {
        append(b, Math.min(CHUNK, lengths[b] - row));
      }
    }
  }

  private void fill(KeyValuePool pages) {
    List<KeyValueCache> placeholders = placeholders(pages);
    int longest = 0;
    for (int length : lengths) {
      longest = Math.max(longest, length);
      caches.add(pages.newCache());
    }
    for (int row = 0; row < longest; row += options.page) {
      for (int b = 0; b < lengths.length; b++) {
        if (row < lengths[b]) {
          placeholders.removeLast().close();
          append(b, Math.min(options.page, lengths[b] - row));
        }
      }
    }
  }

  private List<KeyValueCache> placeholders(KeyValuePool pages) {
    Heads key = Heads.zeros(1, sizes.keyValueHeads(), 1, sizes.headDim);
    Heads value = Heads.zeros(1, sizes.keyValueHeads(), 1, sizes.valueDim);
    List<KeyValueCache> placeholders = new ArrayList<>();
    for (int n = 0; n < pages.statistics().pages(); n++) {
      KeyValueCache cache = pages.newCache();
      cache.append(key, value);
      placeholders.add(cache);
    }
    Collections.shuffle(placeholders, new Random(PAGE_SEED));
    return placeholders;
  }

  private void append(int b, int rows) {
    Heads key = Heads.zeros(1, sizes.keyValueHeads(), rows, sizes.headDim);
    Heads value = Heads.zeros(1, sizes.keyValueHeads(), rows, sizes.valueDim);
    for (int head = 0; head < sizes.keyValueHeads(); head++) {
      numbers[index(b, head)].fill(key.data(), key.index(0, head, 0, 0), rows * sizes.headDim);
      numbers[index(b, head) + 1].fill(value.data(), value.index(0, head, 0, 0), rows * sizes.valueDim);
    }
    caches.get(b).append(key, value);
  }

  private int index(int b, int head) {
    return 2 * (b * sizes.keyValueHeads() + head);
  }

  /** The caches. */
  List<KeyValueCache> list() {
    return caches;
  }

  /** The first rows of K of a head as they were before they were stored. */
  Matrix key(int b, int head, int rows) {
    return new SeededData(index(b, head)).matrix(rows, sizes.headDim);
  }

  /** The same of V. */
  Matrix value(int b, int head, int rows) {
    return new SeededData(index(b, head) + 1).matrix(rows, sizes.valueDim);
  }

  /** Bytes of all rows with their scales. */
  long bytes() {
    return caches.stream().mapToLong(cache -> cache.statistics().bytesUsed()).sum();
  }

  @Override
  public void close() {
    caches.forEach(KeyValueCache::close);
    if (pool != null) {
      pool.close();
    }
  }
}
