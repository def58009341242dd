package dev.lanewise.bench.throughput.timing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class StopwatchTest {
  private final TestClock clock = new TestClock();

  @SuppressWarnings("UnusedVariable") // keeps the allocation from being optimised away
  private volatile int[] kept = {};

  private int calls;

  @Test
  void samplesHaveTimeAndBytesOfOneCall() {
    Stopwatch.Timing timing = Stopwatch.of(0.02, 10, 0.1).samples(() -> waitAndAllocate(1000));
    assertThat(timing.best()).isGreaterThan(0.001).isLessThanOrEqualTo(timing.median());
    // Elements and the array's header.
    assertThat(timing.allocatedBytes()).isBetween(4000L, 4100L);
    // Warm-up and at least three samples; a call of 1 ms takes longer on a busy machine.
    assertThat(calls).isGreaterThan(3);
  }

  @Test
  void aCallThatAllocatesNothingHasNoBytes() {
    assertThat(Stopwatch.of(0.02, 10, 0.05).samples(() -> waitAndAllocate(0)).allocatedBytes()).isZero();
  }

  private void waitAndAllocate(int elements) {
    calls++;
    long start = System.nanoTime();
    if (elements > 0) {
      kept = new int[elements];
    }
    while (System.nanoTime() - start < 1_000_000) {
      LockSupport.parkNanos(100_000);
    }
  }

  @Test
  void aTimeThatSettlesIsThatOfTheFastestCallAfterTheWarmUp() {
    clock.compiledAt = 3_000_000_000L;
    assertThat(fastest(call -> clock.nanos < clock.compiledAt ? 100 : 4)).isEqualTo(new Stopwatch.Time(0.004, true));
  }

  @Test
  void aTimeThatKeepsFallingIsNotSettled() {
    assertThat(fastest(call -> Math.max(2, 200 - 8 * call)).settled()).isTrue();
    assertThat(fastest(call -> 1 + 10_000_000 / (call + 1)).settled()).isFalse();
  }

  /** Compiled only when the warm-up is over, or slowed down by others from then on. */
  @Test
  void aMeasurementUnlikeItsWarmUpIsNotSettled() {
    assertThat(fastest(call -> clock.nanos < 500_000_000 ? 50 : 2).settled()).isFalse();
    assertThat(fastest(call -> clock.nanos < 500_000_000 ? 50 : 70).settled()).isFalse();
  }

  private Stopwatch.Time fastest(LongUnaryOperator millis) {
    clock.nanos = 0;
    long[] call = new long[1];
    Stopwatch stopwatch = new Stopwatch(new Settling(0.4, 16, clock), 0.4);
    Stopwatch.Time time = stopwatch.fastest(() -> clock.nanos += 1_000_000 * millis.applyAsLong(call[0]++));
    return new Stopwatch.Time(Math.round(time.seconds() * 1e6) / 1e6, time.settled());
  }

  /** A clock that only the calls move. */
  private static final class TestClock implements Clock {
    private long nanos;
    private long compiledAt;

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public long callerCpuNanos() {
      return nanos;
    }

    @Override
    public long jvmCpuNanos() {
      return Math.min(nanos, compiledAt);
    }
  }
}
