package dev.lanewise.bench.verify.soak;

import dev.lanewise.core.cache.KeyValuePool;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/** Threads that make random calls until they are stopped, and a thread that interrupts them. All pause while memory is measured. */
final class Soak implements AutoCloseable {
  private static final int PLATFORM_THREADS = 3;
  private static final int VIRTUAL_THREADS = 12;
  private static final long INTERRUPT_MILLIS = 7;

  /** A fair lock, so that the thread that pauses the calls gets it. */
  private final ReentrantReadWriteLock pause = new ReentrantReadWriteLock(true);

  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong cancelled = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final List<Thread> callers = new ArrayList<>();
  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final KeyValuePool heapPool = RandomCalls.pool(false);
  private final KeyValuePool offHeapPool = RandomCalls.pool(true);
  private final Thread interrupter;
  private volatile boolean stopped;

  Soak(long seed) {
    RandomCalls onHeap = new RandomCalls(seed, heapPool, executor);
    RandomCalls offHeap = new RandomCalls(seed, offHeapPool, executor);
    for (int i = 0; i < PLATFORM_THREADS + VIRTUAL_THREADS; i++) {
      Random random = new Random(seed + 1 + i);
      RandomCalls calls = i % 2 == 0 ? onHeap : offHeap;
      Thread.Builder builder = i < PLATFORM_THREADS ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
      callers.add(builder.name("soak-" + i).start(() -> call(calls, random)));
    }
    interrupter = Thread.ofPlatform().daemon().name("soak-interrupts").start(() -> interrupt(new Random(seed)));
  }

  private void call(RandomCalls randomCalls, Random random) {
    while (!stopped && failure.get() == null) {
      pause.readLock().lock();
      try {
        randomCalls.run(random);
      } catch (CancellationException e) {
        cancelled.incrementAndGet();
        if (!Thread.currentThread().isInterrupted()) {
          failure.compareAndSet(null, new AssertionError("cancelled, but not interrupted", e));
        }
      } catch (Throwable e) { // of any kind: the command reports it
        failure.compareAndSet(null, e);
      } finally {
        pause.readLock().unlock();
        Thread.interrupted();
        calls.incrementAndGet();
      }
      LockSupport.parkNanos(1_000); // virtual threads share few carriers
    }
  }

  private void interrupt(Random random) {
    try {
      while (!stopped) {
        Thread.sleep(INTERRUPT_MILLIS);
        callers.get(random.nextInt(callers.size())).interrupt();
      }
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts this thread", e);
    }
  }

  /** Takes a sample when all calls have paused. */
  Samples.Sample sample(Samples samples, double seconds) throws InterruptedException {
    pause.writeLock().lock();
    try {
      return samples.take(seconds, calls.get());
    } finally {
      pause.writeLock().unlock();
    }
  }

  /** The number of calls that an interrupt ended. */
  long cancelled() {
    return cancelled.get();
  }

  /** The first failure; null without one. */
  @Nullable Throwable failure() {
    return failure.get();
  }

  /** The number of pages still in use by caches that were not closed. Call it after {@link #close}. */
  int leakedPages() {
    return heapPool.statistics().usedPages() + offHeapPool.statistics().usedPages();
  }

  /** Ends all threads. */
  @Override
  public void close() {
    stopped = true;
    callers.forEach(Soak::join);
    join(interrupter);
    executor.close();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + thread.getName() + " ends", e);
    }
  }

  /** Frees the pools that the calls shared. */
  void free() {
    heapPool.close();
    offHeapPool.close();
  }
}
