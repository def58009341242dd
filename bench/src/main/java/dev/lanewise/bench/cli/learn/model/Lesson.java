package dev.lanewise.bench.cli.learn.model;

import java.util.List;
import java.util.function.BooleanSupplier;

/** A training: a model, a task, and for how long. Immutable; each run makes a model of its own. */
public sealed interface Lesson permits ReadingLesson, TranslationLesson {
  /** Parts of a training whose mean losses are kept. */
  int PARTS = 50;

  /** Steps of the training. */
  int steps();

  /** The loss of a model that guesses. */
  double guessLoss();

  /** Texts of a scale of distances, from the first range of {@link Outcome#byDistance} to the last; empty if distances do not matter. */
  List<String> distances();

  /**
   * Trains a model on the calling thread, and measures what it has learned.
   *
   * @param seed chooses first weights and data
   * @param withMaps whether attention is recorded
   * @param stopped asked before each step
   * @throws java.util.concurrent.CancellationException if {@code stopped} says so
   */
  Outcome run(long seed, boolean withMaps, BooleanSupplier stopped);
}
