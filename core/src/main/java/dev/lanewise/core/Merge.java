package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.internal.Checks;
import dev.lanewise.kernels.internal.Interruption;
import java.util.Objects;

/**
 * Joins attention over disjoint keys: with the outputs and log-sum-exps of two parts the result over all keys is exact ("FlashAttention",
 * Dao et al., 2022, section 3.1). This is what lets keys be split over cores, caches or machines.
 */
public final class Merge {
  private Merge() {}

  /**
   * output = (e<sup>l</sup> · output + e<sup>r</sup> · other) / (e<sup>l</sup> + e<sup>r</sup>) row by row, and logSumExp =
   * ln(e<sup>l</sup> + e<sup>r</sup>), for l of logSumExp and r of otherLogSumExp. A part that saw no key (−∞) changes nothing; a sink
   * belongs into one part only.
   *
   * @param output batch × heads × rows × width of one part; overwritten with the result
   * @param logSumExp dense batch × heads × rows of that part; overwritten with the result
   * @param other the other part's output, of the same shape
   * @param otherLogSumExp the other part's log-sum-exp
   * @throws IllegalArgumentException if shapes differ or the outputs overlap; nothing has been written then
   */
  public static void into(Heads output, float[] logSumExp, Heads other, float[] otherLogSumExp) {
    Objects.requireNonNull(output, "output");
    Objects.requireNonNull(logSumExp, "logSumExp");
    Objects.requireNonNull(other, "other");
    Objects.requireNonNull(otherLogSumExp, "otherLogSumExp");
    Checks.same("other.batch", other.batch(), "output.batch", output.batch());
    Checks.same("other.heads", other.heads(), "output.heads", output.heads());
    Checks.same("other.rows", other.rows(), "output.rows", output.rows());
    Checks.same("other.width", other.width(), "output.width", output.width());
    long rows = (long) output.batch() * output.heads() * output.rows();
    Checks.same("logSumExp.length", logSumExp.length, "batch * heads * rows", rows);
    Checks.same("otherLogSumExp.length", otherLogSumExp.length, "batch * heads * rows", rows);
    Checks.writable("output", output);
    Checks.disjoint("output", output, "other", other);
    int often = Interruption.often(output.width());
    for (int n = 0; n < rows; n++) {
      Interruption.check(n, often);
      int b = n / output.rows() / output.heads();
      int head = n / output.rows() % output.heads();
      int row = n % output.rows();
      double left = logSumExp[n];
      double right = otherLogSumExp[n];
      if (right == Double.NEGATIVE_INFINITY) {
        continue;
      }
      double high = Math.max(left, right);
      double sum = Math.exp(left - high) + Math.exp(right - high);
      float keep = (float) (Math.exp(left - high) / sum);
      float take = (float) (Math.exp(right - high) / sum);
      int at = output.index(b, head, row);
      int from = other.index(b, head, row);
      for (int d = 0; d < output.width(); d++) {
        int i = at + d * output.columnStride();
        output.data()[i] = keep * output.data()[i] + take * other.data()[from + d * other.columnStride()];
      }
      logSumExp[n] = (float) (high + Math.log(sum));
    }
  }
}
