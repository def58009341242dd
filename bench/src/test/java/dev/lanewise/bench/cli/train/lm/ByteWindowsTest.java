package dev.lanewise.bench.cli.train.lm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.train.data.Corpus;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ByteWindowsTest {
  private static final int CONTEXT = 24;
  private static final int BATCH = 8;

  private static ByteWindows windows(long seed) {
    byte[] bytes = new byte[1 << 20];
    new SplittableRandom(3).nextBytes(bytes);
    return new ByteWindows(Corpus.of(bytes), CONTEXT, BATCH, seed);
  }

  private static int[] read(ByteWindows windows, long step) {
    windows.read(step);
    return windows.ids().clone();
  }

  /** Steps that follow each other read different windows: 1600 draws from a million places repeat about one. */
  @Test
  void stepsShareNoWindows() {
    ByteWindows windows = windows(1);
    Set<String> seen = new HashSet<>();
    int steps = 200;
    for (int step = 0; step < steps; step++) {
      int[] ids = read(windows, step);
      for (int window = 0; window < BATCH; window++) {
        seen.add(Arrays.toString(Arrays.copyOfRange(ids, window * CONTEXT, (window + 1) * CONTEXT)));
      }
    }
    assertThat(seen).hasSizeGreaterThan(steps * BATCH - 10);
  }

  @Test
  void aBatchFollowsFromTheSeedAndTheStep() {
    ByteWindows one = windows(1);
    int[] seventh = read(one, 7);
    read(one, 8);
    assertThat(read(one, 7)).isEqualTo(seventh);
    assertThat(read(windows(1), 7)).isEqualTo(seventh);
    assertThat(read(windows(2), 7)).isNotEqualTo(seventh);
  }

  @Test
  void targetsAreTheBytesThatFollow() {
    ByteWindows windows = windows(1);
    windows.read(3);
    for (int window = 0; window < BATCH; window++) {
      int from = window * CONTEXT;
      assertThat(Arrays.copyOfRange(windows.targets(), from, from + CONTEXT - 1))
          .isEqualTo(Arrays.copyOfRange(windows.ids(), from + 1, from + CONTEXT));
    }
  }
}
