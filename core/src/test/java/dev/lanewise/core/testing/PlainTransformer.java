package dev.lanewise.core.testing;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.NormPlacement;
import dev.lanewise.kernels.data.Activation;
import java.util.function.BiPredicate;
import java.util.function.DoubleUnaryOperator;

/**
 * A transformer's layers written down plainly for one sequence, rows × width. Every operation's result passes through {@code round}: the
 * identity makes it the double reference, a cast to float the plain float code that errors are budgeted against.
 */
public final class PlainTransformer {
  private final DoubleUnaryOperator round;

  private PlainTransformer(DoubleUnaryOperator round) {
    this.round = round;
  }

  public static PlainTransformer inDouble() {
    return new PlainTransformer(x -> x);
  }

  public static PlainTransformer inFloat() {
    return new PlainTransformer(x -> (float) x);
  }

  public double[][] encoderLayer(LayerParts parts, double[][] x, BiPredicate<Integer, Integer> sees) {
    if (parts.placement() == NormPlacement.POST) {
      double[][] y = norm(parts, 0, add(x, attention(parts.attention(), x, x, x, sees)));
      return norm(parts, 1, add(y, feedForward(parts, y)));
    }
    double[][] normed = norm(parts, 0, x);
    double[][] y = add(x, attention(parts.attention(), normed, normed, normed, sees));
    return add(y, feedForward(parts, norm(parts, 1, y)));
  }

  public double[][] decoderLayer(LayerParts parts, double[][] x, double[][] memory) {
    BiPredicate<Integer, Integer> causal = (i, j) -> j <= i;
    BiPredicate<Integer, Integer> all = (i, j) -> true;
    if (parts.placement() == NormPlacement.POST) {
      double[][] y = norm(parts, 0, add(x, attention(parts.attention(), x, x, x, causal)));
      double[][] z = norm(parts, 2, add(y, attention(parts.cross(), y, memory, memory, all)));
      return norm(parts, 1, add(z, feedForward(parts, z)));
    }
    double[][] normed = norm(parts, 0, x);
    double[][] y = add(x, attention(parts.attention(), normed, normed, normed, causal));
    double[][] z = add(y, attention(parts.cross(), norm(parts, 2, y), memory, memory, all));
    return add(z, feedForward(parts, norm(parts, 1, z)));
  }

  public double[][] norm(LayerParts parts, int which, double[][] x) {
    double[][] result = new double[x.length][];
    for (int row = 0; row < x.length; row++) {
      int width = x[row].length;
      double mean = 0;
      for (double v : x[row]) {
        mean = round(mean + v);
      }
      mean = parts.rms() ? 0 : round(mean / width);
      double squares = 0;
      for (double v : x[row]) {
        double centred = round(v - mean);
        squares = round(squares + round(centred * centred));
      }
      double scale = round(1 / Math.sqrt(round(squares / width) + LayerParts.EPSILON));
      result[row] = new double[width];
      for (int c = 0; c < width; c++) {
        double scaled = round(round(round(x[row][c] - mean) * scale) * parts.normWeight(which)[c]);
        result[row][c] = parts.rms() ? scaled : round(scaled + parts.normBias(which)[c]);
      }
    }
    return result;
  }

  private double[][] feedForward(LayerParts parts, double[][] x) {
    double[][] hidden = linear(parts.up(), x);
    double[][] gate = parts.gated() ? linear(parts.gate(), x) : hidden;
    for (int row = 0; row < x.length; row++) {
      for (int c = 0; c < hidden[row].length; c++) {
        double opened = round(activate(parts.activation(), gate[row][c]));
        hidden[row][c] = parts.gated() ? round(opened * hidden[row][c]) : opened;
      }
    }
    return linear(parts.down(), hidden);
  }

  private static double activate(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> Math.max(0, x);
      case SILU -> x / (1 + Math.exp(-x));
      case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      default -> throw new IllegalArgumentException("no plain " + activation);
    };
  }

  /** Query, key and value are projected from the given rows; the latter two have as many. */
  public double[][] attention(
      LayerShape shape, double[][] x, double[][] source, double[][] valueSource, BiPredicate<Integer, Integer> sees) {
    double[][] query = linear(shape.query(), x);
    double[][] key = linear(shape.key(), source);
    double[][] value = linear(shape.value(), valueSource);
    double[][] heads = new double[x.length][shape.numHeads() * shape.valueDim()];
    for (int head = 0; head < shape.numHeads(); head++) {
      int keyFrom = head * shape.keyValueHeads() / shape.numHeads() * shape.headDim();
      int valueFrom = head * shape.keyValueHeads() / shape.numHeads() * shape.valueDim();
      for (int i = 0; i < x.length; i++) {
        double[] weights = new double[source.length];
        double sum = 0;
        for (int j = 0; j < source.length; j++) {
          double score = 0;
          for (int d = 0; d < shape.headDim(); d++) {
            score = round(score + round(query[i][head * shape.headDim() + d] * key[j][keyFrom + d]));
          }
          weights[j] = sees.test(i, j) ? round(Math.exp(round(score / Math.sqrt(shape.headDim())))) : 0;
          sum = round(sum + weights[j]);
        }
        for (int j = 0; j < source.length; j++) {
          for (int d = 0; d < shape.valueDim() && weights[j] > 0; d++) {
            int at = head * shape.valueDim() + d;
            heads[i][at] = round(heads[i][at] + round(round(weights[j] / sum) * value[j][valueFrom + d]));
          }
        }
      }
    }
    return linear(shape.output(), heads);
  }

  private double[][] linear(LayerShape.Weights of, double[][] x) {
    double[][] result = new double[x.length][of.outputs()];
    for (int row = 0; row < x.length; row++) {
      for (int o = 0; o < of.outputs(); o++) {
        double sum = of.bias()[o];
        for (int i = 0; i < of.inputs(); i++) {
          sum = round(sum + round(x[row][i] * of.weight()[o * of.inputs() + i]));
        }
        result[row][o] = sum;
      }
    }
    return result;
  }

  private double[][] add(double[][] x, double[][] y) {
    double[][] result = new double[x.length][x[0].length];
    for (int row = 0; row < x.length; row++) {
      for (int c = 0; c < x[row].length; c++) {
        result[row][c] = round(x[row][c] + y[row][c]);
      }
    }
    return result;
  }

  private double round(double x) {
    return round.applyAsDouble(x);
  }

  public static double[][] rows(SequenceBatch x, int b) {
    double[][] rows = new double[x.rows()][x.width()];
    for (int row = 0; row < x.rows(); row++) {
      for (int c = 0; c < x.width(); c++) {
        rows[row][c] = x.get(b, row, c);
      }
    }
    return rows;
  }
}
