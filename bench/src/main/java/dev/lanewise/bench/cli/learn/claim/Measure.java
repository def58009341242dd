package dev.lanewise.bench.cli.learn.claim;

import dev.lanewise.bench.cli.learn.model.Outcome;

/** A figure of a training, from 0 to 1; more is better. */
public enum Measure {
  /** Right answers on new sequences. */
  ACCURACY("right answers"),
  /** Right answers on sequences longer than those of the training. */
  BEYOND("right answers beyond the trained length"),
  /** Right answers where the question stands near to what it asks for. */
  NEAR("right answers nearby"),
  /** Right answers where the question stands far from what it asks for. */
  FAR("right answers far away"),
  /** How early a model learns. */
  SPEED("how early it learns");

  private final String text;

  Measure(String text) {
    this.text = text;
  }

  /** The measure in words. */
  public String text() {
    return text;
  }

  /** The figure of an outcome. */
  public double of(Outcome outcome) {
    return switch (this) {
      case ACCURACY -> outcome.accuracy();
      case BEYOND -> outcome.beyond();
      case NEAR -> outcome.byDistance()[0];
      case FAR -> outcome.byDistance()[outcome.byDistance().length - 1];
      case SPEED -> outcome.speed();
    };
  }
}
