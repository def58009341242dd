package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.testing.AttentionCall;
import org.junit.jupiter.api.Test;

/** Sums that overflow before the division are computed anew also if a function has observed the scores, which it does once. */
class ObservedOverflowTest {
  private static final int KEYS = 66;
  private static final float VALUE = 1e36f;

  @Test
  void outputIsFiniteAndEachScoreIsObservedOnce() {
    Heads query = Heads.zeros(1, 1, 3, 1);
    Heads key = Heads.zeros(1, 1, KEYS, 1);
    Heads value = Heads.zeros(1, 1, KEYS, 2);
    for (int k = 0; k < KEYS; k++) {
      key.data()[k] = k < 64 ? 0 : 7; // the base stays at 0, because 7 is no large rise
      value.data()[2 * k] = VALUE;
      value.data()[2 * k + 1] = k < 64 ? VALUE : -VALUE;
    }
    query.data()[1] = 1;
    Heads output = Heads.zeros(1, 1, 3, 2);
    int[] observed = new int[3 * KEYS];
    AttentionCall call =
        AttentionCall.of(query, key)
            .output(value, output)
            .observe(
                Stage.RAW,
                (row, offset, length, b, head, position, firstKey) -> {
                  for (int i = 0; i < length; i++) {
                    observed[position * KEYS + firstKey + i]++;
                  }
                });
    AttentionTasks tasks = Kernels.selected().plan(call.build(), 1);
    for (int task = 0; task < tasks.count(); task++) {
      tasks.run(task);
    }
    assertThat(observed).containsOnly(1);
    double high = 2 * Math.exp(7);
    assertThat(output.data()[0] / VALUE).isCloseTo(1, within(1e-5f));
    assertThat(output.data()[1] / VALUE).isCloseTo((float) (62 / 66.0), within(1e-5f));
    assertThat(output.data()[2] / VALUE).isCloseTo(1, within(1e-5f));
    assertThat(output.data()[3] / VALUE).isCloseTo((float) ((64 - high) / (64 + high)), within(1e-5f));
  }
}
