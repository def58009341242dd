package dev.lanewise.core.learn.loss;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
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
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 1);

  /** Elements of a task; the number of rows in a task depends on the number of classes only. */
  private static final int BLOCK = 1 << 16;

  /** Multiply-adds that take as long as the exponentials and the sums of an element. */
  private static final long WORK = 16;

  private final int ignored;
  private final double smoothing;
  private final double divisor;
  private final int threads;
  private final BackwardKernels kernels;

  private CrossEntropy(int ignored, double smoothing, double divisor, int threads, BackwardKernels kernels) {
    this.ignored = ignored;
    this.smoothing = smoothing;
    this.divisor = divisor;
    this.threads = threads;
    this.kernels = kernels;
  }

  /**
   * The loss without smoothing, on one thread and the fastest kernels of this JVM. Rows with the target −100 are ignored, as in PyTorch.
   */
  public static CrossEntropy standard() {
    return new CrossEntropy(-100, 0, 0, 1, Kernels.selected().backward());
  }

  /** Returns a copy that ignores rows with this target. */
  public CrossEntropy withIgnored(int target) {
    return new CrossEntropy(target, smoothing, divisor, threads, kernels);
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
    return new CrossEntropy(ignored, newSmoothing, divisor, threads, kernels);
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
    return new CrossEntropy(ignored, smoothing, newDivisor, threads, kernels);
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public CrossEntropy withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new CrossEntropy(ignored, smoothing, divisor, newThreads, kernels);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public CrossEntropy withKernels(Kernels newKernels) {
    return new CrossEntropy(ignored, smoothing, divisor, threads, Objects.requireNonNull(newKernels, "kernels").backward());
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
    double total = divisor > 0 ? divisor : Math.max(1, counted(targets));
    boolean merges = logits.isEven() && (gradient == null || gradient.isEven());
    Call call = new Call(logits, targets, (float) (1 / total), gradient, merges ? rows : logits.rows());
    int block = Math.max(1, BLOCK / Math.max(1, classes));
    double[] sums = new double[Math.ceilDiv(rows, block)];
    Workers.run(
        threads, WORK * rows * classes, sums.length, task -> sums[task] = call.run(task * block, Math.min(rows, (task + 1) * block)));
    double sum = 0;
    for (double part : sums) {
      sum += part;
    }
    return sum / total;
  }

  /** A checked call, whose rows follow each other at the same distance in parts of {@code even} rows. */
  private final class Call {
    private final SequenceBatch logits;
    private final int[] targets;
    private final float scale;
    private final @Nullable SequenceBatch gradient;
    private final int even;

    Call(SequenceBatch logits, int[] targets, float scale, @Nullable SequenceBatch gradient, int even) {
      this.logits = logits;
      this.targets = targets;
      this.scale = scale;
      this.gradient = gradient;
      this.even = even;
    }

    /** The sum of some rows, which are counted over the whole batch. */
    double run(int from, int to) {
      double sum = 0;
      int end;
      for (int row = from; row < to; row = end) {
        end = Math.min(to, (row / even + 1) * even);
        sum += gradient == null ? withoutGradient(row, end) : rows(row, end, Rows.matrix(gradient, row, end));
      }
      return sum;
    }

    private double withoutGradient(int from, int to) {
      Scratch scratch = BUFFERS.take();
      try {
        int classes = logits.width();
        return rows(from, to, Matrix.of(scratch.floats(0, Checks.product("rows", to - from, "classes", classes)), to - from, classes));
      } finally {
        BUFFERS.give(scratch);
      }
    }

    private double rows(int from, int to, Matrix written) {
      int[] own = Arrays.copyOfRange(targets, from, to);
      return kernels.crossEntropy(Rows.matrix(logits, from, to), own, ignored, (float) smoothing, scale, written);
    }
  }
}
