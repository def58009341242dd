package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.ContiguousRow;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass of attention in plain Java: row by row, with the scores of a row in scratch. The gradients of keys and values of a unit
 * are added up in double.
 */
public final class ScalarBackward extends ScratchPool.Member {
  private static final ScratchPool<ScalarBackward> POOL = new ScratchPool<>(ScalarBackward::new);

  private float[] scores = new float[0];
  private double[] queryGradient = new double[0];
  private double[] keyGradient = new double[0];
  private double[] valueGradient = new double[0];
  private final ContiguousRow queryRow = new ContiguousRow();
  private final ContiguousRow keyRow = new ContiguousRow();
  private final ContiguousRow valueRow = new ContiguousRow();
  private final ContiguousRow outputRow = new ContiguousRow();
  private final ContiguousRow gradientRow = new ContiguousRow();

  private int batchEntry;
  private int keyValueHead;

  private ScalarBackward() {}

  /** Cuts a backward pass: a task is a unit, a batch entry and key/value head with all query rows of its group. */
  public static AttentionTasks plan(BackwardProblem problem) {
    return new AttentionTasks() {
      @Override
      public int count() {
        return problem.forward.units();
      }

      @Override
      public void run(int task) {
        ScalarBackward backward = POOL.take();
        try {
          backward.unit(problem, task);
        } finally {
          backward.release();
          POOL.give(backward);
        }
      }
    };
  }

  /** Drops the references to the caller's arrays. */
  private void release() {
    queryRow.release();
    keyRow.release();
    valueRow.release();
    outputRow.release();
    gradientRow.release();
  }

  private void unit(BackwardProblem problem, int unit) {
    AttentionProblem forward = problem.forward;
    batchEntry = forward.batchEntry(unit);
    keyValueHead = forward.keyValueHead(unit);
    checkSupported(forward.formula);
    int keys = forward.shape.keys(batchEntry);
    int width = forward.shape.query().width();
    int valueWidth = forward.value().width();
    open(keys, width, valueWidth);
    for (int row = 0; row < forward.rows(unit); row++) {
      Interruption.check();
      row(problem, forward.queryHead(unit, row), forward.queryRow(row));
    }
    store(forward, problem.gradients.key(), keyGradient, keys);
    store(forward, problem.gradients.value(), valueGradient, keys);
  }

  private static void checkSupported(ScoreFormula formula) {
    boolean supported =
        formula.similarity().kind() == Similarity.Kind.DOT
            && formula.changes().isEmpty()
            && formula.normaliser().kind() == Normaliser.Kind.SOFTMAX
            && formula.weightFunction() == null;
    if (!supported) {
      throw new UnsupportedOperationException("the backward pass of this formula");
    }
  }

  private void open(int keys, int width, int valueWidth) {
    if (scores.length < keys) {
      scores = new float[keys];
    }
    if (queryGradient.length < width) {
      queryGradient = new double[width];
    }
    if (keyGradient.length < (long) keys * width) {
      keyGradient = new double[Math.multiplyExact(keys, width)];
    }
    if (valueGradient.length < (long) keys * valueWidth) {
      valueGradient = new double[Math.multiplyExact(keys, valueWidth)];
    }
    Arrays.fill(keyGradient, 0, keys * width, 0);
    Arrays.fill(valueGradient, 0, keys * valueWidth, 0);
  }

  private void row(BackwardProblem problem, int head, int query) {
    AttentionProblem forward = problem.forward;
    Heads queries = forward.shape.query();
    int width = queries.width();
    int valueWidth = forward.value().width();
    queryRow.open(queries, forward.shape.queryIndex(queries, batchEntry, head, query));
    outputRow.open(problem.output, forward.shape.queryIndex(problem.output, batchEntry, head, query));
    gradientRow.open(problem.outputGradient, forward.shape.queryIndex(problem.outputGradient, batchEntry, head, query));
    int number = forward.shape.queryNumber(batchEntry, head, query);
    float logSumExp = Objects.requireNonNull(problem.logSumExp)[number];
    double delta = ScalarKernels.dot(gradientRow.data(), gradientRow.from(), outputRow.data(), outputRow.from(), valueWidth);
    if (problem.logSumExpGradient != null) {
      delta -= problem.logSumExpGradient[number];
    }
    Arrays.fill(queryGradient, 0, width, 0);
    Visibility visibility = forward.visibility;
    int end = visibility.endKey(batchEntry, head, query);
    for (int key = visibility.firstKey(batchEntry, head, query); key < end; key++) {
      if (visibility.hasHoles() && (visibility.keys64(batchEntry, head, query, key / Long.SIZE) >>> (key % Long.SIZE) & 1) == 0) {
        continue;
      }
      keyRow.openKey(forward, batchEntry, keyValueHead, key);
      float score = forward.scale * ScalarKernels.dot(queryRow.data(), queryRow.from(), keyRow.data(), keyRow.from(), width);
      if (score == Float.NEGATIVE_INFINITY) {
        continue; // a key without a weight
      }
      valueRow.openValue(forward, batchEntry, keyValueHead, key);
      double weight = Math.exp(score - (double) logSumExp);
      double product = ScalarKernels.dot(gradientRow.data(), gradientRow.from(), valueRow.data(), valueRow.from(), valueWidth);
      addScaled(weight, gradientRow, valueGradient, key * valueWidth, valueWidth);
      double scoreGradient = weight * (product - delta) * forward.scale;
      addScaled(scoreGradient, keyRow, queryGradient, 0, width);
      addScaled(scoreGradient, queryRow, keyGradient, key * width, width);
    }
    Heads target = problem.gradients.query();
    if (target != null) {
      store(target, forward.shape.queryIndex(target, batchEntry, head, query), queryGradient, 0);
    }
  }

  private static void addScaled(double factor, ContiguousRow x, double[] y, int to, int length) {
    float[] data = x.data();
    int from = x.from();
    for (int i = 0; i < length; i++) {
      y[to + i] += factor * data[from + i];
    }
  }

  private void store(AttentionProblem forward, @Nullable Heads target, double[] sums, int keys) {
    if (target != null) {
      for (int key = 0; key < keys; key++) {
        store(target, forward.shape.keyIndex(target, batchEntry, keyValueHead, key), sums, key * target.width());
      }
    }
  }

  private static void store(Heads target, int to, double[] sums, int from) {
    for (int i = 0; i < target.width(); i++) {
      target.data()[to + i * target.columnStride()] = (float) sums[from + i];
    }
  }
}
