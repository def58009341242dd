package dev.lanewise.core.learn.optimise;

/**
 * The optimisers for one parameter in plain loops, written from the formulas of the papers. Every result is rounded to float if {@code
 * inFloat}: this is the plain float code of the accuracy policy.
 */
final class PlainOptimiser {
  private final boolean inFloat;
  final double[] values;
  final double[] first;
  final double[] second;
  private int step;

  PlainOptimiser(boolean inFloat, float[] values) {
    this.inFloat = inFloat;
    this.values = new double[values.length];
    this.first = new double[values.length];
    this.second = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      this.values[i] = values[i];
    }
  }

  private double r(double x) {
    return inFloat ? (float) x : x;
  }

  /** Algorithm 2 of Loshchilov and Hutter, with the schedule's factor in the learning rate. */
  void adamW(float[] gradient, double rate, double factor, double beta1, double beta2, double epsilon, double decay) {
    step++;
    for (int i = 0; i < values.length; i++) {
      double g = r(gradient[i] * r(factor));
      first[i] = r(r(r(beta1) * first[i]) + r(r(1 - beta1) * g));
      second[i] = r(r(r(beta2) * second[i]) + r(r(1 - beta2) * r(g * g)));
      double mean = r(first[i] / r(1 - Math.pow(beta1, step)));
      double square = r(second[i] / r(1 - Math.pow(beta2, step)));
      double decayed = r(values[i] * r(1 - rate * decay));
      values[i] = r(decayed - r(r(rate) * r(mean / r(r(Math.sqrt(square)) + r(epsilon)))));
    }
  }

  void sgd(float[] gradient, double rate, double factor, double momentum, boolean nesterov, double decay) {
    for (int i = 0; i < values.length; i++) {
      double d = r(r(gradient[i] * r(factor)) + r(r(decay) * values[i]));
      first[i] = r(r(r(momentum) * first[i]) + d);
      double change = nesterov ? r(d + r(r(momentum) * first[i])) : first[i];
      values[i] = r(values[i] - r(r(rate) * change));
    }
  }
}
