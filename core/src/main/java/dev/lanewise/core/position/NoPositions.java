package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import java.util.Objects;

/** Positions without any effect. */
enum NoPositions implements LayerPositions, PositionEffect {
  NONE;

  @Override
  public boolean acts() {
    return false;
  }

  @Override
  public void checkCall(AttentionSettings settings, int queries, int keys) {}

  @Override
  public void checkCached(AttentionSettings settings, int[] before, int rows) {}

  @Override
  public Attention applyTo(Attention attention, int queries, int keys) {
    return Objects.requireNonNull(attention, "attention");
  }

  @Override
  public PositionEffect effect() {
    return this;
  }
}
