package dev.lanewise.kernels.cache;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.StoredBits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Cached blocks outside of the heap. */
final class NativeMemory extends KeyValueMemory {
  private static final int CACHE_LINE = 64;

  private final KeyValueFormat format;
  private final MemorySegment data;

  NativeMemory(KeyValueLayout layout, int blocks, float @Nullable [] keyChannels, Arena arena) {
    super(layout, blocks, keyChannels);
    format = layout.format();
    data = arena.allocate(((long) blocks * layout.blockSize() + HeapMemory.END_ELEMENTS) * format.bytes(), CACHE_LINE);
  }

  @Override
  public Object data() {
    return data;
  }

  @Override
  public boolean isNative() {
    return true;
  }

  @Override
  int start() {
    return 0;
  }

  @Override
  boolean put(long index, float x) {
    switch (format) {
      case F32 -> {
        data.setAtIndex(ValueLayout.JAVA_FLOAT, index, x);
        return Float.isFinite(x);
      }
      case F16 -> {
        short bits = Float.floatToFloat16(x);
        data.setAtIndex(ValueLayout.JAVA_SHORT, index, bits);
        return StoredBits.isFiniteHalf(bits);
      }
      case BF16 -> {
        short bits = StoredBits.toBfloat16(x);
        data.setAtIndex(ValueLayout.JAVA_SHORT, index, bits);
        return StoredBits.isFiniteBfloat16(bits);
      }
      case INT8 -> data.set(ValueLayout.JAVA_BYTE, index, StoredBits.toByte(x));
    }
    return true;
  }

  @Override
  float get(long index) {
    return switch (format) {
      case F32 -> data.getAtIndex(ValueLayout.JAVA_FLOAT, index);
      case F16 -> Float.float16ToFloat(data.getAtIndex(ValueLayout.JAVA_SHORT, index));
      case BF16 -> StoredBits.fromBfloat16(data.getAtIndex(ValueLayout.JAVA_SHORT, index));
      case INT8 -> data.get(ValueLayout.JAVA_BYTE, index);
    };
  }

  @Override
  int bits(long index) {
    return switch (format) {
      case F32 -> data.getAtIndex(ValueLayout.JAVA_INT, index);
      case F16, BF16 -> data.getAtIndex(ValueLayout.JAVA_SHORT, index);
      case INT8 -> data.get(ValueLayout.JAVA_BYTE, index);
    };
  }

  @Override
  void putBits(long index, int bits) {
    switch (format) {
      case F32 -> data.setAtIndex(ValueLayout.JAVA_INT, index, bits);
      case F16, BF16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, index, (short) bits);
      case INT8 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) bits);
    }
  }

  @Override
  void copy(KeyValueMemory from, long index, long to, int count) {
    long size = format.bytes();
    MemorySegment.copy(((NativeMemory) from).data, index * size, data, to * size, count * size);
  }
}
