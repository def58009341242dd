package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.ResultBuffers.Result;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.bench.verify.oracle.PlainRow;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.core.Attention;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/** Makes the call of a plan and checks all that the library promises of it. */
final class CallCheck {
  private static final int ONE_IN = 4;

  private final Comparison.Oracle oracle;
  private final Caller caller;
  private long beyondBudget;

  /** Makes the call; a test has one that spoils it. */
  @FunctionalInterface
  interface Caller {
    void compute(ResultBuffers buffers, Attention attention);
  }

  CallCheck(Comparison.Oracle oracle, Caller caller) {
    this.oracle = oracle;
    this.caller = caller;
  }

  /** The library against the oracle. */
  static CallCheck real() {
    return new CallCheck((model, b, head, i) -> new PlainRow(model, b, head, i, false), ResultBuffers::compute);
  }

  /** The number of calls so far with an error beyond the budget, but not beyond what rounding does. */
  long beyondBudget() {
    return beyondBudget;
  }

  /** Adds the bits of everything that a call writes to a digest, or the class of what it throws. */
  void digest(Plan plan, MessageDigest digest) {
    try (Call call = new Call(plan)) {
      ResultBuffers buffers = new ResultBuffers(call);
      caller.compute(buffers, call.attention());
      for (float[] array : buffers.memory()) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * array.length);
        for (float x : array) {
          bytes.putInt(Float.floatToIntBits(x)); // the same bits for every NaN
        }
        digest.update(bytes.array());
      }
      digest.update(buffers.topText().getBytes(StandardCharsets.UTF_8));
    } catch (RuntimeException | AssertionError e) {
      digest.update(e.getClass().getName().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What is wrong with a call; empty if nothing is. */
  Optional<String> failure(Plan plan) {
    try (Call call = new Call(plan)) {
      check(call);
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

  private void check(Call call) {
    Plan plan = call.plan;
    ResultBuffers buffers = new ResultBuffers(call);
    if (!plan.isStepwise()) { // a step fails on its own
      FailingCalls.of(call, buffers).provoke();
    }
    caller.compute(buffers, call.attention());
    buffers.checkUntouched();
    Comparison comparison = new Comparison(call, buffers, oracle);
    comparison.verify();
    beyondBudget += comparison.beyondBudget() ? 1 : 0;
    checkThreads(call, buffers);
    Plan dense = plan.dense();
    boolean comparable = !plan.has(Options.SHARED) && !plan.repeats() && !dense.sameAs(plan);
    if (comparable && Numbers.normal(plan.seed()).below(ONE_IN, -99) == 0) {
      checkSame(buffers, dense, "dense operands");
    }
    new OverlapCheck(call, buffers).check();
    if (plan.has(Options.DETOUR)) {
      checkSame(buffers, plan.with(Options.DETOUR, Caches.Detour.NONE), "no rows taken back");
    }
  }

  /** Checks that one thread gives the same bits. */
  private void checkThreads(Call call, ResultBuffers buffers) {
    List<float[]> several = elements(buffers);
    String top = buffers.topText();
    buffers.restore();
    caller.compute(buffers, call.attention(1));
    buffers.checkUntouched();
    Comparison.difference(several, elements(buffers), buffers.results)
        .ifPresent(
            text -> {
              throw new Mismatch("the bits depend on the threads: " + text + " with one");
            });
    if (!top.equals(buffers.topText())) {
      throw new Mismatch("the top keys depend on the threads: " + top + " or " + buffers.topText());
    }
  }

  /** Checks that another call gives the same bits. */
  private void checkSame(ResultBuffers buffers, Plan other, String difference) {
    try (Call call = new Call(other)) {
      ResultBuffers expected = new ResultBuffers(call);
      caller.compute(expected, call.attention(1));
      Comparison.difference(elements(buffers), elements(expected), buffers.results)
          .ifPresent(
              text -> {
                throw new Mismatch("the bits differ from those with " + difference + ": " + text);
              });
    }
  }

  private static List<float[]> elements(ResultBuffers buffers) {
    return buffers.results.stream().map(Result::view).map(Views::elements).toList();
  }
}
