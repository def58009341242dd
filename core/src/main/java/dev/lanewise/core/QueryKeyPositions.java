package dev.lanewise.core;

import dev.lanewise.kernels.data.Heads;

/** Positions that act on projected queries and keys, in every layer; values are left alone. See {@link Positions#rotary}. */
public sealed interface QueryKeyPositions extends LayerPositions permits Rotary {

  /** Elements of a row of a head. */
  int headDim();

  /**
   * Rows that stand one behind the other, from the same position on in every batch entry.
   *
   * @param input batch × heads × rows × headDim
   * @param output batch × heads × rows × headDim, written; may be {@code input} itself
   * @param firstPosition row r stands at position firstPosition + r
   */
  void apply(Heads input, Heads output, int firstPosition);

  /**
   * Rows that stand one behind the other, each batch entry from its own position on.
   *
   * @param firstPositions row r of batch entry b stands at position firstPositions[b] + r
   */
  void applyFrom(Heads input, Heads output, int[] firstPositions);

  /**
   * Rows that stand anywhere.
   *
   * @param positions dense batch × rows: the position of each row
   */
  void apply(Heads input, Heads output, int[] positions);
}
