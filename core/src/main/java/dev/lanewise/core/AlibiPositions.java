package dev.lanewise.core;

import dev.lanewise.kernels.internal.Checks;
import java.util.Objects;

/** Slope · distance is subtracted from the scores; the kernels compute it, for any shape. */
record AlibiPositions(float[] slopes) implements ScorePositions {
  @Override
  public int numHeads() {
    return slopes.length;
  }

  @Override
  public Attention applyTo(Attention attention, int queries, int keys) {
    Objects.requireNonNull(attention, "attention");
    Checks.atLeast("queries", queries, 0);
    Checks.atLeast("keys", keys, 0);
    return attention.withPositions(null, slopes);
  }

  @Override
  public String toString() {
    return "alibi(" + slopes.length + ")";
  }
}
