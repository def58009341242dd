package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.GoldenVariant;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lanewise computes what PyTorch computes in double, for masks, changes of scores, normalisers and similarities. */
class GoldenVariantTest {
  private static final List<GoldenVariant> CASES = GoldenVariant.load();

  static List<GoldenVariant> cases() {
    return CASES;
  }

  @Test
  void thereAreEnoughCases() {
    assertThat(CASES).hasSizeGreaterThanOrEqualTo(65);
    assertThat(CASES).filteredOn(golden -> !golden.scores().isEmpty()).hasSizeGreaterThanOrEqualTo(6);
    assertThat(CASES).filteredOn(golden -> golden.logSumExp() != null).hasSizeGreaterThanOrEqualTo(50);
  }

  /** The reference of all other tests agrees with PyTorch much more closely than float code could. */
  @ParameterizedTest
  @MethodSource("cases")
  void reference(GoldenVariant golden) {
    ReferenceAttention reference = golden.variant().reference(golden.query(), golden.key(), golden.value());
    assertThat(reference.output()).containsExactly(golden.output(), within(1e-13));
    assertThat(reference.weights()).containsExactly(golden.weights(), within(1e-13));
    if (golden.logSumExp() != null) {
      assertThat(reference.logSumExp()).containsExactly(golden.logSumExp(), within(1e-12));
    }
    for (Stage stage : golden.scores().keySet()) {
      assertThat(reference.scores(stage)).as("%s", stage).containsExactly(golden.scores().get(stage), within(1e-12));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void vectorKernels(GoldenVariant golden) {
    assertResults(golden, golden.variant().attention());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scalarKernels(GoldenVariant golden) {
    assertResults(golden, golden.variant().attention().withKernels(Kernels.scalar()));
  }

  private static void assertResults(GoldenVariant golden, Attention attention) {
    Heads query = golden.query();
    int rows = query.batch() * query.heads() * query.rows();
    Heads output = Views.filled(Views.Layout.DENSE, query.batch(), query.heads(), query.rows(), golden.value().width(), Views.SENTINEL);
    float[] logSumExp = new float[rows];
    Results results = Results.of().withOutput(output);
    if (golden.logSumExp() != null) {
      results = results.withLogSumExp(logSumExp);
    }
    attention.compute(query, golden.key(), golden.value(), results);
    ReferenceAttention plain = golden.variant().reference(query, golden.key(), golden.value()).inFloat();
    Budget.assertWithin("output of " + golden, output.data(), plain.output(), golden.output());
    if (golden.logSumExp() != null) {
      Budget.assertWithin("log-sum-exp of " + golden, logSumExp, plain.logSumExp(), golden.logSumExp());
    }

    Map<Stage, double[]> expected = new EnumMap<>(golden.scores());
    expected.put(Stage.WEIGHTS, golden.weights());
    for (Stage stage : expected.keySet()) {
      double[] scores = expected.get(stage);
      Heads actual = Views.filled(Views.Layout.DENSE, query.batch(), query.heads(), query.rows(), scores.length / rows, Views.SENTINEL);
      attention.compute(query, golden.key(), Results.of().withScores(stage, actual));
      Budget.assertWithin(stage + " of " + golden, actual.data(), plain.scores(stage), scores);
    }
  }
}
