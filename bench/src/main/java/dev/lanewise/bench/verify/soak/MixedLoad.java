package dev.lanewise.bench.verify.soak;

import dev.lanewise.core.cache.KeyValuePool;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** {@link RandomCalls} with caches on and off the heap, and helpers of a pool of the caller's. */
final class MixedLoad implements Load {
  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final KeyValuePool heapPool = RandomCalls.pool(false);
  private final KeyValuePool offHeapPool = RandomCalls.pool(true);
  private final RandomCalls onHeap;
  private final RandomCalls offHeap;

  MixedLoad(long seed) {
    onHeap = new RandomCalls(seed, heapPool, executor);
    offHeap = new RandomCalls(seed, offHeapPool, executor);
  }

  @Override
  public int platformThreads() {
    return 3;
  }

  @Override
  public int virtualThreads() {
    return 12;
  }

  @Override
  public void call(int thread, Random random) {
    (thread % 2 == 0 ? onHeap : offHeap).run(random);
  }

  @Override
  public List<String> leaks() {
    int pages = heapPool.statistics().usedPages() + offHeapPool.statistics().usedPages();
    return pages == 0 ? List.of() : List.of(pages + " pages are in use after the last call");
  }

  @Override
  public void close() {
    executor.close();
    heapPool.close();
    offHeapPool.close();
  }
}
