package dev.lanewise.core.call;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import org.jspecify.annotations.Nullable;

/**
 * The effect of positions on a call of a layer: they rotate its queries and keys, or add to its scores, or do nothing. Rows of a cache
 * count from the first row of the cache. Without a cache the last query has the position of the last key, and the longer of the two begins
 * at 0. The position of a node in a tree of the attention's mask is its depth.
 */
public interface PositionEffect {
  /**
   * Checks that the positions fit a layer, and can be combined with its attention.
   *
   * @throws IllegalArgumentException naming what does not fit
   */
  default void checkLayer(int numHeads, int headDim, AttentionSettings settings) {}

  /** Tells whether there are any positions. */
  default boolean acts() {
    return true;
  }

  /** The table by which keys are rotated; null if they are not. */
  default @Nullable RotaryTable rotaryTable() {
    return null;
  }

  /**
   * Checks that positions can act on a call.
   *
   * @param shape of the call; with caches, of the caches after the new rows have been appended
   * @throws IllegalArgumentException naming the sequence that does not fit
   */
  default void check(AttentionSettings settings, CallShape shape) {
    settings.mask().depths(); // refuses two different trees
  }

  /**
   * Rotates the queries and keys of a call that has passed {@link #check}.
   *
   * @param keys the keys; with caches the new ones, one for each query
   */
  default void turn(AttentionSettings settings, CallShape shape, Heads queries, Heads keys) {}

  /**
   * Rotates the gradients of turned queries and keys back, so that they are those of the queries and keys before {@link #turn}.
   *
   * @param queryGradient changed
   * @param keyGradient changed
   */
  default void turnBack(AttentionSettings settings, CallShape shape, Heads queryGradient, Heads keyGradient) {}

  /**
   * Adds the gradient of the bias that these positions add to the scores to the gradient of the table that it is made of.
   *
   * @param settings of the call without positions, as for {@link #score}
   * @param biasGradient one element for each element of the bias
   * @param tableGradient one element for each element of the table, added to
   * @throws IllegalStateException if these positions have no table
   */
  default void addTableGradient(AttentionSettings settings, CallShape shape, float[] biasGradient, float[] tableGradient) {
    throw new IllegalStateException("positions " + this + " have no table");
  }

  /**
   * The settings of a call that has passed {@link #check}.
   *
   * @param buffer array of the scratch that may hold a bias until attention is computed
   */
  default AttentionSettings score(AttentionSettings settings, CallShape shape, Scratch scratch, int buffer) {
    return settings;
  }
}
