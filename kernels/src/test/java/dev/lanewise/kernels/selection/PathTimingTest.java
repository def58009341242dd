package dev.lanewise.kernels.selection;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs of work that takes as long as a test says, on clocks that stand still otherwise. */
@Tag("once")
class PathTimingTest {
  private static final long SECOND = 1_000_000_000;

  private long now;
  private long processor;
  private int plainRuns;
  private int vectorRuns;

  /** The time of a run, by its number. */
  private interface Cost {
    long of(int run);
  }

  /** The processor works for this process during one of {@code load} nanoseconds. */
  private PathTiming.Result compare(Cost plain, Cost vector, int load) {
    PathTiming.Clock clock =
        new PathTiming.Clock() {
          @Override
          public long now() {
            return now;
          }

          @Override
          public long processor() {
            return processor;
          }
        };
    return PathTiming.compare(() -> spend(plain.of(plainRuns++), load), () -> spend(vector.of(vectorRuns++), load), clock);
  }

  private void spend(long time, int load) {
    now += time;
    processor += time / load;
  }

  @Test
  void simdIsAcceptedAsSoonAsItIsFaster() {
    PathTiming.Result result = compare(run -> 20_000, run -> run < 5_000 ? 500_000 : 3_000, 1);
    assertThat(result).isEqualTo(new PathTiming.Result(20_000, 3_000));
    assertThat(vectorRuns).isEqualTo(5_001);
  }

  @Test
  void simdThatStaysSlowIsGivenUp() {
    assertThat(compare(run -> 20_000, run -> 60_000, 1).isVectorFaster()).isFalse();
    assertThat(now).isBetween(3 * SECOND, 4 * SECOND);
  }

  /** Objects that C2 has compiled are faster than plain Java that is still interpreted. */
  @Test
  void plainJavaIsCompiledBeforeItIsCompared() {
    assertThat(compare(run -> run < 250 ? 2_000_000 : run < 500 ? 90_000 : 20_000, run -> 60_000, 1).isVectorFaster()).isFalse();
  }

  /** With 40 busy processes the compiler gets a fortieth of a processor: the end waits 40 times as long. */
  @Test
  void aBusyMachineDoesNotEndThePatience() {
    assertThat(compare(run -> 800_000, run -> now < 100 * SECOND ? 20_000_000 : 120_000, 40).isVectorFaster()).isTrue();
  }

  /** Other threads of the process use up the time of the processor, while the first run loads classes. */
  @Test
  void otherThreadsDoNotEndThePatience() {
    processor = -100 * SECOND;
    assertThat(compare(run -> 20_000, run -> spent(run < 20_000 ? 100_000 : 3_000), 1).isVectorFaster()).isTrue();
  }

  private long spent(long time) {
    processor += SECOND;
    return time;
  }
}
