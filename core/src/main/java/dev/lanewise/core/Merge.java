package dev.lanewise.core;

import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Objects;

/**
 * Merges attention over disjoint sets of keys: from the outputs and log-sum-exps of two parts it computes the exact result over all keys
 * ("FlashAttention", Dao et al., 2022, section 3.1). Keys can therefore be divided between cores, caches or machines.
 *
 * <pre>{@code
 * attention.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp));
 * attention.compute(query, otherKey, otherValue, Results.of().withOutput(other).withLogSumExp(otherLogSumExp));
 * Merge.into(output, logSumExp, other, otherLogSumExp); // attention to the keys of both
 * }</pre>
 */
public final class Merge {
  /** The log-sum-exp of a row that sees no key. */
  private static final double EMPTY = Double.NEGATIVE_INFINITY;

  private Merge() {}

  /**
   * Computes output = (e<sup>l</sup> · output + e<sup>r</sup> · other) / (e<sup>l</sup> + e<sup>r</sup>) for each row, and logSumExp =
   * ln(e<sup>l</sup> + e<sup>r</sup>), with l from logSumExp and r from otherLogSumExp. A row with log-sum-exp −∞ saw no key: it is neutral
   * whatever its output holds, NaN included. If both are −∞, the result is 0 and −∞.
   *
   * <p>A sink is part of its row's log-sum-exp. A row that saw no key has the sink as its log-sum-exp and 0 as its output. The merge adds
   * both sums as they are and cannot remove a sink from one of them. So compute exactly one of all parts with {@link
   * dev.lanewise.kernels.data.Normaliser#softmaxWithSinks} and the others with plain softmax; a sink in two parts counts twice.
   *
   * @param output batch × heads × rows × width of one part; overwritten with the result
   * @param logSumExp dense batch × heads × rows of that part; overwritten with the result
   * @param other the other part's output, of the same shape
   * @param otherLogSumExp the other part's log-sum-exp
   * @throws IllegalArgumentException if shapes differ, or what is written shares elements with any other argument; nothing has been written
   *     then
   */
  public static void into(Heads output, float[] logSumExp, Heads other, float[] otherLogSumExp) {
    Objects.requireNonNull(logSumExp, "logSumExp");
    Objects.requireNonNull(otherLogSumExp, "otherLogSumExp");
    ViewChecks.sameShape("other", other, "output", output);
    long rows = (long) output.batch() * output.heads() * output.rows();
    Checks.same("logSumExp.length", logSumExp.length, "batch * heads * rows", rows);
    Checks.same("otherLogSumExp.length", otherLogSumExp.length, "batch * heads * rows", rows);
    ViewChecks.writable("output", output);
    ViewChecks.disjoint("output", output, "other", other);
    Heads sums = Heads.of(logSumExp, 1, 1, 1, logSumExp.length);
    Heads otherSums = Heads.of(otherLogSumExp, 1, 1, 1, otherLogSumExp.length);
    ViewChecks.disjoint("output", output, "logSumExp", sums);
    ViewChecks.disjoint("output", output, "otherLogSumExp", otherSums);
    ViewChecks.disjoint("logSumExp", sums, "other", other);
    ViewChecks.disjoint("logSumExp", sums, "otherLogSumExp", otherSums);
    int often = Interruption.often(output.width());
    for (int n = 0; n < rows; n++) {
      Interruption.check(n, often);
      int b = n / output.rows() / output.heads();
      int head = n / output.rows() % output.heads();
      int row = n % output.rows();
      double left = logSumExp[n];
      double right = otherLogSumExp[n];
      if (right == EMPTY && left != EMPTY) {
        continue;
      }
      double high = left == EMPTY && right == EMPTY ? 0 : Math.max(left, right);
      double sum = Math.exp(left - high) + Math.exp(right - high);
      float keep = (float) (Math.exp(left - high) / sum); // NaN if both are empty; not used then
      float take = (float) (Math.exp(right - high) / sum);
      int to = output.index(b, head, row);
      int from = other.index(b, head, row);
      for (int d = 0; d < output.width(); d++) {
        int i = to + d * output.columnStride();
        float own = left == EMPTY ? 0 : keep * output.data()[i];
        output.data()[i] = own + (right == EMPTY ? 0 : take * other.data()[from + d * other.columnStride()]);
      }
      logSumExp[n] = (float) (high + Math.log(sum));
    }
  }
}
