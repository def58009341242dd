package dev.lanewise.core.position;

import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
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
  public void checkLayer(int numHeads, int headDim, AttentionSettings settings) {
    Checks.same("positions.headDim", rotary.headDim(), "headDim", headDim);
  }

  @Override
  public void checkCall(AttentionSettings settings, CallShape shape) {
    check(positions(settings, shape, false), "batch * queries", (long) shape.query().batch() * shape.query().rows());
    check(positions(settings, shape, true), "batch * keys", (long) shape.key().batch() * shape.key().rows());
  }

  @Override
  public void checkCached(AttentionSettings settings, int[] before, int rows) {
    check(positions(settings, before, rows), "batch * rows", (long) before.length * rows);
  }

  private void check(int[] positions, String rowsName, long rows) {
    rotary.table().checkPositions("positions", positions, rowsName, rows);
  }

  @Override
  public void turn(AttentionSettings settings, Heads queries, Heads keys) {
    CallShape shape = settings.shape(queries, keys);
    rotary.apply(queries, queries, positions(settings, shape, false));
    rotary.apply(keys, keys, positions(settings, shape, true));
  }

  @Override
  public void turn(AttentionSettings settings, Heads queries, Heads keys, int[] before) {
    int[] positions = positions(settings, before, queries.rows());
    rotary.apply(queries, queries, positions);
    rotary.apply(keys, keys, positions);
  }

  private int[] positions(AttentionSettings settings, CallShape shape, boolean ofKeys) {
    return given == null ? RowPositions.ofCall(shape, ofKeys, settings.mask().depths()) : given;
  }

  private int[] positions(AttentionSettings settings, int[] before, int rows) {
    return given == null ? RowPositions.ofBatch(before, rows, settings.mask().depths()) : given;
  }

  @Override
  public String toString() {
    return rotary.toString();
  }
}
