package dev.lanewise.bench.minilm;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Reads one {@code TensorProto} from a stream. Protobuf's writers put fields in the order of their numbers, so name, type and shape are
 * known when the data comes, and unwanted data is stepped over without being stored.
 */
final class OnnxTensorReader {
  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int NAME = 8;
  private static final int RAW_DATA = 9;
  private static final int TYPE_FLOAT = 1;

  private final CodedInputStream in;
  private final List<Long> dims = new ArrayList<>();
  private int dataType;
  private @Nullable String storedName;
  private float @Nullable [] data;

  private OnnxTensorReader(CodedInputStream in) {
    this.in = in;
  }

  /**
   * Reads the fields of a tensor up to the limit of the stream.
   *
   * @param rename from the name in the file to the name under which the tensor is wanted; empty if it is not
   * @return the tensor; null if it is not wanted
   * @throws IOException if it is wanted but is not raw fp32 of the size that its shape asks for
   */
  static @Nullable Tensor read(CodedInputStream in, UnaryOperator<String> rename) throws IOException {
    return new OnnxTensorReader(in).read(rename);
  }

  private @Nullable Tensor read(UnaryOperator<String> rename) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case DIMS -> readDims(tag);
        case DATA_TYPE -> dataType = in.readInt32();
        case NAME -> storedName = in.readString();
        case RAW_DATA -> readRawData(tag, rename);
        default -> in.skipField(tag);
      }
    }
    String name = storedName == null ? "" : rename.apply(storedName);
    if (name.isEmpty()) {
      return null;
    }
    if (data == null) {
      throw new IOException("weight " + name + " has no raw data in the ONNX file");
    }
    return new Tensor(name, dims.stream().mapToInt(Math::toIntExact).toArray(), data);
  }

  /** Dimensions come one by one or packed into one field. */
  private void readDims(int tag) throws IOException {
    if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
      Onnx.inMessage(
          in,
          () -> {
            while (!in.isAtEnd()) {
              dims.add(in.readInt64());
            }
          });
    } else {
      dims.add(in.readInt64());
    }
  }

  private void readRawData(int tag, UnaryOperator<String> rename) throws IOException {
    if (storedName == null) {
      throw new IOException("an ONNX weight has its data before its name, which this reader does not take");
    }
    String name = rename.apply(storedName);
    if (name.isEmpty()) {
      in.skipField(tag);
      return;
    }
    if (dataType != TYPE_FLOAT) {
      throw new IOException("weight " + name + " has ONNX data type " + dataType + ", must be " + TYPE_FLOAT + " (fp32)");
    }
    long count = 1;
    for (long dim : dims) {
      count *= dim;
    }
    int bytes = in.readRawVarint32();
    if (dims.stream().anyMatch(dim -> dim < 0 || dim > Integer.MAX_VALUE) || count * Float.BYTES != bytes) {
      throw new IOException("weight " + name + " of shape " + dims + " has " + bytes + " bytes, must have " + count * Float.BYTES);
    }
    float[] floats = new float[(int) count];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.intBitsToFloat(in.readRawLittleEndian32());
    }
    data = floats;
  }
}
