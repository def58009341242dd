package dev.lanewise.kernels.simd.fused;

import org.jspecify.annotations.Nullable;

/**
 * The receiver of the weights of a tile of queries, such as the blend of values or an observer. For each tile of keys that a lane sees, the
 * loop calls {@link #openTile} before scores become weights, and then {@link #take} once or more.
 */
interface TileSink {
  /** Begins new query rows. */
  default void open(QueryTile tile) {}

  /** Prepares for the weights of these scores (keys × lanes). May hide further keys in the mask. */
  default void openTile(QueryTile tile, TileMask mask, float[] scores) {}

  /** Multiplies sums of earlier weights of the span by a factor for each lane. */
  default void rescale(QueryTile tile, float[] factors) {}

  /** Joins the sums of a span of keys to those of earlier spans; null if they are added as they are. */
  default void join(QueryTile tile, @Nullable SpanFactors factors) {}

  /** Takes the weights, keys × lanes, of the keys {@code from} (inclusive) to {@code to} (exclusive) of the tile. */
  void take(QueryTile tile, TileMask mask, float[] weights, int from, int to);

  /** Ends the query rows, after sums of weights have been multiplied by a factor for each lane; null for none. */
  default void close(QueryTile tile, float @Nullable [] factors) {}
}
