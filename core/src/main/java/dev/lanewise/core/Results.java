package dev.lanewise.core;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallResults.Observer;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The results that a call of {@link Attention} returns, and the views and arrays it writes them to. A call needs no memory of queries ×
 * keys elements, unless weights or scores are requested. Immutable: the {@code with…} methods return changed copies.
 *
 * <pre>{@code
 * TopKeys top = TopKeys.of(5, batch, heads, queries);
 * attention.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp).withTopKeys(top));
 * }</pre>
 *
 * <p>Weights, column sums and top keys cost a second pass over the keys. With packed sequences ({@link Attention#withPackedSequences}) a
 * row of weights or scores belongs to a query row of the whole array, and numbers keys from the start of its own sequence. Over caches, a
 * row numbers keys as the mask does.
 *
 * <p>Views of weights and scores may be wider than a row has keys: the elements after the last key are 0, or −∞ for scores. They may be
 * narrower if the mask hides all keys that have no element.
 */
public final class Results {
  private static final Results NOTHING = new Results(null, null, null, null, List.of());

  private final @Nullable Heads output;
  private final float @Nullable [] logSumExp;
  private final float @Nullable [] columnSums;
  private final @Nullable TopKeys topKeys;
  private final List<Rows> rows;

  /** Rows of a stage, which are copied to a target: the rows of all queries, or of the chosen ones. */
  private record Rows(Stage stage, int @Nullable [] queries, Heads target) {
    String name() {
      return stage == Stage.WEIGHTS ? "weights" : "scores";
    }

    /** The function that copies a segment of a row. */
    Observer copy(CallShape shape) {
      return new Observer(
          stage,
          (row, offset, length, b, head, query, firstKey) -> {
            int to = index(shape, b, head, query);
            int count = Math.min(length, target.width() - firstKey);
            if (to >= 0 && count > 0) {
              copy(row, offset, count, to + firstKey * target.columnStride());
            }
          });
    }

    /** Index of the first element of a query's row; −1 if the query is not chosen. */
    private int index(CallShape shape, int b, int head, int query) {
      if (queries == null) {
        return shape.queryIndex(target, b, head, query);
      }
      int row = Arrays.binarySearch(queries, shape.queryRow(b, query));
      return row < 0 ? -1 : target.index(shape.viewEntry(b), head, row);
    }

    private void copy(float[] row, int offset, int count, int to) {
      if (target.columnStride() == 1) {
        System.arraycopy(row, offset, target.data(), to, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        target.data()[to + i * target.columnStride()] = row[offset + i];
      }
    }

    void check(AttentionProblem problem) {
      Heads query = problem.shape.query();
      Checks.same(name() + ".batch", target.batch(), "query.batch", query.batch());
      Checks.same(name() + ".heads", target.heads(), "query.heads", query.heads());
      if (queries == null) {
        Checks.same(name() + ".rows", target.rows(), "query.rows", query.rows());
      } else {
        Checks.same(name() + ".rows", target.rows(), "queries.length", queries.length);
        CallResults.checkQueries(queries, problem.shape);
      }
      if (target.width() < problem.shape.mostKeys()) {
        checkWidth(problem);
      }
      ViewChecks.writable(name(), target);
    }

    /** Checks that no query whose row is requested sees a key without an element. */
    private void checkWidth(AttentionProblem problem) {
      for (int b = 0; b < problem.shape.batch(); b++) {
        for (int head = 0; head < problem.shape.queryHeads(); head++) {
          for (int query = 0; query < problem.shape.queries(b); query++) {
            if (index(problem.shape, b, head, query) >= 0 && problem.visibility.endKey(b, head, query) > target.width()) {
              String keys = problem.shape.isUneven() ? problem.shape.keysName() : "key.rows";
              throw new IllegalArgumentException(
                  name()
                      + ".width is "
                      + target.width()
                      + ", but "
                      + keys
                      + " is "
                      + problem.shape.mostKeys()
                      + " and a query sees key "
                      + (problem.visibility.endKey(b, head, query) - 1));
            }
          }
        }
      }
    }
  }

  private Results(
      @Nullable Heads output, float @Nullable [] logSumExp, float @Nullable [] columnSums, @Nullable TopKeys topKeys, List<Rows> rows) {
    this.output = output;
    this.logSumExp = logSumExp;
    this.columnSums = columnSums;
    this.topKeys = topKeys;
    this.rows = rows;
  }

  /** No results yet. */
  public static Results of() {
    return NOTHING;
  }

  /** Requests the output: batch × queryHeads × queries × valueDim; a query that sees no key gets 0. */
  public Results withOutput(Heads newOutput) {
    return new Results(Objects.requireNonNull(newOutput, "output"), logSumExp, columnSums, topKeys, rows);
  }

  /**
   * Requests ln Σ e<sup>score</sup> of each row, including sinks, dense batch × queryHeads × queries; a query that sees no key gets its
   * sink, or −∞ without a sink. Softmax only.
   */
  public Results withLogSumExp(float[] newLogSumExp) {
    return new Results(output, Objects.requireNonNull(newLogSumExp, "logSumExp"), columnSums, topKeys, rows);
  }

  /** Requests the attention weights, after dropout: batch × queryHeads × queries × keys; masked keys get 0. */
  public Results withWeights(Heads weights) {
    return with(new Rows(Stage.WEIGHTS, null, Objects.requireNonNull(weights, "weights")));
  }

  /**
   * Requests the attention weights of some queries. If nothing else is requested, and neither sequences are packed nor keys cached, the
   * call computes only these queries.
   *
   * @param queries rows of the query view, ascending; copied
   * @param weights batch × queryHeads × queries.length × keys
   */
  public Results withWeights(int[] queries, Heads weights) {
    int[] chosen = Objects.requireNonNull(queries, "queries").clone();
    return with(new Rows(Stage.WEIGHTS, chosen, Objects.requireNonNull(weights, "weights")));
  }

  /** Requests the scores at a stage: batch × queryHeads × queries × keys. */
  public Results withScores(Stage stage, Heads scores) {
    return with(new Rows(Objects.requireNonNull(stage, "stage"), null, Objects.requireNonNull(scores, "scores")));
  }

  private Results with(Rows added) {
    List<Rows> all = new ArrayList<>(rows);
    all.add(added);
    return new Results(output, logSumExp, columnSums, topKeys, all);
  }

  /**
   * Requests the attention that each key receives: the sum of its weights over all queries, dense batch × queryHeads × keys. One thread
   * then computes all rows of a key/value head, in order.
   */
  public Results withColumnSums(float[] newColumnSums) {
    return new Results(output, logSumExp, Objects.requireNonNull(newColumnSums, "columnSums"), topKeys, rows);
  }

  /** Requests the keys with the largest weights of each row. */
  public Results withTopKeys(TopKeys newTopKeys) {
    return new Results(output, logSumExp, columnSums, Objects.requireNonNull(newTopKeys, "topKeys"), rows);
  }

  /**
   * Tells whether anything is requested.
   *
   * @hidden
   */
  public boolean requestsAny() {
    return output != null || logSumExp != null || columnSums != null || topKeys != null || !rows.isEmpty();
  }

  /** Creates the column sums, which the caller must close; null if they are not requested. */
  @Nullable ColumnSums openSums() {
    return columnSums == null ? null : new ColumnSums(columnSums);
  }

  /** The results as the kernels compute them. */
  CallResults describe(CallShape shape, @Nullable Heads value, @Nullable ColumnSums sums) {
    if (!requestsAny()) {
      throw new IllegalArgumentException("results requests nothing");
    }
    if (output != null && value == null && !shape.isCached()) {
      throw new IllegalArgumentException("output is requested, but there is no value");
    }
    if (sums == null && topKeys == null && rows.isEmpty()) {
      return new CallResults(value, output, logSumExp, null, List.of());
    }
    List<Observer> observers = new ArrayList<>();
    if (columnSums != null && sums != null) {
      String expected = shape.isCached() ? "caches * query.heads * " + shape.keysName() : "query.batch * query.heads * key.rows";
      int entries = shape.isCached() ? shape.batch() : shape.query().batch();
      Checks.same("columnSums.length", columnSums.length, expected, (long) entries * shape.queryHeads() * shape.columnKeys());
      observers.add(new Observer(Stage.WEIGHTS, sums.adder(shape)));
    }
    for (Rows result : rows) {
      observers.add(result.copy(shape));
    }
    if (topKeys != null) {
      topKeys.check(shape.query());
      observers.add(new Observer(Stage.WEIGHTS, topKeys.collector(shape)));
    }
    boolean alone = output == null && logSumExp == null && observers.size() == 1 && !shape.isUneven();
    return new CallResults(value, output, logSumExp, alone && !rows.isEmpty() ? rows.getFirst().queries : null, observers);
  }

  /** Checks the shapes of rows, and that no written element overlaps another written or read one. */
  void check(AttentionProblem problem) {
    for (int i = 0; i < rows.size(); i++) {
      rows.get(i).check(problem);
      checkApart(rows.get(i).name(), rows.get(i).target, problem, i);
    }
    if (columnSums != null) {
      checkApart("columnSums", whole(columnSums), problem, rows.size());
    }
  }

  /** Checks that a result overlaps neither an operand nor other results: output, log-sum-exp, and the first {@code before} row results. */
  private void checkApart(String name, Heads target, AttentionProblem problem, int before) {
    problem.results.checkApart(name, target, problem.shape, problem.formula);
    if (output != null) {
      ViewChecks.disjoint(name, target, "output", output);
    }
    if (logSumExp != null) {
      ViewChecks.disjoint(name, target, "logSumExp", whole(logSumExp));
    }
    for (Rows other : rows.subList(0, before)) {
      ViewChecks.disjoint(name, target, other.stage == Stage.WEIGHTS ? "weights" : "scores at " + other.stage, other.target);
    }
  }

  /**
   * Views of everything that a call writes.
   *
   * @hidden
   */
  public List<Heads> written() {
    List<Heads> views = new ArrayList<>();
    rows.forEach(result -> views.add(result.target));
    if (output != null) {
      views.add(output);
    }
    if (logSumExp != null) {
      views.add(whole(logSumExp));
    }
    if (columnSums != null) {
      views.add(whole(columnSums));
    }
    return views;
  }

  private static Heads whole(float[] array) {
    return Heads.of(array, 1, 1, 1, array.length);
  }

  /** Initialises elements that a call does not write for all rows or keys. */
  void clear() {
    for (Rows result : rows) {
      fill(result.target, result.stage == Stage.WEIGHTS ? 0 : Float.NEGATIVE_INFINITY);
    }
    if (topKeys != null) {
      topKeys.clear();
    }
  }

  private static void fill(Heads target, float value) {
    for (int b = 0; b < target.batch() && !target.isEmpty(); b++) { // an empty view may have any offset
      for (int head = 0; head < target.heads(); head++) {
        int often = Interruption.often(target.width());
        for (int row = 0; row < target.rows(); row++) {
          Interruption.check(row, often);
          int from = target.index(b, head, row);
          if (target.columnStride() == 1) {
            Arrays.fill(target.data(), from, from + target.width(), value);
            continue;
          }
          for (int i = 0; i < target.width(); i++) {
            target.data()[from + i * target.columnStride()] = value;
          }
        }
      }
    }
  }
}
