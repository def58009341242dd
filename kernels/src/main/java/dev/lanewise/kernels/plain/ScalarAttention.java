package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.ContiguousRow;
import dev.lanewise.kernels.call.Lengths;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import java.util.Objects;

/** Attention in plain Java: row by row, with the scores of a row in scratch and one pass over them for each step. */
public final class ScalarAttention extends ScratchPool.Member {
  private static final ScratchPool<ScalarAttention> POOL = new ScratchPool<>(ScalarAttention::new);

  private static final List<Stage> STAGES = List.of(Stage.CAPPED, Stage.CHANGED);

  private float[] scores = new float[0];
  private boolean[] hidden = new boolean[0];
  private float[] factors = new float[0];
  private final int[] words = new int[4];
  private final ScalarSums sums = new ScalarSums();
  private final ContiguousRow queryRow = new ContiguousRow();
  private final ContiguousRow keyRow = new ContiguousRow();
  private final ContiguousRow valueRow = new ContiguousRow();

  // The current row: its unit, batch entry, head and position, and the range of its keys.
  private int unit;
  private int batchEntry;
  private int keyValueHead;
  private int queryHead;
  private int query;
  private int first;
  private int keys;

  /** Computes rows {@code from} (inclusive) to {@code to} (exclusive) of a unit on the calling thread. */
  public static void attend(AttentionProblem problem, int unit, int from, int to) {
    ScalarAttention attention = POOL.take();
    try {
      attention.run(problem, unit, from, to);
    } finally {
      attention.release();
      POOL.give(attention);
    }
  }

  /** Drops the references to the caller's arrays. */
  private void release() {
    queryRow.release();
    keyRow.release();
    valueRow.release();
  }

  private void run(AttentionProblem problem, int newUnit, int from, int to) {
    unit = newUnit;
    batchEntry = problem.batchEntry(unit);
    keyValueHead = problem.keyValueHead(unit);
    int most = problem.shape.keys(batchEntry);
    if (scores.length < most) {
      scores = new float[most];
      hidden = new boolean[most];
    }
    switch (problem.formula) { // each component of a formula is answered here
      case ScoreFormula(
              _,
              Similarity similarity,
              List<ScoreChange> changes,
              Normaliser normaliser,
              RowFunction weightFunction,
              Dropout dropout) -> {
        for (int row = from; row < to; row++) {
          Interruption.check();
          openRow(problem, row);
          score(problem, similarity.kind());
          change(problem, changes);
          mask(problem);
          observe(problem, Stage.MASKED);
          float logSumExp = normalise(normaliser);
          if (weightFunction != null) {
            problem.change(weightFunction, scores, 0, keys, batchEntry, queryHead, query, first);
          }
          if (dropout != null) {
            drop(problem, dropout);
          }
          finishRow(problem, logSumExp);
        }
      }
    }
  }

  private void openRow(AttentionProblem problem, int row) {
    queryHead = problem.queryHead(unit, row);
    query = problem.queryRow(row);
    boolean all = problem.watchesScores();
    first = all ? 0 : problem.visibility.firstKey(batchEntry, queryHead, query);
    int end = all ? problem.shape.keys(batchEntry) : problem.visibility.endKey(batchEntry, queryHead, query);
    keys = Math.max(0, end - first);
  }

  /** Stores what the weights of the row give. */
  private void finishRow(AttentionProblem problem, float logSumExp) {
    for (int i = 0; problem.watchesWeights() && i < keys; i++) {
      scores[i] = hidden[i] ? 0 : scores[i]; // a hidden key keeps weight 0
    }
    observe(problem, Stage.WEIGHTS);
    if (problem.output != null) {
      blend(problem, problem.output);
    }
    float[] results = problem.results.logSumExp();
    if (results != null) {
      results[problem.shape.queryNumber(batchEntry, queryHead, query)] = logSumExp;
    }
  }

  private void score(AttentionProblem problem, Similarity.Kind kind) {
    Heads key = problem.shape.key();
    Heads queries = problem.shape.query();
    queryRow.open(queries, problem.shape.queryIndex(queries, batchEntry, queryHead, query));
    float[] queryData = queryRow.data();
    int from = queryRow.from();
    boolean cosine = kind == Similarity.Kind.COSINE;
    double queryInverse = cosine ? Lengths.inverse(queryData, from, key.width()) : 1;
    int often = Interruption.often(key.width());
    for (int i = 0; i < keys; i++) {
      Interruption.check(i, often);
      keyRow.openKey(problem, batchEntry, keyValueHead, first + i);
      float[] keyData = keyRow.data();
      int at = keyRow.from();
      float similarity;
      if (kind == Similarity.Kind.ADDITIVE) {
        similarity = ScalarKernels.additive(queryData, from, keyData, at, Objects.requireNonNull(problem.additiveVector));
      } else if (cosine) {
        similarity = cosine(queryData, from, queryInverse, keyData, at, key.width());
      } else {
        similarity = ScalarKernels.dot(queryData, from, keyData, at, key.width());
      }
      scores[i] = problem.scale * similarity;
    }
  }

  private static float cosine(float[] query, int from, double queryInverse, float[] key, int at, int width) {
    double keyInverse = Lengths.inverse(key, at, width);
    if (queryInverse == 0 || keyInverse == 0) {
      return 0; // the cosine with a zero row, whatever the other row holds
    }
    if (Lengths.isModerate(queryInverse) && Lengths.isModerate(keyInverse)) {
      return ScalarKernels.dot(query, from, key, at, width) * ((float) queryInverse * (float) keyInverse);
    }
    double sum = 0;
    for (int d = 0; d < width; d++) {
      sum += query[from + d] * queryInverse * key[at + d];
    }
    return (float) (sum * keyInverse);
  }

  private void change(AttentionProblem problem, List<ScoreChange> changes) {
    observe(problem, Stage.RAW);
    int next = 0;
    for (int i = 0; i < STAGES.size(); i++) {
      for (; next < changes.size() && changes.get(next).stage() == STAGES.get(i); next++) {
        changes.get(next).apply(problem, batchEntry, queryHead, query, first, scores, 0, keys);
      }
      observe(problem, STAGES.get(i));
    }
  }

  private void mask(AttentionProblem problem) {
    Visibility visibility = problem.visibility;
    int from = visibility.firstKey(batchEntry, queryHead, query);
    int end = visibility.endKey(batchEntry, queryHead, query);
    for (int i = 0; i < keys; i++) {
      int key = first + i;
      boolean visible = key >= from && key < end;
      if (visible && visibility.hasHoles()) {
        visible = (visibility.keys64(batchEntry, queryHead, query, key / Long.SIZE) >>> (key % Long.SIZE) & 1) != 0;
      }
      if (!visible) {
        scores[i] = Float.NEGATIVE_INFINITY;
      }
      hidden[i] = scores[i] == Float.NEGATIVE_INFINITY;
    }
  }

  /** Turns scores into weights; returns log-sum-exp for softmax. */
  private float normalise(Normaliser normaliser) {
    if (normaliser.kind() == Normaliser.Kind.SOFTMAX) {
      return ScalarKernels.softmaxRow(scores, 0, scores, 0, keys, normaliser.sink(queryHead));
    }
    float factor = normaliser.averages() ? 1f / Math.max(1, seenKeys()) : 1;
    for (int i = 0; i < keys; i++) {
      scores[i] = hidden[i] ? 0 : factor * weight(normaliser.kind(), scores[i]);
    }
    return Float.NaN;
  }

  /** Drops weights. A dropped weight is 0, also in a row of NaN. */
  private void drop(AttentionProblem problem, Dropout dropout) {
    if (factors.length < keys) {
      factors = new float[keys];
    }
    dropout.factors(batchEntry * problem.shape.queryHeads() + queryHead, query, first, keys, words, factors, 0);
    for (int i = 0; i < keys; i++) {
      scores[i] = factors[i] == 0 ? 0 : scores[i] * factors[i];
    }
  }

  /** Number of keys whose score is not −∞; a mask, a bias or a function can make it −∞. */
  private int seenKeys() {
    int count = 0;
    for (int i = 0; i < keys; i++) {
      count += hidden[i] ? 0 : 1;
    }
    return count;
  }

  private static float weight(Normaliser.Kind kind, float score) {
    return switch (kind) {
      case RELU -> Math.max(score, 0);
      case SQUARED_RELU -> Math.max(score, 0) * Math.max(score, 0);
      case SIGMOID -> (float) ScalarActivations.apply(Activation.SIGMOID, score);
      case LINEAR -> score;
      case SOFTMAX -> throw new IllegalStateException("softmax needs the whole row");
    };
  }

  private void blend(AttentionProblem problem, Heads output) {
    int width = output.width();
    float[] chain = sums.open(width);
    int often = Interruption.often(width);
    for (int from = 0; from < keys; ) {
      int end = (int) Math.min(keys, ((first + from) / ScalarSums.CHAIN + 1L) * ScalarSums.CHAIN - first); // whatever else the row sees
      for (int i = from; i < end; i++) {
        Interruption.check(i, often);
        if (!hidden[i]) {
          valueRow.openValue(problem, batchEntry, keyValueHead, first + i);
          ScalarKernels.addScaled(scores[i], valueRow.data(), valueRow.from(), chain, 0, width);
        }
      }
      sums.endChain();
      from = end;
    }
    sums.store(output.data(), problem.shape.queryIndex(output, batchEntry, queryHead, query), output.columnStride());
  }

  private void observe(AttentionProblem problem, Stage stage) {
    problem.observe(stage, scores, 0, keys, batchEntry, queryHead, query, first);
  }
}
