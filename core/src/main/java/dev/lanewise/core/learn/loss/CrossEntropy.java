package dev.lanewise.core.learn.loss;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The cross-entropy of a softmax over classes, such as the tokens of a vocabulary: PyTorch's {@code nn.CrossEntropyLoss}. With the logits
 * z<sub>r</sub> of row r, its target class y<sub>r</sub> and p<sub>r</sub> = softmax(z<sub>r</sub>), the loss is the mean over all n rows
 * that count of
 *
 * <p>−Σ<sub>c</sub> t<sub>rc</sub> ln p<sub>rc</sub>, t<sub>rc</sub> = (1 − ε) [c = y<sub>r</sub>] + ε / classes,
 *
 * <p>where ε is the label smoothing (Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016), by default 0. The
 * gradient of z<sub>rc</sub> is (p<sub>rc</sub> − t<sub>rc</sub>) / n. A row whose target is the ignored index does not count; its gradient
 * is 0, whatever its logits are. Immutable and thread-safe.
 *
 * <pre>{@code
 * CrossEntropy loss = CrossEntropy.standard().withIgnored(-100).withLabelSmoothing(0.1);
 * double value = loss.compute(logits, targets, logits); // the gradient takes the place of the logits
 * }</pre>
 */
public final class CrossEntropy {
  /** Elements of a task; the number of rows in a task depends on the number of classes only. */
  private static final int BLOCK = 1 << 16;

  /** Multiply-adds that take as long as the exponentials and the sums of an element. */
  private static final long WORK = 16;

  private final int ignored;
  private final double smoothing;
  private final double divisor;
  private final int threads;

  private CrossEntropy(int ignored, double smoothing, double divisor, int threads) {
    this.ignored = ignored;
    this.smoothing = smoothing;
    this.divisor = divisor;
    this.threads = threads;
  }

  /** The loss without smoothing, on one thread. Rows with the target −100 are ignored, as in PyTorch. */
  public static CrossEntropy standard() {
    return new CrossEntropy(-100, 0, 0, 1);
  }

  /** Returns a copy that ignores rows with this target. */
  public CrossEntropy withIgnored(int target) {
    return new CrossEntropy(target, smoothing, divisor, threads);
  }

  /**
   * Returns a copy with label smoothing.
   *
   * @param newSmoothing ε, 0 to 1
   */
  public CrossEntropy withLabelSmoothing(double newSmoothing) {
    if (!(newSmoothing >= 0 && newSmoothing <= 1)) {
      throw new IllegalArgumentException("smoothing is " + newSmoothing + ", must be in 0..1");
    }
    return new CrossEntropy(ignored, newSmoothing, divisor, threads);
  }

  /**
   * Returns a copy that divides the sum over the rows by a number in place of n. If k parts of a batch have n rows that count together, the
   * mean of their losses with the divisor n / k is the loss of the batch, however the rows are divided among the parts.
   *
   * @param newDivisor above 0 and finite
   */
  public CrossEntropy withDivisor(double newDivisor) {
    if (!(newDivisor > 0 && newDivisor < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("divisor is " + newDivisor + ", must be above 0 and finite");
    }
    return new CrossEntropy(ignored, smoothing, newDivisor, threads);
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public CrossEntropy withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new CrossEntropy(ignored, smoothing, divisor, newThreads);
  }

  /** The number of rows that count. */
  public int counted(int[] targets) {
    int counted = 0;
    for (int target : targets) {
      counted += target == ignored ? 0 : 1;
    }
    return counted;
  }

  /**
   * Computes the loss and its gradient.
   *
   * @param logits batch × rows × classes
   * @param targets batch · rows classes, each 0 to classes − 1 or the ignored index
   * @param gradient the gradient of logits, the same shape, written; may be {@code logits} itself; null if it is not wanted
   * @return the loss; 0 if no row counts
   * @throws IllegalArgumentException if shapes differ, a target is no class, or the gradient shares elements with the logits otherwise;
   *     nothing has been written then
   */
  public double compute(SequenceBatch logits, int[] targets, @Nullable SequenceBatch gradient) {
    Objects.requireNonNull(logits, "logits");
    Objects.requireNonNull(targets, "targets");
    int rows = Rows.count("logits", logits);
    int classes = logits.width();
    Checks.same("targets.length", targets.length, "logits.batch * logits.rows", rows);
    for (int row = 0; row < rows; row++) {
      if (targets[row] != ignored && (targets[row] < 0 || targets[row] >= classes)) {
        throw new IllegalArgumentException(
            "targets[" + row + "] is " + targets[row] + ", must be in 0.." + (classes - 1) + ", or " + ignored + " to be ignored");
      }
    }
    Rows.gradient("gradient", gradient, "logits", logits);
    int counted = counted(targets);
    double total = divisor > 0 ? divisor : Math.max(1, counted);
    int block = Math.max(1, BLOCK / Math.max(1, classes));
    double[] sums = new double[Math.ceilDiv(rows, block)];
    Workers.run(
        threads,
        WORK * rows * classes,
        sums.length,
        task -> {
          for (int row = task * block; row < Math.min(rows, (task + 1) * block); row++) {
            sums[task] += row(logits, row, targets[row], 1 / total, gradient);
          }
        });
    double sum = 0;
    for (double part : sums) {
      sum += part;
    }
    return sum / total;
  }

  private double row(SequenceBatch logits, int row, int target, double scale, @Nullable SequenceBatch gradient) {
    int classes = logits.width();
    float[] z = logits.data();
    int at = Rows.index(logits, row);
    float[] written = gradient == null ? z : gradient.data();
    int to = gradient == null ? 0 : Rows.index(gradient, row);
    if (target == ignored) {
      for (int c = 0; c < classes && gradient != null; c++) {
        written[to + c] = 0;
      }
      return 0;
    }
    double largest = Double.NEGATIVE_INFINITY;
    double all = 0;
    for (int c = 0; c < classes; c++) {
      largest = Math.max(largest, z[at + c]);
      all += z[at + c];
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(z[at + c] - largest);
    }
    double logSum = largest + Math.log(sum);
    double loss = logSum - (1 - smoothing) * z[at + target] - (smoothing == 0 ? 0 : smoothing / classes * all);
    if (gradient != null) {
      double everywhere = smoothing / classes;
      for (int c = 0; c < classes; c++) {
        double wanted = c == target ? 1 - smoothing + everywhere : everywhere;
        written[to + c] = (float) (scale * (Math.exp(z[at + c] - logSum) - wanted));
      }
    }
    return loss;
  }
}
