package dev.lanewise.kernels.simd.fused;

/** What turns the scores of a panel (keys × lanes) into weights, a tile of keys after the other. */
interface TileNormaliser {
  /** Turns to the rows of a panel. */
  void open(QueryTile tile);

  /**
   * Takes in the scores of some more keys and leaves weights in their place, but for a factor a lane that {@link #normalise} brings.
   *
   * @return whether what was accumulated with earlier weights must first be multiplied by {@link #factors}
   */
  boolean update(QueryTile tile, float[] scores);

  /** The factor of each lane. */
  float[] factors();

  /** All keys have been taken in: what a lane's weights have to be multiplied with is known. */
  void close();

  /** Brings the last factor to what was accumulated. */
  void normalise(float[] accumulated, int rows);

  /** After {@link #close}: scores, computed again, become weights. */
  void weights(float[] scores, int keys);

  /**
   * Whether a lane's weights are divided in the end, by something finite: a sum of values before that may overflow where its quotient does
   * not.
   */
  boolean dividesByFinite(int lane);

  /** Natural logarithm of the sum that a lane's weights were divided by; if it saw no key, the sink, or −∞ without one. */
  float logSumExp(int lane);
}
