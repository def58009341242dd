package dev.lanewise.core;

import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.kernels.call.AttentionProblemBuilder;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
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
 * keys elements, unless weights or scores are requested.
 *
 * <pre>{@code
 * TopKeys top = TopKeys.of(5, batch, heads, queries);
 * attention.compute(query, key, value, Results.of().output(output).logSumExp(logSumExp).topKeys(top));
 * }</pre>
 *
 * <p>Weights, column sums and top keys cost a second pass over the keys. With packed sequences ({@link Attention#withPackedSequences}) a
 * row of weights or scores belongs to a query row of the whole array, and numbers keys from the start of its own sequence.
 */
public final class Results {
  private @Nullable Heads output;
  private float @Nullable [] logSumExp;
  private float @Nullable [] columnSums;
  private @Nullable TopKeys topKeys;
  private final List<Rows> rows = new ArrayList<>();

  /** Rows of a stage, which are copied to a target. */
  private record Rows(Stage stage, Heads target) {
    String name() {
      return stage == Stage.WEIGHTS ? "weights" : "scores";
    }
  }

  private Results() {}

  /** No results yet. */
  public static Results of() {
    return new Results();
  }

  /** Requests the output: batch × queryHeads × queries × valueDim; a query that sees no key gets 0. */
  public Results output(Heads newOutput) {
    output = Objects.requireNonNull(newOutput, "output");
    return this;
  }

  /**
   * Requests ln Σ e<sup>score</sup> of each row, including sinks, dense batch × queryHeads × queries; a query that sees no key gets its
   * sink, or −∞ without a sink. Softmax only.
   */
  public Results logSumExp(float[] newLogSumExp) {
    logSumExp = Objects.requireNonNull(newLogSumExp, "logSumExp");
    return this;
  }

  /** Requests the attention weights: batch × queryHeads × queries × keys; masked keys get 0. */
  public Results weights(Heads weights) {
    rows.add(new Rows(Stage.WEIGHTS, Objects.requireNonNull(weights, "weights")));
    return this;
  }

  /** Requests the scores at a stage: batch × queryHeads × queries × keys. */
  public Results scores(Stage stage, Heads scores) {
    rows.add(new Rows(Objects.requireNonNull(stage, "stage"), Objects.requireNonNull(scores, "scores")));
    return this;
  }

  /**
   * Requests the attention that each key receives: the sum of its weights over all queries, dense batch × queryHeads × keys. One thread
   * then computes all rows of a key/value head, in order.
   */
  public Results columnSums(float[] newColumnSums) {
    columnSums = Objects.requireNonNull(newColumnSums, "columnSums");
    return this;
  }

  /** Requests the keys with the largest weights of each row. */
  public Results topKeys(TopKeys newTopKeys) {
    topKeys = Objects.requireNonNull(newTopKeys, "topKeys");
    return this;
  }

  /** Creates the column sums, which the caller must close; null if they are not requested. */
  @Nullable ColumnSums openSums() {
    return columnSums == null ? null : new ColumnSums(columnSums);
  }

  /** Checks the shapes and overlaps of a call with cached keys, before anything is written. */
  void checkCached(Heads query, @Nullable Bias bias, int caches, int keys) {
    Heads standIn = new Heads(new float[0], 0, query.batch(), 1, 0, 1, 0, 0, 0); // has no element that could overlap
    checkRequested();
    checkAllRows(query, standIn, null, bias, Extents.LONGEST_CACHE, keys);
    if (columnSums != null) {
      String expected = "caches * query.heads * " + Extents.LONGEST_CACHE;
      Checks.same("columnSums.length", columnSums.length, expected, (long) caches * query.heads() * keys);
      checkColumnSums(columnSums, query, standIn, null, bias);
    }
    if (topKeys != null) {
      topKeys.check(query);
    }
  }

  private void checkRequested() {
    if (output == null && logSumExp == null && columnSums == null && topKeys == null && rows.isEmpty()) {
      throw new IllegalArgumentException("results requests nothing");
    }
  }

  /** Checks shapes and overlaps, before anything is written. */
  void check(Heads query, Heads key, @Nullable Heads value, @Nullable Bias bias, @Nullable PackedSequences sequences) {
    checkRequested();
    if (output != null && value == null) {
      throw new IllegalArgumentException("output is requested, but there is no value");
    }
    int keys = sequences == null ? key.rows() : Extents.of(query, sequences).mostKeys();
    checkAllRows(query, key, value, bias, sequences == null ? "key.rows" : "keys" + Extents.LONGEST_SEQUENCE, keys);
    if (columnSums != null) {
      Checks.same(
          "columnSums.length",
          columnSums.length,
          "query.batch * query.heads * key.rows",
          (long) query.batch() * query.heads() * key.rows());
      checkColumnSums(columnSums, query, key, value, bias);
    }
    if (topKeys != null) {
      topKeys.check(query);
    }
  }

  private void checkAllRows(Heads query, Heads key, @Nullable Heads value, @Nullable Bias bias, String ofKeys, int keys) {
    for (int i = 0; i < rows.size(); i++) {
      Rows result = rows.get(i);
      Checks.same(result.name() + ".rows", result.target.rows(), "query.rows", query.rows());
      checkRows(result.name(), result.target, query, key, bias, ofKeys, keys);
      checkApart(result.name(), result.target, value, i);
    }
  }

  private void checkColumnSums(float[] sums, Heads query, Heads key, @Nullable Heads value, @Nullable Bias bias) {
    Heads whole = whole(sums);
    ViewChecks.disjoint("columnSums", whole, "query", query);
    ViewChecks.disjoint("columnSums", whole, "key", key);
    AttentionSettings.checkApart("columnSums", whole, bias);
    checkApart("columnSums", whole, value, rows.size());
  }

  /** Checks that a result overlaps neither value nor other results: output, log-sum-exp, and the first {@code before} row results. */
  private void checkApart(String name, Heads target, @Nullable Heads value, int before) {
    if (value != null) {
      ViewChecks.disjoint(name, target, "value", value);
    }
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

  private static Heads whole(float[] array) {
    return Heads.of(array, 1, 1, 1, array.length);
  }

  /** Checks rows of scores or weights, which have {@code keys} elements; messages call that number {@code ofKeys}. */
  static void checkRows(String name, Heads target, Heads query, Heads key, @Nullable Bias bias, String ofKeys, int keys) {
    Checks.same(name + ".batch", target.batch(), "query.batch", query.batch());
    Checks.same(name + ".heads", target.heads(), "query.heads", query.heads());
    Checks.same(name + ".width", target.width(), ofKeys, keys);
    ViewChecks.writable(name, target);
    ViewChecks.disjoint(name, target, "query", query);
    ViewChecks.disjoint(name, target, "key", key);
    AttentionSettings.checkApart(name, target, bias);
  }

  /** Adds the requested results to a problem. */
  void describe(
      AttentionProblemBuilder builder,
      Heads query,
      Heads key,
      @Nullable Heads value,
      @Nullable PackedSequences sequences,
      @Nullable ColumnSums sums) {
    if (output != null && value != null) {
      builder.output(value, output);
    }
    if (sums != null) {
      builder.observe(Stage.WEIGHTS, sums.adder(query.heads(), key.rows(), sequences));
    }
    describe(builder, sequences);
  }

  /** Adds the requested results to a problem with cached keys, where {@code keys} is the number of rows of the longest cache. */
  void describeCached(
      AttentionProblemBuilder builder, Heads query, int keys, @Nullable PackedSequences sequences, @Nullable ColumnSums sums) {
    if (output != null) {
      builder.output(output);
    }
    if (sums != null) {
      builder.observe(Stage.WEIGHTS, sums.adder(query.heads(), keys, null));
    }
    describe(builder, sequences);
  }

  private void describe(AttentionProblemBuilder builder, @Nullable PackedSequences sequences) {
    if (logSumExp != null) {
      builder.logSumExp(logSumExp);
    }
    for (Rows result : rows) {
      builder.observe(result.stage, copyTo(result.target, sequences));
    }
    if (topKeys != null) {
      builder.observe(Stage.WEIGHTS, topKeys.collector(sequences));
    }
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

  static void fill(Heads target, float value) {
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

  private static RowFunction copyTo(Heads target, @Nullable PackedSequences sequences) {
    return (row, offset, length, b, head, query, firstKey) -> {
      int to = sequences == null ? target.index(b, head, query) : target.index(0, head, sequences.queryStart(b) + query);
      copy(row, offset, length, target, to + firstKey * target.columnStride());
    };
  }

  /** Copies a segment of a row to the elements of a row of {@code target} that begin at index {@code to}. */
  static void copy(float[] row, int offset, int length, Heads target, int to) {
    if (target.columnStride() == 1) {
      System.arraycopy(row, offset, target.data(), to, length);
      return;
    }
    for (int i = 0; i < length; i++) {
      target.data()[to + i * target.columnStride()] = row[offset + i];
    }
  }
}
