package dev.lanewise.kernels.simd.backward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.testing.AttentionMask;
import dev.lanewise.kernels.testing.HeadsLayout;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
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
        cases.add(new BackwardCase(size, number % 3 == 1, mask, layout, BackwardFormula.plain(scale), number % 4 == 2));
      }
    }
    return sample(cases);
  }

  /** Chooses one of each three cases, in turn the first, the last and the second: every third case is packed or has the same size. */
  private static List<BackwardCase> sample(List<BackwardCase> cases) {
    List<Integer> threes = IntStream.range(0, Math.ceilDiv(cases.size(), 3)).boxed().toList();
    return Sample.pairs(threes, List.of(0, 1, 2), (three, place) -> 3 * three + place)
        .filter(number -> number < cases.size())
        .map(cases::get)
        .toList();
  }

  /** Softcap, bias, slopes, sinks, dropout and the other normalisers, alone and together. */
  static List<BackwardCase> formulas() {
    List<BackwardCase> cases = new ArrayList<>();
    for (Normaliser.Kind kind : Normaliser.Kind.values()) {
      for (int features = 0; features < 32; features += kind == Normaliser.Kind.SOFTMAX ? 1 : 5) {
        int[] size = new int[][] {{40, 75, 4, 2, 32, 16}, {129, 300, 2, 2, 24, 32}, {17, 513, 2, 1, 64, 33}}[cases.size() % 3];
        AttentionMask mask = AttentionMask.values()[(cases.size() + features / 3) % 5];
        HeadsLayout layout = HeadsLayout.values()[cases.size() % 5];
        Random random = new Random(features);
        BackwardFormula formula =
            new BackwardFormula(
                0.3f,
                (features & 1) == 0 ? 0 : 1.5f,
                (features & 2) == 0 ? null : bias(size[0] * size[1], random),
                size[1],
                (features & 4) == 0 ? null : Arrays.copyOf(new float[] {0.1f, 0.03f, 0, 0.01f}, size[2]),
                (features & 8) == 0 || kind != Normaliser.Kind.SOFTMAX
                    ? null
                    : Arrays.copyOf(new float[] {0.5f, 3, Float.NEGATIVE_INFINITY, -1}, size[2]),
                kind,
                (features & 16) == 0 ? null : new Dropout(0.2f, 20261130, features));
        cases.add(new BackwardCase(size, features % 4 == 3, mask, layout, formula, features % 3 == 1));
      }
    }
    return sample(cases);
  }

  private static float[] bias(int size, Random random) {
    float[] bias = new float[size];
    for (int i = 0; i < size; i++) {
      bias[i] = i % 11 == 3 ? Float.NEGATIVE_INFINITY : (float) random.nextGaussian();
    }
    return bias;
  }

  @ParameterizedTest
  @MethodSource({"cases", "formulas"})
  void errorIsWithinTheBudget(BackwardCase call) {
    call.run(1, false);
    call.assertWithinBudget();
  }

  @ParameterizedTest
  @MethodSource({"cases", "formulas"})
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
      BackwardCase call =
          new BackwardCase(
              new int[] {40, 90, 2, 1, 32, 32}, false, AttentionMask.CAUSAL, HeadsLayout.GAPS, BackwardFormula.plain(0.2f), false);
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
