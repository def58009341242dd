package dev.lanewise.core.learn.optimise;

import dev.lanewise.kernels.runtime.Checks;

/**
 * The learning rate of each step. Steps count from 0. Immutable and thread-safe.
 *
 * <ul>
 *   <li>Warm-up over w steps (Goyal et al., "Accurate, large minibatch SGD", 2017): step t &lt; w has peak · (t + 1) / w.
 *   <li>Cosine (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, formula 5, without restarts): step t
 *       from w on has minimum + (peak − minimum) · (1 + cos(π (t − w) / (steps − w))) / 2, and the minimum from {@code steps} on.
 *   <li>Linear: the same with peak − (peak − minimum) · (t − w) / (steps − w).
 * </ul>
 *
 * <pre>{@code
 * Schedule schedule = Schedule.cosine(3e-4, 10_000).withWarmUp(500).withMinimum(3e-5);
 * double rate = schedule.rate(0); // 6e-7
 * }</pre>
 */
public final class Schedule {
  private final Shape shape;
  private final double peak;
  private final long steps;
  private final long warmUp;
  private final double minimum;

  private enum Shape {
    CONSTANT,
    LINEAR,
    COSINE
  }

  private Schedule(Shape shape, double peak, long steps, long warmUp, double minimum) {
    this.shape = shape;
    this.peak = Optimiser.Settings.in("rate", peak, Double.POSITIVE_INFINITY);
    this.steps = steps;
    this.warmUp = warmUp;
    this.minimum = minimum;
  }

  /** The same learning rate in all steps. */
  public static Schedule constant(double rate) {
    return new Schedule(Shape.CONSTANT, rate, Long.MAX_VALUE, 0, 0);
  }

  /**
   * A rate that falls to 0 along a line.
   *
   * @param rate the largest rate, at least 0 and finite
   * @param steps the number of steps of the whole run, at least 1
   */
  public static Schedule linear(double rate, long steps) {
    Checks.atLeast("steps", steps, 1);
    return new Schedule(Shape.LINEAR, rate, steps, 0, 0);
  }

  /**
   * A rate that falls to 0 along half a period of a cosine.
   *
   * @param rate the largest rate, at least 0 and finite
   * @param steps the number of steps of the whole run, at least 1
   */
  public static Schedule cosine(double rate, long steps) {
    Checks.atLeast("steps", steps, 1);
    return new Schedule(Shape.COSINE, rate, steps, 0, 0);
  }

  /**
   * Returns a copy whose rate rises along a line in the first steps, which belong to the steps of the run.
   *
   * @param newWarmUp at least 0, at most the number of steps
   */
  public Schedule withWarmUp(long newWarmUp) {
    Checks.atLeast("warmUp", newWarmUp, 0);
    Checks.atMost("warmUp", newWarmUp, "steps", steps);
    return new Schedule(shape, peak, steps, newWarmUp, minimum);
  }

  /**
   * Returns a copy whose rate falls to a minimum instead of 0. A constant schedule never reaches it.
   *
   * @param newMinimum at least 0, at most the largest rate
   */
  public Schedule withMinimum(double newMinimum) {
    if (!(newMinimum >= 0 && newMinimum <= peak)) {
      throw new IllegalArgumentException("minimum is " + newMinimum + ", must be in 0.." + peak + ", the largest rate");
    }
    return new Schedule(shape, peak, steps, warmUp, newMinimum);
  }

  /**
   * The learning rate of a step.
   *
   * @param step its number, from 0
   */
  public double rate(long step) {
    Checks.atLeast("step", step, 0);
    if (step < warmUp) {
      return peak * (step + 1) / warmUp;
    }
    double progress = step >= steps ? 1 : (double) (step - warmUp) / (steps - warmUp);
    double share =
        switch (shape) {
          case CONSTANT -> 1;
          case LINEAR -> 1 - progress;
          case COSINE -> (1 + Math.cos(Math.PI * progress)) / 2;
        };
    return minimum + (peak - minimum) * share;
  }
}
