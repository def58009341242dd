package dev.lanewise.core.generation;

import org.jspecify.annotations.Nullable;

/** What the loop needs of a model and of its state: passes over new rows of some sequences. */
interface Passes extends AutoCloseable {
  /** Number of logits in a row. */
  int vocabulary();

  /** Turns a state of one sequence into a state of {@code sequences} that share its rows. */
  void fork(int sequences);

  /**
   * Appends rows to sequences. If it fails, the state does not change.
   *
   * @param sequences their numbers, ascending
   * @param rows number of new rows of each of them
   * @param ids tokens of the new rows, of one sequence after another
   * @param logits written: those of the last row of each sequence, dense; null if nobody needs them
   */
  void forward(int[] sequences, int[] rows, int[] ids, float @Nullable [] logits);

  /**
   * Appends a tree of rows to a sequence, see {@code Mask.tree}. If it fails, the state does not change.
   *
   * @param logits written: those of each node, dense
   */
  void tree(int sequence, int[] ids, int[] parents, float[] logits);

  /**
   * Removes the rows from {@code from} on, but for some.
   *
   * @param nodes the rows to be kept, from {@code from} on counted, ascending: a path of the last tree
   */
  void keep(int sequence, int from, int[] nodes);

  @Override
  void close();
}
