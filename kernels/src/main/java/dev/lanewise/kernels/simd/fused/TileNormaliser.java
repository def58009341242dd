package dev.lanewise.kernels.simd.fused;

/** The function that turns the scores of a tile (keys × lanes) into weights, one tile of keys after the other. */
interface TileNormaliser {
  /** Begins new query rows. */
  void open(QueryTile tile);

  /**
   * Replaces the scores of further keys by weights, up to a factor for each lane that {@link #normalise} applies.
   *
   * @return whether sums accumulated with earlier weights must first be multiplied by {@link #factors}
   */
  boolean update(QueryTile tile, float[] scores);

  /** The factor of each lane. */
  float[] factors();

  /** Ends the first pass: computes the last factor of each lane. */
  void close();

  /** Multiplies the accumulated sums by the last factor of each lane. */
  void normalise(float[] accumulated, int rows);

  /** Turns scores, computed again after {@link #close}, into weights. */
  void weights(float[] scores, int keys);

  /** Whether the last factor divides a lane's sums by a finite number. Such a sum may overflow although the quotient does not. */
  boolean dividesByFinite(int lane);

  /** Natural logarithm of the divisor of a lane's weights; for a lane that has seen no key the sink, or −∞ without sinks. */
  float logSumExp(int lane);
}
