package dev.lanewise.bench.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.timing.Settling;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** On a clock of its own, which only the calls move. */
class StopwatchTest {
  private final Clock clock = new Clock();

  @Test
  void aFigureThatSettlesIsTheFastestCallAfterTheWarmUp() {
    clock.compiledAt = 3_000_000_000L;
    assertThat(best(call -> clock.nanos < clock.compiledAt ? 100 : 4)).isEqualTo(new Stopwatch.Time(0.004, true));
  }

  @Test
  void aFigureThatKeepsFallingIsNotSettled() {
    assertThat(best(call -> Math.max(2, 200 - 8 * call)).settled()).isTrue();
    assertThat(best(call -> 1 + 10_000_000 / (call + 1)).settled()).isFalse();
  }

  /** Compiled only when the warm-up is over, or slowed down by others from then on. */
  @Test
  void aMeasurementUnlikeItsWarmUpIsNotSettled() {
    assertThat(best(call -> clock.nanos < 500_000_000 ? 50 : 2).settled()).isFalse();
    assertThat(best(call -> clock.nanos < 500_000_000 ? 50 : 70).settled()).isFalse();
  }

  @Test
  void consoleAndPageSayWhichFiguresHaveNotSettled() throws IOException {
    Summary summary = PageTest.summary();
    StringWriter printed = new StringWriter();
    new ConsoleReport(new PrintWriter(printed, true)).print(summary, 3);
    List<String> marked = printed.toString().lines().filter(line -> line.contains("not settled")).toList();
    assertThat(marked).singleElement().asString().contains("softmax");
    assertThat(printed.toString()).contains("\nNot settled: ");
    assertThat(Page.of(summary)).contains("UNSETTLED", "\"settled\":false");
  }

  private Stopwatch.Time best(LongUnaryOperator millis) {
    clock.nanos = 0;
    long[] calls = new long[1];
    Stopwatch.Time time = new Stopwatch(0.4, clock).best(() -> clock.nanos += 1_000_000 * millis.applyAsLong(calls[0]++));
    return new Stopwatch.Time(Math.round(time.seconds() * 1e6) / 1e6, time.settled());
  }

  private static final class Clock implements Settling.Clock {
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
