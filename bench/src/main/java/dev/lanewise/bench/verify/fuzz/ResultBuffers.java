package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Bounds;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.bench.verify.oracle.PlainRow;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.TopKeys;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;

/** The results that a call is asked for, and a copy of all memory that it reads or writes, which makes a stray write visible. */
final class ResultBuffers {
  /** The number of largest weights that are asked for in a row. */
  static final int TOP = 3;

  private static final Map<Stage, Option<Boolean>> SCORES =
      Map.of(Stage.RAW, Options.RAW, Stage.CAPPED, Options.CAPPED, Stage.CHANGED, Options.CHANGED, Stage.MASKED, Options.MASKED);

  final List<Result> results = new ArrayList<>();
  final int[] chosenRows;
  TopKeys topKeys;
  private final Call call;
  private final List<float[]> arrays = new ArrayList<>();
  private final List<float[]> before = new ArrayList<>();

  /**
   * A result in memory of its own.
   *
   * @param name the name in messages
   * @param view where the call writes it
   * @param request asks for it in a view
   * @param expected the elements of a row by the oracle
   * @param bounds how far off they may be
   */
  record Result(
      String name,
      Heads view,
      BiFunction<Results, Heads, Results> request,
      Function<PlainRow, double[]> expected,
      Function<Bounds, double[]> bounds) {
    static final String COLUMN_SUMS = "column sums";
    static final String CHOSEN_ROWS = "weights of chosen rows";

    /** Whether the result is judged as a whole rather than row by row. */
    boolean isColumnSums() {
      return name.equals(COLUMN_SUMS);
    }

    boolean hasChosenRows() {
      return name.equals(CHOSEN_ROWS);
    }

    /** Whether the library takes an array for the result, not a view. */
    boolean isArray() {
      return isColumnSums() || name.equals("log-sum-exp");
    }
  }

  /** The number of columns of weights and scores. */
  enum Width {
    AS_KEYS,
    WIDER,
    TO_THE_LAST_SEEN_KEY
  }

  ResultBuffers(Call call) {
    this.call = call;
    Heads query = call.operands.query();
    Numbers normal = Numbers.normal(call.plan.seed());
    chosenRows = IntStream.range(0, query.rows()).filter(i -> normal.below(3, 800 + i) == 0).toArray();
    topKeys = newTopKeys();
    if (has(Options.OUTPUT)) {
      results.add(new Result("output", call.operands.output(), Results::withOutput, row -> row.output, bound -> bound.output));
    }
    if (has(Options.LOG_SUM_EXP)) {
      Heads sums = array(call.model.rows());
      Function<PlainRow, double[]> expected = row -> new double[] {row.logSumExp};
      results.add(new Result("log-sum-exp", sums, (r, v) -> r.withLogSumExp(v.data()), expected, bound -> new double[] {bound.logSumExp}));
    }
    if (has(Options.COLUMN_SUMS)) {
      Heads sums = array(call.model.columns());
      results.add(new Result(Result.COLUMN_SUMS, sums, (r, v) -> r.withColumnSums(v.data()), row -> row.weights, Bounds::weights));
    }
    if (has(Options.CHOSEN_ROWS)) {
      Heads weights = scores(chosenRows.length);
      results.add(new Result(Result.CHOSEN_ROWS, weights, (r, v) -> r.withWeights(chosenRows, v), row -> row.weights, Bounds::weights));
    }
    for (Stage stage : Stage.values()) {
      if (has(SCORES.getOrDefault(stage, Options.WEIGHTS))) {
        String name = stage == Stage.WEIGHTS ? "weights" : "scores " + stage;
        results.add(
            new Result(name, scores(query.rows()), (r, v) -> r.withScores(stage, v), row -> row.at(stage), bound -> bound.at(stage)));
      }
    }
    Operands operands = call.operands;
    List.of(operands.query(), operands.key(), operands.value(), operands.output()).forEach(view -> remember(view.data()));
    if (call.bias != null) {
      remember(call.bias.data());
    }
    results.forEach(result -> remember(result.view.data()));
  }

  private boolean has(Option<Boolean> option) {
    return call.plan.has(option);
  }

  private static Heads array(int length) {
    return Heads.of(new float[length], 1, 1, length, 1);
  }

  private Heads scores(int rows) {
    Heads query = call.operands.query();
    return call.plan.get(Options.OUTPUT_LAYOUT).view(query.batch(), query.heads(), rows, width(), Operands.UNTOUCHED);
  }

  private int width() {
    return switch (call.plan.get(Options.SCORE_WIDTH)) {
      case AS_KEYS -> call.model.extent.mostKeys();
      case WIDER -> call.model.extent.mostKeys() + 1 + call.numbers.below(70, 940);
      case TO_THE_LAST_SEEN_KEY -> call.model.endKey();
    };
  }

  private TopKeys newTopKeys() {
    Heads query = call.operands.query();
    return TopKeys.of(TOP, query.batch(), query.heads(), query.rows());
  }

  private void remember(float[] array) {
    if (arrays.stream().noneMatch(known -> known == array)) {
      arrays.add(array);
      before.add(array.clone());
    }
  }

  Plan plan() {
    return call.plan;
  }

  /** The result with this name, if the call is asked for it. */
  Optional<Result> result(String name) {
    return results.stream().filter(result -> result.name.equals(name)).findFirst();
  }

  /** Restores all memory to its state before the call. */
  void restore() {
    for (int n = 0; n < arrays.size(); n++) {
      System.arraycopy(before.get(n), 0, arrays.get(n), 0, before.get(n).length);
    }
    topKeys = newTopKeys();
  }

  /** A copy of every array. */
  List<float[]> memory() {
    return arrays.stream().map(float[]::clone).toList();
  }

  /** Makes the call. */
  void compute(Attention attention) {
    compute(attention, request());
  }

  /** Makes the call with these results, unless it is a call that takes none. */
  void compute(Attention attention, Results request) {
    Operands operands = call.operands;
    if (call.plan.has(Options.LAYER)) {
      new LayerCall(call, this).compute(attention);
    } else if (call.plan.has(Options.PARTS)) {
      new MergedParts(call).compute(attention, operands.output(), result("log-sum-exp").orElseThrow().view.data());
    } else {
      compute(attention, operands.query(), operands.key(), operands.value(), request);
    }
  }

  /** Makes the call with these operands and results. */
  void compute(Attention attention, Heads query, Heads key, Heads value, Results request) {
    if (call.caches != null) {
      attention.compute(query, call.caches.list(), request);
    } else if (has(Options.OUTPUT)) {
      attention.compute(query, key, value, request);
    } else {
      attention.compute(query, key, request);
    }
  }

  /** Everything that the call is asked for. */
  Results request() {
    Results request = Results.of();
    for (Result result : results) {
      request = result.request.apply(request, result.view);
    }
    return has(Options.TOP_KEYS) ? request.withTopKeys(topKeys) : request;
  }

  /**
   * Checks every element that is no result.
   *
   * @throws Mismatch if one has changed
   */
  void checkUntouched() {
    for (int n = 0; n < arrays.size(); n++) {
      float[] array = arrays.get(n);
      float[] expected = before.get(n).clone();
      for (Result result : results) {
        if (result.view.data() == array) {
          Views.forEach(result.view, (place, b, head, row, column) -> expected[place] = array[place]);
        }
      }
      int at = Views.firstDifference(array, expected);
      if (at >= 0) {
        String was = expected[at] + ", is " + array[at];
        throw new Mismatch("element " + at + " of " + array.length + ", which is outside of every result, was " + was);
      }
    }
  }

  /**
   * Checks every element.
   *
   * @throws Mismatch if one has changed
   */
  void checkNothingWritten() {
    for (int n = 0; n < arrays.size(); n++) {
      int at = Views.firstDifference(arrays.get(n), before.get(n));
      if (at >= 0) {
        throw new Mismatch("a call that failed wrote " + arrays.get(n)[at] + " over " + before.get(n)[at]);
      }
    }
  }

  /** Keys and weights of the largest weights, row by row. */
  String topText() {
    Heads query = call.operands.query();
    StringBuilder text = new StringBuilder();
    for (int n = 0; has(Options.TOP_KEYS) && n < query.batch() * query.heads() * query.rows() * TOP; n++) {
      int row = n / TOP;
      int b = row / query.rows() / query.heads();
      int head = row / query.rows() % query.heads();
      text.append(topKeys.key(b, head, row % query.rows(), n % TOP)).append(' ');
      text.append(topKeys.weight(b, head, row % query.rows(), n % TOP)).append(", ");
    }
    return text.toString();
  }
}
