package dev.lanewise.core.learn.loss;

import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The losses and their gradients in plain loops, written from the formulas. Every result of an operation is rounded to float if {@code
 * inFloat}: this is the plain float code of the accuracy policy.
 */
record PlainLoss(boolean inFloat) {
  static final PlainLoss EXACT = new PlainLoss(false);
  static final PlainLoss PLAIN = new PlainLoss(true);

  private double r(double x) {
    return inFloat ? (float) x : x;
  }

  static double[] doubles(float[] x) {
    double[] doubles = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      doubles[i] = x[i];
    }
    return doubles;
  }

  static float[] random(long seed, int length) {
    Random random = new Random(seed);
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  double squares(double[] x, double[] target, double @Nullable [] gradient) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double difference = r(x[i] - target[i]);
      sum = r(sum + r(difference * difference));
      if (gradient != null) {
        gradient[i] = r(r(2 * difference) / x.length);
      }
    }
    return r(sum / x.length);
  }

  private double dot(double[] x, int atX, double[] y, int atY, int width) {
    double sum = 0;
    for (int c = 0; c < width; c++) {
      sum = r(sum + r(x[atX + c] * y[atY + c]));
    }
    return sum;
  }

  private double cosine(double[] x, int atX, double[] y, int atY, int width) {
    double square = r(dot(x, atX, x, atX, width) * dot(y, atY, y, atY, width));
    return square == 0 ? 0 : r(dot(x, atX, y, atY, width) / r(Math.sqrt(square)));
  }

  /** Adds {@code slope} times the gradient of cos(x, y) by x. */
  private void addCosineGradient(double slope, double[] x, int atX, double[] y, int atY, int width, double[] gradient) {
    double squareX = dot(x, atX, x, atX, width);
    double squareY = dot(y, atY, y, atY, width);
    if (squareX > 0 && squareY > 0) {
      double both = r(Math.sqrt(r(squareX * squareY)));
      double cosine = r(dot(x, atX, y, atY, width) / both);
      for (int c = 0; c < width; c++) {
        double derivative = r(r(y[atY + c] / both) - r(r(cosine * x[atX + c]) / squareX));
        gradient[atX + c] = r(gradient[atX + c] + r(slope * derivative));
      }
    }
  }

  /**
   * The loss of pairs of vectors.
   *
   * @param margin NaN for wanted cosines
   */
  double cosines(double[] x, double[] y, float[] targets, double margin, double[] xGradient, double[] yGradient) {
    int pairs = targets.length;
    int width = x.length / pairs;
    double sum = 0;
    for (int i = 0; i < pairs; i++) {
      double cosine = cosine(x, i * width, y, i * width, width);
      double target = targets[i];
      double loss;
      double slope;
      if (Double.isNaN(margin)) {
        loss = r(r(cosine - target) * r(cosine - target));
        slope = r(2 * r(cosine - target));
      } else if (target == 1) {
        loss = r(1 - cosine);
        slope = -1;
      } else {
        loss = Math.max(0, r(cosine - margin));
        slope = cosine > margin ? 1 : 0;
      }
      sum = r(sum + loss);
      addCosineGradient(r(slope / pairs), x, i * width, y, i * width, width, xGradient);
      addCosineGradient(r(slope / pairs), y, i * width, x, i * width, width, yGradient);
    }
    return r(sum / pairs);
  }

  double contrast(double[] x, double[] y, int width, double temperature, boolean symmetric, double[] xGradient, double[] yGradient) {
    int n = x.length / width;
    int m = y.length / width;
    double[][] scores = new double[n][m];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        scores[i][j] = r(cosine(x, i * width, y, j * width, width) / temperature);
      }
    }
    double sum = 0;
    double share = symmetric ? r(0.5 / n) : r(1.0 / n);
    double[][] slopes = new double[n][m];
    for (int i = 0; i < n; i++) {
      double[] row = scores[i];
      sum = r(sum + entropy(row, i, share, slopes[i]));
    }
    for (int j = 0; symmetric && j < n; j++) {
      double[] column = new double[n];
      double[] slope = new double[n];
      for (int i = 0; i < n; i++) {
        column[i] = scores[i][j];
      }
      sum = r(sum + entropy(column, j, share, slope));
      for (int i = 0; i < n; i++) {
        slopes[i][j] = r(slopes[i][j] + slope[i]);
      }
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        double slope = r(slopes[i][j] / temperature);
        addCosineGradient(slope, x, i * width, y, j * width, width, xGradient);
        addCosineGradient(slope, y, j * width, x, i * width, width, yGradient);
      }
    }
    return r(sum * share);
  }

  /** −ln softmax(scores)[own]; writes {@code share} times its derivatives. */
  private double entropy(double[] scores, int own, double share, double[] slopes) {
    double largest = scores[0];
    for (double score : scores) {
      largest = Math.max(largest, score);
    }
    double sum = 0;
    for (double score : scores) {
      sum = r(sum + r(Math.exp(r(score - largest))));
    }
    for (int j = 0; j < scores.length; j++) {
      double weight = r(r(Math.exp(r(scores[j] - largest))) / sum);
      slopes[j] = r(share * r(weight - (j == own ? 1 : 0)));
    }
    return r(r(r(Math.log(sum)) + largest) - scores[own]);
  }

  /**
   * The mean of −Σ<sub>c</sub> t<sub>c</sub> ln softmax(logits)<sub>c</sub> over the rows that count, with t = 1 − smoothing at the target
   * plus smoothing / classes everywhere.
   */
  double classes(double[] logits, int[] targets, int ignored, double smoothing, double divisor, double[] gradient) {
    int classes = logits.length / targets.length;
    double sum = 0;
    for (int row = 0; row < targets.length; row++) {
      if (targets[row] != ignored) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
          largest = Math.max(largest, logits[row * classes + c]);
        }
        double exponentials = 0;
        for (int c = 0; c < classes; c++) {
          exponentials = r(exponentials + r(Math.exp(r(logits[row * classes + c] - largest))));
        }
        double logSum = r(r(Math.log(exponentials)) + largest);
        for (int c = 0; c < classes; c++) {
          double wanted = r(r(smoothing / classes) + (c == targets[row] ? r(1 - smoothing) : 0));
          sum = r(sum + r(wanted * r(logSum - logits[row * classes + c])));
          double weight = r(r(Math.exp(r(logits[row * classes + c] - largest))) / exponentials);
          gradient[row * classes + c] = r(r(weight - wanted) / divisor);
        }
      }
    }
    return r(sum / divisor);
  }
}
