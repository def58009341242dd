package dev.lanewise.core.weights;

/**
 * What the elements of a stored tensor are, under the names of <a href="https://github.com/huggingface/safetensors">safetensors</a>. The
 * order is that of the format's own list, by which its writer sorts tensors, last first.
 */
public enum Dtype {
  /** True or false, a byte each. */
  BOOL(8),
  /** Float of four bits, two to a byte. */
  F4(4),
  /** Float of six bits, two of them the exponent. */
  F6_E2M3(6),
  /** Float of six bits, three of them the exponent. */
  F6_E3M2(6),
  /** Unsigned integer of 8 bits. */
  U8(8),
  /** Signed integer of 8 bits. */
  I8(8),
  /** Float of 8 bits, five of them the exponent. */
  F8_E5M2(8),
  /** Float of 8 bits, four of them the exponent, without infinity. */
  F8_E4M3(8),
  /** A power of two, as a scale of others. */
  F8_E8M0(8),
  /** As {@link #F8_E4M3}, with one zero and one NaN. */
  F8_E4M3FNUZ(8),
  /** As {@link #F8_E5M2}, with one zero and one NaN. */
  F8_E5M2FNUZ(8),
  /** Signed integer of 16 bits. */
  I16(16),
  /** Unsigned integer of 16 bits. */
  U16(16),
  /** IEEE 754 half precision: 5 bits of exponent, 10 of fraction. */
  F16(16),
  /** The upper half of a {@link #F32}: 8 bits of exponent, 7 of fraction. */
  BF16(16),
  /** Signed integer of 32 bits. */
  I32(32),
  /** Unsigned integer of 32 bits. */
  U32(32),
  /** Java's {@code float}. */
  F32(32),
  /** A complex number, two {@link #F32}. */
  C64(64),
  /** Java's {@code double}. */
  F64(64),
  /** Signed integer of 64 bits. */
  I64(64),
  /** Unsigned integer of 64 bits. */
  U64(64);

  private final int bits;

  Dtype(int bits) {
    this.bits = bits;
  }

  /** Bits of an element. */
  public int bits() {
    return bits;
  }
}
