package dev.lanewise.testing;

import java.util.Arrays;

/**
 * Reverse-mode differentiation of single numbers, the reference of everything that learns. A program builds a graph of numbers, in double
 * or with every number and every derivative rounded to float. The first is the truth, and the second is what plain float code gives. It
 * shares no code with the library, and finite differences confirm its derivatives in the tests of attention.
 */
public final class ScalarGraph {
  private final boolean rounded;
  private int size;
  private double[] values = new double[1024];
  private int[] lefts = new int[1024];
  private int[] rights = new int[1024];
  private double[] leftFactors = new double[1024];
  private double[] rightFactors = new double[1024];

  private ScalarGraph(boolean rounded) {
    this.rounded = rounded;
  }

  public static ScalarGraph inDouble() {
    return new ScalarGraph(false);
  }

  public static ScalarGraph inFloat() {
    return new ScalarGraph(true);
  }

  private double round(double x) {
    return rounded ? (float) x : x;
  }

  private int node(double value, int left, double leftFactor, int right, double rightFactor) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
      lefts = Arrays.copyOf(lefts, 2 * size);
      rights = Arrays.copyOf(rights, 2 * size);
      leftFactors = Arrays.copyOf(leftFactors, 2 * size);
      rightFactors = Arrays.copyOf(rightFactors, 2 * size);
    }
    values[size] = round(value);
    lefts[size] = left;
    rights[size] = right;
    leftFactors[size] = round(leftFactor);
    rightFactors[size] = round(rightFactor);
    return size++;
  }

  /** A number that the program receives, or a constant. */
  public int number(double value) {
    return node(value, -1, 0, -1, 0);
  }

  public int add(int x, int y) {
    return node(values[x] + values[y], x, 1, y, 1);
  }

  public int subtract(int x, int y) {
    return node(values[x] - values[y], x, 1, y, -1);
  }

  public int multiply(int x, int y) {
    return node(values[x] * values[y], x, values[y], y, values[x]);
  }

  public int divide(int x, int y) {
    double quotient = round(values[x] / values[y]);
    return node(quotient, x, 1 / values[y], y, -round(quotient / values[y]));
  }

  /** factor · x. */
  public int scale(int x, double factor) {
    return node(round(factor) * values[x], x, factor, -1, 0);
  }

  /** x + constant. */
  public int shift(int x, double constant) {
    return node(values[x] + constant, x, 1, -1, 0);
  }

  /** Any function of one number, by its value and its derivative. */
  public int function(int x, double value, double derivative) {
    return node(value, x, derivative, -1, 0);
  }

  public int exp(int x) {
    double power = round(Math.exp(values[x]));
    return function(x, power, power);
  }

  public int log(int x) {
    return function(x, Math.log(values[x]), 1 / values[x]);
  }

  public int tanh(int x) {
    double tanh = round(Math.tanh(values[x]));
    return function(x, tanh, 1 - round(tanh * tanh));
  }

  public int sqrt(int x) {
    double root = round(Math.sqrt(values[x]));
    return function(x, root, 0.5 / root);
  }

  public int relu(int x) {
    return function(x, Math.max(values[x], 0), values[x] > 0 ? 1 : 0);
  }

  public int sigmoid(int x) {
    double sigmoid = round(1 / (1 + round(Math.exp(-values[x]))));
    return function(x, sigmoid, round(sigmoid * round(1 - sigmoid)));
  }

  public double value(int x) {
    return values[x];
  }

  /**
   * Computes the derivatives of Σ seeds[i] · outputs[i] with respect to every number of the graph.
   *
   * @return the derivative of each number, by its index
   */
  public double[] gradients(int[] outputs, double[] seeds) {
    double[] gradients = new double[size];
    for (int i = 0; i < outputs.length; i++) {
      gradients[outputs[i]] = round(gradients[outputs[i]] + seeds[i]);
    }
    for (int n = size - 1; n >= 0; n--) {
      if (gradients[n] != 0) {
        addTo(gradients, lefts[n], gradients[n], leftFactors[n]);
        addTo(gradients, rights[n], gradients[n], rightFactors[n]);
      }
    }
    return gradients;
  }

  /** The sums of the absolute terms that {@link #gradients} added up for each number. */
  public double[] terms(double[] gradients) {
    double[] terms = new double[size];
    for (int n = 0; n < size; n++) {
      if (lefts[n] >= 0) {
        terms[lefts[n]] += Math.abs(gradients[n] * leftFactors[n]);
      }
      if (rights[n] >= 0) {
        terms[rights[n]] += Math.abs(gradients[n] * rightFactors[n]);
      }
    }
    return terms;
  }

  /**
   * The sum of the absolute values of all products of derivatives that {@link #gradients} adds up for each number. A float sum cannot be
   * expected to be more exact than a rounding of it: where the terms cancel, only this bound of the error is left.
   */
  public double[] magnitudes(int[] outputs, double[] seeds) {
    double[] magnitudes = new double[size];
    for (int i = 0; i < outputs.length; i++) {
      magnitudes[outputs[i]] += Math.abs(seeds[i]);
    }
    for (int n = size - 1; n >= 0; n--) {
      if (lefts[n] >= 0) {
        magnitudes[lefts[n]] += magnitudes[n] * Math.abs(leftFactors[n]);
      }
      if (rights[n] >= 0) {
        magnitudes[rights[n]] += magnitudes[n] * Math.abs(rightFactors[n]);
      }
    }
    return magnitudes;
  }

  private void addTo(double[] gradients, int to, double gradient, double factor) {
    if (to >= 0) {
      gradients[to] = round(gradients[to] + round(gradient * factor));
    }
  }
}
