package dev.lanewise.core.position;

import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/**
 * Rotates the queries and keys of a layer.
 *
 * @param given the positions of the queries and the new keys of a call; null if they are counted
 */
record RotaryEffect(Rotary rotary, int @Nullable [] given) implements LayerPositions, PositionEffect {
  @Override
  public PositionEffect effect() {
    return this;
  }

  @Override
  public RotaryTable rotaryTable() {
    return rotary.table();
  }

  @Override
  public void checkLayer(int numHeads, int headDim, AttentionSettings settings) {
    Checks.same("positions.headDim", rotary.headDim(), "headDim", headDim);
  }

  @Override
  public void check(AttentionSettings settings, CallShape shape) {
    boolean cached = shape.isCached();
    check(positions(settings, shape, false), cached ? "batch * rows" : "batch * queries", shape.query());
    if (!cached) {
      check(positions(settings, shape, true), "batch * keys", shape.key());
    }
  }

  private void check(int[] positions, String rowsName, Heads rows) {
    rotary.table().checkPositions("positions", positions, rowsName, (long) rows.batch() * rows.rows());
  }

  @Override
  public void turn(AttentionSettings settings, CallShape shape, Heads queries, Heads keys) {
    int[] positions = positions(settings, shape, false);
    rotary.apply(queries, queries, positions);
    rotary.apply(keys, keys, shape.isCached() ? positions : positions(settings, shape, true));
  }

  @Override
  public void turnBack(AttentionSettings settings, CallShape shape, Heads queryGradient, Heads keyGradient) {
    BackwardKernels kernels = settings.kernels().backward();
    kernels.rotate(queryGradient, queryGradient, rotary.table(), positions(settings, shape, false));
    kernels.rotate(keyGradient, keyGradient, rotary.table(), positions(settings, shape, true));
  }

  private int[] positions(AttentionSettings settings, CallShape shape, boolean ofKeys) {
    return given == null ? RowPositions.ofCall(shape, ofKeys, settings.mask().depths()) : given;
  }

  @Override
  public String toString() {
    return rotary.toString();
  }
}
