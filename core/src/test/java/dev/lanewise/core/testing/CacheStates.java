package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The two caches of a batch in one of several states, their pool if they have one, and other caches that share its pages.
 *
 * @param others caches that share pages with the batch, or fill its pool
 */
public record CacheStates(String name, List<KeyValueCache> batch, List<KeyValueCache> others, List<KeyValuePool> pools) {
  public static final LayerShape SHAPE = LayerShape.of(24, 3);
  public static final int BATCH = 2;

  /** Describes everything that can be observed of a cache: numbers, physical blocks, their contents, and a result of attention. */
  public static String describe(KeyValueCache cache) {
    StringBuilder text = new StringBuilder();
    text.append(cache.statistics()).append(" capacity ").append(cache.capacity());
    CachedSequence rows = cache.acquireShared();
    text.append(" dropped ").append(rows.droppedFrom()).append(" to ").append(rows.droppedTo());
    for (int row = 0; row < rows.rows(); row++) {
      if (row < rows.droppedFrom() || row >= rows.droppedTo()) {
        int block = row / KeyValueLayout.BLOCK_ROWS;
        text.append(' ').append(rows.physicalBlock(block)).append(rows.memory(block).isSpecialFrom(rows.physicalBlock(block), 0));
        for (int d = 0; d < rows.layout().keyWidth(); d++) {
          text.append(' ').append(CachedRows.key(rows.memory(block), rows.physicalBlock(block), d % rows.layout().heads(), row % 16, d));
          text.append(' ').append(CachedRows.value(rows.memory(block), rows.physicalBlock(block), d % rows.layout().heads(), row % 16, d));
        }
      }
    }
    KeyValueLayout layout = rows.layout();
    cache.releaseShared();
    Heads output = Heads.zeros(1, layout.heads(), 1, layout.valueWidth());
    Attention.standard()
        .withMask(Mask.causal())
        .compute(Views.random(Views.Layout.DENSE, 1, layout.heads(), 1, layout.keyWidth(), 1), cache, output);
    return text.append(Arrays.toString(output.data())).toString();
  }

  /** Random keys or values. */
  public static Heads rows(int batch, int count, long seed) {
    return Views.random(Views.Layout.DENSE, batch, SHAPE.keyValueHeads(), count, SHAPE.headDim(), seed);
  }

  /** Random input rows of a layer. */
  public static SequenceBatch random(int rows, int seed) {
    return SequenceBatch.of(Views.randomArray(BATCH * rows * 24, 1, seed), BATCH, rows, 24);
  }

  /** Describes everything that can be observed of the caches and the pool. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    batch.forEach(cache -> text.append(describe(cache)).append('\n'));
    others.forEach(cache -> text.append(describe(cache)).append('\n'));
    pools.forEach(pool -> text.append(pool.statistics()).append('\n'));
    return text.toString();
  }

  public void close() {
    batch.forEach(KeyValueCache::close);
    others.forEach(KeyValueCache::close);
    pools.forEach(KeyValuePool::close);
  }

  private static CacheStates own(String name, KeyValueFormat format, int[] appends, UnaryOperator<KeyValueCache.Builder> settings) {
    List<KeyValueCache> batch = new ArrayList<>();
    for (int b = 0; b < BATCH; b++) {
      batch.add(settings.apply(SHAPE.layer().cache().format(format)).build());
    }
    fill(batch, appends);
    return new CacheStates(name + " " + format, batch, List.of(), List.of());
  }

  private static void fill(List<KeyValueCache> batch, int... appends) {
    for (int rows : appends) {
      KeyValueCache.appendAll(batch, rows(batch.size(), rows, rows), rows(batch.size(), rows, rows + 1));
    }
  }

  private static KeyValuePool pool(KeyValueFormat format, int pages) {
    return KeyValuePool.builder(SHAPE.keyValueHeads(), SHAPE.headDim()).format(format).pages(pages).build();
  }

  /** Both caches share a prompt with a third cache. The next append copies its last page. */
  public static CacheStates shared(KeyValueFormat format) {
    KeyValuePool pool = pool(format, 20);
    KeyValueCache prompt = pool.newCache();
    fill(List.of(prompt), 37);
    return new CacheStates("shared " + format, List.of(prompt.fork(), prompt.fork()), List.of(prompt), List.of(pool));
  }

  /** Caches with a window that must reuse their own pages, since no other page is free. */
  public static CacheStates fullPool(KeyValueFormat format) {
    KeyValuePool pool = pool(format, 20);
    List<KeyValueCache> batch = List.of(pool.newCache(32, 3), pool.newCache(32, 3));
    fill(batch, 150, 6, 1, 1, 1, 1);
    KeyValueCache rest = pool.newCache();
    fill(List.of(rest), 16 * (20 - pool.statistics().usedPages()));
    return new CacheStates("full pool " + format, batch, List.of(rest), List.of(pool));
  }

  /** All states, for a format. */
  public static List<CacheStates> all(KeyValueFormat format) {
    return List.of(
        own("contiguous", format, new int[] {20}, builder -> builder.capacity(500)),
        own("empty", format, new int[0], builder -> builder.capacity(500)),
        own("empty, off heap", format, new int[0], builder -> builder.capacity(500).offHeap()),
        own("growing", format, new int[] {31}, builder -> builder.capacity(20).growing()),
        own("window", format, new int[] {200}, builder -> builder.window(32, 4)),
        own("window, off heap", format, new int[] {60, 1, 1, 1, 45}, builder -> builder.window(32, 20).offHeap()),
        shared(format),
        fullPool(format));
  }
}
