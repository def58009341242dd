package dev.lanewise.kernels.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.testing.AttentionCall;
import dev.lanewise.kernels.testing.AttentionCase;
import dev.lanewise.kernels.testing.AttentionCase.Order;
import dev.lanewise.kernels.testing.AttentionShape;
import dev.lanewise.kernels.testing.AttentionVariant;
import dev.lanewise.kernels.testing.HeadsLayout;
import dev.lanewise.kernels.testing.KeyRange;
import dev.lanewise.testing.Sample;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Results depend neither on the number of threads nor on the order of the tasks; observers see what the formula says. */
class AttentionTasksTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  @ParameterizedTest
  @MethodSource(PATHS)
  void threadsAndOrderLeaveTheBitsAlone(Kernels kernels) {
    List<AttentionShape> shapes =
        Stream.of(AttentionShape.dense(), AttentionShape.packed(), AttentionShape.cached()).flatMap(List::stream).toList();
    AttentionShape.cases(shapes, AttentionVariant.all().subList(1, 5)).forEach(call -> assertSameBits(kernels, call));
  }

  private static void assertSameBits(Kernels kernels, AttentionCase call) {
    int[][] expected = bits(call.run(kernels, 1, Order.FIRST_TO_LAST));
    Sample.pairs(List.of(1, 2, 8), List.of(Order.values()), Map::entry)
        .forEach(
            way -> {
              int[][] actual = bits(call.run(kernels, way.getKey(), way.getValue()));
              for (int row = 0; row < expected.length; row++) {
                assertThat(actual[row]).as("row %s, threads and order %s, %s", row, way, call).isEqualTo(expected[row]);
              }
            });
  }

  private static int[][] bits(float[][] rows) {
    int[][] bits = new int[rows.length][];
    for (int row = 0; row < rows.length; row++) {
      int[] ofRow = new int[rows[row].length];
      for (int i = 0; i < ofRow.length; i++) {
        ofRow[i] = Float.floatToRawIntBits(rows[row][i]);
      }
      bits[row] = ofRow;
    }
    return bits;
  }

  /** Stages of one query over three keys, the last of which is masked: scores 1, 2 and 3 with a bias of 1 for each. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void observersSeeEachStage(Kernels kernels) {
    float[][] seen = new float[Stage.values().length][3];
    AttentionCall builder = AttentionCall.of(Heads.of(new float[] {1}, 1, 1, 1, 1), Heads.of(new float[] {1, 2, 3}, 1, 1, 3, 1));
    for (Stage stage : Stage.values()) {
      builder.observe(
          stage, (row, offset, length, b, head, query, firstKey) -> System.arraycopy(row, offset, seen[stage.ordinal()], firstKey, length));
    }
    builder.visibility(new KeyRange(0, 2)).bias(Bias.of(new float[] {1, 1, 1}, 3));
    run(kernels, builder.build());
    assertThat(seen[Stage.RAW.ordinal()]).containsExactly(1, 2, 3);
    assertThat(seen[Stage.CAPPED.ordinal()]).containsExactly(1, 2, 3);
    assertThat(seen[Stage.CHANGED.ordinal()]).containsExactly(2, 3, 4);
    assertThat(seen[Stage.MASKED.ordinal()]).containsExactly(2, 3, Float.NEGATIVE_INFINITY);
    assertThat(seen[Stage.WEIGHTS.ordinal()][0]).isBetween(0.2689f, 0.2690f);
    assertThat(seen[Stage.WEIGHTS.ordinal()][2]).isZero();
  }

  /** Rows 0, 3 and 70 of 75, observed alone, have the weights that they have among all rows. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void chosenRowsAreComputedAlone(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(7);
    Heads query = HeadsLayout.GAPS.random(2, 2, 75, 16, random);
    Heads key = HeadsLayout.DENSE.random(2, 1, 40, 16, random);
    float[][] all = weights(kernels, AttentionCall.of(query, key));
    float[][] chosen = weights(kernels, AttentionCall.of(query, key).rows(new int[] {0, 3, 70}));
    for (int row = 0; row < all.length; row++) {
      int position = row % 75;
      boolean computed = position == 0 || position == 3 || position == 70;
      assertThat(chosen[row]).as("row %s", row).isEqualTo(computed ? all[row] : new float[40]);
    }
  }

  private static float[][] weights(Kernels kernels, AttentionCall builder) {
    float[][] weights = new float[2 * 2 * 75][40];
    builder.observe(
        Stage.WEIGHTS,
        (row, offset, length, b, head, query, firstKey) ->
            System.arraycopy(row, offset, weights[(b * 2 + head) * 75 + query], firstKey, length));
    run(kernels, builder.build());
    return weights;
  }

  private static void run(Kernels kernels, AttentionProblem problem) {
    AttentionTasks tasks = kernels.plan(problem, 2);
    for (int task = 0; task < tasks.count(); task++) {
      tasks.run(task);
    }
  }
}
