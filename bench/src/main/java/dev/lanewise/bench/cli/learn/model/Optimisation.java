package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.learn.Trainable;
import dev.lanewise.core.learn.optimise.AdamW;
import dev.lanewise.core.learn.optimise.GradientClip;
import dev.lanewise.core.learn.optimise.Schedule;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.LongToDoubleFunction;

/** The steps of a training, with their losses: AdamW, gradients clipped to a norm of 1, a short warm-up, then a cosine. */
final class Optimisation {
  /** One of so many steps is warm-up. */
  private static final int WARM_UP = 20;

  private final Trainable model;
  private final int steps;
  private final double learningRate;
  private final double guessLoss;
  private double sum;
  private float[] losses = new float[Lesson.PARTS];

  Optimisation(Trainable model, int steps, double learningRate, double guessLoss) {
    this.model = model;
    this.steps = steps;
    this.learningRate = learningRate;
    this.guessLoss = guessLoss;
  }

  /** Mean losses of the parts of the training; fewer parts if a loss was not finite. */
  float[] losses() {
    return losses;
  }

  /** One less the mean loss, in shares of the loss of guessing. Steps after a loss that is not finite count as guessing. */
  double speed() {
    return 1 - sum / steps / guessLoss;
  }

  /**
   * Makes all steps, or those up to the first loss that is not finite.
   *
   * @param pass a forward and a backward pass of a step, which returns the loss
   */
  void run(LongToDoubleFunction pass, BooleanSupplier stopped) {
    AdamW optimiser = AdamW.builder(model.parameters()).betas(0.9, 0.99).build();
    GradientClip clip = GradientClip.globalNorm(1);
    Schedule schedule = Schedule.cosine(learningRate, steps).withWarmUp(steps / WARM_UP).withMinimum(learningRate / 10);
    int[] counts = new int[Lesson.PARTS];
    for (int step = 0; step < steps; step++) {
      if (stopped.getAsBoolean()) {
        throw new CancellationException("the training was stopped before step " + step);
      }
      optimiser.clearGradients();
      double loss = pass.applyAsDouble(step);
      double norm = clip.norm(optimiser.parameters());
      int part = (int) ((long) step * Lesson.PARTS / steps);
      if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
        sum += guessLoss * (steps - step);
        losses = Arrays.copyOf(losses, part);
        return;
      }
      sum += loss;
      counts[part]++;
      losses[part] += (float) ((loss - losses[part]) / counts[part]);
      optimiser.step(schedule.rate(step), clip.factor(norm));
    }
  }
}
