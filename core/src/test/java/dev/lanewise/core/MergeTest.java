package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Promises of Merge: parts of the keys give the result over all keys, an empty part is neutral, and a sink counts once for each part that
 * has it.
 */
@Tag("twice")
class MergeTest {
  private static final float GONE = Float.NEGATIVE_INFINITY;
  private static final float[] SCORES = {0.5f, -1, 2, 0, 3.5f, -0.25f};
  private static final float[] VALUES = {1, -2, 0.75f, 4, -0.5f, 8};

  /** One row: an output and its log-sum-exp. */
  private record Part(Heads output, float[] logSumExp) {
    static Part of(float output, float logSumExp) {
      return new Part(Heads.of(new float[] {output}, 1, 1, 1, 1), new float[] {logSumExp});
    }

    /** Attention to the keys from {@code from} (inclusive) to {@code to} (exclusive). */
    static Part of(Kernels kernels, Normaliser normaliser, int from, int to) {
      Part part = of(Float.NaN, Float.NaN);
      Heads query = Heads.of(new float[] {1}, 1, 1, 1, 1);
      Heads key = Heads.of(Arrays.copyOfRange(SCORES, from, to), 1, 1, to - from, 1);
      Heads value = Heads.of(Arrays.copyOfRange(VALUES, from, to), 1, 1, to - from, 1);
      Attention attention = Attention.standard().withKernels(kernels).withNormaliser(normaliser);
      attention.compute(query, key, value, Results.of().withOutput(part.output).withLogSumExp(part.logSumExp));
      return part;
    }

    Part merge(Part other) {
      Merge.into(output, logSumExp, other.output, other.logSumExp);
      return this;
    }

    void assertIs(String what, double expectedOutput, double expectedLogSumExp) {
      assertThat((double) output.data()[0]).as("output of %s", what).isCloseTo(expectedOutput, within(1e-6));
      if (expectedLogSumExp == GONE) {
        assertThat(logSumExp[0]).as("log-sum-exp of %s", what).isEqualTo(GONE);
      } else {
        assertThat((double) logSumExp[0]).as("log-sum-exp of %s", what).isCloseTo(expectedLogSumExp, within(1e-6));
      }
    }
  }

  @Test
  void anEmptyPartWithASinkIsTheSink() {
    for (Kernels kernels : TestedKernels.all()) {
      Part empty = Part.of(kernels, Normaliser.softmaxWithSinks(0), 0, 0);
      empty.assertIs("an empty part", 0, 0);
      empty.merge(Part.of(1, 0)).assertIs("empty and one key", 0.5, Math.log(2));
      Part.of(1, 0).merge(Part.of(kernels, Normaliser.softmaxWithSinks(0), 0, 0)).assertIs("one key and empty", 0.5, Math.log(2));
    }
  }

  /** All divisions of the keys into three parts, some of them empty; the sink in each of the three. */
  @Test
  void partsGiveTheWhole() {
    for (Kernels kernels : TestedKernels.all()) {
      for (float sink : new float[] {GONE, -3, 0, 4, 60}) {
        Part whole = Part.of(kernels, Normaliser.softmaxWithSinks(sink), 0, SCORES.length);
        for (int first = 0; first <= SCORES.length; first++) {
          for (int second = first; second <= SCORES.length; second++) {
            for (int owner = 0; owner < 3; owner++) {
              Part merged = Part.of(kernels, sinkOf(owner == 0, sink), 0, first);
              merged.merge(Part.of(kernels, sinkOf(owner == 1, sink), first, second));
              merged.merge(Part.of(kernels, sinkOf(owner == 2, sink), second, SCORES.length));
              String what = "cuts " + first + " and " + second + ", sink " + sink + " in part " + owner;
              merged.assertIs(what, whole.output.data()[0], whole.logSumExp[0]);
            }
          }
        }
      }
    }
  }

  private static Normaliser sinkOf(boolean owner, float sink) {
    return owner ? Normaliser.softmaxWithSinks(sink) : Normaliser.softmax();
  }

  /** As the Javadoc says, a merge cannot remove a sink from a part. */
  @Test
  void aSinkInTwoPartsCountsTwice() {
    Normaliser sink = Normaliser.softmaxWithSinks(0.5f);
    Part merged = Part.of(Kernels.selected(), sink, 0, 3).merge(Part.of(Kernels.selected(), sink, 3, SCORES.length));
    Part twice = Part.of(Kernels.selected(), Normaliser.softmaxWithSinks((float) (0.5 + Math.log(2))), 0, SCORES.length);
    merged.assertIs("two sinks", twice.output.data()[0], twice.logSumExp[0]);
  }

  @Test
  void anEmptyPartIsNeutralWhateverItHolds() {
    for (float garbage : new float[] {Float.NaN, Float.POSITIVE_INFINITY, GONE, -77, 3e38f, 0}) {
      for (float lse : new float[] {0, 1, -1e30f, 3e38f, -Float.MAX_VALUE, Float.MIN_VALUE}) {
        Part.of(garbage, GONE).merge(Part.of(7, lse)).assertIs(garbage + " and 7", 7, lse);
        Part.of(7, lse).merge(Part.of(garbage, GONE)).assertIs("7 and " + garbage, 7, lse);
        Part special = Part.of(garbage, GONE).merge(Part.of(Float.POSITIVE_INFINITY, lse));
        assertThat(special.output.data()[0]).as("what the other part holds").isEqualTo(Float.POSITIVE_INFINITY);
      }
      Part.of(garbage, GONE).merge(Part.of(garbage, GONE)).assertIs("nothing and nothing", 0, GONE);
      Part.of(garbage, GONE).merge(Part.of(-garbage, GONE)).merge(Part.of(7, 2)).assertIs("nothing, nothing and 7", 7, 2);
    }
  }

  /** A NaN in a visible key affects its own row and no other. */
  @Test
  void aVisibleNanAffectsItsRow() {
    Heads output = Heads.of(new float[] {1, 2, Float.NaN, 4}, 1, 1, 4, 1);
    float[] logSumExp = {Float.NaN, 0, 0, 0};
    Merge.into(output, logSumExp, Heads.of(new float[] {5, Float.NaN, 5, 5}, 1, 1, 4, 1), new float[4]);
    assertThat(output.data()).containsExactly(Float.NaN, Float.NaN, Float.NaN, 4.5f);
    assertThat(logSumExp[0]).isNaN();
    assertThat(logSumExp[3]).isCloseTo((float) Math.log(2), within(1e-6f));
    Part.of(1, Float.MAX_VALUE).merge(Part.of(3, -Float.MAX_VALUE)).assertIs("the ends of the range", 1, Float.MAX_VALUE);
    Part.of(1, Float.MAX_VALUE).merge(Part.of(3, Float.MAX_VALUE)).assertIs("the upper end twice", 2, Float.MAX_VALUE);
  }
}
