package dev.lanewise.kernels.cache;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.StoredBits;
import org.jspecify.annotations.Nullable;

/** Cached blocks in an array of the element type. */
final class HeapMemory extends KeyValueMemory {
  /** Offset of the first block: large arrays begin a few words after a page, and from this byte on rows are aligned to cache lines. */
  private static final int START_BYTES = 48;

  /** Elements behind the last block, because the smallest vector of bytes is wider than four lanes. */
  static final int END_ELEMENTS = 16;

  static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8 - START_BYTES - END_ELEMENTS;

  private final KeyValueFormat format;
  private final Object data;
  private final int start;

  HeapMemory(KeyValueLayout layout, int blocks, float @Nullable [] keyChannels) {
    super(layout, blocks, keyChannels);
    format = layout.format();
    start = START_BYTES / format.bytes();
    int size = start + blocks * layout.blockSize() + END_ELEMENTS;
    data =
        switch (format) {
          case F32 -> new float[size];
          case F16, BF16 -> new short[size];
          case INT8 -> new byte[size];
        };
  }

  @Override
  public Object data() {
    return data;
  }

  @Override
  public boolean isNative() {
    return false;
  }

  @Override
  int start() {
    return start;
  }

  @Override
  boolean put(long index, float x) {
    int i = (int) index;
    switch (format) {
      case F32 -> {
        ((float[]) data)[i] = x;
        return Float.isFinite(x);
      }
      case F16 -> {
        short bits = Float.floatToFloat16(x);
        ((short[]) data)[i] = bits;
        return StoredBits.isFiniteHalf(bits);
      }
      case BF16 -> {
        short bits = StoredBits.toBfloat16(x);
        ((short[]) data)[i] = bits;
        return StoredBits.isFiniteBfloat16(bits);
      }
      case INT8 -> ((byte[]) data)[i] = StoredBits.toByte(x);
    }
    return true;
  }

  @Override
  float get(long index) {
    int i = (int) index;
    return switch (format) {
      case F32 -> ((float[]) data)[i];
      case F16 -> Float.float16ToFloat(((short[]) data)[i]);
      case BF16 -> StoredBits.fromBfloat16(((short[]) data)[i]);
      case INT8 -> ((byte[]) data)[i];
    };
  }

  @Override
  int bits(long index) {
    int i = (int) index;
    return switch (format) {
      case F32 -> Float.floatToRawIntBits(((float[]) data)[i]);
      case F16, BF16 -> ((short[]) data)[i];
      case INT8 -> ((byte[]) data)[i];
    };
  }

  @Override
  void putBits(long index, int bits) {
    int i = (int) index;
    switch (format) {
      case F32 -> ((float[]) data)[i] = Float.intBitsToFloat(bits);
      case F16, BF16 -> ((short[]) data)[i] = (short) bits;
      case INT8 -> ((byte[]) data)[i] = (byte) bits;
    }
  }

  @Override
  @SuppressWarnings("SuspiciousSystemArraycopy") // both are arrays of the format's type
  void copy(KeyValueMemory from, long index, long to, int count) {
    System.arraycopy(from.data(), (int) index, data, (int) to, count);
  }
}
