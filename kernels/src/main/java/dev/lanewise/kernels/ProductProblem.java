package dev.lanewise.kernels;

import org.jspecify.annotations.Nullable;

/**
 * c = activation(a · b + bias), as the loops see it.
 *
 * @param a rows × depth
 * @param panels b, depth × columns, packed in panels of {@link Tiles#COLUMNS}
 * @param firstPanel where the first panel starts
 * @param bias what each row starts from, padded to whole panels; null for 0
 * @param c rows × columns, written
 */
record ProductProblem(Matrix a, float[] panels, int firstPanel, float @Nullable [] bias, Activation activation, Matrix c) {

  int rows() {
    return c.rows();
  }

  int columns() {
    return c.columns();
  }

  int depth() {
    return a.columns();
  }

  /** Index in {@link #panels} of a step of the panel that begins with {@code column}. */
  int panel(int column, int step) {
    return firstPanel + column * depth() + step * Tiles.COLUMNS;
  }

  /** Points {@code start} at what every row starts from, for the panel that begins with {@code column}. */
  Strip start(int column, Strip start, float[] zeros) {
    return bias == null ? start.set(zeros, 0, 0) : start.set(bias, column, 0);
  }
}
