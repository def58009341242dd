package dev.lanewise.core.position;

import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.kernels.call.CallShape;

/** Positions without any effect. */
enum NoPositions implements LayerPositions, PositionEffect {
  NONE;

  @Override
  public boolean acts() {
    return false;
  }

  @Override
  public void check(AttentionSettings settings, CallShape shape) {}

  @Override
  public PositionEffect effect() {
    return this;
  }
}
