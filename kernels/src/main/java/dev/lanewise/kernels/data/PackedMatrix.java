package dev.lanewise.kernels.data;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.StoredBits;

/**
 * A weight matrix of shape inputs × outputs in any {@link WeightFormat}, rearranged once into the column panels that a product reads.
 * {@link Kernels#pack} and {@link Kernels#packTransposed} create it. Other {@link Kernels} refuse it unless their panels have the same
 * width.
 */
public final class PackedMatrix {
  private static final float[] NO_FLOATS = new float[0];
  private static final int[] NO_INTS = new int[0];

  private final WeightFormat format;
  private final int inputs;
  private final int outputs;
  private final int panelWidth;
  private final int firstPanel;

  /** F32: [panel][input][panelWidth]. */
  private final float[] data;

  /** Other formats: [panel][group of inputs][panelWidth], the first input of a group in the lowest bits of an int. */
  private final int[] codes;

  /** Integer formats: [panel][block of inputs][panelWidth]. */
  private final float[] scales;

  /** As the scales, if the format has zero points. */
  private final float[] zeros;

  /** Reads a weight an output at a time, so that a file need not be in memory as floats. */
  @FunctionalInterface
  public interface Rows {
    /** Reads all inputs of an output: row {@code output} of W, which is outputs × inputs, into {@code target} from index 0 on. */
    void read(int output, float[] target);
  }

  /**
   * Reads stored codes an output at a time.
   *
   * @hidden
   */
  @FunctionalInterface
  public interface Codes {
    /** Reads all codes, scales and zero points of an output. */
    void read(int output, CodeRow target);
  }

  /**
   * The codes of one output.
   *
   * @param codes inputs elements: with a sign, or from 0 to 15 in a format with zero points
   * @param scales one for each block of inputs, or a single one
   * @param zeros zero points, one for each scale; without elements in a symmetric format
   * @hidden
   */
  public record CodeRow(byte[] codes, float[] scales, byte[] zeros) {
    /** A row of zeros. */
    public static CodeRow of(WeightFormat format, int inputs) {
      int scales = format.scales(inputs);
      return new CodeRow(new byte[inputs], new float[scales], new byte[format.hasZeroPoints() ? scales : 0]);
    }
  }

  private PackedMatrix(PackedMatrix whole, int from, int to) {
    this.format = whole.format;
    this.inputs = whole.inputs;
    this.outputs = to - from;
    this.panelWidth = whole.panelWidth;
    this.firstPanel = whole.firstPanel + from / panelWidth;
    this.data = whole.data;
    this.codes = whole.codes;
    this.scales = whole.scales;
    this.zeros = whole.zeros;
  }

  /** Allocates the panels; {@code given} is what the caller gave, for the message that they are too large. */
  private PackedMatrix(WeightFormat format, int inputs, int outputs, int panelWidth, String given) {
    this.format = format;
    this.inputs = inputs;
    this.outputs = outputs;
    this.panelWidth = panelWidth;
    this.firstPanel = 0;
    boolean floats = format == WeightFormat.F32;
    long columns = (long) Math.ceilDiv(outputs, panelWidth) * panelWidth;
    long size = columns * groups();
    if (size > Integer.MAX_VALUE) {
      String needed = "packed in panels of " + panelWidth + " they need " + size + (floats ? " elements" : " ints");
      throw new IllegalArgumentException(given + ": " + needed + ", an array has at most " + Integer.MAX_VALUE);
    }
    this.data = floats ? new float[(int) size] : NO_FLOATS;
    this.codes = floats ? NO_INTS : new int[(int) size];
    this.scales = new float[(int) (columns * format.scales(inputs))];
    this.zeros = format.hasZeroPoints() ? new float[scales.length] : NO_FLOATS;
  }

  /**
   * Packs {@code weight} as floats into panels [panel][input][panelWidth]; columns past the last output are zero.
   *
   * @param transposed whether {@code weight} is outputs × inputs (as PyTorch's {@code nn.Linear} stores it)
   * @hidden
   */
  public static PackedMatrix of(Matrix weight, boolean transposed, int panelWidth) {
    Matrix rows = transposed ? weight : weight.transposed();
    String given = "weight.rows is " + weight.rows() + " and weight.columns is " + weight.columns();
    PackedMatrix packed = new PackedMatrix(WeightFormat.F32, rows.columns(), rows.rows(), panelWidth, given);
    packed.repack(weight, transposed);
    return packed;
  }

  /**
   * Replaces the elements by those of another weight of the same shape. Nobody may read this matrix meanwhile.
   *
   * @param transposed whether {@code weight} is outputs × inputs
   * @hidden
   */
  public void repack(Matrix weight, boolean transposed) {
    Matrix rows = transposed ? weight : weight.transposed();
    for (int output = 0; output < outputs; output++) {
      int target = index(output);
      for (int input = 0; input < inputs; input++) {
        data[target + input * panelWidth] = rows.data()[rows.index(output, input)];
      }
    }
  }

  /**
   * Packs the numbers of {@code rows}, rounded to the format.
   *
   * @throws IllegalArgumentException if the format cannot hold a number
   * @hidden
   */
  public static PackedMatrix of(Rows rows, int inputs, int outputs, WeightFormat format, int panelWidth) {
    PackedMatrix packed = new PackedMatrix(format, inputs, outputs, panelWidth, given(format, inputs, outputs));
    float[] row = new float[inputs];
    CodeRow codes = CodeRow.of(format, inputs);
    Quantiser quantiser = new Quantiser(format, codes);
    for (int output = 0; output < outputs; output++) {
      rows.read(output, row);
      if (format.isInteger()) {
        quantiser.quantise(row, output);
        packed.set(output, codes);
      } else {
        packed.set(output, row);
      }
    }
    return packed;
  }

  /**
   * Packs stored codes, unchanged.
   *
   * @hidden
   */
  public static PackedMatrix ofCodes(Codes rows, int inputs, int outputs, WeightFormat format, int panelWidth) {
    PackedMatrix packed = new PackedMatrix(format, inputs, outputs, panelWidth, given(format, inputs, outputs));
    CodeRow row = CodeRow.of(format, inputs);
    for (int output = 0; output < outputs; output++) {
      rows.read(output, row);
      packed.set(output, row);
    }
    return packed;
  }

  /**
   * The same weight, bit for bit, in panels of another width.
   *
   * @hidden
   */
  public PackedMatrix repacked(int newPanelWidth) {
    if (format.isInteger()) {
      return ofCodes(this::codes, inputs, outputs, format, newPanelWidth);
    }
    return of((output, target) -> row(output, target, 0), inputs, outputs, format, newPanelWidth);
  }

  private static String given(WeightFormat format, int inputs, int outputs) {
    return "inputs is " + inputs + " and outputs is " + outputs + " in format " + format;
  }

  static void checkFinite(float stored, float given, int output, int input, WeightFormat format) {
    if (!Float.isFinite(stored)) {
      throw new IllegalArgumentException("weight[" + output + "][" + input + "] is " + given + ", which " + format + " cannot hold");
    }
  }

  private void set(int output, float[] row) {
    int at = index(output);
    if (format == WeightFormat.F32) {
      for (int input = 0; input < inputs; input++) {
        data[at + input * panelWidth] = row[input];
      }
      return;
    }
    for (int input = 0; input < inputs; input++) {
      short bits = Quantiser.half(format, row[input], output, input);
      codes[at + input / 2 * panelWidth] |= (bits & 0xffff) << (input % 2 * 16);
    }
  }

  private void set(int output, CodeRow row) {
    int at = index(output);
    int inInt = Integer.SIZE / format.bits();
    for (int input = 0; input < inputs; input++) {
      int code = row.codes()[input] + format.bias();
      codes[at + input / inInt * panelWidth] |= code << (input % inInt * format.bits());
    }
    for (int block = 0; block < row.scales().length; block++) {
      scales[scaleIndex(output) + block * panelWidth] = row.scales()[block];
      if (format.hasZeroPoints()) {
        zeros[scaleIndex(output) + block * panelWidth] = row.zeros()[block];
      }
    }
  }

  /** The format of the elements. */
  public WeightFormat format() {
    return format;
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
   * Bytes of the elements, scales and zero points of these outputs, without padding.
   *
   * @hidden
   */
  public long bytes() {
    long scaled = (long) format.scales(inputs) * Float.BYTES * (format.hasZeroPoints() ? 2 : 1);
    return outputs * (((long) inputs * format.bits() + 7) / 8 + scaled);
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
   * Copies the numbers of an output, row {@code output} of W in floats, to {@code target}, from index {@code at} on.
   *
   * @throws IndexOutOfBoundsException if the matrix does not have this output, or the target not so many elements
   */
  public void row(int output, float[] target, int at) {
    Checks.index("output", output, outputs);
    Checks.range("target", at, (int) Math.min(Integer.MAX_VALUE, (long) at + inputs), target.length);
    int from = index(output);
    for (int input = 0; input < inputs; input++) {
      target[at + input] = format == WeightFormat.F32 ? data[from + input * panelWidth] : number(output, from, input);
    }
  }

  private float number(int output, int from, int input) {
    int bits = bits(from, input);
    if (!format.isInteger()) {
      return format == WeightFormat.F16 ? Float.float16ToFloat((short) bits) : StoredBits.fromBfloat16((short) bits);
    }
    int scale = scaleIndex(output) + (format == WeightFormat.INT8 ? 0 : input / WeightFormat.BLOCK * panelWidth);
    return scales[scale] * (code(bits) - (format.hasZeroPoints() ? zeros[scale] : 0));
  }

  /** The bits of an input, in the lowest bits; those of other inputs may follow. */
  private int bits(int from, int input) {
    int inInt = Integer.SIZE / format.bits();
    return codes[from + input / inInt * panelWidth] >>> (input % inInt * format.bits());
  }

  /** The code in the lowest bits. */
  private int code(int bits) {
    return (bits & ((1 << format.bits()) - 1)) - format.bias();
  }

  /**
   * Copies the codes, scales and zero points of an output.
   *
   * @hidden
   */
  public void codes(int output, CodeRow target) {
    Checks.index("output", output, outputs);
    int from = index(output);
    for (int input = 0; input < inputs; input++) {
      target.codes()[input] = (byte) code(bits(from, input));
    }
    for (int block = 0; block < target.scales().length; block++) {
      target.scales()[block] = scales[scaleIndex(output) + block * panelWidth];
      if (format.hasZeroPoints()) {
        target.zeros()[block] = (byte) zeros[scaleIndex(output) + block * panelWidth];
      }
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
   * Number of rows of a panel: inputs of F32, ints of other formats. Panels of integer formats hold whole blocks.
   *
   * @hidden
   */
  public int groups() {
    int inInt = Math.max(1, Integer.SIZE / format.bits());
    return format.isInteger() ? Math.ceilDiv(inputs, WeightFormat.BLOCK) * (WeightFormat.BLOCK / inInt) : Math.ceilDiv(inputs, inInt);
  }

  private int index(int output) {
    return panel(output / panelWidth) + output % panelWidth;
  }

  private int scaleIndex(int output) {
    return scales(output / panelWidth) + output % panelWidth;
  }

  /**
   * Index of the first element of a panel of {@link #panelWidth} columns, in {@link #data} or {@link #codes}.
   *
   * @hidden
   */
  public int panel(int index) {
    return (firstPanel + index) * panelWidth * groups();
  }

  /**
   * Index of the first scale of a panel.
   *
   * @hidden
   */
  public int scales(int index) {
    return (firstPanel + index) * panelWidth * format.scales(inputs);
  }

  /**
   * The panels of F32, one after the other; nobody changes them.
   *
   * @hidden
   */
  public float[] data() {
    return data;
  }

  /**
   * The panels of the other formats; nobody changes them.
   *
   * @hidden
   */
  public int[] codes() {
    return codes;
  }

  /**
   * The scales of integer formats; nobody changes them.
   *
   * @hidden
   */
  public float[] scales() {
    return scales;
  }

  /**
   * The zero points of the codes as floats, where the format has them; nobody changes them.
   *
   * @hidden
   */
  public float[] zeros() {
    return zeros;
  }
}
