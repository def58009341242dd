package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.ContiguousRow;
import dev.lanewise.kernels.call.Lengths;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Objects;

/** A query row and its range of keys: similarities, the mask, and which keys are hidden. Forward and backward passes share it. */
final class ScalarRow {
  final ContiguousRow queryRow = new ContiguousRow();
  final ContiguousRow keyRow = new ContiguousRow();
  final ContiguousRow valueRow = new ContiguousRow();

  /** Whether a key of the range is hidden, by the mask or by its score. */
  boolean[] hidden = new boolean[0];

  private float[] factors = new float[0];
  private final int[] words = new int[4];

  int batchEntry;
  int keyValueHead;
  int queryHead;
  int query;

  /** The first key of the range. */
  int first;

  /** Number of keys of the range. */
  int keys;

  /** Drops the references to the caller's arrays. */
  void release() {
    queryRow.release();
    keyRow.release();
    valueRow.release();
  }

  /** Begins a unit. */
  void openUnit(AttentionProblem problem, int unit) {
    batchEntry = problem.batchEntry(unit);
    keyValueHead = problem.keyValueHead(unit);
    int most = problem.shape.keys(batchEntry);
    if (hidden.length < most) {
      hidden = new boolean[most];
    }
  }

  /** Begins a row of the unit, with the keys from {@code from} (inclusive) to {@code end} (exclusive). */
  void open(int newQueryHead, int newQuery, int from, int end) {
    queryHead = newQueryHead;
    query = newQuery;
    first = from;
    keys = Math.max(0, end - from);
  }

  /** Writes scale · similarity to {@code scores}; reads the query row and each key row. */
  void score(AttentionProblem problem, float scale, float[] scores) {
    Similarity.Kind kind = problem.formula.similarity().kind();
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
      scores[i] = scale * similarity;
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

  /** Hides the keys that the query does not see, and notes which scores are −∞. */
  void mask(AttentionProblem problem, float[] scores) {
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

  /** Number of keys whose score is not −∞; a mask, a bias or a function can make it −∞. */
  int seenKeys() {
    int count = 0;
    for (int i = 0; i < keys; i++) {
      count += hidden[i] ? 0 : 1;
    }
    return count;
  }

  /** The weight of a score, for a normaliser whose weights depend on their own score only. */
  static double weight(Normaliser.Kind kind, float score) {
    return switch (kind) {
      case RELU -> Math.max(score, 0);
      case SQUARED_RELU -> (double) Math.max(score, 0) * Math.max(score, 0);
      case SIGMOID -> ScalarActivations.apply(Activation.SIGMOID, score);
      case LINEAR -> score;
      case SOFTMAX -> throw new IllegalStateException("softmax needs the whole row");
    };
  }

  /** The factors of the weights of the row: 0 where dropout drops a weight. */
  float[] factors(AttentionProblem problem, Dropout dropout) {
    if (factors.length < keys) {
      factors = new float[keys];
    }
    dropout.factors(batchEntry * problem.shape.queryHeads() + queryHead, query, first, keys, words, factors, 0);
    return factors;
  }
}
