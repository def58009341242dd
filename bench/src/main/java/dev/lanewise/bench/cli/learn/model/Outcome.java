package dev.lanewise.bench.cli.learn.model;

import org.jspecify.annotations.Nullable;

/**
 * What one model learned from one seed.
 *
 * @param accuracy share of right answers on sequences that it has not seen, of the length it was trained on
 * @param beyond the same on longer sequences; NaN if it was not tried
 * @param speed one less the mean loss of all steps, in shares of the loss of guessing: 0 has learned nothing, 1 has known all from the
 *     start
 * @param losses mean losses of consecutive parts of the training, equally long; they end where a loss was not finite
 * @param byDistance share of right answers where what is asked for is in a range of distances from the question; NaN where nothing was
 *     asked; empty if distances do not matter
 * @param before attention before the training; null if the model has none, or it was not asked for
 * @param after attention after the training, on the same sequence
 * @param seconds time of the training
 */
public record Outcome(
    double accuracy,
    double beyond,
    double speed,
    float[] losses,
    double[] byDistance,
    @Nullable AttentionMap before,
    @Nullable AttentionMap after,
    double seconds) {

  /** Whether the training ended because a loss was not finite. */
  public boolean diverged() {
    return losses.length < Lesson.PARTS;
  }
}
