package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.Normaliser;
import org.jspecify.annotations.Nullable;

/** The function that turns the scores of a tile (keys × lanes) into weights, one tile of keys after the other. */
interface TileNormaliser {
  /** Begins new query rows. */
  void open(QueryTile tile, Normaliser normaliser);

  /**
   * Begins query rows whose log-sum-exp an earlier call has computed, one for each lane. Only {@link #weights} may follow, which then
   * computes e<sup>score − log-sum-exp</sup>.
   */
  void openKnown(float[] lanesLogSumExp);

  /**
   * Replaces the scores of further keys by weights, up to the factor of each lane that {@link #close} returns. Returns the factor of each
   * lane by which sums of earlier weights must first be multiplied; null for none.
   */
  float @Nullable [] update(QueryTile tile, float[] scores);

  /** Ends the first pass. Returns the factor of each lane by which sums of its weights must be multiplied; null if they are final. */
  float @Nullable [] close();

  /** Turns scores into final weights, after {@link #close} or {@link #openKnown}. */
  void weights(float[] scores, int keys);

  /** Whether the last factor divides a lane's sums by a finite number. Such a sum may overflow although the quotient does not. */
  boolean dividesByFinite(int lane);

  /** Natural logarithm of the divisor of a lane's weights; for a lane that has seen no key the sink, or −∞ without sinks. */
  float logSumExp(int lane);
}
