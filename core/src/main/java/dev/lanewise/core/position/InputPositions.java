package dev.lanewise.core.position;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * Positions that act on the input: they add to each row that enters the first layer a row of numbers that belongs to its position. See
 * {@link Positions#sinusoidal} and {@link Positions#learned}. The bits of a result row depend only on the input row and its position.
 */
public final class InputPositions implements Positions {
  private final PositionTable rows;
  private final int embedDim;

  InputPositions(PositionTable rows, int embedDim) {
    this.rows = rows;
    this.embedDim = embedDim;
  }

  /** Source of the rows that are added. */
  sealed interface PositionTable permits SinusoidalTable, LearnedTable {
    /** The limit of the positions, as messages name it: the argument that was given, and its number. */
    String bound();

    /** The largest position. */
    int last();

    /**
     * Adds the rows of {@code count} consecutive positions from {@code position} on to the rows of {@code x} that begin at index {@code
     * offset}, {@code stride} apart.
     */
    void add(int position, int count, float[] x, int offset, int stride);
  }

  /** Elements of a row. */
  public int embedDim() {
    return embedDim;
  }

  /** Number of positions, at most {@link Integer#MAX_VALUE}. */
  public int count() {
    return (int) Math.min(Integer.MAX_VALUE, rows.last() + 1L);
  }

  /**
   * Adds to consecutive rows, from the same position on in every batch entry.
   *
   * @param x batch × rows × embedDim, changed
   * @param firstPosition row r has position firstPosition + r
   * @throws IllegalArgumentException if the width differs, rows overlap, or there is no such position; nothing has been written then
   */
  public void apply(SequenceBatch x, int firstPosition) {
    check(x);
    checkRange("firstPosition", firstPosition, x.rows());
    for (int b = 0; b < x.batch(); b++) {
      add(x, b, 0, x.rows(), firstPosition);
    }
  }

  /**
   * Adds to rows with any positions. {@link Positions} makes those of consecutive rows, of packed sequences and of trees.
   *
   * @param positions dense batch × rows: the position of each row
   * @throws IllegalArgumentException as for {@link #apply(SequenceBatch, int)}, or if there are not batch · rows numbers
   */
  public void apply(SequenceBatch x, int[] positions) {
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
   * Checks that there are at least {@code count} positions.
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
