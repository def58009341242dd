package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A call with one of its results in the array of an input: it is refused before anything is written, or everything is right. */
record Overlaps(Case of, Asked asked) {
  /** The input. */
  enum Kind {
    NONE(""),
    QUERY("a result in the query's array"),
    KEY("a result in the key's array"),
    VALUE("a result in the value's array"),
    BIAS("a result in the bias's array");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** Where a result goes. */
  private enum Target {
    OUTPUT,
    LOG_SUM_EXP,
    COLUMN_SUMS,
    SCORES
  }

  /** A result, laid out like a view of the call; of scores with their stage. */
  private record Result(Target target, @Nullable Stage stage, Heads like) {
    boolean wholeArray() {
      return target == Target.LOG_SUM_EXP || target == Target.COLUMN_SUMS;
    }

    int size() {
      return like.batch() * like.heads() * like.rows() * like.width();
    }
  }

  /**
   * Makes the call again.
   *
   * @throws Mismatch if it gives something else than the call whose results there are, or is refused too late
   */
  void check() {
    Bias bias = of.model.bias;
    Operands operands = of.operands;
    switch (Choice.at(Kind.values(), of.plan.get(Knob.OVERLAP))) {
      case NONE -> {}
      case QUERY -> check(operands.query().data(), operands.query().end());
      case KEY -> check(operands.key().data(), operands.key().end());
      case VALUE -> check(operands.value().data(), operands.value().end());
      case BIAS -> check(bias == null ? new float[0] : bias.data(), bias == null ? 0 : bias.data().length);
    }
  }

  private void check(float[] input, int end) {
    List<Result> results = results();
    if (results.isEmpty()) {
      return;
    }
    Result moved = results.get(of.numbers.below(results.size(), Operand.OTHER, 930));
    if (end == 0 || (moved.wholeArray() && moved.size() < end)) {
      return;
    }
    int offset = moved.wholeArray() ? 0 : of.numbers.below(end + 1, Operand.OTHER, 931);
    float[] shared = new float[moved.wholeArray() ? moved.size() : Math.max(end, offset + moved.size())];
    Arrays.fill(shared, Operands.UNTOUCHED);
    System.arraycopy(input, 0, shared, 0, end);
    float[] before = shared.clone();
    List<float[]> actual = new ArrayList<>();
    try {
      actual = compute(results, moved, shared, offset);
    } catch (IllegalArgumentException e) {
      if (Asked.firstDifference(shared, before) >= 0) {
        throw new Mismatch("a result in the array of an input was refused after it had been written: " + e.getMessage());
      }
      return;
    }
    List<float[]> expected = results.stream().map(result -> Comparison.elements(result.like)).toList();
    for (int n = 0; n < expected.size(); n++) {
      int at = Asked.firstDifference(actual.get(n), expected.get(n));
      if (at >= 0) {
        String both = actual.get(n)[at] + " instead of " + expected.get(n)[at];
        throw new Mismatch("a result in the array of an input gives " + both + " in " + results.get(n).target);
      }
    }
  }

  private List<Result> results() {
    List<Result> results = new ArrayList<>();
    if (of.plan.has(Knob.OUTPUT)) {
      results.add(new Result(Target.OUTPUT, null, asked.output));
    }
    if (of.plan.has(Knob.LOG_SUM_EXP)) {
      results.add(new Result(Target.LOG_SUM_EXP, null, whole(asked.logSumExp)));
    }
    if (of.plan.has(Knob.COLUMN_SUMS)) {
      results.add(new Result(Target.COLUMN_SUMS, null, whole(asked.columnSums)));
    }
    asked.scores.forEach((stage, view) -> results.add(new Result(Target.SCORES, stage, view)));
    return results;
  }

  private static Heads whole(float[] array) {
    return Heads.of(array, 1, 1, 1, array.length);
  }

  private List<float[]> compute(List<Result> results, Result moved, float[] shared, int offset) {
    Results wanted = Results.of();
    List<Heads> views = new ArrayList<>();
    for (Result result : results) {
      float[] array = result == moved ? shared : new float[result.size()];
      Heads view = dense(array, result == moved ? offset : 0, result.like);
      switch (result.target) {
        case OUTPUT -> wanted.output(view);
        case LOG_SUM_EXP -> wanted.logSumExp(array);
        case COLUMN_SUMS -> wanted.columnSums(array);
        case SCORES -> wanted.scores(Objects.requireNonNull(result.stage), view);
      }
      views.add(view);
    }
    Attention attention = of.attention(of.plan.get(Knob.THREADS));
    Operands operands = of.operands;
    Bias bias = of.model.bias;
    Kind kind = Choice.at(Kind.values(), of.plan.get(Knob.OVERLAP));
    if (kind == Kind.BIAS && bias != null) {
      attention =
          attention.withBias(new Bias(shared, bias.offset(), bias.batchStride(), bias.headStride(), bias.queryStride(), bias.keyStride()));
    }
    asked.compute(
        attention,
        kind == Kind.QUERY ? over(shared, operands.query()) : operands.query(),
        kind == Kind.KEY ? over(shared, operands.key()) : operands.key(),
        kind == Kind.VALUE ? over(shared, operands.value()) : operands.value(),
        wanted);
    return views.stream().map(Comparison::elements).toList();
  }

  private static Heads dense(float[] array, int offset, Heads like) {
    int row = like.width();
    int head = like.rows() * row;
    return new Heads(array, offset, like.batch(), like.heads(), like.rows(), like.width(), like.heads() * head, head, row, 1);
  }

  private static Heads over(float[] array, Heads view) {
    return new Heads(
        array,
        view.offset(),
        view.batch(),
        view.heads(),
        view.rows(),
        view.width(),
        view.batchStride(),
        view.headStride(),
        view.rowStride(),
        view.columnStride());
  }
}
