package dev.lanewise.kernels;

import dev.lanewise.kernels.internal.Checks;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One attention call: its operands, scale and mask, checked when it is made. The work falls into units, one for each batch entry and
 * key/value head; the rows of a unit are the query rows of its group of query heads, head after head, all reading the same keys and values.
 */
public final class AttentionProblem {
  private static final AtomicLong IDS = new AtomicLong();

  final Heads query;
  final Heads key;
  final Heads value;
  final Heads output;
  final float scale;
  final Visibility visibility;
  final float @Nullable [] logSumExp;

  /** Tells one call from another without holding on to its arrays. */
  final long id = IDS.incrementAndGet();

  /**
   * Checks shapes, and that what is written shares no element with itself or with what is read.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim, keyValueHeads a divisor of queryHeads
   * @param value batch × keyValueHeads × keys × valueDim
   * @param output batch × queryHeads × queries × valueDim, to be written; a query that sees no key gets 0
   * @param scale multiplies each dot product
   * @param visibility the mask; its answers are trusted to lie in 0..keys
   * @param logSumExp to be written: ln Σ e<sup>score</sup> of each query row, dense batch × queryHeads × queries, −∞ for a query that sees
   *     no key; null if not wanted
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public AttentionProblem(
      Heads query, Heads key, Heads value, Heads output, float scale, Visibility visibility, float @Nullable [] logSumExp) {
    this.query = Objects.requireNonNull(query, "query");
    this.key = Objects.requireNonNull(key, "key");
    this.value = Objects.requireNonNull(value, "value");
    this.output = Objects.requireNonNull(output, "output");
    this.scale = scale;
    this.visibility = Objects.requireNonNull(visibility, "visibility");
    this.logSumExp = logSumExp;
    checkShapes();
    Checks.writable("output", output);
    Checks.disjoint("output", output, "query", query);
    Checks.disjoint("output", output, "key", key);
    Checks.disjoint("output", output, "value", value);
    if (logSumExp != null) {
      Checks.same(
          "logSumExp.length", logSumExp.length, "batch * queryHeads * queries", (long) query.batch() * query.heads() * query.rows());
    }
  }

  private void checkShapes() {
    Checks.atLeast("query.width", query.width(), 1);
    Checks.same("key.width", key.width(), "query.width", query.width());
    Checks.same("key.batch", key.batch(), "query.batch", query.batch());
    Checks.atLeast("key.heads", key.heads(), 1);
    Checks.multiple("query.heads", query.heads(), "key.heads", key.heads());
    Checks.same("value.batch", value.batch(), "key.batch", key.batch());
    Checks.same("value.heads", value.heads(), "key.heads", key.heads());
    Checks.same("value.rows", value.rows(), "key.rows", key.rows());
    Checks.same("output.batch", output.batch(), "query.batch", query.batch());
    Checks.same("output.heads", output.heads(), "query.heads", query.heads());
    Checks.same("output.rows", output.rows(), "query.rows", query.rows());
    Checks.same("output.width", output.width(), "value.width", value.width());
    Checks.product("query.heads / key.heads", group(), "query.rows", query.rows());
  }

  /** Units of work: batch × keyValueHeads. */
  int units() {
    return key.batch() * key.heads();
  }

  /** Query rows of a unit: queries × query heads a key/value head. */
  int rows() {
    return group() * query.rows();
  }

  /** Query heads that share a key/value head. */
  private int group() {
    return query.heads() / key.heads();
  }

  int batchEntry(int unit) {
    return unit / key.heads();
  }

  int keyValueHead(int unit) {
    return unit % key.heads();
  }

  private int queryHead(int unit, int row) {
    return keyValueHead(unit) * group() + row / query.rows();
  }

  /** The query that a unit's row is, within its head. */
  int queryRow(int row) {
    return row % query.rows();
  }

  /** How many keys a unit's row sees. */
  int visibleKeys(int unit, int row) {
    return visibility.visibleKeys(batchEntry(unit), queryRow(row));
  }

  /** Where a unit's row starts in the array of {@code heads}, which is query or output. */
  int index(Heads heads, int unit, int row) {
    return heads.index(batchEntry(unit), queryHead(unit, row), queryRow(row));
  }

  /** Where log-sum-exp of a unit's row is kept. */
  int logSumExpIndex(int unit, int row) {
    return (batchEntry(unit) * query.heads() + queryHead(unit, row)) * query.rows() + queryRow(row);
  }
}
