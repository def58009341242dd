package dev.lanewise.core.position;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * Positions that act on the input: a row of numbers for each position is added to the rows that go into the first layer. See {@link
 * Positions#sinusoidal} and {@link Positions#learned}. A row's bits depend on the row and its position alone.
 */
public final class InputPositions implements Positions {
  private final PositionRows rows;
  private final int embedDim;

  InputPositions(PositionRows rows, int embedDim) {
    this.rows = rows;
    this.embedDim = embedDim;
  }

  /** What is added to a row. */
  sealed interface PositionRows permits SinusoidalRows, LearnedRows {
    /** What bounds the positions, as errors name it: the argument that was given, and its number. */
    String bound();

    /** The last position that there is. */
    int last();

    /** Adds the rows of {@code count} positions from {@code position} on to the rows at {@code at}, {@code stride} apart. */
    void add(int position, int count, float[] x, int at, int stride);
  }

  /** Elements of a row. */
  public int embedDim() {
    return embedDim;
  }

  /**
   * Adds to rows that stand one behind the other, from the same position on in every batch entry.
   *
   * @param x batch × rows × embedDim, changed
   * @param firstPosition row r stands at position firstPosition + r
   * @throws IllegalArgumentException if the width differs, rows lie on top of each other, or there is no such position; nothing has been
   *     written then
   */
  public void addTo(SequenceBatch x, int firstPosition) {
    check(x);
    checkRange("firstPosition", firstPosition, x.rows());
    for (int b = 0; b < x.batch(); b++) {
      add(x, b, 0, x.rows(), firstPosition);
    }
  }

  /**
   * Adds to sequences that are not equally long so far.
   *
   * @param firstPositions row r of batch entry b stands at position firstPositions[b] + r
   * @throws IllegalArgumentException as for {@link #addTo(SequenceBatch, int)}, or if there are not batch numbers
   */
  public void addTo(SequenceBatch x, int[] firstPositions) {
    check(x);
    Objects.requireNonNull(firstPositions, "firstPositions");
    Checks.same("firstPositions.length", firstPositions.length, "x.batch", x.batch());
    for (int b = 0; b < x.batch(); b++) {
      checkRange("firstPositions[" + b + "]", firstPositions[b], x.rows());
    }
    for (int b = 0; b < x.batch(); b++) {
      add(x, b, 0, x.rows(), firstPositions[b]);
    }
  }

  /**
   * Adds to sequences one after the other, each from position 0 on.
   *
   * @param x 1 × rows × embedDim, changed
   * @param sequences where they begin, by their query rows
   * @throws IllegalArgumentException as for {@link #addTo(SequenceBatch, int)}, or if batch is not 1 or the sequences have other rows
   */
  public void addTo(SequenceBatch x, PackedSequences sequences) {
    check(x);
    Objects.requireNonNull(sequences, "sequences");
    Checks.same("x.batch", x.batch(), "the batch of packed sequences,", 1);
    Checks.same("queryStarts[last]", sequences.queryStart(sequences.count()), "x.rows", x.rows());
    checkCount("the longest of sequences", sequences.mostQueries());
    for (int s = 0; s < sequences.count(); s++) {
      add(x, 0, sequences.queryStart(s), sequences.queries(s), 0);
    }
  }

  /**
   * Adds to rows that stand anywhere, such as the nodes of a tree, see {@link Positions#ofTree}.
   *
   * @param positions dense batch × rows: the position of each row
   * @throws IllegalArgumentException as for {@link #addTo(SequenceBatch, int)}, or if there are not batch · rows numbers
   */
  public void addAt(SequenceBatch x, int[] positions) {
    check(x);
    Objects.requireNonNull(positions, "positions");
    Checks.same("positions.length", positions.length, "x.batch * x.rows", (long) x.batch() * x.rows());
    for (int i = 0; i < positions.length; i++) {
      checkRange("positions[" + i + "]", positions[i], 1);
    }
    for (int i = 0; i < positions.length; i++) {
      add(x, i / x.rows(), i % x.rows(), 1, positions[i]);
    }
  }

  private void add(SequenceBatch x, int b, int row, int count, int position) {
    if (count > 0) {
      rows.add(position, count, x.data(), x.index(b, row), x.rowStride());
    }
  }

  /**
   * Checks that there are so many positions.
   *
   * @hidden
   */
  public void checkCount(String name, int count) {
    if (count > 0 && count - 1 > rows.last()) {
      throw new IllegalArgumentException(name + " is " + count + ", but " + rows.bound());
    }
  }

  private void check(SequenceBatch x) {
    Objects.requireNonNull(x, "x");
    Checks.same("x.width", x.width(), "embedDim", embedDim);
    ViewChecks.writable("x", x.split(1));
  }

  private void checkRange(String name, int first, int count) {
    Checks.atLeast(name, first, 0);
    if (count > 0 && first + (count - 1L) > rows.last()) {
      throw new IllegalArgumentException(name + " is " + first + " for " + count + " rows, but " + rows.bound());
    }
  }

  @Override
  public String toString() {
    return rows.toString();
  }
}
