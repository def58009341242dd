package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.data.Activation;

/** Activations in plain Java, computed in double and rounded once. */
public final class ScalarActivations {
  /** Replaces any smaller x in x · f(x), where f is 0 long before: −∞ · 0 would be NaN. */
  private static final double LOWEST = -1000;

  /** Coefficients of h(z)/z, from the constant on; see {@link #erf}. */
  private static final double[] ERF = {
    1.1283791666253553, 0.6366198348075951, 0.10277127335420133, -0.019117670775690883,
    -0.000253135280071057, 0.0017994769705993907, -0.000740800501912934, 0.00016754038954181985,
    -2.1370525423209285e-05, 1.195009877187996e-06
  };

  private ScalarActivations() {}

  /** x[i] = activation(x[i]) for {@code length} elements from index {@code from} on. */
  static void apply(Activation activation, float[] x, int from, int length) {
    for (int i = from; i < from + length; i++) {
      x[i] = (float) apply(activation, x[i]);
    }
  }

  static double apply(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> x < 0 ? 0 : x;
      case GELU -> Math.max(x, LOWEST) / 2 * (1 + erf(x * Math.sqrt(0.5)));
      case GELU_TANH -> gated(x, 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
      case SILU -> gated(x, x);
      case TANH -> Math.tanh(x);
      case SIGMOID -> 1 / (1 + Math.exp(-x));
    };
  }

  /** The derivative of an activation; that of {@link Activation#RELU} is 0 at 0. */
  static double derivative(Activation activation, double x) {
    return switch (activation) {
      case NONE -> 1;
      case RELU -> x > 0 ? 1 : x <= 0 ? 0 : x;
      case GELU -> (1 + erf(x * Math.sqrt(0.5))) / 2 + bounded(x) * Math.exp(-bounded(x) * bounded(x) / 2) / Math.sqrt(2 * Math.PI);
      case GELU_TANH -> {
        double z = bounded(x);
        double root = 2 * Math.sqrt(2 / Math.PI);
        yield gatedDerivative(z, root * (z + 0.044715 * z * z * z), root * (1 + 3 * 0.044715 * z * z));
      }
      case SILU -> gatedDerivative(bounded(x), bounded(x), 1);
      case TANH -> 1 / (Math.cosh(x) * Math.cosh(x));
      case SIGMOID -> sigmoid(x) * sigmoid(-x);
    };
  }

  /** The derivative of x · sigmoid(gate), where the derivative of the gate is {@code slope}. */
  private static double gatedDerivative(double x, double gate, double slope) {
    return sigmoid(gate) * (1 + x * sigmoid(-gate) * slope);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** Replaces an x beyond ±1000, where every derivative has its limit: ∞ · 0 would be NaN. */
  private static double bounded(double x) {
    return Math.max(LOWEST, Math.min(x, -LOWEST));
  }

  /** x / (1 + e<sup>−gate</sup>). */
  private static double gated(double x, double gate) {
    return Math.max(x, LOWEST) / (1 + Math.exp(-gate));
  }

  /**
   * erf x to 5e-10 of its value: 1 − e<sup>−h(|x|)</sup> with h(z) = −ln(1 − erf z), which is nearly quadratic. h(z)/z is a polynomial,
   * fitted (reweighted least squares on Chebyshev nodes of [0, 4.1]).
   */
  public static double erf(double x) {
    double z = Math.abs(x);
    if (z > 4.1) {
      return Math.copySign(1, x);
    }
    double p = 0;
    for (int i = ERF.length - 1; i >= 0; i--) {
      p = p * z + ERF[i];
    }
    return Math.copySign(-Math.expm1(-p * z), x);
  }
}
