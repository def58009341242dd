package dev.lanewise.bench.throughput.timing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.Operation;
import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.timing.Stopwatch.Timing;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class StopwatchTest {
  @Test
  void countsBytesAndTimeOfOneRun() {
    Fake fake = new Fake(1_000_000, 1000);
    Timing timing = new Stopwatch(0.02, 0.1).measure(fake);
    assertThat(timing.best()).isGreaterThan(0.001).isLessThanOrEqualTo(timing.median());
    // Elements and the array's header.
    assertThat(timing.allocatedBytes()).isBetween(4000L, 4100L);
    // Warm-up and at least three samples of 5 ms at 1 ms a run.
    assertThat(fake.runs).isGreaterThan(10);
  }

  @Test
  void aRunThatAllocatesNothingSaysSo() {
    assertThat(new Stopwatch(0.02, 0.05).measure(new Fake(1_000_000, 0)).allocatedBytes()).isZero();
  }

  /** Waits and allocates as told. */
  private static final class Fake implements Operation {
    private final long nanos;
    private final int elements;
    private int runs;

    @SuppressWarnings("UnusedVariable") // keeps the allocation from being optimised away
    private volatile int[] kept;

    private Fake(long nanos, int elements) {
      this.nanos = nanos;
      this.elements = elements;
    }

    @Override
    public void run() {
      runs++;
      long start = System.nanoTime();
      if (elements > 0) {
        kept = new int[elements];
      }
      while (System.nanoTime() - start < nanos) {
        LockSupport.parkNanos(nanos / 10);
      }
    }

    @Override
    public Map<String, Object> shape() {
      return Map.of();
    }

    @Override
    public long flops() {
      return 0;
    }

    @Override
    public long bytes() {
      return 0;
    }

    @Override
    public Accuracy accuracy() {
      return null;
    }
  }
}
