package dev.lanewise.bench.throughput.data;

import dev.lanewise.core.SequenceBatch;
import java.util.function.DoubleUnaryOperator;

/**
 * An encoder layer written down plainly; the result of every operation passes through {@code round}: the identity makes it the double
 * reference, a cast to float the plain float code.
 */
public final class PlainEncoder {
  private final EncoderWeights weights;
  private final int heads;
  private final double epsilon;
  private final DoubleUnaryOperator round;

  /** With so many heads; {@code round} is applied to every result. */
  public PlainEncoder(EncoderWeights weights, int heads, double epsilon, DoubleUnaryOperator round) {
    this.weights = weights;
    this.heads = heads;
    this.epsilon = epsilon;
    this.round = round;
  }

  /** The given rows of a batch entry. */
  public double[][] layer(SequenceBatch x, int b, int[] rows) {
    int embedDim = x.width();
    double[][] all = new double[x.rows()][embedDim];
    for (int row = 0; row < x.rows(); row++) {
      for (int c = 0; c < embedDim; c++) {
        all[row][c] = x.get(b, row, c);
      }
    }
    double[][] key = linear(all, weights.input(), weights.inputBias(), embedDim, embedDim);
    double[][] value = linear(all, weights.input(), weights.inputBias(), 2 * embedDim, embedDim);
    double[][] chosen = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      chosen[i] = all[rows[i]];
    }
    double[][] query = linear(chosen, weights.input(), weights.inputBias(), 0, embedDim);
    double[][] attended = linear(attend(query, key, value), weights.output(), weights.outputBias(), 0, embedDim);
    double[][] y = norm(chosen, attended);
    double[][] hidden = linear(y, weights.up(), weights.upBias(), 0, weights.upBias().length);
    for (double[] row : hidden) {
      for (int c = 0; c < row.length; c++) {
        row[c] = round(gelu(row[c]));
      }
    }
    return norm(y, linear(hidden, weights.down(), weights.downBias(), 0, embedDim));
  }

  private double[][] attend(double[][] query, double[][] key, double[][] value) {
    int headDim = query[0].length / heads;
    double[][] result = new double[query.length][query[0].length];
    double[] scores = new double[key.length];
    for (int i = 0; i < query.length; i++) {
      for (int from = 0; from < query[i].length; from += headDim) {
        double sum = 0;
        for (int j = 0; j < key.length; j++) {
          double score = 0;
          for (int d = from; d < from + headDim; d++) {
            score = round(score + round(query[i][d] * key[j][d]));
          }
          scores[j] = round(Math.exp(round(score / Math.sqrt(headDim))));
          sum = round(sum + scores[j]);
        }
        for (int j = 0; j < key.length; j++) {
          double weight = round(scores[j] / sum);
          for (int d = from; d < from + headDim; d++) {
            result[i][d] = round(result[i][d] + round(weight * value[j][d]));
          }
        }
      }
    }
    return result;
  }

  /** The outputs from {@code from} on of a weight that may hold more. */
  private double[][] linear(double[][] x, float[] weight, float[] bias, int from, int outputs) {
    int inputs = x[0].length;
    double[][] result = new double[x.length][outputs];
    for (int row = 0; row < x.length; row++) {
      for (int o = 0; o < outputs; o++) {
        double sum = bias[from + o];
        for (int i = 0; i < inputs; i++) {
          sum = round(sum + round(x[row][i] * weight[(from + o) * inputs + i]));
        }
        result[row][o] = sum;
      }
    }
    return result;
  }

  /** Layer norm of x + y. */
  private double[][] norm(double[][] x, double[][] y) {
    double[][] result = new double[x.length][x[0].length];
    for (int row = 0; row < x.length; row++) {
      double[] sum = result[row];
      double mean = 0;
      for (int c = 0; c < sum.length; c++) {
        sum[c] = round(x[row][c] + y[row][c]);
        mean = round(mean + sum[c]);
      }
      mean = round(mean / sum.length);
      double squares = 0;
      for (double v : sum) {
        squares = round(squares + round(round(v - mean) * round(v - mean)));
      }
      double scale = round(1 / Math.sqrt(squares / sum.length + epsilon));
      for (int c = 0; c < sum.length; c++) {
        sum[c] = round(round(round(sum[c] - mean) * scale) * weights.norm()[c]);
        sum[c] = round(sum[c] + weights.normBias()[c]);
      }
    }
    return result;
  }

  /** x · Φ(x), Φ by a series that is exact to double precision (Marsaglia, "Evaluating the normal distribution", 2004). */
  static double gelu(double x) {
    if (Math.abs(x) > 8) {
      return x > 0 ? x : 0;
    }
    double term = x;
    double sum = x;
    for (int i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
      term *= x * x / i;
      sum += term;
    }
    return x * (0.5 + sum * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI));
  }

  private double round(double x) {
    return round.applyAsDouble(x);
  }
}
