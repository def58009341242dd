package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bits of a row depend only on its own query and the keys and values that it sees. They do not depend on threads, on other rows, heads
 * and batch entries, or on the contents of masked keys.
 */
class AttentionRowsTest {
  private static final int LANES = Kernels.selected().lanes();
  private static final Mask BOTTOM_RIGHT = Mask.causal(Mask.Alignment.bottomRight());
  private static final Mask TOP_LEFT = Mask.causal(Mask.Alignment.topLeft());

  /** Large enough for helper threads, with numbers of rows that divide unevenly. */
  private static Problem large() {
    return Problem.of(113, 203).batch(2).heads(4, 2).dims(64, 40).mask(BOTTOM_RIGHT.and(Mask.keyLengths(203, 150)));
  }

  static Stream<Problem> unmasked() {
    return Stream.of(
        Problem.of(59, 203), Problem.of(113, 59).dims(59, LANES + 1), Problem.of(5, 1025).dims(8, 64), Problem.of(LANES + 5, LANES + 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 1 << 29, Integer.MAX_VALUE})
  void threadsDoNotChangeBits(int threads) {
    Problem problem = large();
    Attention attention = problem.attention();
    Views.assertSameBits(problem.compute(attention.withThreads(threads)), problem.compute(attention), threads + " threads, " + problem);

    Heads alone = problem.emptyWeights();
    attention.compute(problem.query(), problem.key(), Results.of().withWeights(alone));
    Heads shared = problem.emptyWeights();
    attention.withThreads(threads).compute(problem.query(), problem.key(), Results.of().withWeights(shared));
    Views.assertSameBits(shared.data(), alone.data(), "weights, " + threads + " threads, " + problem);
  }

  @Test
  void simultaneousCallsDoNotDisturbEachOther() throws InterruptedException, ExecutionException {
    Problem problem = large();
    Attention attention = problem.attention().withThreads(2);
    float[] expected = problem.compute(attention);
    try (ExecutorService callers = Executors.newFixedThreadPool(3)) {
      Callable<float[]> call = () -> problem.compute(attention);
      for (Future<float[]> result : callers.invokeAll(List.of(call, call, call, call, call, call))) {
        Views.assertSameBits(result.get(), expected, "simultaneous calls, " + problem);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("unmasked")
  void rowAloneHasTheSameBits(Problem problem) {
    Heads query = problem.query();
    Heads all = problem.emptyOutput();
    problem.attention().compute(query, problem.key(), problem.value(), all);
    for (int row = 0; row < query.rows(); row++) {
      Heads alone = Heads.zeros(1, 1, 1, all.width());
      problem.attention().compute(query.rows(row, row + 1), problem.key(), problem.value(), alone);
      Views.assertSameBits(alone.data(), Views.dense(all.rows(row, row + 1)), "row " + row + " alone, " + problem);
    }
  }

  /** Calls with other first rows move each row to another position in its tile. */
  @ParameterizedTest
  @MethodSource("unmasked")
  void rowsHaveTheSameBitsBesideOtherRows(Problem problem) {
    Heads query = problem.query();
    Heads all = problem.emptyOutput();
    problem.attention().compute(query, problem.key(), problem.value(), all);
    for (int from : new int[] {1, 2, 3, query.rows() / 2}) {
      int count = query.rows() - from;
      Heads some = Heads.zeros(1, 1, count, all.width());
      problem.attention().compute(query.rows(from, from + count), problem.key(), problem.value(), some);
      Views.assertSameBits(some.data(), Views.dense(all.rows(from, from + count)), "rows from " + from + ", " + problem);
    }
  }

  /** With bottom-right alignment the last rows alone see the same keys as before; with top-left alignment the first rows do. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 17, 58})
  void causalRowsHaveTheSameBitsBesideOtherRows(int count) {
    Problem last = Problem.of(59, 111).mask(BOTTOM_RIGHT);
    assertRowsAlone(last, 59 - count, count);
    Problem first = Problem.of(59, 111).mask(TOP_LEFT);
    assertRowsAlone(first, 0, count);
  }

  private static void assertRowsAlone(Problem problem, int from, int count) {
    Heads all = problem.emptyOutput();
    problem.attention().compute(problem.query(), problem.key(), problem.value(), all);
    Heads some = Heads.zeros(1, 1, count, all.width());
    problem.attention().compute(problem.query().rows(from, from + count), problem.key(), problem.value(), some);
    Views.assertSameBits(some.data(), Views.dense(all.rows(from, from + count)), count + " rows from " + from + ", " + problem);
  }

  /** The number of masked keys does not matter either: a row has the same bits when the keys that it cannot see are removed. */
  @Test
  void rowAloneWithTheKeysItSeesHasTheSameBits() {
    Problem problem = large();
    Heads all = problem.emptyOutput();
    problem.attention().withThreads(2).compute(problem.query(), problem.key(), problem.value(), all);
    for (int row : new int[] {0, 1, 47, 48, 112}) {
      int visible = Math.min(row + 203 - 113 + 1, 150);
      Heads alone = Heads.zeros(1, 1, 1, all.width());
      Attention.standard()
          .compute(
              Views.head(problem.query(), 1, 3).rows(row, row + 1),
              Views.head(problem.key(), 1, 1).rows(0, visible),
              Views.head(problem.value(), 1, 1).rows(0, visible),
              alone);
      Views.assertSameBits(alone.data(), Views.dense(Views.head(all, 1, 3).rows(row, row + 1)), "row " + row + ", " + problem);
    }
  }

  @Test
  void headsAndBatchEntriesAloneHaveTheSameBits() {
    for (Layout layout : Layout.values()) {
      Problem problem = Problem.of(17, 59).batch(2).heads(6, 2).dims(40, LANES + 5).layout(layout);
      Heads all = problem.emptyOutput();
      problem.attention().compute(problem.query(), problem.key(), problem.value(), all);
      for (int b = 0; b < 2; b++) {
        for (int h = 0; h < 6; h++) {
          Heads alone = Heads.zeros(1, 1, 17, all.width());
          problem
              .attention()
              .compute(
                  Views.head(problem.query(), b, h), Views.head(problem.key(), b, h / 3), Views.head(problem.value(), b, h / 3), alone);
          Views.assertSameBits(alone.data(), Views.dense(Views.head(all, b, h)), "batch entry " + b + ", head " + h + ", " + problem);
        }
      }
    }
  }

  /** A stride of 0 repeats a key/value head for every query head, which equals grouping. */
  @Test
  void groupedHeadsEqualRepeatedHeads() {
    Problem problem = Problem.of(17, 59).heads(4, 1);
    Heads repeatedKey = repeated(problem.key(), 4);
    Heads repeatedValue = repeated(problem.value(), 4);
    Heads output = problem.emptyOutput();
    problem.attention().compute(problem.query(), repeatedKey, repeatedValue, output);
    Views.assertSameBits(output.data(), problem.compute(problem.attention()), problem);
  }

  private static Heads repeated(Heads view, int heads) {
    return new Heads(view.data(), view.offset(), view.batch(), heads, view.rows(), view.width(), view.batchStride(), 0, view.rowStride());
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void contentsOfPaddingDoNotMatter(float poison) {
    Problem problem = Problem.of(17, 59).batch(3).heads(4, 2).mask(Mask.keyLengths(0, 33, 58));
    Heads key = problem.key();
    Heads value = problem.value();
    for (Heads view : new Heads[] {key, value}) {
      poison(view, poison, 0, 0, 59);
      poison(view, poison, 1, 33, 59);
      poison(view, poison, 2, 58, 59);
    }
    Heads output = problem.emptyOutput();
    problem.attention().compute(problem.query(), key, value, output);
    Views.assertSameBits(output.data(), problem.compute(problem.attention()), poison + " in padding, " + problem);

    Heads clean = problem.emptyWeights();
    problem.attention().compute(problem.query(), problem.key(), Results.of().withWeights(clean));
    Heads poisoned = problem.emptyWeights();
    problem.attention().compute(problem.query(), key, Results.of().withWeights(poisoned));
    Views.assertSameBits(poisoned.data(), clean.data(), "weights, " + poison + " in padding, " + problem);
  }

  /** Query i of L sees key j if j ≤ i + S − L: rows that do not see the key keep their bits, all later rows are NaN. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 57, 58})
  void nanInAKeyAffectsOnlyTheQueriesThatSeeIt(int poisonedKey) {
    Problem problem = Problem.of(33, 59).mask(BOTTOM_RIGHT);
    Heads key = problem.key();
    poison(key, Float.NaN, 0, poisonedKey, poisonedKey + 1);
    Heads output = problem.emptyOutput();
    problem.attention().compute(problem.query(), key, problem.value(), output);
    Heads clean = problem.emptyOutput();
    problem.attention().compute(problem.query(), problem.key(), problem.value(), clean);
    assertPoisonedFrom(Math.max(0, poisonedKey - (59 - 33)), output, clean, "NaN in key " + poisonedKey + ", " + problem);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 57, 58})
  void nanInAValueAffectsOnlyTheQueriesThatSeeIt(int poisonedKey) {
    Problem problem = Problem.of(33, 59).mask(BOTTOM_RIGHT);
    Heads value = problem.value();
    poison(value, Float.NaN, 0, poisonedKey, poisonedKey + 1);
    Heads output = problem.emptyOutput();
    problem.attention().compute(problem.query(), problem.key(), value, output);
    Heads clean = problem.emptyOutput();
    problem.attention().compute(problem.query(), problem.key(), problem.value(), clean);
    assertPoisonedFrom(Math.max(0, poisonedKey - (59 - 33)), output, clean, "NaN in value " + poisonedKey + ", " + problem);
  }

  private static void assertPoisonedFrom(int firstPoisoned, Heads output, Heads clean, String what) {
    Views.assertSameBits(Views.dense(output.rows(0, firstPoisoned)), Views.dense(clean.rows(0, firstPoisoned)), what);
    for (float x : Views.dense(output.rows(firstPoisoned, output.rows()))) {
      assertThat(x).as(what).isNaN();
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void aNanQueryAffectsOnlyItsRow(float poison) {
    Problem problem = Problem.of(33, 59).heads(2, 1);
    Heads query = problem.query();
    query.data()[query.index(0, 1, 20) + 3] = poison;
    Heads output = problem.emptyOutput();
    problem.attention().compute(query, problem.key(), problem.value(), output);
    Heads expected = problem.emptyOutput();
    problem.attention().compute(problem.query(), problem.key(), problem.value(), expected);
    for (int column = 0; column < output.width(); column++) {
      assertThat(output.get(0, 1, 20, column)).as("column %d of the row of %s, %s", column, poison, problem).isNaN();
      int index = output.index(0, 1, 20) + column;
      output.data()[index] = expected.data()[index];
    }
    Views.assertSameBits(output.data(), expected.data(), "rows beside the one of " + poison + ", " + problem);
  }

  private static void poison(Heads view, float poison, int b, int from, int to) {
    for (int head = 0; head < view.heads(); head++) {
      for (int row = from; row < to; row++) {
        for (int column = 0; column < view.width(); column++) {
          view.data()[view.index(b, head, row) + column] = poison;
        }
      }
    }
  }
}
