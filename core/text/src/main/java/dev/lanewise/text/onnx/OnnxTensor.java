package dev.lanewise.text.onnx;

import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A constant of an ONNX file: an initializer, or the value of a node. One of the arrays holds the elements, row-major; none does if the
 * type is another one.
 *
 * @param name its name in the file
 * @param type ONNX's number of the element type
 * @param dims sizes, outermost first; their product is the number of elements
 * @param floats elements of type {@link #FLOAT}
 * @param bytes elements of type {@link #UINT8} and {@link #INT8}
 * @param longs elements of type {@link #INT32} and {@link #INT64}
 */
@SuppressWarnings("ArrayRecordComponent")
record OnnxTensor(String name, int type, long[] dims, float @Nullable [] floats, byte @Nullable [] bytes, long @Nullable [] longs) {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT8 = 3;
  static final int INT32 = 6;
  static final int INT64 = 7;

  private static final int BOOL = 9;

  /** The types of indices and switches. */
  private static final Set<Integer> TYPES_OF_NO_WEIGHTS = Set.of(INT32, INT64, BOOL);

  /** Tells whether the elements are indices or switches. */
  boolean isNoWeight() {
    return TYPES_OF_NO_WEIGHTS.contains(type);
  }

  /** The elements as a weight. */
  float[] weight() throws IOException {
    if (floats == null) {
      throw new IOException(
          "weight " + name + " has ONNX data type " + type + ", must be " + FLOAT + " (fp32), or quantised in a known way");
    }
    return floats;
  }

  /** Number of elements of a type that is read. */
  int count() {
    return floats != null ? floats.length : bytes != null ? bytes.length : longs != null ? longs.length : 0;
  }

  /** An element of 8 bits. */
  int code(int index) {
    byte code = bytes == null ? 0 : bytes[index];
    return type == UINT8 ? Byte.toUnsignedInt(code) : code;
  }
}
