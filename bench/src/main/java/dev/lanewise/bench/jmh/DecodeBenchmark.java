package dev.lanewise.bench.jmh;

import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import org.openjdk.jmh.annotations.Param;

/** One query against a cache, on one thread: 4 · heads · keys · headDim operations. These caches are small enough to stay in L2 or L3. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class DecodeBenchmark extends ScalarVersusVector {
  private static final int PAGE_ROWS = 16;

  /** The kinds of cache. */
  public enum Kind {
    F32(KeyValueFormat.F32),
    F16(KeyValueFormat.F16),
    BF16(KeyValueFormat.BF16),
    INT8(KeyValueFormat.INT8),
    /** In native memory. */
    F32_OFF_HEAP(KeyValueFormat.F32),
    /** In pages of 16 rows of a pool. */
    F32_PAGES(KeyValueFormat.F32),
    /** The same in halves. */
    F16_PAGES(KeyValueFormat.F16);

    private final KeyValueFormat format;

    Kind(KeyValueFormat format) {
      this.format = format;
    }
  }

  /** heads × keyValueHeads × keys × headDim. */
  @Param({"8x8x1024x64", "8x2x1024x64", "3x3x113x59"})
  public String shape;

  /** How and where the cache stores keys and values. */
  @Param public Kind cache;

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Heads query = Inputs.heads(sizes[0], 1, sizes[3], 1);
    Heads key = Inputs.storableHeads(sizes[1], sizes[2], sizes[3], 2);
    Heads value = Inputs.storableHeads(sizes[1], sizes[2], sizes[3], 3);
    Heads output = Heads.zeros(1, sizes[0], 1, sizes[3]);
    KeyValueCache rows = cache(sizes[1], sizes[3], sizes[2]);
    rows.append(key, value);
    ByPath<Attention> attention = ByPath.of(Attention.standard()::withKernels);
    return new Task(
        kernels -> {
          attention.on(kernels).compute(query, rows, output);
          return output.data();
        },
        4.0 * query.heads() * key.rows() * key.width(),
        2.0 * key.data().length * elementBytes(),
        () -> ReferenceAttention.of(Attention.standard(), query, key, value).output());
  }

  private KeyValueCache cache(int heads, int headDim, int capacity) {
    KeyValueCache.Builder own = KeyValueCache.builder(heads, headDim).format(cache.format).capacity(capacity);
    return switch (cache) {
      case F32, F16, BF16, INT8 -> own.build();
      case F32_OFF_HEAP -> own.offHeap().build();
      case F32_PAGES, F16_PAGES -> pool(heads, headDim, Math.ceilDiv(capacity, PAGE_ROWS)).newCache();
    };
  }

  private KeyValuePool pool(int heads, int headDim, int pages) {
    return KeyValuePool.builder(heads, headDim).format(cache.format).pageRows(PAGE_ROWS).pages(pages).build();
  }

  private int elementBytes() {
    return switch (cache.format) {
      case F32 -> Float.BYTES;
      case F16, BF16 -> Short.BYTES;
      case INT8 -> Byte.BYTES;
    };
  }
}
