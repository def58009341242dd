package dev.lanewise.core.call;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.data.Heads;

/**
 * What positions do to a call of a layer: they turn its queries and keys, or add to its scores, or do nothing. Rows of a cache count from
 * its first. Without a cache the last query stands where the last key does, and the first of the more numerous at 0. The nodes of a tree of
 * the attention's mask stand at their depth.
 */
public interface Placement {
  /**
   * Checks that the positions fit a layer, and can be combined with its attention.
   *
   * @throws IllegalArgumentException naming what does not fit
   */
  default void checkLayer(int numHeads, int headDim, AttentionSettings settings) {}

  /** Whether there are any positions. */
  default boolean acts() {
    return true;
  }

  /** Turns queries and keys that no cache gives positions. */
  default void turn(AttentionSettings settings, Heads queries, Heads keys) {}

  /** Turns queries and keys that stand behind {@code before} rows of each cache. */
  default void turn(AttentionSettings settings, Heads queries, Heads keys, int[] before) {}

  /**
   * Checks that positions can act on a call without caches.
   *
   * @throws IllegalArgumentException naming the sequence that does not fit
   */
  default void checkCall(AttentionSettings settings, int queries, int keys) {
    settings.depths(); // there must not be two trees
  }

  /**
   * The settings of a call without caches, which has passed {@link #checkCall}.
   *
   * @param buffer array of the scratch that may hold a bias until attention is computed
   */
  default AttentionSettings score(AttentionSettings settings, int queries, int keys, Scratch scratch, int buffer) {
    return settings;
  }

  /** Checks that positions can act on a call whose {@code rows} queries and keys stand behind {@code before} rows of each cache. */
  default void checkCached(AttentionSettings settings, int[] before, int rows) {
    settings.depths(); // there must not be two trees
  }

  /**
   * The settings of a call whose {@code rows} queries and keys stand behind {@code before} rows of each cache.
   *
   * @param buffer array of the scratch that may hold a bias until attention is computed
   */
  default AttentionSettings score(AttentionSettings settings, int[] before, int rows, Scratch scratch, int buffer) {
    return settings;
  }
}
