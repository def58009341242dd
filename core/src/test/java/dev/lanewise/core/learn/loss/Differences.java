package dev.lanewise.core.learn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.ToDoubleFunction;

/** Confirms a gradient in double by central differences of the loss. */
final class Differences {
  private static final double STEP = 1e-5;

  private Differences() {}

  static void confirm(double[] x, double[] gradient, ToDoubleFunction<double[]> loss) {
    for (int i = 0; i < x.length; i++) {
      double[] moved = x.clone();
      moved[i] = x[i] + STEP;
      double above = loss.applyAsDouble(moved);
      moved[i] = x[i] - STEP;
      double below = loss.applyAsDouble(moved);
      assertThat(gradient[i]).as("element %d", i).isCloseTo((above - below) / (2 * STEP), within(1e-8));
    }
  }
}
