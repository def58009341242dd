package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;

/** Attention in plain Java: row by row, with the scores of a row in scratch and one pass over them for each step. */
public final class ScalarAttention extends ScratchPool.Member {
  private static final ScratchPool<ScalarAttention> POOL = new ScratchPool<>(ScalarAttention::new);

  private static final List<Stage> STAGES = List.of(Stage.CAPPED, Stage.CHANGED);

  private float[] scores = new float[0];
  private final ScalarSums sums = new ScalarSums();
  private final ScalarRow row = new ScalarRow();

  /** Computes rows {@code from} (inclusive) to {@code to} (exclusive) of a unit on the calling thread. */
  public static void attend(AttentionProblem problem, int unit, int from, int to) {
    ScalarAttention attention = POOL.take();
    try {
      attention.run(problem, unit, from, to);
    } finally {
      attention.row.release();
      POOL.give(attention);
    }
  }

  private void run(AttentionProblem problem, int unit, int from, int to) {
    row.openUnit(problem, unit);
    int most = problem.shape.keys(row.batchEntry);
    if (scores.length < most) {
      scores = new float[most];
    }
    switch (problem.formula) { // each component of a formula is answered here; the row answers for the similarity
      case ScoreFormula(_, _, List<ScoreChange> changes, Normaliser normaliser, RowFunction weightFunction, Dropout dropout) -> {
        for (int number = from; number < to; number++) {
          Interruption.check();
          openRow(problem, problem.queryHead(unit, number), problem.queryRow(number));
          row.score(problem, problem.scale, scores);
          change(problem, changes);
          row.mask(problem, scores);
          observe(problem, Stage.MASKED);
          float logSumExp = normalise(normaliser);
          if (weightFunction != null) {
            problem.change(weightFunction, scores, 0, row.keys, row.batchEntry, row.queryHead, row.query, row.first);
          }
          if (dropout != null) {
            drop(problem, dropout);
          }
          finishRow(problem, logSumExp);
        }
      }
    }
  }

  private void openRow(AttentionProblem problem, int head, int query) {
    boolean all = problem.watchesScores();
    int first = all ? 0 : problem.visibility.firstKey(row.batchEntry, head, query);
    int end = all ? problem.shape.keys(row.batchEntry) : problem.visibility.endKey(row.batchEntry, head, query);
    row.open(head, query, first, end);
  }

  /** Stores what the weights of the row give. */
  private void finishRow(AttentionProblem problem, float logSumExp) {
    for (int i = 0; problem.watchesWeights() && i < row.keys; i++) {
      scores[i] = row.hidden[i] ? 0 : scores[i]; // a hidden key keeps weight 0
    }
    observe(problem, Stage.WEIGHTS);
    if (problem.output != null) {
      blend(problem, problem.output);
    }
    float[] results = problem.results.logSumExp();
    if (results != null) {
      results[problem.shape.queryNumber(row.batchEntry, row.queryHead, row.query)] = logSumExp;
    }
  }

  private void change(AttentionProblem problem, List<ScoreChange> changes) {
    observe(problem, Stage.RAW);
    int next = 0;
    for (int i = 0; i < STAGES.size(); i++) {
      for (; next < changes.size() && changes.get(next).stage() == STAGES.get(i); next++) {
        changes.get(next).apply(problem, row.batchEntry, row.queryHead, row.query, row.first, scores, 0, row.keys);
      }
      observe(problem, STAGES.get(i));
    }
  }

  /** Turns scores into weights; returns log-sum-exp for softmax. */
  private float normalise(Normaliser normaliser) {
    if (normaliser.kind() == Normaliser.Kind.SOFTMAX) {
      return ScalarKernels.softmaxRow(scores, 0, scores, 0, row.keys, normaliser.sink(row.queryHead));
    }
    float factor = normaliser.averages() ? 1f / Math.max(1, row.seenKeys()) : 1;
    for (int i = 0; i < row.keys; i++) {
      scores[i] = row.hidden[i] ? 0 : factor * (float) ScalarRow.weight(normaliser.kind(), scores[i]);
    }
    return Float.NaN;
  }

  /** Drops weights. A dropped weight is 0, also in a row of NaN. */
  private void drop(AttentionProblem problem, Dropout dropout) {
    float[] factors = row.factors(problem, dropout);
    for (int i = 0; i < row.keys; i++) {
      scores[i] = factors[i] == 0 ? 0 : scores[i] * factors[i];
    }
  }

  private void blend(AttentionProblem problem, Heads output) {
    int width = output.width();
    float[] chain = sums.open(width);
    int often = Interruption.often(width);
    for (int from = 0; from < row.keys; ) {
      int end =
          (int)
              Math.min(row.keys, ((row.first + from) / ScalarSums.CHAIN + 1L) * ScalarSums.CHAIN - row.first); // whatever else the row sees
      for (int i = from; i < end; i++) {
        Interruption.check(i, often);
        if (!row.hidden[i]) {
          row.valueRow.openValue(problem, row.batchEntry, row.keyValueHead, row.first + i);
          ScalarKernels.addScaled(scores[i], row.valueRow.data(), row.valueRow.from(), chain, 0, width);
        }
      }
      sums.endChain();
      from = end;
    }
    sums.store(output.data(), problem.shape.queryIndex(output, row.batchEntry, row.queryHead, row.query), output.columnStride());
  }

  private void observe(AttentionProblem problem, Stage stage) {
    problem.observe(stage, scores, 0, row.keys, row.batchEntry, row.queryHead, row.query, row.first);
  }
}
