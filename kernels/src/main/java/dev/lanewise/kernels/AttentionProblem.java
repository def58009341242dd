package dev.lanewise.kernels;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One attention call: its operands, scale and mask, checked when it is made. The work is a set of units, one for each batch entry and key/value
 * head; the rows of a unit are the query rows of its group of query heads, head after head.
 */
public final class AttentionProblem {
  final Heads query;
  final Heads key;
  final Heads value;
  final Heads output;
  final float scale;
  final Visibility visibility;
  final float @Nullable [] logSumExp;

  /**
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param value batch × keyValueHeads × keys × valueDim
   * @param output batch × queryHeads × queries × valueDim, to be written
   * @param scale multiplies each dot product
   * @param visibility the mask
   * @param logSumExp batch × queryHeads × queries, to be written; null if not wanted
   */
  public AttentionProblem(
      Heads query, Heads key, Heads value, Heads output, float scale, Visibility visibility, float @Nullable [] logSumExp) {
    this.query = query;
    this.key = key;
    this.value = value;
    this.output = output;
    this.scale = scale;
    this.visibility = Objects.requireNonNull(visibility, "visibility");
    this.logSumExp = logSumExp;
  }

  /** Units of work: batch × keyValueHeads. */
  public int units() {
    return key.batch() * key.heads();
  }

  /** Query rows of a unit: queries × query heads a key/value head. */
  public int rows() {
    return group() * query.rows();
  }

  int group() {
    return query.heads() / key.heads();
  }

  int keys() {
    return key.rows();
  }

  int batchEntry(int unit) {
    return unit / key.heads();
  }

  int keyValueHead(int unit) {
    return unit % key.heads();
  }

  int queryHead(int unit, int row) {
    return keyValueHead(unit) * group() + row / query.rows();
  }

  int queryRow(int row) {
    return row % query.rows();
  }

  /** How many keys row {@code row} of a unit sees. */
  int visibleKeys(int unit, int row) {
    return visibility.visibleKeys(batchEntry(unit), queryRow(row));
  }

  /** Where row {@code row} of a unit starts in the array of {@code heads}, which is query or output. */
  int index(Heads heads, int unit, int row) {
    return heads.index(batchEntry(unit), queryHead(unit, row), queryRow(row));
  }

  /** Where log-sum-exp of a row is kept. */
  int logSumExpIndex(int unit, int row) {
    return (batchEntry(unit) * query.heads() + queryHead(unit, row)) * query.rows() + queryRow(row);
  }
}
