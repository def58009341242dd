package dev.lanewise.core;

/**
 * Positions that act on the scores of attention, in every layer, by how far query and key stand apart. The last query stands at the last
 * key. See {@link Positions#alibi} and {@link Positions#relativeBuckets}.
 */
public sealed interface ScorePositions extends LayerPositions permits AlibiPositions, RelativePositions {

  /** Query heads that the attention must have. */
  int numHeads();

  /**
   * The attention with these positions, for calls of this shape. Slopes or bias that it had before are replaced.
   *
   * @param attention of any settings
   * @param queries query rows of the calls to come, of the longest sequence if they are packed
   * @param keys key rows likewise; packed sequences must each have as many more keys than queries as these say
   */
  Attention applyTo(Attention attention, int queries, int keys);
}
