package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.ResultBuffers.Result;
import dev.lanewise.bench.verify.oracle.Bounds;
import dev.lanewise.bench.verify.oracle.ColumnSums;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.PlainRow;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Compares the results of a call with the oracle. With numbers of moderate size an error may be twice that of plain float code plus 1e-6 of
 * the largest value, the project's budget. An error beyond the budget, and every error of other numbers, is judged by what rounding may do
 * ({@link Bounds}).
 */
final class Comparison {
  private static final double OF_LARGEST = 1e-6;

  private final Call call;
  private final ResultBuffers buffers;
  private final boolean moderate;
  private final List<PlainRow> rows = new ArrayList<>();
  private final List<PlainRow> floats = new ArrayList<>();
  private final Bounds[] bounds;
  private boolean beyondBudget;

  Comparison(Call call, ResultBuffers buffers, Oracle oracle) {
    this.call = call;
    this.buffers = buffers;
    this.moderate = call.plan.get(Options.NUMBERS).isModerate();
    Model model = call.model;
    for (int b = 0; b < model.extent.entries(); b++) {
      for (int head = 0; head < model.extent.heads(); head++) {
        for (int i = 0; i < model.extent.queries()[b]; i++) {
          rows.add(oracle.row(model, b, head, i));
        }
      }
    }
    this.bounds = new Bounds[rows.size()];
  }

  /** Computes the expected row of a query; a test has one that errs. */
  @FunctionalInterface
  interface Oracle {
    PlainRow row(Model model, int b, int head, int i);
  }

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
    for (Result result : buffers.results) {
      if (result.isColumnSums()) {
        new ColumnSums(call.model, rows, this::boundsOf).verify(result.view().data());
      } else {
        verify(result);
      }
    }
    if (call.plan.has(Options.TOP_KEYS)) {
      verifyTopKeys(buffers.result("weights").orElseThrow().view());
    }
  }

  private Bounds boundsOf(int n) {
    if (bounds[n] == null) {
      bounds[n] = new Bounds(rows.get(n));
    }
    return bounds[n];
  }

  private void verify(Result result) {
    float[] elements = Views.elements(result.view());
    double largest = moderate ? largest(result) : 0;
    int width = result.view().width();
    double filling = result.name().startsWith("scores") ? Double.NEGATIVE_INFINITY : 0;
    for (int n = 0; n < rows.size(); n++) {
      PlainRow row = rows.get(n);
      int place = result.hasChosenRows() ? chosen(row) : call.model.rowOf(row.b, row.head, row.i);
      double[] expected = place < 0 ? new double[0] : result.expected().apply(row);
      for (int column = 0; column < width && place >= 0; column++) {
        float actual = elements[place * width + column];
        double truth = column < expected.length ? expected[column] : filling;
        if (!isClose(actual, truth, moderate ? OF_LARGEST * largest : 0x1p-24 * Math.abs(truth))) {
          judge(result, n, column, actual, truth, largest, column < expected.length);
        }
      }
    }
  }

  private static boolean isClose(float actual, double expected, double bound) {
    return Double.isFinite(expected) ? Math.abs(actual - expected) <= bound : Double.compare(actual, expected) == 0;
  }

  private void judge(Result result, int n, int column, float actual, double truth, double largest, boolean own) {
    double budget = moderate ? (call.plan.isLong() ? 0 : 2 * floatError(result)) + OF_LARGEST * largest : 0;
    if (Double.isFinite(truth) && Math.abs(actual - truth) <= budget) {
      return;
    }
    double bound = own ? result.bounds().apply(boundsOf(n))[column] : 0;
    if (bound == Bounds.ANY || (Double.isFinite(truth) && Math.abs(actual - truth) <= bound)) {
      beyondBudget |= moderate && bound != Bounds.ANY;
      return;
    }
    PlainRow row = rows.get(n);
    String where = ", row " + row.i + " of head " + row.head + " of entry " + row.b + ", element " + column;
    throw new Mismatch(result.name() + where + ": " + actual + ", expected " + truth + " ± " + Math.max(bound, budget));
  }

  private double largest(Result result) {
    return rows.stream()
        .flatMapToDouble(row -> Arrays.stream(result.expected().apply(row)))
        .filter(Double::isFinite)
        .map(Math::abs)
        .max()
        .orElse(0);
  }

  /** The largest error of plain float code in this result. */
  private double floatError(Result result) {
    double error = 0;
    for (int n = 0; n < rows.size(); n++) {
      PlainRow row = rows.get(n);
      if (floats.size() == n) {
        floats.add(new PlainRow(call.model, row.b, row.head, row.i, true));
      }
      double[] truth = result.expected().apply(row);
      double[] plain = result.expected().apply(floats.get(n));
      for (int column = 0; column < truth.length; column++) {
        double off = Math.abs(plain[column] - truth[column]);
        error = Double.isFinite(off) ? Math.max(error, off) : error;
      }
    }
    return error;
  }

  private int chosen(PlainRow row) {
    int place = Arrays.binarySearch(buffers.chosenRows, call.model.queryRow(row.b, row.i));
    return place < 0 ? -1 : (call.model.queryEntry(row.b) * call.model.extent.heads() + row.head) * buffers.chosenRows.length + place;
  }

  /** Compares top keys with the weights of the same call. The first of equal weights comes first; 0 and NaN are left out. */
  private void verifyTopKeys(Heads weights) {
    Views.forEach(
        weights,
        (place, b, head, i, column) -> {
          if (column == 0) {
            List<Integer> keys =
                IntStream.range(0, weights.width())
                    .filter(j -> weights.get(b, head, i, j) != 0 && !Float.isNaN(weights.get(b, head, i, j)))
                    .boxed()
                    .sorted(Comparator.comparingDouble(j -> -weights.get(b, head, i, j)))
                    .toList();
            for (int n = 0; n < ResultBuffers.TOP; n++) {
              int expected = n < keys.size() ? keys.get(n) : -1;
              int key = buffers.topKeys.key(b, head, i, n);
              if (key != expected) {
                throw new Mismatch(
                    "top key " + n + " of row " + i + " of head " + head + " of entry " + b + ": " + key + ", not " + expected);
              }
            }
          }
        });
  }

  /** The name of the first result whose bits differ from those of the same call made in another way, with both elements. */
  static Optional<String> difference(List<float[]> actual, List<float[]> expected, List<Result> results) {
    for (int n = 0; n < expected.size(); n++) {
      int at = Views.firstDifference(actual.get(n), expected.get(n));
      if (at >= 0) {
        return Optional.of(results.get(n).name() + ": " + actual.get(n)[at] + " instead of " + expected.get(n)[at]);
      }
    }
    return Optional.empty();
  }
}
