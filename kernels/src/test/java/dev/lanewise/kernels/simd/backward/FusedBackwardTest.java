package dev.lanewise.kernels.simd.backward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.testing.AttentionMask;
import dev.lanewise.kernels.testing.HeadsLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of query, key and value, against the formula in double. */
class FusedBackwardTest {
  /** Queries, keys, heads, key/value heads, width, width of a value: around tiles, strips and vectors. */
  private static final int[][] SIZES = {
    {1, 1, 1, 1, 1, 1},
    {2, 3, 2, 1, 5, 3},
    {24, 24, 3, 3, 32, 32},
    {17, 15, 1, 1, 16, 16},
    {63, 65, 2, 2, 64, 64},
    {65, 127, 2, 1, 64, 16},
    {130, 259, 1, 1, 33, 40},
    {129, 61, 4, 2, 80, 96},
    {70, 390, 3, 1, 7, 8},
    {21, 700, 2, 2, 48, 112},
    {200, 1, 1, 1, 128, 20}
  };

  static List<BackwardCase> cases() {
    List<BackwardCase> cases = new ArrayList<>();
    for (int[] size : SIZES) {
      for (AttentionMask mask : AttentionMask.values()) {
        int number = cases.size();
        HeadsLayout layout = HeadsLayout.values()[(number + number / 5) % HeadsLayout.values().length];
        float scale = number % 7 == 3 ? 1.5f : (float) (1 / Math.sqrt(size[4]));
        cases.add(new BackwardCase(size, number % 3 == 1, mask, layout, scale, number % 4 == 2));
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void errorIsWithinTheBudget(BackwardCase call) {
    call.run(1, false);
    call.assertWithinBudget();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsDoNotDependOnThreadsOrTheOrderOfTasks(BackwardCase call) {
    Heads[] expected = call.runAgain(1, false);
    for (int threads : new int[] {2, 3, 16}) {
      Heads[] actual = call.runAgain(threads, threads != 3);
      for (int i = 0; i < 3; i++) {
        HeadsLayout.assertSameBits(call + ", gradient " + i + " on " + threads, expected[i], actual[i]);
      }
    }
  }

  @Test
  void whatAMaskedKeyHoldsReachesNoGradient() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE}) {
      BackwardCase call = new BackwardCase(new int[] {40, 90, 2, 1, 32, 32}, false, AttentionMask.CAUSAL, HeadsLayout.GAPS, 0.2f, false);
      Heads[] expected = call.runAgain(1, false);
      // with fewer queries than keys, only query 39 sees the last key
      for (int b = 0; b < 2; b++) {
        for (int d = 0; d < 32; d++) {
          call.key.data()[call.key.index(b, 0, 89, d)] = bad;
          call.value.data()[call.value.index(b, 0, 89, d)] = bad;
        }
      }
      Heads[] actual = call.runAgain(1, false);
      for (int b = 0; b < 2; b++) {
        for (int row = 0; row < 39; row++) {
          for (int d = 0; d < 32; d++) {
            assertThat(actual[0].get(b, 1, row, d)).isCloseTo(expected[0].get(b, 1, row, d), org.assertj.core.data.Offset.offset(1e-5f));
          }
        }
      }
    }
  }
}
