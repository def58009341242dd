package dev.lanewise.text.model;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** An encoder by its formulas, in plain double loops, on the tensors of a {@link RandomEncoder}. */
final class PlainEncoder {
  private final RandomEncoder model;

  PlainEncoder(RandomEncoder model) {
    this.model = model;
  }

  /** A row for each token. */
  double[][] rows(int[] ids, int[] types) {
    RandomEncoder.Family family = model.family();
    String own = family.prefix;
    double epsilon = family == RandomEncoder.Family.ROBERTA ? 1e-5f : 1e-12f;
    double[][] x = new double[ids.length][];
    for (int i = 0; i < ids.length; i++) {
      x[i] = row(own + "embeddings.word_embeddings.weight", ids[i]);
      addTo(x[i], row(own + "embeddings.position_embeddings.weight", i + (family == RandomEncoder.Family.ROBERTA ? 2 : 0)));
      if (family.types > 0) {
        addTo(x[i], row(own + "embeddings.token_type_embeddings.weight", types[i]));
      }
      norm(x[i], own + "embeddings.LayerNorm", epsilon);
    }
    for (int layer = 0; layer < RandomEncoder.LAYERS; layer++) {
      x =
          family.distilled()
              ? distilled(own + "transformer.layer." + layer + ".", x)
              : layer(own + "encoder.layer." + layer + ".", x, epsilon);
    }
    return x;
  }

  private double[][] layer(String prefix, double[][] x, double epsilon) {
    String self = prefix + "attention.self.";
    double[][] attended = attention(x, self + "query", self + "key", self + "value");
    double[][] y = sublayer(x, linear(prefix + "attention.output.dense", attended), prefix + "attention.output.LayerNorm", epsilon);
    double[][] inner = map(linear(prefix + "intermediate.dense", y), activation());
    return sublayer(y, linear(prefix + "output.dense", inner), prefix + "output.LayerNorm", epsilon);
  }

  private double[][] distilled(String prefix, double[][] x) {
    double[][] attended = attention(x, prefix + "attention.q_lin", prefix + "attention.k_lin", prefix + "attention.v_lin");
    double[][] y = sublayer(x, linear(prefix + "attention.out_lin", attended), prefix + "sa_layer_norm", 1e-12f);
    double[][] inner = map(linear(prefix + "ffn.lin1", y), activation());
    return sublayer(y, linear(prefix + "ffn.lin2", inner), prefix + "output_layer_norm", 1e-12f);
  }

  private DoubleUnaryOperator activation() {
    return switch (model.family()) {
      case BERT -> x -> x * (0.5 + normalIntegral(x));
      case ROBERTA -> x -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case DISTILBERT -> x -> Math.max(x, 0);
    };
  }

  /** The integral of the normal density from 0 to x. */
  private static double normalIntegral(double x) {
    double term = x;
    double sum = x;
    for (int odd = 3; Math.abs(term) > 1e-18 * Math.abs(sum); odd += 2) {
      term *= x * x / odd;
      sum += term;
    }
    return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * sum;
  }

  /** The outputs of the classifier for the row of the first token. */
  double[] logits(double[] first) {
    double[][] x = {first};
    return switch (model.family()) {
      case BERT -> linear("classifier", new double[][] {pooled(first)})[0];
      case ROBERTA -> linear("classifier.out_proj", map(linear("classifier.dense", x), Math::tanh))[0];
      case DISTILBERT -> linear("classifier", map(linear("pre_classifier", x), y -> Math.max(y, 0)))[0];
    };
  }

  double[] pooled(double[] first) {
    return map(linear("bert.pooler.dense", new double[][] {first}), Math::tanh)[0];
  }

  private double[] row(String table, int row) {
    double[] x = new double[RandomEncoder.WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = model.tensor(table)[row * x.length + i];
    }
    return x;
  }

  private static void addTo(double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      x[i] += y[i];
    }
  }

  private void norm(double[] x, String name, double epsilon) {
    double mean = 0;
    for (double value : x) {
      mean += value / x.length;
    }
    double variance = 0;
    for (double value : x) {
      variance += (value - mean) * (value - mean) / x.length;
    }
    for (int i = 0; i < x.length; i++) {
      x[i] = (x[i] - mean) / Math.sqrt(variance + epsilon) * model.tensor(name + ".weight")[i] + model.tensor(name + ".bias")[i];
    }
  }

  private double[][] linear(String name, double[][] x) {
    float[] weight = model.tensor(name + ".weight");
    float[] bias = model.tensor(name + ".bias");
    double[][] y = new double[x.length][bias.length];
    for (int row = 0; row < x.length; row++) {
      for (int i = 0; i < bias.length; i++) {
        y[row][i] = bias[i];
        for (int j = 0; j < x[row].length; j++) {
          y[row][i] += weight[i * x[row].length + j] * x[row][j];
        }
      }
    }
    return y;
  }

  private static double[][] map(double[][] x, DoubleUnaryOperator function) {
    double[][] y = new double[x.length][];
    for (int row = 0; row < x.length; row++) {
      y[row] = Arrays.stream(x[row]).map(function).toArray();
    }
    return y;
  }

  private double[][] sublayer(double[][] x, double[][] y, String norm, double epsilon) {
    for (int row = 0; row < x.length; row++) {
      addTo(y[row], x[row]);
      norm(y[row], norm, epsilon);
    }
    return y;
  }

  private double[][] attention(double[][] x, String queryName, String keyName, String valueName) {
    double[][] query = linear(queryName, x);
    double[][] key = linear(keyName, x);
    double[][] value = linear(valueName, x);
    int headDim = RandomEncoder.WIDTH / RandomEncoder.HEADS;
    double[][] y = new double[x.length][RandomEncoder.WIDTH];
    for (int head = 0; head < RandomEncoder.HEADS; head++) {
      for (int i = 0; i < x.length; i++) {
        double[] weights = new double[x.length];
        double sum = 0;
        for (int j = 0; j < x.length; j++) {
          for (int d = head * headDim; d < (head + 1) * headDim; d++) {
            weights[j] += query[i][d] * key[j][d];
          }
          weights[j] = Math.exp(weights[j] / Math.sqrt(headDim));
          sum += weights[j];
        }
        for (int j = 0; j < x.length; j++) {
          for (int d = head * headDim; d < (head + 1) * headDim; d++) {
            y[i][d] += weights[j] / sum * value[j][d];
          }
        }
      }
    }
    return y;
  }
}
