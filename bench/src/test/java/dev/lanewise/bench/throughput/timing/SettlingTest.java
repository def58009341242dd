package dev.lanewise.bench.throughput.timing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.timing.Settling.Outcome;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** On a clock of its own, which only the calls move. */
class SettlingTest {
  private static final long MILLI = 1_000_000;

  private final Machine machine = new Machine();

  @Test
  void evenTimesSettleAfterTheLeastWarmUp() {
    machine.millisOfCall = call -> 10;
    assertThat(warmUp()).isEqualTo(new Outcome(0.01, true));
    assertThat(machine.millis()).isBetween(400L, 550L);
  }

  /** What a busy machine does: code waits for its compilation for seconds, evenly slow. */
  @Test
  void evenlySlowTimesDoNotSettleWhileTheJvmCompiles() {
    machine.millisOfCall = call -> call < 20 ? 200 : 5;
    machine.compilesUntilCall = 20;
    Outcome outcome = warmUp();
    assertThat(outcome).isEqualTo(new Outcome(0.005, true));
    assertThat(machine.millis()).isGreaterThan(4000 + 400);
  }

  @Test
  void timesThatFallDoNotSettleUntilTheyStop() {
    machine.millisOfCall = call -> Math.max(20, 100 - call);
    assertThat(warmUp()).isEqualTo(new Outcome(0.02, true));
    assertThat(machine.calls).isGreaterThan(80);
  }

  @Test
  void slowCallsInBetweenAreNoise() {
    machine.millisOfCall = call -> call % 3 == 2 ? 90 : 10;
    assertThat(warmUp()).isEqualTo(new Outcome(0.01, true));
    assertThat(machine.millis()).isLessThan(1200);
  }

  @Test
  void theMostSecondsEndWhatNeverSettles() {
    machine.millisOfCall = call -> 10;
    machine.compilesUntilCall = Long.MAX_VALUE;
    assertThat(warmUp()).isEqualTo(new Outcome(0.01, false));
    assertThat(machine.millis()).isBetween(8000L, 8200L);
  }

  @Test
  void aCallLongerThanTheMostSecondsRunsOnce() {
    machine.millisOfCall = call -> 9000;
    assertThat(warmUp()).isEqualTo(new Outcome(9, false));
    assertThat(machine.calls).isOne();
  }

  @Test
  void theMachinesOwnClockCountsTheTimeOfTheJvmsThreadsApart() {
    Clock clock = Clock.SYSTEM;
    long caller = clock.callerCpuNanos();
    long sum = 0;
    for (int i = 0; i < 50_000_000; i++) {
      sum += i * (long) i;
    }
    assertThat(sum).isNotZero();
    assertThat(clock.callerCpuNanos()).isGreaterThan(caller);
    assertThat(clock.jvmCpuNanos()).isPositive();
  }

  private Outcome warmUp() {
    Outcome outcome = new Settling(0.4, 8, machine).run(machine::call);
    return new Outcome(Math.round(outcome.best() * 1e6) / 1e6, outcome.settled());
  }

  private static final class Machine implements Clock {
    private LongUnaryOperator millisOfCall = call -> 1;
    private long compilesUntilCall;
    private long calls;
    private long nanos = 77;
    private long jvm;

    void call() {
      long taken = millisOfCall.applyAsLong(calls) * MILLI;
      nanos += taken;
      jvm += calls < compilesUntilCall ? taken : 0;
      calls++;
    }

    long millis() {
      return nanos / MILLI;
    }

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public long callerCpuNanos() {
      return nanos / 2;
    }

    @Override
    public long jvmCpuNanos() {
      return jvm;
    }
  }
}
