package dev.lanewise.bench.verify.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.verify.oracle.Bounds;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.PlainRow;
import dev.lanewise.bench.verify.oracle.ScoreChange;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.testing.Sample;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** The fuzzer finds defects that are put in on purpose, and the smallest failing call shows what they are. */
class CallCheckTest {
  private static final long SEED = 5;
  private static final int MOST_CALLS = 3000;

  private static final Comparison.Oracle RIGHT = (model, b, head, i) -> new PlainRow(model, b, head, i, false);

  private static Plan least(CallCheck check) {
    return least(check, plan -> true);
  }

  /** The first of these calls that fails only with the defect, made as small as possible. */
  private static Plan least(CallCheck check, Predicate<Plan> calls) {
    Function<Plan, Optional<String>> failure = failure(check, calls);
    return new Shrinker(failure).shrink(first(failure));
  }

  /** How one of these calls fails only with the defect. */
  private static Function<Plan, Optional<String>> failure(CallCheck check, Predicate<Plan> calls) {
    return plan -> calls.test(plan) ? check.failure(plan).filter(wrong -> CallCheck.real().failure(plan).isEmpty()) : Optional.empty();
  }

  /** The first call that fails. */
  private static Plan first(Function<Plan, Optional<String>> failure) {
    for (long index = 0; index < MOST_CALLS; index++) {
      Plan plan = PlanGenerator.plan(SEED, index);
      if (failure.apply(plan).isPresent()) {
        return plan;
      }
    }
    throw new AssertionError("nothing found in " + MOST_CALLS + " calls");
  }

  private static void scale(ResultBuffers buffers) {
    buffers
        .result("output")
        .map(ResultBuffers.Result::view)
        .ifPresent(view -> Views.forEach(view, (place, b, head, row, column) -> view.data()[place] *= 1.00001f));
  }

  @Test
  void nothingIsFoundWhereNothingIsWrong() {
    for (long index = 0; index < Sample.count(300); index++) {
      Plan plan = PlanGenerator.plan(SEED, index);
      assertThat(CallCheck.real().failure(plan)).as("call %s: %s", index, plan).isEmpty();
    }
  }

  @Test
  void aForgottenSoftcapIsFound() {
    CallCheck check =
        new CallCheck(
            (model, b, head, i) -> {
              model.changes.removeIf(ScoreChange.Softcap.class::isInstance); // for good: bounds are those of a model without one
              return new PlainRow(model, b, head, i, false);
            },
            ResultBuffers::compute);
    Plan least = least(check);
    assertThat(least.toString().contains("softcap")).as("%s", least).isTrue();
    assertThat(least.has(Options.MASK) || least.has(FormulaOptions.BIAS) || least.has(Options.CACHE)).as("%s", least).isFalse();
    assertThat(least.get(Options.QUERIES) * least.get(Options.KEYS)).as("%s", least).isLessThanOrEqualTo(30);
    assertThat(check.failure(least).orElseThrow()).contains("expected");
  }

  @Test
  void aMaskThatIsOffByOneKeyIsFound() {
    CallCheck check =
        new CallCheck(
            (model, b, head, i) -> {
              Model.Rule rule = model.rule;
              model.rule = (c, h, q, j, queries, keys) -> rule.sees(c, h, q, Math.max(0, j - 1), queries, keys);
              PlainRow row = new PlainRow(model, b, head, i, false);
              model.rule = rule;
              return row;
            },
            ResultBuffers::compute);
    Plan least = least(check);
    assertThat(least.has(Options.MASK) || least.has(Options.SECOND_MASK) || least.has(Options.THIRD_MASK)).as("%s", least).isTrue();
    assertThat(least.get(Options.QUERIES) * least.get(Options.KEYS)).as("%s", least).isBetween(1, 12);
  }

  @Test
  void aTreeWithoutDepthsIsFound() {
    CallCheck check =
        new CallCheck(
            (model, b, head, i) -> {
              model.tree = new int[0];
              return new PlainRow(model, b, head, i, false);
            },
            ResultBuffers::compute);
    Plan least = least(check, plan -> plan.has(FormulaOptions.ALIBI) && !plan.isStepwise());
    assertThat(Options.MASKS.stream().anyMatch(mask -> least.get(mask).hasTree())).as("%s", least).isTrue();
  }

  @Test
  void positionsThatALayerDropsAreFound() {
    CallCheck check =
        new CallCheck(
            (model, b, head, i) -> {
              model.changes.removeIf(ScoreChange.Sum.class::isInstance);
              return new PlainRow(model, b, head, i, false);
            },
            ResultBuffers::compute);
    Plan least = least(check, plan -> plan.get(Options.POSITIONS).hasBuckets() && !plan.has(FormulaOptions.ALIBI));
    assertThat(least.get(Options.QUERIES) * least.get(Options.KEYS)).as("%s", least).isLessThanOrEqualTo(30);
  }

  @Test
  void aLongSumThatLosesAHundredThousandthIsFound() {
    CallCheck check =
        new CallCheck(
            RIGHT,
            (buffers, attention) -> {
              buffers.compute(attention);
              if (buffers.plan().isLong()) {
                scale(buffers);
              }
            });
    // Calls that are not long are right. To make one small takes most of the time, and other tests do that.
    Plan found = Sample.extent() == Sample.Extent.THOROUGH ? least(check, Plan::isLong) : first(failure(check, Plan::isLong));
    assertThat(found.isLong()).as("%s", found).isTrue();
  }

  @Test
  void anErrorOfAHundredThousandthIsFound() {
    CallCheck check =
        new CallCheck(
            RIGHT,
            (buffers, attention) -> {
              buffers.compute(attention);
              scale(buffers);
            });
    Plan least = least(check);
    assertThat(check.failure(least).orElseThrow()).startsWith("output").contains("expected");
    assertThat(least.get(Options.QUERIES)).as("%s", least).isEqualTo(1);
  }

  @Test
  void aStrayWriteIsFound() {
    CallCheck check =
        new CallCheck(
            RIGHT,
            (buffers, attention) -> {
              buffers.compute(attention);
              buffers
                  .result("output")
                  .map(ResultBuffers.Result::view)
                  .filter(view -> view.end() < view.data().length)
                  .ifPresent(view -> view.data()[view.end()] = 0);
            });
    Plan least = least(check);
    assertThat(check.failure(least).orElseThrow()).contains("outside of every result");
  }

  @Test
  void bitsThatChangeFromCallToCallAreFound() {
    int[] calls = {0};
    CallCheck check =
        new CallCheck(
            RIGHT,
            (buffers, attention) -> {
              buffers.compute(attention);
              float[] sums = buffers.result("log-sum-exp").map(result -> result.view().data()).orElse(new float[0]);
              if (calls[0]++ % 2 == 1 && sums.length > 0) {
                sums[0] = Math.nextUp(sums[0]);
              }
            });
    Optional<String> failure = Optional.empty();
    for (long index = 0; index < MOST_CALLS && failure.isEmpty(); index++) {
      calls[0] = 0;
      Plan plan = PlanGenerator.plan(SEED, index);
      failure = plan.has(Options.LOG_SUM_EXP) ? check.failure(plan) : failure;
    }
    assertThat(failure.orElseThrow()).contains("the bits depend on the threads");
  }

  @Test
  void aFailureNamesTheCommandThatRepeatsIt() {
    CallCheck check =
        new CallCheck(
            RIGHT,
            (buffers, attention) -> {
              throw new IllegalStateException("planted");
            });
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    assertThat(new Session(check, SEED, 1, List.of(), out).run(7, Long.MAX_VALUE, 30)).isFalse();
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("call 7 of seed 5: threw java.lang.IllegalStateException: planted")
        .contains("batch 1, key value heads 1, group 1, queries 0, keys 0, head dim 1, value dim 1, output")
        .contains("repeat it with: fuzz --seed 5 --call 7")
        .contains("#calls 1 0");
  }

  @Test
  void aSeedGivesTheSameCalls() {
    for (long index = 0; index < 100; index++) {
      assertThat(PlanGenerator.plan(SEED, index).toString()).isEqualTo(PlanGenerator.plan(SEED, index).toString());
      assertThat(PlanGenerator.plan(SEED, index).sameAs(PlanGenerator.plan(SEED + 1, index))).isFalse();
    }
  }

  @Test
  void plainFloatCodeStaysWithinTheBounds() {
    for (long index = 0; index < Sample.count(400); index++) {
      Plan plan = PlanGenerator.plan(3, index);
      boolean squares = plan.get(FormulaOptions.SIMILARITY) == Similarity.Kind.COSINE && !plan.get(Options.NUMBERS).isModerate();
      if (squares || plan.isLong()) {
        continue; // plain code overflows in squares, and loses more in a long sum than the library may
      }
      try (Call call = new Call(plan)) {
        Model model = call.model;
        for (int b = 0; b < model.extent.entries(); b++) {
          for (int i = 0; i < model.extent.queries()[b]; i++) {
            check(new PlainRow(model, b, 0, i, false), new PlainRow(model, b, 0, i, true), plan);
          }
        }
      }
    }
  }

  private static void check(PlainRow truth, PlainRow plain, Plan plan) {
    Bounds bounds = new Bounds(truth);
    for (int j = 0; j < truth.keys; j++) {
      boolean both = Double.isNaN(truth.weights[j]) && Double.isNaN(plain.weights[j]);
      double bound = bounds.weights()[j];
      if (!both && bound != Bounds.ANY && truth.weights[j] != plain.weights[j]) {
        assertThat(Math.abs(plain.weights[j] - truth.weights[j])).as("weight %s of %s", j, plan).isLessThanOrEqualTo(bound);
      }
    }
  }
}
