package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.ContiguousRow;
import dev.lanewise.kernels.call.gradient.BackwardPart;
import dev.lanewise.kernels.call.gradient.ParameterSums;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The gradients of queries, keys and the additive vector from those of the similarities of a row, added up in double. */
final class ScalarSimilarityGradients {
  private final ScalarRow row;
  private double[] queryGradient = new double[0];
  private double[] keyGradient = new double[0];
  private double[] vectorGradient = new double[0];
  private boolean addsVector;
  private int width;
  private int fromKey;
  private int toKey;

  ScalarSimilarityGradients(ScalarRow row) {
    this.row = row;
  }

  /** Begins a part of a unit, which computes the gradients of some keys if {@code ofKeys}. */
  void open(BackwardProblem problem, boolean ofKeys, int newFromKey, int newToKey) {
    width = problem.forward.shape.query().width();
    fromKey = newFromKey;
    toKey = newToKey;
    if (queryGradient.length < width) {
      queryGradient = new double[width];
      vectorGradient = new double[width];
    }
    addsVector = problem.gradients.additiveVector() != null;
    Arrays.fill(vectorGradient, 0, width, 0);
    if (ofKeys) {
      int size = Math.multiplyExact(toKey - fromKey, width);
      keyGradient = keyGradient.length < size ? new double[size] : keyGradient;
      Arrays.fill(keyGradient, 0, size, 0);
    }
  }

  /** Begins a query. */
  void openQuery() {
    Arrays.fill(queryGradient, 0, width, 0);
  }

  /** Adds what the gradients of the similarities of the row give. Hidden keys are not read. */
  void addRow(AttentionProblem forward, BackwardPart part, double[] gradients) {
    Similarity.Kind kind = forward.formula.similarity().kind();
    double queryLength = kind == Similarity.Kind.COSINE ? length(row.queryRow) : 1;
    for (int i = 0; i < row.keys; i++) {
      int key = row.first + i;
      boolean ofKey = part.ofKeys() && key >= fromKey && key < toKey;
      if (row.hidden[i] || !(ofKey || part.ofQueries())) {
        continue;
      }
      row.keyRow.openKey(forward, row.batchEntry, row.keyValueHead, key);
      int to = ofKey ? (key - fromKey) * width : -1;
      switch (kind) {
        case DOT -> addDot(part.ofQueries(), to, gradients[i]);
        case COSINE -> addCosine(part.ofQueries(), to, gradients[i], queryLength);
        case ADDITIVE -> addAdditive(part.ofQueries(), to, gradients[i], Objects.requireNonNull(forward.additiveVector));
      }
    }
  }

  private void addDot(boolean ofQuery, int to, double gradient) {
    float[] query = row.queryRow.data();
    int from = row.queryRow.from();
    float[] key = row.keyRow.data();
    int at = row.keyRow.from();
    for (int d = 0; ofQuery && d < width; d++) {
      queryGradient[d] += gradient * key[at + d];
    }
    for (int d = 0; to >= 0 && d < width; d++) {
      keyGradient[to + d] += gradient * query[from + d];
    }
  }

  /** With q and k of length 1: d cos / d query = (k − cos · q) / |query|; a zero row has cosine 0 and gives no gradient. */
  private void addCosine(boolean ofQuery, int to, double gradient, double queryLength) {
    float[] query = row.queryRow.data();
    int from = row.queryRow.from();
    float[] key = row.keyRow.data();
    int at = row.keyRow.from();
    double keyLength = length(row.keyRow);
    if (queryLength == 0 || keyLength == 0) {
      return;
    }
    double cosine = 0;
    for (int d = 0; d < width; d++) {
      cosine += query[from + d] / queryLength * (key[at + d] / keyLength);
    }
    for (int d = 0; d < width; d++) {
      double ofUnitQuery = query[from + d] / queryLength; // a quotient, which is exactly 1 in a row of one element
      double ofUnitKey = key[at + d] / keyLength;
      if (ofQuery) {
        queryGradient[d] += gradient / queryLength * (ofUnitKey - cosine * ofUnitQuery);
      }
      if (to >= 0) {
        keyGradient[to + d] += gradient / keyLength * (ofUnitQuery - cosine * ofUnitKey);
      }
    }
  }

  private double length(ContiguousRow x) {
    double sum = 0;
    for (int d = 0; d < width; d++) {
      sum += (double) x.data()[x.from() + d] * x.data()[x.from() + d];
    }
    return Math.sqrt(sum);
  }

  /** d similarity / d (query + key) = vector · (1 − tanh²). */
  private void addAdditive(boolean ofQuery, int to, double gradient, float[] vector) {
    float[] query = row.queryRow.data();
    int from = row.queryRow.from();
    float[] key = row.keyRow.data();
    int at = row.keyRow.from();
    for (int a = 0; a < width; a++) {
      double tanh = Math.tanh((double) query[from + a] + key[at + a]);
      double ofSum = gradient * vector[a] * (1 - tanh * tanh);
      if (ofQuery) {
        queryGradient[a] += ofSum;
        vectorGradient[a] += gradient * tanh;
      }
      if (to >= 0) {
        keyGradient[to + a] += ofSum;
      }
    }
  }

  /** Writes the gradient of the query of the row. */
  void storeQuery(@Nullable Heads target, AttentionProblem forward) {
    if (target != null) {
      store(target, forward.shape.queryIndex(target, row.batchEntry, row.queryHead, row.query), queryGradient, 0);
    }
  }

  /** Writes the gradients of the keys of the part. */
  void storeKeys(@Nullable Heads target, AttentionProblem forward) {
    for (int key = fromKey; target != null && key < toKey; key++) {
      store(target, forward.shape.keyIndex(target, row.batchEntry, row.keyValueHead, key), keyGradient, (key - fromKey) * width);
    }
  }

  /** Hands over the gradient of the additive vector. */
  void addVector(int unit, BackwardPart part, ParameterSums sums) {
    for (int a = 0; addsVector && a < width; a++) {
      sums.addVector(unit, part.number(), a, vectorGradient[a]);
    }
  }

  static void store(Heads target, int to, double[] sums, int from) {
    for (int i = 0; i < target.width(); i++) {
      target.data()[to + i * target.columnStride()] = (float) sums[from + i];
    }
  }
}
