package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.ContiguousRow;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.call.gradient.BackwardKernel;
import dev.lanewise.kernels.call.gradient.BackwardPart;
import dev.lanewise.kernels.call.gradient.BackwardTasks;
import dev.lanewise.kernels.call.gradient.ParameterSums;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass of attention in plain Java: row by row, with the scores of a row in scratch. Gradients are added up in double, those of
 * the keys and values of a part in scratch.
 */
public final class ScalarBackward extends ScratchPool.Member implements BackwardKernel {
  private static final ScratchPool<ScalarBackward> POOL = new ScratchPool<>(ScalarBackward::new);

  private final ScalarRow row = new ScalarRow();
  private final ContiguousRow outputRow = new ContiguousRow();
  private final ContiguousRow gradientRow = new ContiguousRow();
  private final ScalarScoreGradients scores = new ScalarScoreGradients(row);
  private final ScalarSimilarityGradients similarity = new ScalarSimilarityGradients(row);
  private double[] valueGradient = new double[0];

  private ScalarBackward() {}

  /** Cuts a backward pass. */
  public static AttentionTasks plan(BackwardProblem problem) {
    return new BackwardTasks(problem, ScalarBackward::take);
  }

  /** Computes all gradients of a unit of a pass that wants none of parameters, for instance to repeat what overflowed elsewhere. */
  public static void unit(BackwardProblem problem, int unit) {
    try (ScalarBackward backward = take()) {
      BackwardTasks.runUnit(problem, unit, backward);
    }
  }

  /** Takes an instance for the calling thread, to be closed there. */
  public static ScalarBackward take() {
    return POOL.take();
  }

  @Override
  public void close() {
    row.release();
    outputRow.release();
    gradientRow.release();
    scores.release();
    POOL.give(this);
  }

  @Override
  public void run(BackwardProblem problem, int unit, BackwardPart part, ParameterSums sums) {
    AttentionProblem forward = problem.forward;
    row.openUnit(forward, unit);
    int keys = forward.shape.keys(row.batchEntry);
    int fromKey = Math.min(part.fromKey(), keys);
    int toKey = Math.min(part.toKey(), keys);
    int valueWidth = forward.value().width();
    if (part.ofKeys()) {
      int size = Math.multiplyExact(toKey - fromKey, valueWidth);
      valueGradient = valueGradient.length < size ? new double[size] : valueGradient;
      Arrays.fill(valueGradient, 0, size, 0);
    }
    scores.open(problem, unit, part);
    similarity.open(problem, part.ofKeys(), fromKey, toKey);
    int end = Math.min(part.toQuery(), forward.shape.queries(row.batchEntry));
    for (int query = part.fromQuery(); query < end; query++) {
      for (int g = 0; g < forward.shape.group(); g++) {
        Interruption.check();
        row(problem, unit, part, row.keyValueHead * forward.shape.group() + g, query, sums);
      }
    }
    if (part.ofQueries()) {
      scores.close(unit, part, sums);
      similarity.addVector(unit, part, sums);
    }
    if (part.ofKeys()) {
      similarity.storeKeys(problem.gradients.key(), forward);
      storeValues(problem.gradients.value(), forward, fromKey, toKey);
    }
  }

  /** Computes one query row. */
  private void row(BackwardProblem problem, int unit, BackwardPart part, int head, int query, ParameterSums sums) {
    AttentionProblem forward = problem.forward;
    int first = forward.visibility.firstKey(row.batchEntry, head, query);
    int end = forward.visibility.endKey(row.batchEntry, head, query);
    if (!part.ofQueries() && !forward.formula.normaliser().averages()) { // only an average depends on other keys
      first = Math.max(first, part.fromKey());
      end = Math.min(end, part.toKey());
    }
    row.open(head, query, first, end);
    scores.compute(problem);
    if (part.ofQueries()) {
      similarity.openQuery();
    }
    double delta = 0;
    int number = forward.shape.queryNumber(row.batchEntry, head, query);
    if (row.seenKeys() > 0) {
      gradientRow.open(problem.outputGradient, forward.shape.queryIndex(problem.outputGradient, row.batchEntry, head, query));
      delta = delta(problem, number);
      weigh(problem, part, number, delta);
      scores.turn(forward, part, sums, unit);
      similarity.addRow(forward, part, scores.gradients());
    } else if (problem.logSumExpGradient != null) {
      delta = -problem.logSumExpGradient[number];
    }
    if (part.ofQueries()) {
      if (problem.gradients.sinks() != null) {
        sums.addSink(problem, unit, part.number(), head, number, delta);
      }
      similarity.storeQuery(problem.gradients.query(), forward);
    }
  }

  /** rowsum(dO ∘ O) − dLogSumExp for softmax, which has a divisor; 0 for the other normalisers. */
  private double delta(BackwardProblem problem, int number) {
    if (problem.forward.formula.normaliser().kind() != Normaliser.Kind.SOFTMAX) {
      return 0;
    }
    outputRow.open(problem.output, problem.forward.shape.queryIndex(problem.output, row.batchEntry, row.queryHead, row.query));
    double sum = dot(gradientRow, outputRow, problem.output.width());
    return problem.logSumExpGradient == null ? sum : sum - problem.logSumExpGradient[number];
  }

  private static float logSumExp(BackwardProblem problem, int number) {
    return Objects.requireNonNull(problem.logSumExp)[number];
  }

  /** Computes weights, adds to the gradients of values, and replaces the scores by their gradients. */
  private void weigh(BackwardProblem problem, BackwardPart part, int number, double delta) {
    AttentionProblem forward = problem.forward;
    switch (forward.formula) { // each component of a formula is answered here
      case ScoreFormula(_, _, _, Normaliser normaliser, _, Dropout dropout) -> {
        boolean softmax = normaliser.kind() == Normaliser.Kind.SOFTMAX;
        double whole = softmax ? logSumExp(problem, number) : 0;
        double share = normaliser.averages() ? 1.0 / row.seenKeys() : 1;
        float[] factors = dropout == null ? null : row.factors(forward, dropout);
        double[] gradients = scores.gradients();
        float[] score = scores.scores();
        for (int i = 0; i < row.keys; i++) {
          if (row.hidden[i]) {
            gradients[i] = 0;
            continue;
          }
          double kept = factors == null ? 1 : factors[i];
          double weight = softmax ? Math.exp(score[i] - whole) : share * ScalarRow.weight(normaliser.kind(), score[i]);
          double byWeight = kept == 0 ? 0 : kept * products(forward, part, i, kept * weight);
          gradients[i] = softmax ? weight * (byWeight - delta) : byWeight * share * derivative(normaliser.kind(), score[i]);
        }
      }
    }
  }

  /** dO · V of a key; adds weight · dO to the gradient of its value. */
  private double products(AttentionProblem forward, BackwardPart part, int i, double weight) {
    int width = forward.value().width();
    int key = row.first + i;
    if (part.ofKeys() && key >= part.fromKey() && key < part.toKey()) {
      int to = (key - part.fromKey()) * width;
      float[] gradient = gradientRow.data();
      int from = gradientRow.from();
      for (int d = 0; d < width; d++) {
        valueGradient[to + d] += weight * gradient[from + d];
      }
    }
    row.valueRow.openValue(forward, row.batchEntry, row.keyValueHead, key);
    return dot(gradientRow, row.valueRow, width);
  }

  /** A dot product in double: a gradient is the small difference of two of them where a row sees few keys. */
  private static double dot(ContiguousRow x, ContiguousRow y, int width) {
    float[] xs = x.data();
    float[] ys = y.data();
    int from = x.from();
    int at = y.from();
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int d = 0;
    for (; d <= width - 4; d += 4) {
      sum0 += (double) xs[from + d] * ys[at + d];
      sum1 += (double) xs[from + d + 1] * ys[at + d + 1];
      sum2 += (double) xs[from + d + 2] * ys[at + d + 2];
      sum3 += (double) xs[from + d + 3] * ys[at + d + 3];
    }
    for (; d < width; d++) {
      sum0 += (double) xs[from + d] * ys[at + d];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }

  /** The derivative of a weight by its score; NaN for a NaN. */
  private static double derivative(Normaliser.Kind kind, double score) {
    return switch (kind) {
      case RELU -> score > 0 ? 1 : 0 * score;
      case SQUARED_RELU -> 2 * Math.max(score, 0);
      case SIGMOID -> {
        double positive = 1 / (1 + Math.exp(-Math.abs(score)));
        yield positive * (1 - positive);
      }
      case LINEAR -> 1;
      case SOFTMAX -> throw new IllegalStateException("softmax needs the whole row");
    };
  }

  private void storeValues(@Nullable Heads target, AttentionProblem forward, int fromKey, int toKey) {
    for (int key = fromKey; target != null && key < toKey; key++) {
      int to = forward.shape.keyIndex(target, row.batchEntry, row.keyValueHead, key);
      ScalarSimilarityGradients.store(target, to, valueGradient, (key - fromKey) * target.width());
    }
  }
}
