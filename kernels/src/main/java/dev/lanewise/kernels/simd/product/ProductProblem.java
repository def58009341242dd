package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import org.jspecify.annotations.Nullable;

/**
 * The description of a product for the loops: c = activation(a · b + bias).
 *
 * @param a rows × depth
 * @param panels b, packed in panels of {@link Tiles#NR}
 * @param panelDepth number of steps of a panel, depth or more
 * @param firstPanel index of the first panel
 * @param bias initial value of each row, padded to whole panels; null for 0
 * @param c rows × columns, written
 * @param chain number of inner steps that are summed in one chain
 * @param added whether the product is added to what c holds; there is then no bias and no activation
 */
public record ProductProblem(
    Matrix a,
    float[] panels,
    int panelDepth,
    int firstPanel,
    float @Nullable [] bias,
    Activation activation,
    Matrix c,
    int chain,
    boolean added) {

  /** A product that is written. */
  public ProductProblem(
      Matrix a, float[] panels, int panelDepth, int firstPanel, float @Nullable [] bias, Activation activation, Matrix c, int chain) {
    this(a, panels, panelDepth, firstPanel, bias, activation, c, chain, false);
  }

  /** A product c += a · b, whose panels hold all steps. */
  public static ProductProblem added(Matrix a, float[] panels, Matrix c) {
    return new ProductProblem(a, panels, a.columns(), 0, null, Activation.NONE, c, Tiles.KC, true);
  }

  /** A product whose panels hold all steps. */
  public ProductProblem(Matrix a, float[] panels, int firstPanel, float @Nullable [] bias, Activation activation, Matrix c) {
    this(a, panels, a.columns(), firstPanel, bias, activation, c, Tiles.KC);
  }

  /** The product of a range of rows, columns and steps, without bias and activation; the first column begins a panel. */
  ProductProblem block(int row, int column, int step, int stepEnd, int newChain, Matrix newC) {
    Matrix steps = new Matrix(a.data(), a.index(row, step), newC.rows(), stepEnd - step, a.rowStride());
    return new ProductProblem(steps, panels, panelDepth, panel(column, step), null, Activation.NONE, newC, newChain);
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

  /** Sets the accumulator's initial value, the bias or zero, for the panel that begins with {@code column}. */
  Operand start(int column, Operand start, float[] zeros) {
    return bias == null ? start.set(zeros, 0, 0) : start.set(bias, column, 0);
  }

  /**
   * Applies the activation to finished results: as soon as {@link Tiles#ACTIVATED} columns or the last one are finished, to these columns
   * of a range of rows.
   *
   * @param column first column of a panel or of several
   * @param columnEnd end of the panels that have just been finished; may lie beyond the last column
   */
  void activate(int row, int rowEnd, int column, int columnEnd, Scratch scratch) {
    boolean isDue = columnEnd % Tiles.ACTIVATED == 0 || columnEnd >= columns();
    if (activation == Activation.NONE || !isDue) {
      return;
    }
    int from = column / Tiles.ACTIVATED * Tiles.ACTIVATED;
    int count = Math.min(columnEnd, columns()) - from;
    for (int i = row; i < rowEnd; i++) {
      int at = c.index(i, from);
      VectorActivations.row(activation, c.data(), at, c.data(), at, count, scratch.lanes);
    }
  }
}
