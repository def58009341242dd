package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Bounds;
import dev.lanewise.bench.verify.oracle.ColumnSums;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.PlainRow;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Holds the results of a call against the reference. Of numbers of moderate size an error may be twice that of plain float code plus 1e-6
 * of the largest value, the project's budget; where that is passed, and of all other numbers, what rounding does to them ({@link Bounds}).
 */
final class Comparison {
  private static final double OF_LARGEST = 1e-6;

  private final Case of;
  private final Asked asked;
  private final boolean moderate;
  private final List<PlainRow> rows = new ArrayList<>();
  private final List<PlainRow> floats = new ArrayList<>();
  private final Bounds[] bounds;
  private boolean beyondBudget;

  Comparison(Case of, Asked asked, Reference reference) {
    this.of = of;
    this.asked = asked;
    this.moderate = of.plan.numbers().moderate();
    Model model = of.model;
    for (int b = 0; b < model.extent.entries(); b++) {
      for (int head = 0; head < model.extent.heads(); head++) {
        for (int i = 0; i < model.extent.queries()[b]; i++) {
          rows.add(reference.row(model, b, head, i));
        }
      }
    }
    this.bounds = new Bounds[rows.size()];
  }

  /** Computes a row of the truth; a test has one that errs. */
  @FunctionalInterface
  interface Reference {
    PlainRow row(Model model, int b, int head, int i);
  }

  /** A result: what it is called, its elements row by row, and where to find their like. */
  private record Part(
      String name, float[] actual, int width, double filling, Function<PlainRow, double[]> expected, Function<Bounds, double[]> bounds) {}

  /** Whether an element was further off than the budget allows, but no further than rounding may bring it. */
  boolean beyondBudget() {
    return beyondBudget;
  }

  /**
   * Compares every result.
   *
   * @throws Mismatch at the first element that is wrong
   */
  void verify() {
    int keys = of.model.extent.mostKeys();
    if (of.plan.has(Knob.CHOSEN_ROWS)) {
      verify(stage(Stage.WEIGHTS, asked.chosenWeights, keys), true);
    }
    if (of.plan.has(Knob.OUTPUT)) {
      verify(new Part("output", elements(asked.output), of.model.valueDim, 0, row -> row.output, bound -> bound.output), false);
    }
    if (of.plan.has(Knob.LOG_SUM_EXP)) {
      Part part =
          new Part("log-sum-exp", asked.logSumExp, 1, 0, row -> new double[] {row.logSumExp}, bound -> new double[] {bound.logSumExp});
      verify(part, false);
    }
    for (Map.Entry<Stage, Heads> scores : asked.scores.entrySet()) {
      verify(stage(scores.getKey(), scores.getValue(), keys), false);
    }
    if (of.plan.has(Knob.COLUMN_SUMS)) {
      new ColumnSums(of.model, rows, this::boundsOf).verify(asked.columnSums);
    }
    if (of.plan.has(Knob.TOP_KEYS)) {
      TopCheck.verify(asked);
    }
  }

  private Part stage(Stage stage, Heads actual, int keys) {
    double filling = stage == Stage.WEIGHTS ? 0 : Double.NEGATIVE_INFINITY;
    String name = stage == Stage.WEIGHTS ? "weights" : "scores " + stage;
    return new Part(name, elements(actual), keys, filling, row -> row.at(stage), bound -> bound.at(stage));
  }

  /** The elements in the order batch, head, row, column. */
  static float[] elements(Heads view) {
    float[] elements = new float[view.batch() * view.heads() * view.rows() * view.width()];
    int[] next = {0};
    Operands.forEach(view, (index, b, head, row, column) -> elements[next[0]++] = view.data()[index]);
    return elements;
  }

  private Bounds boundsOf(int n) {
    if (bounds[n] == null) {
      bounds[n] = new Bounds(rows.get(n));
    }
    return bounds[n];
  }

  private void verify(Part part, boolean chosenRows) {
    double largest = moderate ? largest(part) : 0;
    for (int n = 0; n < rows.size(); n++) {
      PlainRow row = rows.get(n);
      int place = chosenRows ? chosen(row) : of.model.rowOf(row.b, row.head, row.i);
      if (place < 0) {
        continue;
      }
      double[] expected = part.expected.apply(row);
      for (int column = 0; column < part.width; column++) {
        float actual = part.actual[place * part.width + column];
        double truth = column < expected.length ? expected[column] : part.filling;
        if (!close(actual, truth, moderate ? OF_LARGEST * largest : 0x1p-24 * Math.abs(truth))) {
          judge(part, n, column, actual, truth, largest, column < expected.length);
        }
      }
    }
  }

  private static boolean close(float actual, double expected, double bound) {
    return Double.isFinite(expected) ? Math.abs(actual - expected) <= bound : Double.compare(actual, expected) == 0;
  }

  private void judge(Part part, int n, int column, float actual, double truth, double largest, boolean own) {
    double budget = moderate ? (of.plan.isLong() ? 0 : 2 * floatError(part)) + OF_LARGEST * largest : 0;
    if (Double.isFinite(truth) && Math.abs(actual - truth) <= budget) {
      return;
    }
    double bound = own ? part.bounds.apply(boundsOf(n))[column] : 0;
    if (bound == Bounds.ANY || (Double.isFinite(truth) && Math.abs(actual - truth) <= bound)) {
      beyondBudget |= moderate && bound != Bounds.ANY;
      return;
    }
    PlainRow row = rows.get(n);
    String where = ", row " + row.i + " of head " + row.head + " of entry " + row.b + ", element " + column;
    throw new Mismatch(part.name + where + ": " + actual + ", expected " + truth + " ± " + Math.max(bound, budget));
  }

  private double largest(Part part) {
    double largest = 0;
    for (PlainRow row : rows) {
      largest = Math.max(largest, Arrays.stream(part.expected.apply(row)).filter(Double::isFinite).map(Math::abs).max().orElse(0));
    }
    return largest;
  }

  /** The largest error of plain float code in this result. */
  private double floatError(Part part) {
    double error = 0;
    for (int n = 0; n < rows.size(); n++) {
      PlainRow row = rows.get(n);
      if (floats.size() == n) {
        floats.add(new PlainRow(of.model, row.b, row.head, row.i, true));
      }
      double[] truth = part.expected.apply(row);
      double[] plain = part.expected.apply(floats.get(n));
      for (int column = 0; column < truth.length; column++) {
        double off = Math.abs(plain[column] - truth[column]);
        error = Double.isFinite(off) ? Math.max(error, off) : error;
      }
    }
    return error;
  }

  private int chosen(PlainRow row) {
    int place = Arrays.binarySearch(asked.chosen, row.i);
    return place < 0 ? -1 : (row.b * of.model.extent.heads() + row.head) * asked.chosen.length + place;
  }
}
