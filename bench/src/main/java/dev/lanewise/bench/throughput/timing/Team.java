package dev.lanewise.bench.throughput.timing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/**
 * Runs the parts of a single-threaded kernel's work at the same time, part 0 on the calling thread. Whole attention calls and projections
 * do not need it: they bring their own threads.
 */
public final class Team implements AutoCloseable {
  private final int size;
  private final ExecutorService others;

  public Team(int size) {
    this.size = size;
    this.others = Executors.newFixedThreadPool(Math.max(1, size - 1), Thread.ofPlatform().daemon().name("team-", 1).factory());
  }

  public int size() {
    return size;
  }

  /** Calls {@code part} with 0 to size − 1 and returns when all are done. */
  public void run(IntConsumer part) {
    if (size == 1) {
      part.accept(0);
      return;
    }
    List<Future<?>> running = new ArrayList<>(size - 1);
    for (int n = 1; n < size; n++) {
      int mine = n;
      running.add(others.submit(() -> part.accept(mine)));
    }
    part.accept(0);
    running.forEach(Team::await);
  }

  private static void await(Future<?> part) {
    try {
      part.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a measured part failed", e.getCause());
    }
  }

  @Override
  public void close() {
    others.close();
  }
}
