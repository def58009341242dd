package dev.lanewise.bench.verify.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/** Threads that make random calls until they are stopped, and a thread that interrupts them. All pause while memory is measured. */
final class Soak implements AutoCloseable {
  private static final long INTERRUPT_MILLIS = 7;

  /** A fair lock, so that the thread that pauses the calls gets it. */
  private final ReentrantReadWriteLock pause = new ReentrantReadWriteLock(true);

  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong cancelled = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final List<Thread> callers = new ArrayList<>();
  private final Thread interrupter;
  private volatile boolean stopped;

  Soak(Load load, long seed) {
    for (int i = 0; i < load.platformThreads() + load.virtualThreads(); i++) {
      Random random = new Random(seed + 1 + i);
      int number = i;
      Thread.Builder builder = i < load.platformThreads() ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
      callers.add(builder.name("soak-" + i).start(() -> call(load, number, random)));
    }
    interrupter = Thread.ofPlatform().daemon().name("soak-interrupts").start(() -> interrupt(new Random(seed)));
  }

  private void call(Load load, int number, Random random) {
    while (!stopped && failure.get() == null) {
      pause.readLock().lock();
      try {
        load.call(number, random);
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

  /** Ends all threads. */
  @Override
  public void close() {
    stopped = true;
    callers.forEach(Soak::join);
    join(interrupter);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + thread.getName() + " ends", e);
    }
  }
}
