package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.testing.AttentionCall;
import dev.lanewise.kernels.testing.KeyRange;
import dev.lanewise.testing.Interrupts;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The fused kernel over several spans of keys, together and one by one, against sums in double. Scores rise by 60 along the keys. */
class FusedSpansTest {
  private static final int ROWS = 4; // of two heads over one of keys and two queries
  private static final int KEYS = RowOrder.SPAN + 37;
  private static final int WIDTH = 2;
  private static final int ROW_SIZE = SpanResults.rowSize(WIDTH);

  private final Heads query = Heads.zeros(1, 2, 2, 2);
  private final Heads key = Heads.zeros(1, 1, KEYS, 2);
  private final Heads value = Heads.zeros(1, 1, KEYS, WIDTH);
  private final Heads output = Heads.zeros(1, 2, 2, WIDTH);

  @BeforeEach
  void fill() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
    Random random = new Random(3);
    for (int row = 0; row < ROWS; row++) {
      query.data()[2 * row] = 1 - 0.3f * row;
      query.data()[2 * row + 1] = 1;
    }
    for (int k = 0; k < KEYS; k++) {
      key.data()[2 * k] = 60f * k / KEYS;
      key.data()[2 * k + 1] = random.nextFloat();
      value.data()[2 * k] = random.nextFloat();
      value.data()[2 * k + 1] = k;
    }
  }

  /** The place of a row in a view: rows of a group alternate between its heads. */
  private static int place(int row) {
    return row % 2 * 2 + row / 2;
  }

  /** The log-sum-exp of a row over a range of keys, then its output. */
  private double[] expected(int row, int from, int to) {
    double sum = 0;
    double[] blend = new double[WIDTH];
    for (int k = from; k < to; k++) {
      double score = 0;
      for (int d = 0; d < 2; d++) {
        score += (double) query.data()[2 * place(row) + d] * key.data()[2 * k + d];
      }
      double weight = Math.exp(score);
      sum += weight;
      for (int d = 0; d < WIDTH; d++) {
        blend[d] += weight * value.data()[WIDTH * k + d];
      }
    }
    return new double[] {Math.log(sum), blend[0] / sum, blend[1] / sum};
  }

  private static void assertClose(String what, double actual, double expected) {
    assertThat(actual).as(what).isCloseTo(expected, within(1e-5 * (1 + Math.abs(expected))));
  }

  /** An array may begin with a later span. */
  @Test
  void eachSpanLeavesItsBaseItsSumAndItsOutput() {
    AttentionProblem problem = AttentionCall.of(query, key).output(value, output).build();
    int before = 5;
    float[] whole = new float[before + ROWS * 2 * ROW_SIZE + 1];
    float[] late = new float[ROWS * ROW_SIZE];
    float[] withoutOutput = new float[ROWS * 2 * SpanResults.rowSize(0)];
    try (FusedAttention attention = FusedAttention.take()) {
      attention.attendSpans(problem, 0, 0, 2, whole, before, 2);
      attention.attendSpans(problem, 0, 1, 2, late, -ROW_SIZE, 1);
      attention.attendSpans(AttentionCall.of(query, key).build(), 0, 0, 2, withoutOutput, 0, 2);
    }
    for (int row = 0; row < ROWS; row++) {
      for (int span = 0; span < 2; span++) {
        int at = before + (row * 2 + span) * ROW_SIZE;
        String what = "row " + row + ", span " + span;
        double[] expected = expected(row, span * RowOrder.SPAN, Math.min(KEYS, (span + 1) * RowOrder.SPAN));
        float sum = whole[at + SpanResults.SUM];
        assertClose(what, whole[at] + Math.log(sum), expected[0]);
        for (int d = 0; d < WIDTH; d++) {
          assertClose(what + ", column " + d, whole[at + SpanResults.OUTPUT + d] / sum, expected[1 + d]);
        }
        int alone = (row * 2 + span) * SpanResults.rowSize(0);
        assertThat(Arrays.copyOfRange(withoutOutput, alone, alone + SpanResults.OUTPUT)).as(what).containsExactly(whole[at], sum);
      }
      float[] last = Arrays.copyOfRange(whole, before + (2 * row + 1) * ROW_SIZE, before + 2 * (row + 1) * ROW_SIZE);
      assertThat(Arrays.copyOfRange(late, row * ROW_SIZE, (row + 1) * ROW_SIZE)).as("row %s", row).isEqualTo(last);
    }
    assertThat(Arrays.copyOf(whole, before)).containsOnly(0);
    assertThat(whole[whole.length - 1]).isZero();
  }

  private void assertRows(float[] logSumExp, int from, int to, String what) {
    for (int row = 0; row < ROWS; row++) {
      double[] expected = expected(row, from, to);
      assertClose(what + ", log-sum-exp of row " + row, logSumExp[place(row)], expected[0]);
      assertClose(what + ", row " + row, output.data()[2 * place(row)], expected[1]);
      assertClose(what + ", row " + row, output.data()[2 * place(row) + 1], expected[2]);
    }
  }

  private static void attend(AttentionProblem problem) {
    try (FusedAttention attention = FusedAttention.take()) {
      attention.attend(problem, 0, 0, ROWS);
    }
  }

  /** With an observer of the weights there are two passes over the spans. */
  @Test
  void spansOfARowAreJoined() {
    float[] logSumExp = new float[ROWS];
    attend(AttentionCall.of(query, key).output(value, output).logSumExp(logSumExp).build());
    assertRows(logSumExp, 0, KEYS, "one pass");
    Arrays.fill(output.data(), 0);
    double[] sums = new double[ROWS];
    AttentionCall call = AttentionCall.of(query, key).output(value, output).logSumExp(logSumExp);
    call.observe(
        Stage.WEIGHTS,
        (row, offset, length, b, head, position, firstKey) -> {
          for (int i = 0; i < length; i++) {
            sums[2 * head + position] += row[offset + i];
          }
        });
    attend(call.build());
    assertRows(logSumExp, 0, KEYS, "two passes");
    for (double sum : sums) {
      assertClose("sum of the weights", sum, 1);
    }
  }

  @Test
  void windowBeginsAndEndsInsideOfSpans() {
    float[] logSumExp = new float[ROWS];
    int from = 1000;
    int to = KEYS - 7;
    attend(AttentionCall.of(query, key).output(value, output).logSumExp(logSumExp).visibility(new KeyRange(from, to)).build());
    assertRows(logSumExp, from, to, "window");
  }

  /** A bias of −∞ hides a key also from a call whose final weights a function sees: its value, a NaN, reaches no output. */
  @Test
  void valuesBehindInfiniteBiasesAreNotMultiplied() {
    float[] bias = new float[KEYS];
    Arrays.fill(bias, 0, 700, Float.NEGATIVE_INFINITY);
    Arrays.fill(value.data(), 0, 700 * WIDTH, Float.NaN);
    float[] logSumExp = new float[ROWS];
    AttentionCall call = AttentionCall.of(query, key).output(value, output).logSumExp(logSumExp).bias(Bias.of(bias, KEYS));
    attend(call.build());
    assertRows(logSumExp, 700, KEYS, "one pass");
    Arrays.fill(output.data(), 0);
    attend(call.observe(Stage.WEIGHTS, (_, _, _, _, _, _, _) -> {}).build());
    assertRows(logSumExp, 700, KEYS, "two passes");
  }

  /** Neither a mask nor a bias lets a function give weight to a key that it hides. */
  @Test
  void hiddenKeysHaveNoWeightWhateverAFunctionMakesOfIt() {
    float[] bias = new float[KEYS];
    Arrays.fill(bias, 700, KEYS, Float.NEGATIVE_INFINITY);
    Arrays.fill(value.data(), 0, 600 * WIDTH, Float.NaN);
    Arrays.fill(value.data(), 600 * WIDTH, 700 * WIDTH, 0.5f);
    AttentionCall call = AttentionCall.of(query, key).output(value, output).bias(Bias.of(bias, KEYS)).visibility(new KeyRange(600, KEYS));
    attend(call.weightFunction((row, offset, length, _, _, _, _) -> Arrays.fill(row, offset, offset + length, 1)).build());
    assertThat(output.data()).containsOnly(50);
  }

  @Test
  void loopOverKeysEndsAtAnInterrupt() {
    AttentionProblem problem = AttentionCall.of(query, key).output(value, output).build();
    Interrupts.assertCancels(() -> attend(problem));
    assertThat(output.data()).containsOnly(0);
  }
}
