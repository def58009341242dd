package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.ResultBuffers.Result;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Repeats a call with one of its results in the array of an input. The library refuses it before it writes anything, or all is right. */
record OverlapCheck(Call call, ResultBuffers buffers) {
  /**
   * Makes the call again.
   *
   * @throws Mismatch if its results differ from those of the call before, or it is refused too late
   */
  void check() {
    Bias bias = call.bias;
    Operands operands = call.operands;
    switch (kind()) {
      case NONE -> {}
      case QUERY -> check(operands.query().data(), operands.query().end());
      case KEY -> check(operands.key().data(), operands.key().end());
      case VALUE -> check(operands.value().data(), operands.value().end());
      case BIAS -> check(bias == null ? new float[0] : bias.data(), bias == null ? 0 : bias.data().length);
    }
  }

  private Operands.Overlap kind() {
    return call.plan.get(Options.OVERLAP);
  }

  private void check(float[] input, int end) {
    List<Result> results = buffers.results;
    if (results.isEmpty()) {
      return;
    }
    Result moved = results.get(call.numbers.below(results.size(), 930));
    int size = Views.size(moved.view());
    if (end == 0 || (moved.isArray() && size < end)) {
      return;
    }
    int offset = moved.isArray() ? 0 : call.numbers.below(end + 1, 931);
    float[] shared = new float[moved.isArray() ? size : Math.max(end, offset + size)];
    Arrays.fill(shared, Operands.UNTOUCHED);
    System.arraycopy(input, 0, shared, 0, end);
    float[] before = shared.clone();
    List<float[]> actual;
    try {
      actual = compute(moved, shared, offset);
    } catch (IllegalArgumentException e) {
      if (Views.firstDifference(shared, before) >= 0) {
        throw new Mismatch("a result in the array of an input was refused after it had been written: " + e.getMessage());
      }
      return;
    }
    List<float[]> expected = results.stream().map(Result::view).map(Views::elements).toList();
    Comparison.difference(actual, expected, results)
        .ifPresent(
            text -> {
              throw new Mismatch("a result in the array of an input gives other bits: " + text);
            });
  }

  private List<float[]> compute(Result moved, float[] shared, int offset) {
    Results request = Results.of();
    List<Heads> views = new ArrayList<>();
    for (Result result : buffers.results) {
      boolean here = result == moved;
      views.add(Views.dense(here ? shared : new float[Views.size(result.view())], here ? offset : 0, result.view()));
      request = result.request().apply(request, views.getLast());
    }
    Attention attention = call.attention();
    Operands operands = call.operands;
    Bias bias = call.bias;
    if (kind() == Operands.Overlap.BIAS && bias != null) {
      attention = attention.withBias(MergedParts.over(shared, bias, 0));
    }
    buffers.compute(
        attention,
        kind() == Operands.Overlap.QUERY ? Views.over(shared, operands.query()) : operands.query(),
        kind() == Operands.Overlap.KEY ? Views.over(shared, operands.key()) : operands.key(),
        kind() == Operands.Overlap.VALUE ? Views.over(shared, operands.value()) : operands.value(),
        request);
    return views.stream().map(Views::elements).toList();
  }
}
