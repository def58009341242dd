package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** The caches of a call, filled in several appends, perhaps with a detour: rows that are taken back, or a fork that goes its own way. */
final class Caches implements AutoCloseable {
  private static final int TRUNCATED = 1;
  private static final int FORKED = 2;
  static final int INTERRUPTED = 3;
  private static final int DETOUR_ROWS = 5;
  private static final int BLOCK = 16;
  private static final float[] SPECIAL = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3e38f, -3e38f};
  private static final List<KeyValueFormat> FORMATS =
      List.of(KeyValueFormat.F32, KeyValueFormat.F16, KeyValueFormat.BF16, KeyValueFormat.INT8);

  private final Plan plan;
  private final Numbers numbers;
  private final Operands operands;
  private final int[] rows;
  private final @Nullable KeyValuePool pool;
  private final List<KeyValueCache> caches = new ArrayList<>();

  /**
   * Filled caches.
   *
   * @param starts where each entry's rows begin in those of the only batch entry, or null if each is a batch entry of its own
   * @param rows rows of each
   */
  Caches(Plan plan, Numbers numbers, Operands operands, int @Nullable [] starts, int[] rows) {
    this.plan = plan;
    this.numbers = numbers;
    this.operands = operands;
    this.rows = rows.clone();
    this.pool = plan.get(Knob.CACHE) == Case.POOL ? pool() : null;
    for (int b = 0; b < rows.length; b++) {
      Heads key = part(operands.key(), starts, b, rows[b]);
      Heads value = part(operands.value(), starts, b, rows[b]);
      caches.add(fill(cache(b), key, value));
    }
  }

  List<KeyValueCache> list() {
    return caches;
  }

  static KeyValueFormat format(Plan plan) {
    return FORMATS.get(plan.get(Knob.FORMAT));
  }

  /** What columns of K are divided by; empty for nothing. */
  static float[] channels(Plan plan, Numbers numbers) {
    float[] channels = new float[plan.has(Knob.CHANNELS) ? plan.get(Knob.KEY_VALUE_HEADS) * plan.get(Knob.HEAD_DIM) : 0];
    for (int n = 0; n < channels.length; n++) {
      channels[n] = (float) Math.exp(numbers.normal(Operand.OTHER, 5000L + n));
    }
    return channels;
  }

  /** Rows that a window keeps, the own one among them. */
  static int windowRows(Numbers numbers) {
    return 1 + numbers.below(60, Operand.OTHER, 11);
  }

  /** Whether queries may be more than the rows of the last append, so that a window may have let go what they see. */
  static boolean asksForMore(Plan plan, Numbers numbers) {
    return plan.has(Knob.APPENDS) && numbers.below(4, Operand.OTHER, 14) == 0;
  }

  static int sinks(Numbers numbers) {
    return numbers.below(2, Operand.OTHER, 12) * (1 + numbers.below(20, Operand.OTHER, 13));
  }

  /** Rows of each append. */
  static int[] chunks(Plan plan, Numbers numbers, int rows) {
    int[] chunks = new int[1 + plan.get(Knob.APPENDS)];
    int left = rows;
    for (int n = 0; n < chunks.length - 1; n++) {
      chunks[n] = numbers.below(left + 1, Operand.OTHER, 20 + n);
      left -= chunks[n];
    }
    chunks[chunks.length - 1] = left;
    return chunks;
  }

  private KeyValuePool pool() {
    int pageRows = BLOCK * Math.max(1, plan.get(Knob.PAGES));
    int pages = 0;
    for (int count : rows) {
      pages += 2 * (Math.ceilDiv(count + DETOUR_ROWS, pageRows) + 1);
    }
    var builder = KeyValuePool.builder(plan.get(Knob.KEY_VALUE_HEADS), plan.get(Knob.HEAD_DIM));
    builder.valueDim(plan.get(Knob.VALUE_DIM)).format(format(plan)).pageRows(pageRows).pages(pages);
    if (plan.has(Knob.CHANNELS)) {
      builder.keyChannels(channels(plan, numbers));
    }
    return (plan.has(Knob.OFF_HEAP) ? builder.offHeap() : builder).build();
  }

  private KeyValueCache cache(int b) {
    if (pool != null) {
      return pool.newCache();
    }
    var builder = KeyValueCache.builder(plan.get(Knob.KEY_VALUE_HEADS), plan.get(Knob.HEAD_DIM));
    builder.valueDim(plan.get(Knob.VALUE_DIM)).format(format(plan));
    if (plan.has(Knob.CHANNELS)) {
      builder.keyChannels(channels(plan, numbers));
    }
    if (plan.has(Knob.OFF_HEAP)) {
      builder.offHeap();
    }
    return switch (plan.get(Knob.CACHE)) {
      case Case.GROWING -> builder.capacity(1 + rows[b] / 3).growing().build();
      case Case.WINDOW -> builder.window(windowRows(numbers), sinks(numbers)).build();
      default -> builder.capacity(rows[b] + DETOUR_ROWS).build();
    };
  }

  private static Heads part(Heads view, int @Nullable [] starts, int b, int rows) {
    int from = starts == null ? b * view.batchStride() : starts[b] * view.rowStride();
    return rows(view, rows == 0 ? view.offset() : view.offset() + from, rows);
  }

  private static Heads rows(Heads view, int offset, int rows) {
    return new Heads(view.data(), offset, 1, view.heads(), rows, view.width(), 0, view.headStride(), view.rowStride(), view.columnStride());
  }

  private KeyValueCache fill(KeyValueCache cache, Heads key, Heads value) {
    int row = 0;
    for (int count : chunks(plan, numbers, key.rows())) {
      int first = count == 0 ? 0 : row;
      cache.append(
          rows(key, key.offset() + first * key.rowStride(), count), rows(value, value.offset() + first * value.rowStride(), count));
      row += count;
    }
    if (plan.get(Knob.DETOUR) == TRUNCATED) {
      detour(cache);
      cache.truncate(key.rows());
    }
    if (plan.get(Knob.DETOUR) == FORKED) {
      KeyValueCache fork = cache.fork();
      detour(cache);
      cache.close();
      return fork;
    }
    if (plan.get(Knob.DETOUR) == INTERRUPTED) {
      Thread.currentThread().interrupt();
      try {
        detour(cache);
        throw new AssertionError("an append went on after an interrupt");
      } catch (CancellationException e) {
        Thread.interrupted(); // it has done what it is for
      }
    }
    return cache;
  }

  /** Rows of NaN, infinities or large numbers, in keys or values or both, which nobody must meet again. */
  private void detour(KeyValueCache cache) {
    float special = SPECIAL[numbers.below(SPECIAL.length, Operand.OTHER, 15)];
    int place = numbers.below(3, Operand.OTHER, 16);
    int heads = operands.key().heads();
    cache.append(
        new Layout(0, 0, 0).view(1, heads, DETOUR_ROWS, operands.key().width(), place == 1 ? 1 : special),
        new Layout(0, 0, 0).view(1, heads, DETOUR_ROWS, operands.value().width(), place == 2 ? 1 : special));
  }

  @Override
  public void close() {
    caches.forEach(KeyValueCache::close);
    if (pool != null) {
      pool.close();
    }
  }
}
