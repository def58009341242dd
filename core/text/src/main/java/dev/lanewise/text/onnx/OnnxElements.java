package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a tensor as they arrive. Arrays grow with the elements that were read, whatever number the file announces. Elements of a
 * type that no weight and no setting has are skipped.
 */
final class OnnxElements {
  private static final int FLOATS_AT_ONCE = 1 << 14;

  /** Number of floats that are allocated because the file announces them; more are allocated only after this many have arrived. */
  private static final int FLOATS_AT_FIRST = 1 << 20;

  private static final float[] NO_FLOATS = {};
  private static final byte[] NO_BYTES = {};
  private static final long[] NO_LONGS = {};

  private final int type;
  private float[] floats = NO_FLOATS;
  private byte[] bytes = NO_BYTES;
  private long[] longs = NO_LONGS;
  private int count;

  OnnxElements(int type) {
    this.type = type;
  }

  /** Bytes of an element in raw data; 0 if the type is skipped. */
  static int width(int type) {
    if (type == OnnxTensor.FLOAT || type == OnnxTensor.INT32) {
      return Integer.BYTES;
    }
    if (type == OnnxTensor.INT64) {
      return Long.BYTES;
    }
    return hasBytes(type) ? Byte.BYTES : 0;
  }

  private static boolean hasBytes(int type) {
    return type == OnnxTensor.UINT8 || type == OnnxTensor.INT8;
  }

  /** ONNX's number of the type. */
  int type() {
    return type;
  }

  /** Number of elements so far. */
  int count() {
    return count;
  }

  /** Reads this many bytes of raw data, which are a whole number of elements. There are no elements before. */
  void readRaw(CodedInputStream in, int length) throws IOException {
    int elements = length / width(type);
    if (type == OnnxTensor.FLOAT) {
      readFloats(in, elements);
    } else if (hasBytes(type)) {
      bytes = in.readRawBytes(length);
      count = length;
    } else {
      for (int i = 0; i < elements; i++) {
        add(type == OnnxTensor.INT32 ? in.readRawLittleEndian32() : in.readRawLittleEndian64());
      }
    }
  }

  private static int size(int one, int other) throws IOException {
    if (one > Integer.MAX_VALUE - 8 - other) {
      throw new IOException("an ONNX tensor has more elements than an array can hold");
    }
    return one + other;
  }

  /** Reads floats, which are stored as raw data is. */
  void readFloats(CodedInputStream in, int more) throws IOException {
    int end = size(count, more);
    while (count < end) {
      if (count == floats.length) {
        // Twice as many each time, so that floats that arrive one by one take linear time.
        long room = count == 0 ? Math.min(end, FLOATS_AT_FIRST) : Math.min(Integer.MAX_VALUE - 8, Math.max(2L * count, 16));
        floats = Arrays.copyOf(floats, (int) (more == 1 ? room : Math.min(end, room)));
      }
      int length = Math.min(FLOATS_AT_ONCE, Math.min(end, floats.length) - count);
      byte[] read = in.readRawBytes(length * Float.BYTES);
      ByteBuffer.wrap(read).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats, count, length);
      count += length;
    }
  }

  /** Adds an integer. */
  void add(long value) throws IOException {
    if (hasBytes(type)) {
      if (count == bytes.length) {
        bytes = Arrays.copyOf(bytes, size(Math.max(count, 8), count));
      }
      bytes[count++] = (byte) value;
    } else {
      if (count == longs.length) {
        longs = Arrays.copyOf(longs, size(Math.max(count, 8), count));
      }
      longs[count++] = value;
    }
  }

  float @Nullable [] floats() {
    return type == OnnxTensor.FLOAT ? (floats.length == count ? floats : Arrays.copyOf(floats, count)) : null;
  }

  byte @Nullable [] bytes() {
    return hasBytes(type) ? (bytes.length == count ? bytes : Arrays.copyOf(bytes, count)) : null;
  }

  long @Nullable [] longs() {
    return type == OnnxTensor.INT32 || type == OnnxTensor.INT64 ? Arrays.copyOf(longs, count) : null;
  }
}
