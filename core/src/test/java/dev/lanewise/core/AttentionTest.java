package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention with difficult shapes, layouts and masks, compared with the double reference. */
class AttentionTest {
  private static final int LANES = Kernels.selected().lanes();
  private static final Mask BOTTOM_RIGHT = Mask.causal(Mask.Alignment.bottomRight());
  private static final Mask TOP_LEFT = Mask.causal(Mask.Alignment.topLeft());

  /** Every pair of difficult numbers of queries and keys. The last numbers are large and are combined only with small ones. */
  static List<Problem> rows() {
    int[] sizes = {0, 1, Math.max(1, LANES - 1), LANES, LANES + 1, 59};
    List<Problem> problems = new ArrayList<>();
    for (int queries : sizes) {
      for (int keys : sizes) {
        problems.add(Problem.of(queries, keys));
      }
    }
    problems.add(Problem.of(111, 111));
    problems.add(Problem.of(113, 203));
    problems.add(Problem.of(203, 113));
    for (int keys : new int[] {1023, 1024, 1025}) {
      problems.add(Problem.of(3, keys));
      problems.add(Problem.of(1, keys).mask(BOTTOM_RIGHT));
    }
    problems.add(Problem.of(1025, 7));
    return problems;
  }

  /** Widths around the number of lanes; value width equal, smaller and larger. */
  static List<Problem> widths() {
    List<Problem> problems = new ArrayList<>();
    for (int headDim : new int[] {1, Math.max(1, LANES - 1), LANES, LANES + 1, 59, 64, 111}) {
      problems.add(Problem.of(7, 17).dims(headDim, headDim));
      problems.add(Problem.of(7, 17).dims(headDim, 1));
      problems.add(Problem.of(17, 7).dims(headDim, LANES + 1));
      problems.add(Problem.of(17, 7).dims(8, headDim));
    }
    problems.add(Problem.of(5, 9).dims(8, 0));
    problems.add(Problem.of(3, 7).dims(300, 600));
    return problems;
  }

  /** Layouts, batches and grouped heads, with masks that differ by batch entry. */
  static List<Problem> layouts() {
    List<Problem> problems = new ArrayList<>();
    for (Layout layout : Layout.values()) {
      problems.add(Problem.of(17, 33).layout(layout));
      problems.add(Problem.of(1, 33).layout(layout).batch(3).heads(4, 4).dims(40, 24));
      problems.add(Problem.of(33, 59).layout(layout).batch(2).heads(6, 2).dims(LANES + 3, 2 * LANES + 1));
      problems.add(Problem.of(59, 59).layout(layout).batch(2).heads(4, 1).mask(BOTTOM_RIGHT));
      problems.add(Problem.of(7, 111).layout(layout).batch(3).heads(2, 2).dims(59, 5).mask(Mask.keyLengths(0, 110, 59)));
      problems.add(Problem.of(3, 5).layout(layout).batch(0).heads(2, 2));
      problems.add(Problem.of(3, 5).layout(layout).batch(2).heads(0, 1));
      problems.add(Problem.of(0, 5).layout(layout).batch(2).heads(2, 1));
      problems.add(Problem.of(5, 0).layout(layout).batch(2).heads(2, 1));
    }
    return problems;
  }

  static Stream<Problem> masks() {
    List<Problem> problems = new ArrayList<>();
    for (Mask causal : new Mask[] {BOTTOM_RIGHT, TOP_LEFT}) {
      for (int queries : new int[] {1, LANES + 1, 59, 113}) {
        for (int keys : new int[] {1, LANES + 1, 59, 113}) {
          problems.add(Problem.of(queries, keys).mask(causal));
        }
      }
      problems.add(Problem.of(3, 1025).mask(causal));
      problems.add(Problem.of(59, 111).batch(4).heads(2, 1).mask(causal.and(Mask.keyLengths(0, 1, 58, 111))));
      problems.add(Problem.of(111, 59).batch(4).heads(2, 1).mask(Mask.keyLengths(0, 1, 58, 59).and(causal)));
    }
    problems.add(Problem.of(17, 33).mask(BOTTOM_RIGHT.and(TOP_LEFT)));
    problems.add(Problem.of(17, 33).batch(2).mask(Mask.keyLengths(0, 0)));
    problems.add(Problem.of(17, 33).batch(2).mask(Mask.keyLengths(33, 33)));
    return problems.stream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void agreesForAnyNumberOfRows(Problem problem) {
    problem.verify();
  }

  @ParameterizedTest
  @MethodSource("widths")
  void agreesForAnyWidth(Problem problem) {
    problem.verify();
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void agreesForAnyLayout(Problem problem) {
    problem.verify();
  }

  @ParameterizedTest
  @MethodSource("masks")
  void agreesForAnyMask(Problem problem) {
    problem.verify();
  }

  @ParameterizedTest
  @ValueSource(floats = {0, -0.75f, 1, 3})
  void agreesForAnyScale(float scale) {
    Problem.of(17, 59).scale(scale).verify();
  }

  /** Scores near the largest float give one key all the weight; nothing may overflow. */
  @Test
  void hugeScoresPickOneKey() {
    Problem problem = Problem.of(17, 59).scale(3e36f);
    Heads weights = problem.emptyWeights();
    problem.attention().compute(problem.query(), problem.key(), Results.of().withWeights(weights));
    float[] actual = Views.dense(weights);
    double[] expected = problem.reference().weights();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).as("weight %d of %s", i, problem).isEqualTo(expected[i]);
    }
    assertThat(expected).as("the reference picks").containsOnly(0.0, 1.0);
  }

  @Test
  void maskedKeysHaveWeightZeroAndTheOthersSumToOne() {
    Problem problem = Problem.of(59, 33).batch(2).heads(4, 2).mask(BOTTOM_RIGHT.and(Mask.keyLengths(5, 33)));
    Heads weights = problem.emptyWeights();
    problem.attention().compute(problem.query(), problem.key(), Results.of().withWeights(weights));
    for (int b = 0; b < 2; b++) {
      for (int row = 0; row < 59; row++) {
        int visible = Math.clamp(row + 1 - (59 - 33), 0, b == 0 ? 5 : 33);
        double sum = 0;
        for (int j = 0; j < 33; j++) {
          float weight = weights.get(b, 3, row, j);
          float most = j < visible ? 1 : 0;
          assertThat(weight).as("weight of key %d for query %d, batch entry %d, %s", j, row, b, problem).isBetween(0f, most);
          sum += weight;
        }
        assertThat(sum).as("sum of weights of query %d, batch entry %d, %s", row, b, problem).isCloseTo(visible == 0 ? 0 : 1, within(1e-6));
      }
    }
  }

  @Test
  void equalScoresGiveTheMeanOfTheVisibleValues() {
    Heads query = Heads.zeros(1, 1, 3, 4);
    Heads key = Views.random(Layout.DENSE, 1, 1, 3, 4, Problem.SEED);
    Heads value = Heads.of(new float[] {1, 16, 3, 32, 8, 96}, 1, 1, 3, 2);
    Heads output = Heads.zeros(1, 1, 3, 2);
    Attention.standard().withMask(TOP_LEFT).compute(query, key, value, output);
    assertThat(output.data()).containsExactly(new float[] {1, 16, 2, 24, 4, 48}, within(1e-5f));
  }

  /** Query, key, value and output in one array, as a packed projection writes them. */
  @Test
  void partsOfOneArray() {
    Problem problem = Problem.of(7, 7).batch(2).heads(3, 3).dims(5, 5);
    int part = 3 * 5;
    // The four views adjacent in a row; in the rows of a head; and in each row of each head.
    assertPacked(problem, part, new int[] {7 * 4 * part, 5, 4 * part});
    assertPacked(problem, 7 * part, new int[] {4 * 7 * part, 7 * 5, 5});
    assertPacked(problem, 5, new int[] {3 * 7 * 4 * 5, 7 * 4 * 5, 4 * 5});
  }

  private static void assertPacked(Problem problem, int distance, int[] strides) {
    float[] packed = new float[4 * 2 * 3 * 7 * 5];
    Heads[] sources = {problem.query(), problem.key(), problem.value()};
    Heads[] parts = new Heads[4];
    for (int i = 0; i < 4; i++) {
      parts[i] = new Heads(packed, i * distance, 2, 3, 7, 5, strides[0], strides[1], strides[2]);
    }
    for (int i = 0; i < 3; i++) {
      int[] next = {0};
      float[] numbers = sources[i].data();
      Views.forEach(parts[i], index -> packed[index] = numbers[next[0]++]);
    }
    problem.attention().compute(parts[0], parts[1], parts[2], parts[3]);
    Views.assertSameBits(Views.dense(parts[3]), problem.compute(problem.attention()), "parts " + distance + " apart, " + problem);
    Views.assertSameBits(Views.dense(parts[2]), sources[2].data(), "value, parts " + distance + " apart, " + problem);
  }

  @Test
  void queryWithoutKeysGetsZero() {
    Problem problem = Problem.of(59, 33).batch(2).heads(4, 2).mask(BOTTOM_RIGHT.and(Mask.keyLengths(0, 33)));
    Heads output = problem.emptyOutput();
    problem.attention().compute(problem.query(), problem.key(), problem.value(), output);
    int rowsWithoutKeys = 59 - 33;
    Views.assertSameBits(Views.dense(output.rows(0, rowsWithoutKeys)), new float[2 * 4 * rowsWithoutKeys * 16], problem);
    Views.assertSameBits(Views.dense(Views.head(output, 0, 1)), new float[59 * 16], problem);
    assertThat(output.get(1, 0, 59 - 33, 0)).as("first row with a key, %s", problem).isNotZero();
  }

  /** The reference's log-sum-exp turns its scores into its weights. With one key of score s it is s, without a key −∞. */
  @Test
  void referenceLogSumExp() {
    Heads query = Heads.of(new float[] {2, 3}, 1, 1, 2, 1);
    Heads key = Heads.of(new float[] {5, 7}, 1, 1, 2, 1);
    assertThat(ReferenceAttention.of(Attention.standard().withMask(TOP_LEFT).withScale(0.5f), query, key).logSumExp())
        .containsExactly(5, 10.5 + Math.log1p(Math.exp(-3)));
    assertThat(ReferenceAttention.of(Attention.standard().withMask(Mask.keyLengths(0)).withScale(0.5f), query, key).logSumExp())
        .containsExactly(Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY);
  }

  /** Where the JVM has two paths, both can be selected by name. */
  @Test
  void scalarKernelsOnRequest() {
    Problem problem = Problem.of(17, 33).batch(2).heads(4, 2).dims(59, 40).mask(BOTTOM_RIGHT);
    float[] scalar = problem.compute(problem.attention().withKernels(Kernels.scalar()));
    Budget.assertWithin("scalar kernels, " + problem, scalar, problem.reference().inFloat().output(), problem.reference().output());
  }
}
