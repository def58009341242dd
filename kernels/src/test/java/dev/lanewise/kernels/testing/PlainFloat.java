package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import org.jspecify.annotations.Nullable;

/** The same formulas as the first float code that comes to mind, one sum after another: its error sets the budget of the kernels. */
public final class PlainFloat {
  private PlainFloat() {}

  public static float[][] scores(Matrix query, Matrix key, float scale) {
    float[][] scores = new float[query.rows()][key.rows()];
    for (int i = 0; i < query.rows(); i++) {
      for (int j = 0; j < key.rows(); j++) {
        float sum = 0;
        for (int d = 0; d < query.columns(); d++) {
          sum += query.data()[query.index(i, d)] * key.data()[key.index(j, d)];
        }
        scores[i][j] = scale * sum;
      }
    }
    return scores;
  }

  public static float[][] additiveScores(Matrix query, Matrix key, float[] vector) {
    float[][] scores = new float[query.rows()][key.rows()];
    for (int i = 0; i < query.rows(); i++) {
      for (int j = 0; j < key.rows(); j++) {
        for (int a = 0; a < vector.length; a++) {
          scores[i][j] += vector[a] * (float) Math.tanh(query.data()[query.index(i, a)] + key.data()[key.index(j, a)]);
        }
      }
    }
    return scores;
  }

  public static float[][] softmax(Matrix scores) {
    float[][] weights = new float[scores.rows()][scores.columns()];
    for (int i = 0; i < scores.rows(); i++) {
      float max = Float.NEGATIVE_INFINITY;
      for (int j = 0; j < scores.columns(); j++) {
        max = Math.max(max, scores.get(i, j));
      }
      float sum = 0;
      for (int j = 0; j < scores.columns(); j++) {
        weights[i][j] = (float) Math.exp(scores.get(i, j) - max);
        sum += weights[i][j];
      }
      for (int j = 0; j < scores.columns(); j++) {
        weights[i][j] /= sum;
      }
    }
    return weights;
  }

  /** Layer norm if {@code centred}, else RMS norm; two passes, one accumulator each. */
  public static float[][] norm(Matrix x, boolean centred, float @Nullable [] weight, float @Nullable [] bias, float epsilon) {
    float[][] result = new float[x.rows()][x.columns()];
    for (int i = 0; i < x.rows(); i++) {
      float sum = 0;
      for (int j = 0; centred && j < x.columns(); j++) {
        sum += x.get(i, j);
      }
      float mean = sum / x.columns();
      float squares = 0;
      for (int j = 0; j < x.columns(); j++) {
        squares += (x.get(i, j) - mean) * (x.get(i, j) - mean);
      }
      float scale = (float) (1 / Math.sqrt(squares / x.columns() + epsilon));
      for (int j = 0; j < x.columns(); j++) {
        result[i][j] = (x.get(i, j) - mean) * scale * (weight == null ? 1 : weight[j]) + (bias == null ? 0 : bias[j]);
      }
    }
    return result;
  }

  public static float[][] output(Matrix weights, Matrix value) {
    return product(weights, value, null);
  }

  /**
   * input · weight + bias; the inner index runs in order.
   *
   * @param weight inputs × outputs
   */
  public static float[][] product(Matrix input, Matrix weight, float @Nullable [] bias) {
    float[][] result = new float[input.rows()][weight.columns()];
    for (int r = 0; r < input.rows(); r++) {
      for (int i = 0; i < weight.rows(); i++) {
        float factor = input.data()[input.index(r, i)];
        for (int o = 0; o < weight.columns(); o++) {
          result[r][o] += factor * weight.data()[weight.index(i, o)];
        }
      }
      for (int o = 0; bias != null && o < bias.length; o++) {
        result[r][o] += bias[o];
      }
    }
    return result;
  }

  /** Each function in double, rounded once: what is left is the error of the sums that went in. */
  public static float[][] activated(Activation activation, float[][] x) {
    float[][] result = new float[x.length][];
    for (int row = 0; row < x.length; row++) {
      result[row] = new float[x[row].length];
      for (int column = 0; column < x[row].length; column++) {
        result[row][column] = (float) DoubleReference.activation(activation, x[row][column]);
      }
    }
    return result;
  }
}
