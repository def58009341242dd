package dev.lanewise.text.onnx;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes small ONNX models field by field; field numbers are those of {@code onnx.proto}. */
final class OnnxFile {
  static final int FLOAT = 1;
  static final int INT64 = 7;
  static final int FLOAT16 = 10;

  private OnnxFile() {}

  @FunctionalInterface
  interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  static byte[] message(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static byte[] model(byte[]... graphFields) {
    byte[] graph =
        message(
            out -> {
              for (byte[] field : graphFields) {
                out.writeRawBytes(field);
              }
            });
    return message(
        out -> {
          out.writeInt64(1, 7);
          out.writeByteArray(7, graph);
        });
  }

  static byte[] product(String name, String... inputs) {
    return node("MatMul", name, inputs);
  }

  static byte[] node(String operator, String name, String... inputs) {
    byte[] node =
        message(
            out -> {
              for (String input : inputs) {
                out.writeString(1, input);
              }
              out.writeString(2, "y");
              out.writeString(3, name);
              out.writeString(4, operator);
            });
    return message(out -> out.writeByteArray(1, node));
  }

  /** A weight as an exporter writes it: a matrix has a packed shape, others have single fields. */
  static byte[] tensor(String name, int dataType, byte[] rawData, long... dims) {
    byte[] packedDims =
        message(
            out -> {
              for (long dim : dims) {
                out.writeInt64NoTag(dim);
              }
            });
    return initializer(
        message(
            out -> {
              if (dims.length > 1) {
                out.writeByteArray(1, packedDims);
              } else {
                out.writeInt64(1, dims[0]);
              }
              out.writeInt32(2, dataType);
              out.writeString(8, name);
              if (rawData.length > 0) {
                out.writeByteArray(9, rawData);
              }
            }));
  }

  static byte[] initializer(byte[] tensor) {
    return message(out -> out.writeByteArray(5, tensor));
  }

  static byte[] floats(float... values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return buffer.array();
  }
}
