package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** The caches of a call, filled in several appends. A detour adds rows that are taken back, or that only a fork's source holds. */
final class Caches implements AutoCloseable {
  private static final int DETOUR_ROWS = 5;
  private static final int BLOCK = 16;
  private static final float[] SPECIAL = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3e38f, -3e38f};

  /** The kinds of cache. */
  enum Kind {
    NONE,
    FIXED,
    GROWING,
    WINDOW,
    POOL
  }

  /** How rows come and disappear before the call. */
  enum Detour {
    NONE,
    TRUNCATED,
    FORKED,
    INTERRUPTED
  }

  private final Plan plan;
  private final Numbers numbers;
  private final @Nullable KeyValuePool pool;
  private final List<KeyValueCache> caches = new ArrayList<>();

  /**
   * Filled caches.
   *
   * @param starts the first row of each cache in the only batch entry; null if each cache has a batch entry of its own
   * @param rows the number of rows of each cache
   */
  Caches(Plan plan, Numbers numbers, Operands operands, int @Nullable [] starts, int[] rows) {
    this.plan = plan;
    this.numbers = numbers;
    this.pool = plan.get(Options.CACHE) == Kind.POOL ? pool(rows) : null;
    for (int b = 0; b < rows.length; b++) {
      int entry = starts == null ? b : 0;
      int first = starts == null ? 0 : starts[b];
      caches.add(
          fill(cache(rows[b]), Call.rows(operands.key(), entry, first, rows[b]), Call.rows(operands.value(), entry, first, rows[b])));
    }
  }

  List<KeyValueCache> list() {
    return caches;
  }

  /** The factors of the key columns; empty without such factors. */
  static float[] channels(Plan plan, Numbers numbers) {
    float[] channels = new float[plan.has(Options.CHANNELS) ? plan.get(Options.KEY_VALUE_HEADS) * plan.get(Options.HEAD_DIM) : 0];
    for (int n = 0; n < channels.length; n++) {
      channels[n] = (float) Math.exp(numbers.normal(Operand.OTHER, 5000L + n));
    }
    return channels;
  }

  /** The number of rows that a window keeps for a query, its own row included. */
  static int windowRows(Numbers numbers) {
    return 1 + numbers.below(60, 11);
  }

  /** The number of first rows that a window keeps in any case. */
  static int sinks(Numbers numbers) {
    return numbers.below(2, 12) * (1 + numbers.below(20, 13));
  }

  /** Whether there may be more queries than rows in the last append, so that a window may have dropped rows that they see. */
  static boolean asksForMore(Plan plan, Numbers numbers) {
    return plan.has(Options.APPENDS) && numbers.below(4, 14) == 0;
  }

  /** The number of rows in each append. */
  static int[] chunks(Plan plan, Numbers numbers, int rows) {
    int[] chunks = new int[1 + plan.get(Options.APPENDS)];
    int left = rows;
    for (int n = 0; n < chunks.length - 1; n++) {
      chunks[n] = numbers.below(left + 1, 20 + n);
      left -= chunks[n];
    }
    chunks[chunks.length - 1] = left;
    return chunks;
  }

  private KeyValuePool pool(int[] rows) {
    int pageRows = BLOCK * Math.max(1, plan.get(Options.PAGES));
    int pages = 0;
    for (int count : rows) {
      pages += 2 * (Math.ceilDiv(count + DETOUR_ROWS, pageRows) + 1);
    }
    var builder = KeyValuePool.builder(plan.get(Options.KEY_VALUE_HEADS), plan.get(Options.HEAD_DIM));
    builder.valueDim(plan.get(Options.VALUE_DIM)).format(plan.get(Options.FORMAT)).pageRows(pageRows).pages(pages);
    if (plan.has(Options.CHANNELS)) {
      builder.keyChannels(channels(plan, numbers));
    }
    return (plan.has(Options.OFF_HEAP) ? builder.offHeap() : builder).build();
  }

  /** A builder of a cache with the plan's shape and format. */
  static KeyValueCache.Builder builder(Plan plan, Numbers numbers) {
    var builder = KeyValueCache.builder(plan.get(Options.KEY_VALUE_HEADS), plan.get(Options.HEAD_DIM));
    builder.valueDim(plan.get(Options.VALUE_DIM)).format(plan.get(Options.FORMAT));
    return plan.has(Options.CHANNELS) ? builder.keyChannels(channels(plan, numbers)) : builder;
  }

  private KeyValueCache cache(int rows) {
    if (pool != null) {
      return pool.newCache();
    }
    var builder = builder(plan, numbers);
    if (plan.has(Options.OFF_HEAP)) {
      builder.offHeap();
    }
    return switch (plan.get(Options.CACHE)) {
      case GROWING -> builder.capacity(1 + rows / 3).growing().build();
      case WINDOW -> builder.window(windowRows(numbers), sinks(numbers)).build();
      case NONE, FIXED, POOL -> builder.capacity(rows + DETOUR_ROWS).build();
    };
  }

  private KeyValueCache fill(KeyValueCache cache, Heads key, Heads value) {
    int row = 0;
    for (int count : chunks(plan, numbers, key.rows())) {
      cache.append(key.rows(row, row + count), value.rows(row, row + count));
      row += count;
    }
    return switch (plan.get(Options.DETOUR)) {
      case NONE -> cache;
      case TRUNCATED -> {
        append(cache, key, value);
        cache.truncate(key.rows());
        yield cache;
      }
      case FORKED -> {
        KeyValueCache fork = cache.fork();
        append(cache, key, value);
        cache.close();
        yield fork;
      }
      case INTERRUPTED -> {
        Thread.currentThread().interrupt();
        try {
          append(cache, key, value);
          throw new AssertionError("an append went on after an interrupt");
        } catch (CancellationException e) {
          Thread.interrupted(); // the flag has served its purpose
        }
        yield cache;
      }
    };
  }

  /** Appends rows of NaN, infinities or large numbers, in keys, values or both, which no later call may see. */
  private void append(KeyValueCache cache, Heads key, Heads value) {
    float special = SPECIAL[numbers.below(SPECIAL.length, 15)];
    int place = numbers.below(3, 16);
    cache.append(
        Layout.DENSE.view(1, key.heads(), DETOUR_ROWS, key.width(), place == 1 ? 1 : special),
        Layout.DENSE.view(1, value.heads(), DETOUR_ROWS, value.width(), place == 2 ? 1 : special));
  }

  @Override
  public void close() {
    caches.forEach(KeyValueCache::close);
    if (pool != null) {
      pool.close();
    }
  }
}
