package dev.lanewise.bench.verify.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.PlainRow;
import dev.lanewise.kernels.data.Heads;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Defects put in on purpose are found, and what is left of the call shows what they are. */
class TrialTest {
  private static final long SEED = 5;
  private static final int MOST_CALLS = 3000;

  private static final Comparison.Reference RIGHT = (model, b, head, i) -> new PlainRow(model, b, head, i, false);

  private static Plan least(Trial trial) {
    return least(trial, plan -> true);
  }

  /** The first call of these that is found wrong where nothing was wrong, made as small as it gets. */
  private static Plan least(Trial trial, Predicate<Plan> calls) {
    Function<Plan, Optional<String>> failure =
        plan -> calls.test(plan) ? trial.failure(plan).filter(wrong -> Trial.real().failure(plan).isEmpty()) : Optional.empty();
    for (long index = 0; index < MOST_CALLS; index++) {
      Plan plan = Draw.plan(SEED, index);
      if (failure.apply(plan).isPresent()) {
        return new Shrinker(failure).shrink(plan);
      }
    }
    throw new AssertionError("nothing found in " + MOST_CALLS + " calls");
  }

  @Test
  void nothingIsFoundWhereNothingIsWrong() {
    for (long index = 0; index < 300; index++) {
      Plan plan = Draw.plan(SEED, index);
      assertThat(Trial.real().failure(plan)).as("call %s: %s", index, plan).isEmpty();
    }
  }

  @Test
  void aForgottenSoftcapIsFound() {
    Trial trial =
        new Trial(
            (model, b, head, i) -> {
              model.softcap = 0; // for good: bounds are those of a model without one
              return new PlainRow(model, b, head, i, false);
            },
            Asked::compute);
    Plan least = least(trial);
    assertThat(least.has(Knob.SOFTCAP)).as("%s", least).isTrue();
    assertThat(least.has(Knob.MASK) || least.has(Knob.BIAS) || least.has(Knob.CACHE)).as("%s", least).isFalse();
    assertThat(least.get(Knob.QUERIES) * least.get(Knob.KEYS)).as("%s", least).isLessThanOrEqualTo(30);
    assertThat(trial.failure(least).orElseThrow()).contains("expected");
  }

  @Test
  void aMaskThatIsOneKeyOffIsFound() {
    Trial trial =
        new Trial(
            (model, b, head, i) -> {
              Model.Rule rule = model.rule;
              model.rule = (c, h, q, j, queries, keys) -> rule.sees(c, h, q, Math.max(0, j - 1), queries, keys);
              PlainRow row = new PlainRow(model, b, head, i, false);
              model.rule = rule;
              return row;
            },
            Asked::compute);
    Plan least = least(trial);
    assertThat(least.has(Knob.MASK) || least.has(Knob.SECOND_MASK) || least.has(Knob.THIRD_MASK)).as("%s", least).isTrue();
    assertThat(least.get(Knob.QUERIES) * least.get(Knob.KEYS)).as("%s", least).isBetween(1, 12);
  }

  @Test
  void aTreeWhoseNodesStandOneBehindTheOtherIsFound() {
    Trial trial =
        new Trial(
            (model, b, head, i) -> {
              model.tree = new int[0];
              return new PlainRow(model, b, head, i, false);
            },
            Asked::compute);
    Plan least = least(trial, plan -> plan.has(Knob.ALIBI) && !plan.isStepwise());
    assertThat(Stream.of(Knob.MASK, Knob.SECOND_MASK, Knob.THIRD_MASK).anyMatch(mask -> Sight.hasTree(least.get(mask))))
        .as("%s", least)
        .isTrue();
  }

  @Test
  void positionsThatALayerDropsAreFound() {
    Trial trial =
        new Trial(
            (model, b, head, i) -> {
              model.relative = null;
              return new PlainRow(model, b, head, i, false);
            },
            Asked::compute);
    assertThat(least(trial).positions().asksForBuckets()).isTrue();
  }

  /** A chain over all keys, which loses a hundred-thousandth. */
  @Test
  void aLongSumThatLosesALittleIsFound() {
    Trial trial =
        new Trial(
            RIGHT,
            (asked, attention) -> {
              asked.compute(attention);
              if (asked.plan().isLong()) {
                Operands.forEach(asked.output, (index, b, head, row, column) -> asked.output.data()[index] *= 1.00001f);
              }
            });
    Plan least = least(trial);
    assertThat(least.isLong()).as("%s", least).isTrue();
  }

  @Test
  void anErrorOfAFewMillionthsIsFound() {
    Trial trial =
        new Trial(
            RIGHT,
            (asked, attention) -> {
              asked.compute(attention);
              Operands.forEach(asked.output, (index, b, head, row, column) -> asked.output.data()[index] *= 1.00001f);
            });
    Plan least = least(trial);
    assertThat(trial.failure(least).orElseThrow()).startsWith("output").contains("expected");
    assertThat(least.get(Knob.QUERIES)).as("%s", least).isEqualTo(1);
  }

  @Test
  void aStrayWriteIsFound() {
    Trial trial =
        new Trial(
            RIGHT,
            (asked, attention) -> {
              asked.compute(attention);
              Heads output = asked.output;
              if (output.end() < output.data().length) {
                output.data()[output.end()] = 0;
              }
            });
    Plan least = least(trial);
    assertThat(trial.failure(least).orElseThrow()).contains("outside of every result");
  }

  @Test
  void bitsThatChangeFromCallToCallAreFound() {
    int[] calls = {0};
    Trial trial =
        new Trial(
            RIGHT,
            (asked, attention) -> {
              asked.compute(attention);
              float[] sums = asked.logSumExp;
              if (calls[0]++ % 2 == 1 && sums.length > 0) {
                sums[0] = Math.nextUp(sums[0]);
              }
            });
    Optional<String> failure = Optional.empty();
    for (long index = 0; index < MOST_CALLS && failure.isEmpty(); index++) {
      calls[0] = 0;
      Plan plan = Draw.plan(SEED, index);
      failure = plan.has(Knob.LOG_SUM_EXP) ? trial.failure(plan) : failure;
    }
    assertThat(failure.orElseThrow()).contains("the bits depend on the threads");
  }

  @Test
  void aFailureSaysHowToRepeatIt() {
    Trial trial =
        new Trial(
            RIGHT,
            (asked, attention) -> {
              throw new IllegalStateException("planted");
            });
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    assertThat(new Session(trial, SEED, 1, List.of(), out).run(7, Long.MAX_VALUE, 30)).isFalse();
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("call 7 of seed 5: threw java.lang.IllegalStateException: planted")
        .contains("batch 1, key value heads 1, group 1, queries 0, keys 0, head dim 1, value dim 1, output 1")
        .contains("repeat it with: fuzz --seed 5 --call 7")
        .contains("#calls 1 0");
  }

  @Test
  void aSeedGivesTheSameCallsAgain() {
    for (long index = 0; index < 100; index++) {
      assertThat(Draw.plan(SEED, index).toString()).isEqualTo(Draw.plan(SEED, index).toString());
      assertThat(Draw.plan(SEED, index).sameAs(Draw.plan(SEED + 1, index))).isFalse();
    }
  }
}
