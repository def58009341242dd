package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.CountingFunction;
import dev.lanewise.core.testing.FunctionCall;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.testing.Sample;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stateful functions of the caller receive each key that a query sees once, in order and on one thread, on every path. */
@Tag("twice")
class StatefulFunctionTest {
  private static final int REPETITIONS = 8;

  /** Makes every other weight of a row 0. */
  private static RowFunction everyOther(Map<List<Integer>, int[]> seen) {
    return (row, offset, length, b, head, query, firstKey) -> {
      int[] position = seen.computeIfAbsent(List.of(b, head, query), ignored -> new int[1]);
      for (int i = 0; i < length; i++) {
        row[offset + i] *= position[0]++ % 2 == 1 ? 0 : 1;
      }
    };
  }

  private static List<Mask> masks(int queries, int keys) {
    Mask holes = Mask.evaluate((b, head, i, j) -> (i + j) % 3 != 0 && (j / 100) % 2 == 0, 1, 1, queries, keys);
    return List.of(Mask.none(), Mask.causal(), Mask.window(70, 3), holes, Mask.causal().and(holes));
  }

  private static int[] lengths(FunctionCall.Source source) {
    return source == FunctionCall.Source.DENSE ? new int[] {700, 700} : new int[] {1100, 3};
  }

  @ParameterizedTest
  @EnumSource
  void aFunctionReceivesEachVisibleKeyOnceInOrderOnOneThread(FunctionCall.Source source) {
    int[] keys = lengths(source);
    for (int queries : new int[] {2, 20}) {
      int[] both = {queries, source == FunctionCall.Source.PACKED ? 2 : queries};
      List<FunctionCall> calls =
          masks(queries, Arrays.stream(keys).max().orElseThrow()).stream().map(mask -> FunctionCall.of(source, mask, both, keys)).toList();
      Sample.pairs(calls, List.of(FunctionCall.Extra.values()), Given::new).forEach(given -> check(given.call, given.extra));
    }
  }

  private record Given(FunctionCall call, FunctionCall.Extra extra) {}

  private static void check(FunctionCall call, FunctionCall.Extra extra) {
    for (Kernels kernels : TestedKernels.all()) {
      float[] first = null;
      for (int threads = 1; threads <= 4; threads += extra == FunctionCall.Extra.NOTHING ? 1 : 2) {
        String as =
            call.source() + " " + call.mask() + " " + Arrays.toString(call.queries()) + " " + extra + " " + threads + " " + kernels.path();
        CountingFunction counting = new CountingFunction();
        Attention attention =
            Attention.standard()
                .withKernels(kernels)
                .withMask(call.mask())
                .withScale(0.25f)
                .withThreads(threads)
                .withScoreFunction(counting);
        if (extra == FunctionCall.Extra.WEIGHT_FUNCTION) {
          attention = attention.withWeightFunction(everyOther(new ConcurrentHashMap<>()));
        }
        Heads output = call.output();
        call.run(attention, extra, output);
        counting.assertGiven(call, as);
        if (first == null) {
          first = output.data();
          assertExpected(call, extra, output, as);
        }
        Views.assertSameBits(output.data(), first, as);
      }
    }
  }

  private static void assertExpected(FunctionCall call, FunctionCall.Extra extra, Heads output, String as) {
    for (int b = 0; b < call.queries().length; b++) {
      for (int head = 0; head < FunctionCall.HEADS; head++) {
        for (int i = 0; i < call.queries()[b]; i++) {
          double[] expected = call.expected(b, head, i, extra == FunctionCall.Extra.WEIGHT_FUNCTION);
          int from = call.outputIndex(output, b, head, i);
          for (int d = 0; d < FunctionCall.WIDTH; d++) {
            if (!(Math.abs(output.data()[from + d] - expected[d])
                <= 1e-5)) { // an assertion object for each of a million would take seconds
              fail("%s, row %s %s %s: %s instead of %s", as, b, head, i, output.data()[from + d], expected[d]);
            }
          }
        }
      }
    }
  }

  /** 40 000 cached keys, repeated many times: the results were once different. */
  @Test
  void manyCachedKeysAlwaysGiveTheSameResult() {
    FunctionCall call = FunctionCall.of(FunctionCall.Source.F32, Mask.none(), new int[] {1}, new int[] {40_000});
    float[] first = null;
    for (int times = 0; times < REPETITIONS; times++) {
      for (int threads = 1; threads <= 4; threads++) {
        CountingFunction counting = new CountingFunction();
        Heads output = call.output();
        call.run(
            Attention.standard().withScale(0.25f).withThreads(threads).withScoreFunction(counting), FunctionCall.Extra.NOTHING, output);
        if (first == null) {
          first = output.data();
          counting.assertGiven(call, "40 000 keys");
          assertExpected(call, FunctionCall.Extra.NOTHING, output, "40 000 keys");
        }
        Views.assertSameBits(output.data(), first, threads + " threads");
      }
    }
  }

  /** A function that changes nothing gives the bits of a call without it. */
  @ParameterizedTest
  @EnumSource
  void aFunctionThatDoesNothingLeavesTheBits(FunctionCall.Source source) {
    FunctionCall call =
        FunctionCall.of(source, Mask.causal(), new int[] {3, source == FunctionCall.Source.PACKED ? 2 : 3}, lengths(source));
    for (Normaliser normaliser : List.of(Normaliser.softmax(), Normaliser.softmaxWithSinks(1, 0, 2, -1))) {
      for (FunctionCall.Extra extra : List.of(FunctionCall.Extra.NOTHING, FunctionCall.Extra.WEIGHTS)) {
        Attention attention = Attention.standard().withMask(call.mask()).withThreads(2).withNormaliser(normaliser);
        Heads without = call.output();
        call.run(attention, extra, without);
        Heads with = call.output();
        call.run(attention.withScoreFunction((row, offset, length, b, head, query, firstKey) -> {}), extra, with);
        Views.assertSameBits(with.data(), without.data(), source + " " + extra);
      }
    }
  }

  /** Rows with so many keys that a panel cannot keep all scores between the two passes. */
  @Test
  void longRowsWithWeightsSeeEachKeyOnce() {
    FunctionCall call = FunctionCall.of(FunctionCall.Source.DENSE, Mask.causal(), new int[] {3}, new int[] {70_000});
    CountingFunction counting = new CountingFunction();
    Heads output = call.output();
    call.run(
        Attention.standard().withMask(call.mask()).withScale(0.25f).withThreads(2).withScoreFunction(counting),
        FunctionCall.Extra.TOP_KEYS,
        output);
    counting.assertGiven(call, "70 000 keys");
    assertExpected(call, FunctionCall.Extra.TOP_KEYS, output, "70 000 keys");
  }

  /** An exception of a function reaches the caller from any row and pass, and the next call is right. */
  @ParameterizedTest
  @EnumSource
  void anExceptionOfAFunctionReachesTheCaller(FunctionCall.Source source) {
    for (int queries : new int[] {3, 20}) {
      FunctionCall call =
          FunctionCall.of(source, Mask.causal(), new int[] {queries, source == FunctionCall.Source.PACKED ? 2 : queries}, lengths(source));
      for (Kernels kernels : TestedKernels.all()) {
        for (int threads = 1; threads <= 4; threads++) {
          Attention attention = Attention.standard().withKernels(kernels).withMask(call.mask()).withScale(0.25f).withThreads(threads);
          RowFunction failing =
              (row, offset, length, b, head, query, firstKey) -> {
                if (head == 3 && firstKey + length > 500) {
                  throw new IllegalStateException("of the caller");
                }
                row[offset] = Float.NaN;
              };
          for (FunctionCall.Extra extra : List.of(FunctionCall.Extra.NOTHING, FunctionCall.Extra.WEIGHTS)) {
            assertThatThrownBy(() -> call.run(attention.withScoreFunction(failing), extra, call.output()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("of the caller");
            assertThatThrownBy(() -> call.run(attention.withWeightFunction(failing), extra, call.output()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("of the caller");
          }
          CountingFunction counting = new CountingFunction();
          Heads output = call.output();
          call.run(attention.withScoreFunction(counting), FunctionCall.Extra.NOTHING, output);
          counting.assertGiven(call, "after a failure");
          assertExpected(call, FunctionCall.Extra.NOTHING, output, "after a failure");
        }
      }
    }
  }

  /** The library's reference passes the same keys to a function. */
  @Test
  void theReferencePassesTheSameKeys() {
    for (Mask mask : masks(20, 600)) {
      FunctionCall call = FunctionCall.of(FunctionCall.Source.DENSE, mask, new int[] {20}, new int[] {600});
      CountingFunction counting = new CountingFunction();
      double[] actual =
          ReferenceAttention.of(
                  Attention.standard().withMask(mask).withScale(0.25f).withScoreFunction(counting),
                  call.query(),
                  call.key()[0],
                  call.value()[0])
              .output();
      counting.assertGiven(call, "reference " + mask);
      Heads output = call.output();
      for (int n = 0; n < actual.length; n++) {
        output.data()[n] = (float) actual[n];
      }
      assertExpected(call, FunctionCall.Extra.NOTHING, output, "reference " + mask);
    }
  }
}
