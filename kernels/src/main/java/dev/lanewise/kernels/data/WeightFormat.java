package dev.lanewise.kernels.data;

/**
 * The number format in which a {@link PackedMatrix} stores a weight. Arithmetic is in float for every format.
 *
 * <pre>{@code
 * PackedMatrix weight = kernels.packTransposed(matrix, WeightFormat.INT8_BLOCK);
 * kernels.product(input, weight, bias, result);
 * }</pre>
 *
 * <p>The integer formats store a code for each element and a scale for a group of elements of the same output; an element is its scale
 * times its code (less the zero point). Numbers are rounded to the nearest code, so that the error of an element is at most half of its
 * scale (and the roundings of float). They refuse numbers that are not finite. A group whose largest |w| is below 127 · 2<sup>−126</sup>
 * becomes zero.
 */
public enum WeightFormat {
  /** 32-bit floats, unchanged. */
  F32(32),
  /** IEEE half precision, rounded to nearest: 11 bits, up to 65504. Numbers that do not become finite halves are refused. */
  F16(16),
  /** The upper half of a float, rounded to nearest: 8 bits, up to 3.39e38. */
  BF16(16),
  /** Integers from −127 to 127 and one scale for each output, max |w| / 127. */
  INT8(8),
  /** Integers from −127 to 127 and one scale for {@value #BLOCK} inputs of an output, max |w| / 127. */
  INT8_BLOCK(8),
  /** Integers from −7 to 7 and one scale for {@value #BLOCK} inputs of an output, max |w| / 7. */
  INT4(4),
  /**
   * Integers from 0 to 15 with one scale and one zero point for {@value #BLOCK} inputs of an output. The scale is a fifteenth of the range
   * of the numbers and 0; the zero point is the code of 0.
   */
  INT4_ZERO(4);

  /** Number of inputs of an output that share a scale in the formats with blocks. The last block may be shorter. */
  public static final int BLOCK = 32;

  private final int bits;

  WeightFormat(int bits) {
    this.bits = bits;
  }

  /** Bits of a stored element, without scales and zero points. */
  public int bits() {
    return bits;
  }

  /**
   * Whether elements are codes with scales.
   *
   * @hidden
   */
  public boolean isInteger() {
    return bits <= 8;
  }

  /**
   * Whether codes have zero points.
   *
   * @hidden
   */
  public boolean hasZeroPoints() {
    return this == INT4_ZERO;
  }

  /**
   * Number of scales of an output: 0 for floats.
   *
   * @hidden
   */
  public int scales(int inputs) {
    if (!isInteger()) {
      return 0;
    }
    return this == INT8 ? 1 : Math.ceilDiv(inputs, BLOCK);
  }

  /**
   * The largest code of a symmetric integer format.
   *
   * @hidden
   */
  public int largestCode() {
    return (1 << (bits - 1)) - 1;
  }

  /**
   * The stored code of 0 in a format without zero points, whose codes are stored without a sign.
   *
   * @hidden
   */
  public int bias() {
    return isInteger() && !hasZeroPoints() ? 1 << (bits - 1) : 0;
  }
}
