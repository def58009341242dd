package dev.lanewise.core;

/**
 * Positions that act on the scores of attention, in every layer, by how far query and key stand apart. The last query stands at the last
 * key, and the nodes of a {@link Mask#tree} at their depth. See {@link Positions#alibi} and {@link Positions#relativeBuckets}.
 */
public sealed interface ScorePositions extends LayerPositions permits AlibiPositions, RelativePositions {

  /** Query heads that the attention must have. */
  int numHeads();

  /**
   * The attention with these positions in place of other positions, for calls of this shape. They add to its bias, and follow the tree of
   * its mask: give it its mask before.
   *
   * @param attention of any settings, but without {@link Attention#withAlibi} if these positions are ALiBi
   * @param queries query rows of the calls to come, of the longest sequence if they are packed
   * @param keys key rows likewise; packed sequences must each have as many more keys than queries as these say
   * @throws IllegalArgumentException if a size is negative, a tree of the mask does not fit, or both have slopes
   */
  Attention applyTo(Attention attention, int queries, int keys);
}
