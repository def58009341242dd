package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.testing.AttentionCall;
import dev.lanewise.kernels.testing.AttentionCase;
import dev.lanewise.kernels.testing.AttentionShape;
import dev.lanewise.kernels.testing.AttentionShape.Storage;
import dev.lanewise.kernels.testing.AttentionVariant;
import dev.lanewise.kernels.testing.HeadsLayout;
import dev.lanewise.kernels.testing.KeyRange;
import dev.lanewise.kernels.testing.RowOrderModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A row of the fused kernel has the bits of {@link RowOrderModel}, for any number of rows beside it and any number of threads. */
class FusedOrderTest {
  /**
   * Queries, keys, heads, key/value heads, width, width of a value: around vectors of lanes, chains, steps and spans. Few queries of many
   * keys are cut along the keys.
   */
  private static final int[][] SIZES = {
    {1, 1, 1, 1, 1, 1},
    {3, 15, 2, 1, 5, 16},
    {17, 17, 3, 3, 16, 5},
    {33, 63, 2, 1, 31, 32},
    {48, 48, 1, 1, 32, 32},
    {1, 64, 1, 1, 64, 64},
    {65, 65, 2, 2, 80, 31},
    {7, 321, 4, 2, 32, 80},
    {70, 641, 1, 1, 64, 33},
    {1, 641, 3, 1, 64, 64},
    {3, 1281, 1, 1, 31, 16},
    {16, 2000, 2, 1, 32, 96},
    {1, 5000, 1, 1, 16, 130}
  };

  static Stream<AttentionCase> cases() {
    List<AttentionShape> shapes = new ArrayList<>();
    for (int[] size : SIZES) {
      int[] queries = {size[0], size[0]};
      int[] keys = {size[1], size[1]};
      HeadsLayout layout = HeadsLayout.values()[shapes.size() % HeadsLayout.values().length];
      shapes.add(
          new AttentionShape(
              Storage.DENSE, queries, keys, size[2], size[3], size[4], size[5], layout, KeyValueFormat.F32, 20261130 + shapes.size()));
    }
    return AttentionShape.cases(shapes, AttentionVariant.all().stream().filter(AttentionVariant::decodes).toList());
  }

  @BeforeEach
  void theFusedKernelIsPartOfTheSimdPath() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsAreThoseOfTheModel(AttentionCase call) {
    RowOrderModel model = new RowOrderModel(call);
    float[][] alone = call.run(Kernels.selected(), 1, AttentionCase.Order.FIRST_TO_LAST);
    float[][] cut = call.run(Kernels.selected(), 5, AttentionCase.Order.PARALLEL);
    int row = 0;
    for (int b = 0; b < call.batch(); b++) {
      for (int head = 0; head < call.heads(); head++) {
        for (int i = 0; i < call.queries(b); i++, row++) {
          String what = "batch entry " + b + ", head " + head + ", query " + i + " of " + call;
          assertThat(alone[row]).as(what).isEqualTo(model.row(b, head, i));
          assertThat(cut[row]).as(what + " on five threads").isEqualTo(alone[row]);
        }
      }
    }
  }

  /** The scores of a query with a NaN are NaN, so no span of its keys has a largest score. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 70})
  void queryOfNanOverSeveralSpansIsNan(int queries) {
    for (int keys : new int[] {1280, 1281, 4000}) {
      for (int threads : new int[] {1, 5}) {
        Heads query = filled(queries, 4, 1);
        query.data()[(queries - 1) * 4] = Float.NaN;
        Heads output = Heads.zeros(1, 1, queries, 3);
        float[] logSumExp = new float[queries];
        AttentionCall call = AttentionCall.of(query, filled(keys, 4, 1)).output(filled(keys, 3, 2), output).logSumExp(logSumExp);
        AttentionTasks tasks = Kernels.selected().plan(call.build(), threads);
        for (int task = 0; task < tasks.count(); task++) {
          tasks.run(task);
        }
        for (int i = 0; i < queries; i++) {
          boolean poisoned = i == queries - 1;
          String what = "query " + i + " of " + queries + ", " + keys + " keys, " + threads + " threads";
          assertThat(output.get(0, 0, i, 2)).as(what).isEqualTo(poisoned ? Float.valueOf(Float.NaN) : Float.valueOf(2));
          assertThat(Float.isNaN(logSumExp[i])).as("log-sum-exp of " + what).isEqualTo(poisoned);
        }
      }
    }
  }

  /** The last span holds one key, whose score is NaN. */
  @Test
  void lastSpanOfNanIsNotLost() {
    Heads key = filled(1281, 4, 1);
    key.data()[1280 * 4] = Float.NaN;
    Heads output = Heads.zeros(1, 1, 2, 3);
    AttentionProblem problem = AttentionCall.of(filled(2, 4, 1), key).output(filled(1281, 3, 2), output).build();
    AttentionTasks tasks = Kernels.selected().plan(problem, 1);
    for (int task = 0; task < tasks.count(); task++) {
      tasks.run(task);
    }
    assertThat(output.data()).isEqualTo(filled(2, 3, Float.NaN).data());
  }

  /** A window shows the last three spans of many. Only these are cut, and no other value reaches the output. */
  @Test
  void spansThatNoRowSeesAreNotCut() {
    int keys = 157 * 1280 - 5;
    int from = 154 * 1280 + 3;
    Heads value = filled(keys, 3, Float.NaN);
    Arrays.fill(value.data(), from * 3, keys * 3, 2);
    Heads output = Heads.zeros(1, 1, 2, 3);
    AttentionCall call = AttentionCall.of(filled(2, 4, 0), filled(keys, 4, 1)).output(value, output);
    AttentionTasks tasks = Kernels.selected().plan(call.visibility(new KeyRange(from, keys)).build(), 2);
    assertThat(tasks.count()).isEqualTo(3);
    for (int task = 0; task < tasks.count(); task++) {
      tasks.run(task);
    }
    for (float x : output.data()) {
      assertThat(x).isCloseTo(2, within(1e-5f));
    }
  }

  private static Heads filled(int rows, int width, float value) {
    Heads heads = Heads.zeros(1, 1, rows, width);
    Arrays.fill(heads.data(), value);
    return heads;
  }

  @Test
  void oneQueryOfManyKeysIsCutForThreads() {
    Heads query = Heads.zeros(1, 1, 1, 4);
    Heads key = Heads.zeros(1, 1, 100_000, 4);
    AttentionProblem problem = AttentionCall.of(query, key).output(key, Heads.zeros(1, 1, 1, 4)).build();
    assertThat(Kernels.selected().plan(problem, 2).count()).isGreaterThanOrEqualTo(8);
    assertThat(Kernels.selected().plan(problem, 1).count()).isEqualTo(1);
  }
}
