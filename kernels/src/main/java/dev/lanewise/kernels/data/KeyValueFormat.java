package dev.lanewise.kernels.data;

/**
 * The number format in which a cache stores keys and values. Arithmetic is in float for every format.
 *
 * <pre>{@code
 * KeyValueCache cache = KeyValueCache.builder(heads, headDim).format(KeyValueFormat.INT8).capacity(4096).build();
 * }</pre>
 */
public enum KeyValueFormat {
  /** 32-bit floats, unchanged. */
  F32(4),
  /** IEEE half precision, rounded to nearest: 11 bits, up to 65504. */
  F16(2),
  /** The upper half of a float, rounded to nearest: 8 bits, up to 3.39e38. */
  BF16(2),
  /**
   * Integers from −127 to 127 and one scale for each row and head, max |x| / 127. The error of an element is at most half a scale (and the
   * roundings of float). If K has channel scales, x is the element divided by the scale of its channel, and the error is half a row scale
   * times the channel scale. A row with an x that is not finite becomes NaN. A row whose largest |x| is below 127 · 2<sup>−126</sup>
   * becomes zero.
   */
  INT8(1);

  private final int bytes;

  KeyValueFormat(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of an element. */
  public int bytes() {
    return bytes;
  }
}
