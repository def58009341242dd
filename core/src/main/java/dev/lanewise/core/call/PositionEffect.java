package dev.lanewise.core.call;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;

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

  /** Rotates queries and keys of a call without caches. */
  default void turn(AttentionSettings settings, Heads queries, Heads keys) {}

  /** Rotates queries and keys whose positions follow {@code before} rows of each cache. */
  default void turn(AttentionSettings settings, Heads queries, Heads keys, int[] before) {}

  /**
   * Checks that positions can act on a call without caches.
   *
   * @throws IllegalArgumentException naming the sequence that does not fit
   */
  default void checkCall(AttentionSettings settings, CallShape shape) {
    settings.mask().depths(); // refuses two different trees
  }

  /**
   * The settings of a call without caches that has passed {@link #checkCall}.
   *
   * @param buffer array of the scratch that may hold a bias until attention is computed
   */
  default AttentionSettings score(AttentionSettings settings, int queries, int keys, Scratch scratch, int buffer) {
    return settings;
  }

  /** Checks that positions can act on a call whose {@code rows} queries and keys follow {@code before} rows of each cache. */
  default void checkCached(AttentionSettings settings, int[] before, int rows) {
    settings.mask().depths(); // refuses two different trees
  }

  /**
   * The settings of a call whose {@code rows} queries and keys follow {@code before} rows of each cache.
   *
   * @param buffer array of the scratch that may hold a bias until attention is computed
   */
  default AttentionSettings score(AttentionSettings settings, int[] before, int rows, Scratch scratch, int buffer) {
    return settings;
  }
}
