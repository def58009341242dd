package dev.lanewise.core.reference;

import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
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
  private final double[] raw;
  private final double[] capped;
  private final double[] changed;
  private final double[] masked;
  private final double[] weights;
  private final double largest;
  private final double sum;

  /** Computes the row of a query of a batch entry, or of a sequence. */
  ReferenceRow(ReferenceAttention call, Extents extents, int b, int head, int query) {
    this.call = call;
    this.b = b;
    this.head = head;
    this.query = query;
    this.queries = extents.queries(b);
    this.keys = extents.keys(b);
    // Pass 1: scores.
    this.raw = raw();
    this.capped = capped();
    this.changed = changed();
    this.masked = masked();
    // Pass 2: weights, with exponentials relative to the largest score. Pass 3, the weighted sum of value rows, is addOutput.
    this.largest = largest();
    this.sum = sum();
    this.weights = weights();
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
    return largest == GONE ? call.normaliser.sink(head) : round(largest + round(Math.log(sum)));
  }

  /** Adds weights · V to the elements of {@code output}, beginning with element {@code to}. */
  void addOutput(Heads value, double[] output, int to) {
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        int from = call.keyIndex(value, b, head, j);
        for (int d = 0; d < value.width(); d++) {
          output[to + d] = round(output[to + d] + round(weights[j] * value.data()[from + d * value.columnStride()]));
        }
      }
    }
  }

  /** Adds the weights to the elements of {@code sums} that belong to the keys of a head. These begin with element {@code to}. */
  void addWeights(double[] sums, int to) {
    for (int j = 0; j < keys; j++) {
      int column = to + call.keyRow(b, j);
      sums[column] = round(sums[column] + weights[j]);
    }
  }

  private double[] raw() {
    double[] scores = new double[keys];
    float[] vector = Objects.requireNonNullElse(call.similarity.vector(), new float[0]);
    for (int j = 0; j < keys; j++) {
      scores[j] = round(round(call.scale()) * similarity(call.queryIndex(b, head, query), call.keyIndex(call.key, b, head, j), vector));
    }
    return scores;
  }

  private double similarity(int queryIndex, int keyIndex, float[] vector) {
    Heads x = call.query;
    Heads y = call.key;
    return switch (call.similarity.kind()) {
      case DOT -> dot(x, queryIndex, y, keyIndex);
      case COSINE -> {
        double queryLength = round(Math.sqrt(dot(x, queryIndex, x, queryIndex)));
        double keyLength = round(Math.sqrt(dot(y, keyIndex, y, keyIndex)));
        boolean defined = queryLength != 0 && keyLength != 0;
        yield defined ? round(dot(x, queryIndex, y, keyIndex) / round(queryLength * keyLength)) : 0;
      }
      case ADDITIVE -> {
        double sum = 0;
        for (int a = 0; a < vector.length; a++) {
          double both = round((double) x.data()[queryIndex + a * x.columnStride()] + y.data()[keyIndex + a * y.columnStride()]);
          sum = round(sum + round(vector[a] * round(Math.tanh(both))));
        }
        yield sum;
      }
    };
  }

  private double dot(Heads x, int xFrom, Heads y, int yFrom) {
    double sum = 0;
    for (int d = 0; d < x.width(); d++) {
      sum = round(sum + round((double) x.data()[xFrom + d * x.columnStride()] * y.data()[yFrom + d * y.columnStride()]));
    }
    return sum;
  }

  private double[] capped() {
    double[] scores = raw.clone();
    if (round(call.softcap) != 0) {
      for (int j = 0; j < keys; j++) {
        scores[j] = round(round(call.softcap) * round(Math.tanh(round(raw[j] / round(call.softcap)))));
      }
    }
    return scores;
  }

  private double[] changed() {
    double[] scores = capped.clone();
    for (int j = 0; j < keys; j++) {
      if (call.slopes != null) {
        double distance = Math.abs(position(query + keys - queries) - position(j));
        scores[j] = round(scores[j] - round(call.slopes[head] * distance));
      }
      double bias = call.bias == null ? 0 : biasOf(call.bias, j);
      // A choice instead of a sum: a NaN in the key must not replace −∞.
      scores[j] = bias == GONE ? GONE : round(scores[j] + bias);
    }
    return applied(call.scoreFunction, scores);
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

  private double biasOf(Bias bias, int j) {
    return bias.data()[
        bias.offset() + b * bias.batchStride() + head * bias.headStride() + query * bias.queryStride() + j * bias.keyStride()];
  }

  /** Applies the caller's function, which works on floats and sees the keys that the query sees. Without a function nothing is rounded. */
  private double[] applied(@Nullable RowFunction function, double[] row) {
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
    return largest == GONE ? GONE : Math.max(largest, call.normaliser.sink(head));
  }

  private double sum() {
    double sum = round(Math.exp(round(call.normaliser.sink(head) - largest)));
    for (double score : masked) {
      sum = round(sum + round(Math.exp(round(score - largest))));
    }
    return sum;
  }

  private double[] weights() {
    double[] result = new double[keys];
    int seen = 0;
    for (int j = 0; j < keys; j++) {
      seen += masked[j] == GONE ? 0 : 1;
    }
    double divisor = call.normaliser.averages() ? seen : 1;
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        result[j] = round(weight(call.normaliser.kind(), masked[j]) / divisor);
      }
    }
    result = applied(call.weightFunction, result);
    for (int j = 0; j < keys; j++) {
      // The caller's function may write to any element of its segment, but a removed key stays removed.
      result[j] = masked[j] == GONE ? 0 : result[j];
    }
    return result;
  }

  private double weight(Normaliser.Kind kind, double score) {
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
