package dev.lanewise.kernels.data;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;

/**
 * A weight matrix of shape inputs × outputs, rearranged once into the column panels that a product reads. {@link Kernels#pack} and {@link
 * Kernels#packTransposed} create it. Other {@link Kernels} refuse it unless their panels have the same width.
 */
public final class PackedMatrix {
  private final int inputs;
  private final int outputs;
  private final int panelWidth;
  private final float[] data;
  private final int offset;

  private PackedMatrix(PackedMatrix whole, int from, int to) {
    this.inputs = whole.inputs;
    this.outputs = to - from;
    this.panelWidth = whole.panelWidth;
    this.data = whole.data;
    this.offset = whole.panel(from / panelWidth);
  }

  PackedMatrix(int inputs, int outputs, int panelWidth) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.panelWidth = panelWidth;
    this.data = new float[(int) size(inputs, outputs, panelWidth)];
    this.offset = 0;
  }

  /** Elements of all panels. */
  private static long size(int inputs, int outputs, int panelWidth) {
    return inputs * ((long) Math.ceilDiv(outputs, panelWidth) * panelWidth);
  }

  /**
   * Packs {@code weight} into panels [panel][input][panelWidth]; columns past the last output are zero.
   *
   * @param transposed whether {@code weight} is outputs × inputs (as PyTorch's {@code nn.Linear} stores it)
   * @hidden
   */
  public static PackedMatrix of(Matrix weight, boolean transposed, int panelWidth) {
    int inputs = transposed ? weight.columns() : weight.rows();
    int outputs = transposed ? weight.rows() : weight.columns();
    long size = size(inputs, outputs, panelWidth);
    if (size > Integer.MAX_VALUE) {
      String given = "weight.rows is " + weight.rows() + " and weight.columns is " + weight.columns();
      String needed = "packed in panels of " + panelWidth + " they need " + size + " elements";
      throw new IllegalArgumentException(given + ": " + needed + ", an array has at most " + Integer.MAX_VALUE);
    }
    PackedMatrix packed = new PackedMatrix(inputs, outputs, panelWidth);
    for (int output = 0; output < outputs; output++) {
      int target = packed.panel(output / panelWidth) + output % panelWidth;
      for (int input = 0; input < inputs; input++) {
        packed.data[target + input * panelWidth] = weight.data()[transposed ? weight.index(output, input) : weight.index(input, output)];
      }
    }
    return packed;
  }

  /** Number of rows of the matrix: the width of the product's input. */
  public int inputs() {
    return inputs;
  }

  /** Number of columns of the matrix: the width of the product's output. */
  public int outputs() {
    return outputs;
  }

  /**
   * A view of the outputs {@code from} (inclusive) to {@code to} (exclusive), so that several threads can each compute a range of the
   * outputs of one product.
   *
   * @throws IllegalArgumentException if {@code from} is not a multiple of 64, where panels of every width begin
   * @throws IndexOutOfBoundsException if the matrix does not have these outputs
   */
  public PackedMatrix outputs(int from, int to) {
    Checks.range("outputs", from, to, outputs);
    Checks.multiple("from", from, "the widest panel,", 64);
    return new PackedMatrix(this, from, to);
  }

  /**
   * Unpacks the weight, as a new outputs × inputs matrix.
   *
   * @hidden
   */
  public Matrix transposed() {
    Matrix weight = Matrix.zeros(outputs, inputs);
    for (int output = 0; output < outputs; output++) {
      row(output, weight.data(), weight.index(output, 0));
    }
    return weight;
  }

  /**
   * Unpacks the weights of one output, as {@code inputs} elements of {@code target} from {@code to} on.
   *
   * @hidden
   */
  public void row(int output, float[] target, int to) {
    int from = panel(output / panelWidth) + output % panelWidth;
    for (int input = 0; input < inputs; input++) {
      target[to + input] = data[from + input * panelWidth];
    }
  }

  /**
   * Number of columns of a panel.
   *
   * @hidden
   */
  public int panelWidth() {
    return panelWidth;
  }

  /**
   * Index of the first element of a panel of {@link #panelWidth} columns.
   *
   * @hidden
   */
  public int panel(int index) {
    return offset + index * panelWidth * inputs;
  }

  /**
   * The panels, one after the other; nobody changes them.
   *
   * @hidden
   */
  public float[] data() {
    return data;
  }
}
