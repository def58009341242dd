package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an attention call computes.
 *
 * @param value the values of an output, batch × keyValueHeads × keys × valueDim; null if there is no output or values are cached
 * @param output batch × queryHeads × queries × valueDim, written, 0 for a query that sees no key; null for none
 * @param logSumExp dense batch × queryHeads × queries, written: ln Σ e<sup>score</sup> with sinks; null for none
 * @param queries the queries that are computed, ascending, in a call that only observes; null for all
 * @param observers functions that receive rows and must not change them
 */
public record CallResults(
    @Nullable Heads value, @Nullable Heads output, float @Nullable [] logSumExp, int @Nullable [] queries, List<Observer> observers) {

  /** Nothing. */
  public static final CallResults NONE = new CallResults(null, null, null, null, List.of());

  /** A function that receives every key of each row at a stage; at {@link Stage#WEIGHTS} only the keys of tiles that a query sees. */
  public record Observer(Stage stage, RowFunction function) {
    public Observer {
      Objects.requireNonNull(stage, "stage");
      Objects.requireNonNull(function, "function");
    }
  }

  /** Whether a function observes a stage between two stages, both included. */
  boolean observes(Stage from, Stage to) {
    for (int i = 0; i < observers.size(); i++) {
      Stage stage = observers.get(i).stage;
      if (stage.compareTo(from) >= 0 && stage.compareTo(to) <= 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * Checks shapes, and that no written element overlaps another written or read one.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public void check(CallShape shape, ScoreFormula formula) {
    if (output != null) {
      checkOutput(output, shape, formula);
    }
    if (logSumExp != null) {
      if (!formula.normaliser().hasLogSumExp()) {
        throw new IllegalArgumentException("logSumExp is asked for, but only softmax has one");
      }
      Heads query = shape.query();
      String rows = "query.batch * query.heads * query.rows";
      Checks.same("logSumExp.length", logSumExp.length, rows, (long) query.batch() * query.heads() * query.rows());
      Heads whole = Heads.of(logSumExp, 1, 1, 1, logSumExp.length);
      checkApart("logSumExp", whole, shape, formula);
      if (output != null) {
        ViewChecks.disjoint("logSumExp", whole, "output", output);
      }
    }
    if (queries != null) {
      if (output != null || logSumExp != null || shape.isUneven()) {
        throw new IllegalArgumentException("queries can be chosen only if neither output, logSumExp nor sequences are given");
      }
      checkQueries(queries, shape);
    }
  }

  private void checkOutput(Heads written, CallShape shape, ScoreFormula formula) {
    Checks.same("output.batch", written.batch(), "query.batch", shape.query().batch());
    Checks.same("output.heads", written.heads(), "query.heads", shape.query().heads());
    Checks.same("output.rows", written.rows(), "query.rows", shape.query().rows());
    if (shape.isCached()) {
      if (value != null) {
        throw new IllegalArgumentException("value is given, but the values of this call are cached");
      }
      Checks.same("output.width", written.width(), "valueWidth of the caches", shape.caches()[0].layout().valueWidth());
    } else if (value == null) {
      throw new IllegalArgumentException("output is given without value");
    } else {
      shape.checkValue(value);
      Checks.same("output.width", written.width(), "value.width", value.width());
      Checks.atMost("value.width", value.width(), "the maximum", KeyValueLayout.MOST_WIDTH);
    }
    ViewChecks.writable("output", written);
    checkApart("output", written, shape, formula);
  }

  /** Checks that a written view shares no element with a view that the call reads. */
  public void checkApart(String name, Heads written, CallShape shape, ScoreFormula formula) {
    ViewChecks.disjoint(name, written, "query", shape.query());
    ViewChecks.disjoint(name, written, "key", shape.key());
    if (value != null) {
      ViewChecks.disjoint(name, written, "value", value);
    }
    formula.checkApart(name, written);
  }

  /** Checks that chosen queries ascend and are rows of the query view. */
  public static void checkQueries(int[] chosen, CallShape shape) {
    int least = 0;
    for (int i = 0; i < chosen.length; i++) {
      Checks.atLeast("queries[" + i + "]", chosen[i], least);
      Checks.atMost("queries[" + i + "]", chosen[i], "the last query", shape.query().rows() - 1L);
      least = chosen[i] + 1;
    }
  }
}
