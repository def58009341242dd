package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/** Subtracts slope · distance from the scores. The kernels compute it, for any shape. */
record AlibiPositions(float[] slopes) implements LayerPositions, PositionEffect {
  @Override
  public Attention apply(Attention attention, int queries, int keys) {
    Objects.requireNonNull(attention, "attention");
    attention.settings().checkTree(queries, keys);
    return Attention.of(score(attention.settings()));
  }

  private AttentionSettings score(AttentionSettings settings) {
    return settings.withPositions(new ScoreChange.Alibi(slopes, null, true));
  }

  @Override
  public void checkLayer(int numHeads, int headDim, AttentionSettings settings) {
    Checks.same("positions.numHeads", slopes.length, "numHeads", numHeads);
    score(settings);
  }

  @Override
  public AttentionSettings score(AttentionSettings settings, CallShape shape, Scratch scratch, int buffer) {
    return score(settings);
  }

  @Override
  public PositionEffect effect() {
    return this;
  }

  @Override
  public String toString() {
    return "alibi(" + slopes.length + ")";
  }
}
