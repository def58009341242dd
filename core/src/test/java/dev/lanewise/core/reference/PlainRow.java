package dev.lanewise.core.reference;

import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One query of {@link PlainVariant}: what anybody would write first, one float accumulator a sum. */
public final class PlainRow {
  private static final float GONE = Float.NEGATIVE_INFINITY;

  private final ReferenceAttention call;
  private final int b;
  private final int head;
  private final int query;
  private final int queries;
  private final int keys;
  private final Map<Stage, float[]> stages = new EnumMap<>(Stage.class);
  private float largest = GONE;
  private float sum;

  public PlainRow(ReferenceAttention call, Extents extents, int b, int head, int query) {
    this.call = call;
    this.b = b;
    this.head = head;
    this.query = query;
    this.queries = extents.queries(b);
    this.keys = extents.keys(b);
    float[] row = new float[keys];
    for (int j = 0; j < keys; j++) {
      row[j] = (float) call.scale() * similarity(j);
    }
    stages.put(Stage.RAW, row.clone());
    float softcap = (float) call.softcap;
    for (int j = 0; j < keys && softcap != 0; j++) {
      row[j] = softcap * (float) Math.tanh(row[j] / softcap);
    }
    stages.put(Stage.CAPPED, row.clone());
    change(row);
    stages.put(Stage.CHANGED, row.clone());
    for (int j = 0; j < keys; j++) {
      row[j] = visible(j) ? row[j] : GONE;
    }
    stages.put(Stage.MASKED, row.clone());
    normalise(row);
    stages.put(Stage.WEIGHTS, row);
  }

  public float[] at(Stage stage) {
    return Objects.requireNonNull(stages.get(stage));
  }

  public float logSumExp() {
    return largest == GONE ? call.normaliser.sink(head) : largest + (float) Math.log(sum);
  }

  public void output(Heads value, float[] output, int to) {
    for (int d = 0; d < value.width(); d++) {
      for (int j = 0; j < keys; j++) {
        if (at(Stage.MASKED)[j] != GONE) {
          output[to + d] += at(Stage.WEIGHTS)[j] * value.data()[call.keyIndex(value, b, head, j) + d];
        }
      }
    }
  }

  public void addWeights(float[] sums, int to) {
    for (int j = 0; j < keys; j++) {
      sums[to + call.keyRow(b, j)] += at(Stage.WEIGHTS)[j];
    }
  }

  private boolean visible(int j) {
    return call.mask.visible(b, head, query, j, queries, keys);
  }

  private float similarity(int j) {
    float[] x = call.query.data();
    float[] y = call.key.data();
    int from = call.queryIndex(b, head, query);
    int to = call.keyIndex(call.key, b, head, j);
    float[] vector = call.similarity.vector();
    float dot = 0;
    float xSquares = 0;
    float ySquares = 0;
    float additive = 0;
    for (int d = 0; d < call.query.width(); d++) {
      dot += x[from + d] * y[to + d];
      xSquares += x[from + d] * x[from + d];
      ySquares += y[to + d] * y[to + d];
      additive += vector == null ? 0 : vector[d] * (float) Math.tanh(x[from + d] + y[to + d]);
    }
    return switch (call.similarity.kind()) {
      case DOT -> dot;
      case COSINE -> xSquares == 0 || ySquares == 0 ? 0 : dot / ((float) Math.sqrt(xSquares) * (float) Math.sqrt(ySquares));
      case ADDITIVE -> additive;
    };
  }

  private int position(int row) {
    int[] depths = call.mask.depths();
    int firstNode = depths == null ? keys : keys - depths.length;
    return row < firstNode || depths == null ? row : firstNode + depths[row - firstNode];
  }

  private void change(float[] row) {
    for (int j = 0; j < keys; j++) {
      float slope = call.slopes == null ? 0 : call.slopes[head];
      row[j] -= slope * Math.abs(position(query + keys - queries) - position(j));
      float bias = call.bias == null ? 0 : element(call.bias, j);
      row[j] = bias == GONE ? GONE : row[j] + bias;
    }
    apply(call.scoreFunction, row);
  }

  private float element(Bias bias, int j) {
    return bias.data()[
        bias.offset() + b * bias.batchStride() + head * bias.headStride() + query * bias.queryStride() + j * bias.keyStride()];
  }

  private void apply(@Nullable RowFunction function, float[] row) {
    for (int first = 0; function != null && first < keys; first++) {
      int from = first;
      while (first < keys && visible(first)) {
        first++;
      }
      if (from < first) {
        function.apply(row, from, first - from, b, head, query, from);
      }
    }
  }

  private void normalise(float[] row) {
    int seen = 0;
    for (int j = 0; j < keys; j++) {
      largest = Math.max(largest, row[j]);
      seen += row[j] == GONE ? 0 : 1;
    }
    largest = largest == GONE ? GONE : Math.max(largest, call.normaliser.sink(head));
    sum = (float) Math.exp(call.normaliser.sink(head) - largest);
    for (int j = 0; j < keys; j++) {
      sum += (float) Math.exp(row[j] - largest);
    }
    int divisor = call.normaliser.averages() ? seen : 1;
    for (int j = 0; j < keys; j++) {
      row[j] = row[j] == GONE ? 0 : weight(call.normaliser.kind(), row[j]) / divisor;
    }
    apply(call.weightFunction, row);
    for (int j = 0; j < keys; j++) {
      row[j] = at(Stage.MASKED)[j] == GONE ? 0 : row[j];
    }
  }

  private float weight(Normaliser.Kind kind, float score) {
    return switch (kind) {
      case SOFTMAX -> (float) Math.exp(score - largest) / sum;
      case RELU -> Math.max(score, 0);
      case SQUARED_RELU -> Math.max(score, 0) * Math.max(score, 0);
      case SIGMOID -> 1 / (1 + (float) Math.exp(-score));
      case LINEAR -> score;
    };
  }
}
