package dev.lanewise.core;

import dev.lanewise.kernels.runtime.Checks;
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
    int[] depths = attention.settings().depths();
    if (depths != null) {
      Checks.atMost("parents.length", depths.length, "queries", queries);
      Checks.atMost("parents.length", depths.length, "keys", keys);
    }
    return score(attention);
  }

  /** The attention with these positions, for calls of any shape. */
  Attention score(Attention attention) {
    return attention.withPositions(null, slopes);
  }

  @Override
  public String toString() {
    return "alibi(" + slopes.length + ")";
  }
}
