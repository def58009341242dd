package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.Normaliser;
import org.jspecify.annotations.Nullable;

/** The function that turns the scores of a tile (keys × lanes) into weights, one step of keys after the other. */
interface TileNormaliser {
  /** Begins new query rows. */
  void open(QueryTile tile, Normaliser normaliser);

  /**
   * Begins query rows whose log-sum-exp an earlier call has computed, one for each lane. Only {@link #weights} may follow, which then
   * computes e<sup>score − log-sum-exp</sup>.
   */
  void openKnown(float[] lanesLogSumExp);

  /**
   * Replaces the scores of further keys, {@code from} (inclusive) to {@code to} (exclusive) of the tile, by weights, up to the factor of
   * each lane that {@link #close} returns. Returns the factor of each lane by which sums of earlier weights of the span must first be
   * multiplied; null for none.
   */
  float @Nullable [] update(QueryTile tile, float[] scores, int from, int to);

  /** Ends a span of keys. Returns the factors by which its sums are joined to earlier ones; null if they are added as they are. */
  @Nullable SpanFactors join(QueryTile tile);

  /** Ends the first pass. Returns the factor of each lane by which sums of its weights must be multiplied; null if they are final. */
  float @Nullable [] close(QueryTile tile);

  /** Turns the scores of a tile into final weights, after {@link #close} or {@link #openKnown}. */
  void weights(QueryTile tile, float[] scores);

  /** Whether the last factor divides a lane's sums by a finite number. Such a sum may overflow although the quotient does not. */
  boolean dividesByFinite(int lane);

  /** Natural logarithm of the divisor of a lane's weights; for a lane that has seen no key the sink, or −∞ without sinks. */
  float logSumExp(int lane);
}
