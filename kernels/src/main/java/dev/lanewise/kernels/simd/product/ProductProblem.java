package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Tiles;
import org.jspecify.annotations.Nullable;

/**
 * c = activation(a · b + bias), as the loops see it.
 *
 * @param a rows × depth
 * @param panels b, packed in panels of {@link Tiles#NR}
 * @param panelDepth steps of a panel, depth or more
 * @param firstPanel where the first panel starts
 * @param bias what each row starts from, padded to whole panels; null for 0
 * @param c rows × columns, written
 * @param pass inner steps that are added up in one chain
 */
public record ProductProblem(
    Matrix a, float[] panels, int panelDepth, int firstPanel, float @Nullable [] bias, Activation activation, Matrix c, int pass) {

  /** A product whose panels hold all steps. */
  public ProductProblem(Matrix a, float[] panels, int firstPanel, float @Nullable [] bias, Activation activation, Matrix c) {
    this(a, panels, a.columns(), firstPanel, bias, activation, c, Tiles.KC);
  }

  /** Some rows, columns and steps of the product alone, without bias and activation; the columns begin a panel. */
  ProductProblem part(int row, int column, int step, int stepEnd, int newPass, Matrix newC) {
    Matrix steps = new Matrix(a.data(), a.index(row, step), newC.rows(), stepEnd - step, a.rowStride());
    return new ProductProblem(steps, panels, panelDepth, panel(column, step), null, Activation.NONE, newC, newPass);
  }

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
    return firstPanel + column * panelDepth + step * Tiles.NR;
  }

  /** Points {@code start} at what every row starts from, for the panel that begins with {@code column}. */
  Operand start(int column, Operand start, float[] zeros) {
    return bias == null ? start.set(zeros, 0, 0) : start.set(bias, column, 0);
  }
}
