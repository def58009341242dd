package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads one {@code TensorProto} from a stream. Protobuf's writers put fields in the order of their numbers, so name, type and shape are
 * known before the data, and the reader can skip unwanted data without storing it.
 */
final class OnnxTensorReader {
  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int NAME = 8;
  private static final int RAW_DATA = 9;

  private static final int TYPE_FLOAT = 1;

  /** INT32, INT64 and BOOL, the types of indices and switches. */
  private static final Set<Integer> TYPES_OF_NO_WEIGHTS = Set.of(6, 7, 9);

  /** Maximum number of dimensions, more than any real tensor has. */
  private static final int MOST_DIMS = 16;

  private static final int FLOATS_AT_ONCE = 1 << 14;

  /** Number of floats that are allocated because the file announces them; more are allocated only after this many have arrived. */
  private static final int FLOATS_AT_FIRST = 1 << 20;

  private final CodedInputStream in;
  private final Predicate<String> wanted;
  private final List<Long> dims = new ArrayList<>();
  private int dataType;
  private @Nullable String name;
  private float @Nullable [] data;

  private OnnxTensorReader(CodedInputStream in, Predicate<String> wanted) {
    this.in = in;
    this.wanted = wanted;
  }

  /**
   * Reads the fields of a tensor up to the limit of the stream.
   *
   * @param wanted tells whether a tensor of a name is wanted
   * @return the tensor; null if it is not wanted, or contains integers or booleans
   * @throws IOException if it is wanted but is not raw fp32 of the size that its shape requires
   */
  static @Nullable OnnxTensor read(CodedInputStream in, Predicate<String> wanted) throws IOException {
    OnnxTensorReader reader = new OnnxTensorReader(in, wanted);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      reader.readField(tag);
    }
    return reader.tensor();
  }

  private void readField(int tag) throws IOException {
    int field = WireFormat.getTagFieldNumber(tag);
    if (field == DIMS) {
      readDims(tag);
    } else if (field == DATA_TYPE && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
      dataType = in.readInt32();
    } else if (Onnx.isMessage(tag, NAME)) {
      name = in.readString();
    } else if (Onnx.isMessage(tag, RAW_DATA)) {
      readRawData(tag);
    } else {
      in.skipField(tag);
    }
  }

  /** Reads dimensions, which are single fields or packed into one field. */
  private void readDims(int tag) throws IOException {
    if (Onnx.isMessage(tag, DIMS)) {
      Onnx.inMessage(
          in,
          () -> {
            while (!in.isAtEnd()) {
              addDim(in.readInt64());
            }
          });
    } else if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
      addDim(in.readInt64());
    } else {
      in.skipField(tag);
    }
  }

  private void addDim(long dim) throws IOException {
    if (dims.size() == MOST_DIMS) {
      throw new IOException("an ONNX tensor has more than " + MOST_DIMS + " dimensions");
    }
    dims.add(dim);
  }

  private void readRawData(int tag) throws IOException {
    if (name == null) {
      throw new IOException("an ONNX tensor has its data before its name, which this reader does not support");
    }
    if (!isWeight()) {
      in.skipField(tag);
      return;
    }
    int bytes = in.readRawVarint32();
    checkSize(bytes);
    data = readFloats(bytes / Float.BYTES);
  }

  /** Tells whether this tensor is wanted and has floats. A type that is neither float nor known to be something else is refused. */
  private boolean isWeight() throws IOException {
    if (name == null || !wanted.test(name) || TYPES_OF_NO_WEIGHTS.contains(dataType)) {
      return false;
    }
    if (dataType != TYPE_FLOAT) {
      throw new IOException("weight " + name + " has ONNX data type " + dataType + ", must be " + TYPE_FLOAT + " (fp32)");
    }
    return true;
  }

  private void checkSize(long bytes) throws IOException {
    long expected = Float.BYTES;
    for (long dim : dims) {
      if (dim < 0 || dim > Integer.MAX_VALUE || Math.multiplyHigh(expected, dim) != 0 || expected * dim < 0) {
        throw new IOException("weight " + name + " has the impossible shape " + dims);
      }
      expected *= dim;
    }
    if (expected != bytes) {
      throw new IOException("weight " + name + " of shape " + dims + " has " + bytes + " bytes, must have " + expected);
    }
  }

  private float[] readFloats(int count) throws IOException {
    float[] floats = new float[Math.min(count, FLOATS_AT_FIRST)];
    int filled = 0;
    while (filled < count) {
      if (filled == floats.length) {
        floats = Arrays.copyOf(floats, (int) Math.min(count, 2L * filled));
      }
      int length = Math.min(FLOATS_AT_ONCE, floats.length - filled);
      byte[] bytes = in.readRawBytes(length * Float.BYTES);
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats, filled, length);
      filled += length;
    }
    return floats;
  }

  private @Nullable OnnxTensor tensor() throws IOException {
    if (name == null || !isWeight()) {
      return null;
    }
    if (data == null) {
      throw new IOException("weight " + name + " has no raw data in the ONNX file");
    }
    // Checked again: fields may have any order, and occur more than once.
    checkSize((long) data.length * Float.BYTES);
    return new OnnxTensor(name, dims.stream().mapToLong(Long::longValue).toArray(), data);
  }
}
