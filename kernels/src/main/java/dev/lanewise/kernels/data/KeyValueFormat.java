package dev.lanewise.kernels.data;

/** How a cache stores the elements of keys and values. Arithmetic is float in any case. */
public enum KeyValueFormat {
  /** As they are. */
  F32(4),
  /** IEEE half precision, rounded to nearest: 11 bits, up to 65504. */
  F16(2),
  /** The upper half of a float, rounded to nearest: 8 bits, up to 3.39e38. */
  BF16(2),
  /**
   * Integers from −127 to 127 times a scale of their row and head, which is max |x| / 127: an element is off by half a scale at most (and
   * the roundings of float). With scales of K's channels, x is what is left after the division by them, and the error half a scale times
   * the channel's. A row with an x that is not finite becomes NaN, one whose largest is below 127 · 2<sup>−126</sup> zero.
   */
  INT8(1);

  private final int bytes;

  KeyValueFormat(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes an element. */
  public int bytes() {
    return bytes;
  }
}
