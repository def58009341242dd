package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.bench.verify.oracle.PlainRow;
import dev.lanewise.core.Attention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes a call and everything that is checked of it. */
final class Trial {
  private static final int ONE_IN = 4;

  private final Comparison.Reference reference;
  private final Caller caller;
  private long beyondBudget;

  /** Makes the call; a test has one that spoils it. */
  @FunctionalInterface
  interface Caller {
    void compute(Asked asked, Attention attention);
  }

  Trial(Comparison.Reference reference, Caller caller) {
    this.reference = reference;
    this.caller = caller;
  }

  /** The library against the plain reference. */
  static Trial real() {
    return new Trial((model, b, head, i) -> new PlainRow(model, b, head, i, false), Asked::compute);
  }

  /** Calls so far with an error beyond the budget, but not beyond what rounding does. */
  long beyondBudget() {
    return beyondBudget;
  }

  /** Adds the bits of everything that a call writes to a digest; of a call that throws, what it throws. */
  void digest(Plan plan, MessageDigest digest) {
    try (Case of = new Case(plan)) {
      Asked asked = new Asked(of, new Numbers(plan.seed(), Numbers.Kind.NORMAL));
      caller.compute(asked, of.attention(plan.get(Knob.THREADS)));
      for (float[] array : asked.memory()) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * array.length);
        for (float x : array) {
          bytes.putInt(Float.floatToIntBits(x)); // every NaN is the same
        }
        digest.update(bytes.array());
      }
      digest.update(asked.topText().getBytes(StandardCharsets.UTF_8));
    } catch (RuntimeException | AssertionError e) {
      digest.update(e.getClass().getName().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What is wrong with a call; empty if nothing is. */
  Optional<String> failure(Plan plan) {
    try (Case of = new Case(plan)) {
      run(of);
      return Optional.empty();
    } catch (Mismatch e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (RuntimeException | AssertionError e) {
      if (plan.mayBeRefused() && (e instanceof IllegalArgumentException || e instanceof IllegalStateException)) {
        return Optional.empty();
      }
      StackTraceElement[] trace = e.getStackTrace();
      return Optional.of("threw " + e + (trace.length == 0 ? "" : " at " + trace[0]));
    }
  }

  private void run(Case of) {
    Numbers numbers = new Numbers(of.plan.seed(), Numbers.Kind.NORMAL);
    Asked asked = new Asked(of, numbers);
    if (!of.plan.isStepwise()) { // in which each step has its own
      Failures.of(of, asked).provoke();
    }
    caller.compute(asked, of.attention(of.plan.get(Knob.THREADS)));
    asked.checkUntouched();
    Comparison comparison = new Comparison(of, asked, reference);
    comparison.verify();
    beyondBudget += comparison.beyondBudget() ? 1 : 0;
    checkThreads(of, asked);
    if (of.plan.get(Knob.SHARED) == 0
        && !of.plan.repeats()
        && !of.plan.dense().sameAs(of.plan)
        && numbers.below(ONE_IN, Operand.OTHER, -99) == 0) {
      checkSame(of, asked, of.plan.dense(), "layout: dense");
    }
    new Overlaps(of, asked).check();
    if (of.plan.has(Knob.DETOUR)) {
      checkSame(of, asked, of.plan.with(Knob.DETOUR, 0), "rows that were taken back: without them");
    }
  }

  /** One thread gives the same bits. */
  private void checkThreads(Case of, Asked asked) {
    List<float[]> several = asked.memory();
    String top = asked.topText();
    asked.restore();
    caller.compute(asked, of.attention(1));
    List<float[]> one = asked.memory();
    for (int n = 0; n < one.size(); n++) {
      int at = Asked.firstDifference(several.get(n), one.get(n));
      if (at >= 0) {
        String both = several.get(n)[at] + " with " + of.plan.get(Knob.THREADS) + " threads, " + one.get(n)[at] + " with one";
        throw new Mismatch("the bits depend on the threads: " + both);
      }
    }
    if (!top.equals(asked.topText())) {
      throw new Mismatch("the top keys depend on the threads: " + top + " or " + asked.topText());
    }
  }

  /** A call that may differ in no bit of its results. */
  private void checkSame(Case of, Asked asked, Plan like, String what) {
    List<float[]> actual = results(of, asked);
    try (Case plain = new Case(like)) {
      Asked other = new Asked(plain, new Numbers(like.seed(), Numbers.Kind.NORMAL));
      caller.compute(other, plain.attention(1));
      List<float[]> expected = results(plain, other);
      for (int n = 0; n < expected.size(); n++) {
        int at = Asked.firstDifference(actual.get(n), expected.get(n));
        if (at >= 0) {
          throw new Mismatch("the bits depend on the " + what + " " + expected.get(n)[at] + ", not " + actual.get(n)[at]);
        }
      }
    }
  }

  private static List<float[]> results(Case of, Asked asked) {
    List<float[]> results = new ArrayList<>(List.of(asked.logSumExp, asked.columnSums));
    results.add(Comparison.elements(asked.chosenWeights));
    if (of.plan.has(Knob.OUTPUT)) {
      results.add(Comparison.elements(asked.output));
    }
    for (Map.Entry<Stage, Heads> scores : asked.scores.entrySet()) {
      results.add(Comparison.elements(scores.getValue()));
    }
    return results;
  }
}
