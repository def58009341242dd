package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.Heads;

/**
 * The gradients of softmax attention in one key/value head of one batch entry, and in the query heads that read it, from their formulas: P
 * = softmax(QKᵀ/√headDim), dV = Pᵀ·dO, dS = P ∘ (dO·Vᵀ − rows(dO ∘ O)), dQ = dS·K/√headDim, dK = dSᵀ·Q/√headDim ("FlashAttention-2", Dao,
 * 2023, section 2). They check what is measured; nothing here is shared with the library.
 *
 * @param query query heads of the group × queries × headDim
 * @param key keys × headDim
 * @param value keys × valueDim
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record HeadGradients(double[] query, double[] key, double[] value) {

  /** In double precision. */
  public static HeadGradients inDouble(
      Heads query, Heads key, Heads value, Heads outputGradient, int batch, int keyValueHead, boolean causal) {
    return compute(query, key, value, outputGradient, batch, keyValueHead, causal, false);
  }

  /** Rounded to float after each operation, with one accumulator a sum. */
  public static HeadGradients inFloat(
      Heads query, Heads key, Heads value, Heads outputGradient, int batch, int keyValueHead, boolean causal) {
    return compute(query, key, value, outputGradient, batch, keyValueHead, causal, true);
  }

  private static HeadGradients compute(
      Heads query, Heads key, Heads value, Heads outputGradient, int batch, int keyValueHead, boolean causal, boolean rounded) {
    int group = query.heads() / key.heads();
    double[] keys = elements(key, batch, keyValueHead);
    double[] values = elements(value, batch, keyValueHead);
    HeadGradients result =
        new HeadGradients(new double[group * query.rows() * query.width()], new double[keys.length], new double[values.length]);
    for (int g = 0; g < group; g++) {
      int head = keyValueHead * group + g;
      double[] queries = elements(query, batch, head);
      double[] gradients = elements(outputGradient, batch, head);
      for (int row = 0; row < query.rows(); row++) {
        int seen = causal ? key.rows() - query.rows() + row + 1 : key.rows();
        Row one = new Row(queries, row * query.width(), query.width(), gradients, row * value.width(), value.width(), rounded);
        result.add(one, keys, values, seen, (g * query.rows() + row) * query.width());
      }
    }
    return result;
  }

  /** A query and the gradient of its output. */
  private record Row(double[] query, int at, int width, double[] gradient, int atGradient, int valueWidth, boolean rounded) {
    double round(double x) {
      return rounded ? (float) x : x;
    }

    double dot(double[] x, int atX, double[] y, int atY, int count) {
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum = round(sum + round(x[atX + i] * y[atY + i]));
      }
      return sum;
    }

    void add(double factor, double[] x, int atX, double[] y, int atY, int count) {
      for (int i = 0; i < count; i++) {
        y[atY + i] = round(y[atY + i] + round(factor * x[atX + i]));
      }
    }
  }

  /** Adds what one query contributes. */
  private void add(Row row, double[] keys, double[] values, int seen, int to) {
    double scale = row.round(1 / Math.sqrt(row.width));
    double[] weights = new double[Math.max(0, seen)];
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = row.round(scale * row.dot(row.query, row.at, keys, j * row.width, row.width));
      largest = Math.max(largest, weights[j]);
    }
    double sum = 0;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = row.round(Math.exp(row.round(weights[j] - largest)));
      sum = row.round(sum + weights[j]);
    }
    double[] slopes = new double[weights.length];
    double mean = 0;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = row.round(weights[j] / sum);
      slopes[j] = row.dot(row.gradient, row.atGradient, values, j * row.valueWidth, row.valueWidth);
      mean = row.round(mean + row.round(weights[j] * slopes[j]));
    }
    for (int j = 0; j < weights.length; j++) {
      double slope = row.round(scale * row.round(weights[j] * row.round(slopes[j] - mean)));
      row.add(slope, keys, j * row.width, query, to, row.width);
      row.add(slope, row.query, row.at, key, j * row.width, row.width);
      row.add(weights[j], row.gradient, row.atGradient, value, j * row.valueWidth, row.valueWidth);
    }
  }

  private static double[] elements(Heads heads, int batch, int head) {
    double[] elements = new double[heads.rows() * heads.width()];
    for (int row = 0; row < heads.rows(); row++) {
      for (int column = 0; column < heads.width(); column++) {
        elements[row * heads.width() + column] = heads.get(batch, head, row, column);
      }
    }
    return elements;
  }
}
