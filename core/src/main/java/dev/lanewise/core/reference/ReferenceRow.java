package dev.lanewise.core.reference;

import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One query row of {@link ReferenceAttention}: its scores at each stage, one element for each key of its own sequence, and its weights. A
 * key whose masked score is −∞ is removed: its weight is 0, and its key row and value row are ignored.
 */
final class ReferenceRow {
  private static final double GONE = Double.NEGATIVE_INFINITY;

  private final ReferenceAttention call;
  private final int b;
  private final int head;
  private final int query;
  private final int queries;
  private final int keys;
  private final Normaliser normaliser;
  private final double[] raw;
  private final double[] capped;
  private final double[] changed;
  private final double[] masked;
  private final double[] weights;
  private final double largest;
  private final double sum;

  /** Computes the row of a query of a batch entry, or of a sequence. */
  ReferenceRow(ReferenceAttention call, int b, int head, int query) {
    this.call = call;
    this.b = b;
    this.head = head;
    this.query = query;
    this.queries = call.shape.queries(b);
    this.keys = call.shape.keys(b);
    this.normaliser = call.formula.normaliser();
    switch (call.formula) { // each component of a formula is answered here
      case ScoreFormula(_, Similarity similarity, List<ScoreChange> changes, _, RowFunction weightFunction, Dropout dropout) -> {
        // Pass 1: scores.
        this.raw = raw(similarity);
        this.capped = changed(changes, raw, Stage.CAPPED);
        this.changed = changed(changes, capped, Stage.CHANGED);
        this.masked = masked();
        // Pass 2: weights, with exponentials relative to the largest score. Pass 3, the weighted sum of value rows, is addOutput.
        this.largest = largest();
        this.sum = sum();
        this.weights = dropped(weights(weightFunction), dropout);
      }
    }
  }

  /** The scores, or for the last stage the weights. */
  double[] at(Stage stage) {
    return switch (stage) {
      case RAW -> raw;
      case CAPPED -> capped;
      case CHANGED -> changed;
      case MASKED -> masked;
      case WEIGHTS -> weights;
    };
  }

  /** ln Σ e<sup>score</sup> over the remaining keys and the sink. If no key remains, the result is the sink, or −∞ without a sink. */
  double logSumExp() {
    return largest == GONE ? normaliser.sink(head) : round(largest + round(Math.log(sum)));
  }

  /** Adds weights · V to the elements of {@code output}, beginning with element {@code to}. */
  void addOutput(Heads value, double[] output, int to) {
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        int from = call.shape.keyIndex(value, b, head / call.shape.group(), j);
        for (int d = 0; d < value.width(); d++) {
          output[to + d] = round(output[to + d] + round(weights[j] * value.data()[from + d * value.columnStride()]));
        }
      }
    }
  }

  /** Adds the weights to the elements of {@code sums} that belong to the keys of the head. */
  void addWeights(double[] sums) {
    for (int j = 0; j < keys; j++) {
      int column = call.shape.keyNumber(b, head, j);
      sums[column] = round(sums[column] + weights[j]);
    }
  }

  private double[] raw(Similarity similarity) {
    double[] scores = new double[keys];
    Heads x = call.shape.query();
    Heads y = call.shape.key();
    double scale = round(call.formula.scale(x.width()));
    int queryIndex = call.shape.queryIndex(x, b, head, query);
    for (int j = 0; j < keys; j++) {
      scores[j] = round(scale * similarity(similarity, queryIndex, call.shape.keyIndex(y, b, head / call.shape.group(), j)));
    }
    return scores;
  }

  double similarity(Similarity similarity, int queryIndex, int keyIndex) {
    Heads x = call.shape.query();
    Heads y = call.shape.key();
    return switch (similarity.kind()) {
      case DOT -> dot(x, queryIndex, y, keyIndex);
      case COSINE -> {
        double queryLength = length(x, queryIndex);
        double keyLength = length(y, keyIndex);
        boolean defined = queryLength != 0 && keyLength != 0;
        yield defined ? round(dot(x, queryIndex, y, keyIndex) / round(queryLength * keyLength)) : 0;
      }
      case ADDITIVE -> {
        float[] vector = Objects.requireNonNull(similarity.vector());
        double sum = 0;
        for (int a = 0; a < vector.length; a++) {
          double both = round((double) x.data()[queryIndex + a * x.columnStride()] + y.data()[keyIndex + a * y.columnStride()]);
          sum = round(sum + round(vector[a] * round(Math.tanh(both))));
        }
        yield sum;
      }
    };
  }

  double length(Heads x, int from) {
    return round(Math.sqrt(dot(x, from, x, from)));
  }

  private double dot(Heads x, int xFrom, Heads y, int yFrom) {
    double sum = 0;
    for (int d = 0; d < x.width(); d++) {
      sum = round(sum + round((double) x.data()[xFrom + d * x.columnStride()] * y.data()[yFrom + d * y.columnStride()]));
    }
    return sum;
  }

  /** The scores after the changes that lead to a stage. */
  private double[] changed(List<ScoreChange> changes, double[] before, Stage stage) {
    double[] scores = before.clone();
    for (ScoreChange change : changes) {
      if (change.stage() == stage) {
        scores = changed(change, scores);
      }
    }
    return scores;
  }

  /** The scores after one change. */
  double[] changed(ScoreChange change, double[] before) {
    return switch (change) {
      case ScoreChange.Softcap(float limit) -> mapped(before, (_, score) -> round(limit * round(Math.tanh(round(score / limit)))));
      case ScoreChange.AddedBias(Bias bias, _) ->
          mapped(
              before,
              (j, score) -> {
                double added = bias.data()[bias.index(b, head, query) + j * bias.keyStride()];
                return added == GONE ? GONE : round(score + added); // a NaN in the key must not replace −∞
              });
      case ScoreChange.Alibi(float[] slopes, int[] offsets, _) -> {
        long own = ownPosition(offsets);
        yield mapped(before, (j, score) -> round(score - round(slopes[head] * (double) Math.abs(own - position(j)))));
      }
      case ScoreChange.Function(RowFunction function, _) -> applied(function, before);
    };
  }

  private interface ScoreMap {
    double apply(int key, double score);
  }

  private static double[] mapped(double[] before, ScoreMap map) {
    double[] scores = new double[before.length];
    for (int j = 0; j < scores.length; j++) {
      scores[j] = map.apply(j, before[j]);
    }
    return scores;
  }

  /**
   * The position of a key row, and of the query at the same position. For a node of a tree it is the node's depth plus the rows before the
   * tree.
   */
  int position(int row) {
    int[] depths = call.mask.depths();
    int before = depths == null ? keys : keys - depths.length;
    return depths == null || row < before ? row : before + depths[row - before];
  }

  /** The position of the query, for ALiBi with these offsets of batch entries. */
  long ownPosition(int @Nullable [] offsets) {
    return offsets == null ? position(query + (keys - queries)) : query + (long) offsets[b];
  }

  /** Applies the caller's function, which works on floats and sees the keys that the query sees. Without a function nothing is rounded. */
  double[] applied(@Nullable RowFunction function, double[] row) {
    if (function == null) {
      return row;
    }
    float[] floats = new float[keys];
    for (int j = 0; j < keys; j++) {
      floats[j] = (float) row[j];
    }
    double[] result = row.clone();
    int end;
    for (int first = 0; first < keys; first = end) {
      end = first + 1;
      if (visible(first)) {
        while (end < keys && visible(end)) {
          end++;
        }
        function.apply(floats, first, end - first, b, head, query, first);
        for (int j = first; j < end; j++) {
          result[j] = floats[j];
        }
      }
    }
    return result;
  }

  private double[] masked() {
    double[] scores = new double[keys];
    for (int j = 0; j < keys; j++) {
      scores[j] = visible(j) ? changed[j] : GONE;
    }
    return scores;
  }

  private boolean visible(int j) {
    return call.mask.visible(b, head, query, j, queries, keys);
  }

  private double largest() {
    double largest = GONE;
    for (double score : masked) {
      largest = Math.max(largest, score);
    }
    return largest == GONE ? GONE : Math.max(largest, normaliser.sink(head));
  }

  private double sum() {
    double sum = round(Math.exp(round(normaliser.sink(head) - largest)));
    for (double score : masked) {
      sum = round(sum + round(Math.exp(round(score - largest))));
    }
    return sum;
  }

  /** What each weight is divided by: the number of remaining keys, or 1 if the normaliser does not average. */
  double divisor() {
    int seen = 0;
    for (double score : masked) {
      seen += score == GONE ? 0 : 1;
    }
    return normaliser.averages() ? seen : 1;
  }

  private double[] weights(@Nullable RowFunction weightFunction) {
    double[] result = new double[keys];
    double divisor = divisor();
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        result[j] = round(weight(normaliser.kind(), masked[j]) / divisor);
      }
    }
    result = applied(weightFunction, result);
    for (int j = 0; j < keys; j++) {
      // The caller's function may write to any element of its segment, but a removed key stays removed.
      result[j] = masked[j] == GONE ? 0 : result[j];
    }
    return result;
  }

  /** The weights after dropout. It shares the generator with the kernels, whose words a test compares with published ones. */
  private double[] dropped(double[] before, @Nullable Dropout dropout) {
    double[] result = factors(dropout);
    for (int j = 0; j < keys; j++) {
      result[j] = result[j] == 0 ? 0 : round(before[j] * result[j]);
    }
    return result;
  }

  /** The factor of each weight: 1 without dropout, 0 for a weight that is dropped. */
  double[] factors(@Nullable Dropout dropout) {
    double[] result = new double[keys];
    Arrays.fill(result, 1);
    if (dropout != null) {
      float[] factors = new float[keys];
      dropout.factors(b * call.shape.queryHeads() + head, query, 0, keys, new int[4], factors, 0);
      for (int j = 0; j < keys; j++) {
        result[j] = factors[j] == 0 ? 0 : round(1.0 / (1 - dropout.threshold() / 65536.0));
      }
    }
    return result;
  }

  /** The weight of a score before the division by {@link #divisor}. */
  double weight(Normaliser.Kind kind, double score) {
    return switch (kind) {
      case SOFTMAX -> round(round(Math.exp(round(score - largest))) / sum);
      case RELU -> Math.max(score, 0);
      case SQUARED_RELU -> round(Math.max(score, 0) * Math.max(score, 0));
      case SIGMOID -> round(1 / round(1 + round(Math.exp(-score))));
      case LINEAR -> score;
    };
  }

  private double round(double x) {
    return call.round(x);
  }
}
