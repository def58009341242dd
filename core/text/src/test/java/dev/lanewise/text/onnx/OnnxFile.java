package dev.lanewise.text.onnx;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Writes small ONNX models field by field; field numbers are those of {@code onnx.proto}. */
final class OnnxFile {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT8 = 3;
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
    return node(operator, name, List.of(inputs), List.of("y"));
  }

  /** A node with settings, which {@link #whole} and its like write. */
  static byte[] node(String operator, String name, List<String> inputs, List<String> outputs, byte[]... attributes) {
    byte[] node =
        message(
            out -> {
              for (String input : inputs) {
                out.writeString(1, input);
              }
              for (String output : outputs) {
                out.writeString(2, output);
              }
              out.writeString(3, name);
              out.writeString(4, operator);
              for (byte[] attribute : attributes) {
                out.writeByteArray(5, attribute);
              }
            });
    return message(out -> out.writeByteArray(1, node));
  }

  static byte[] whole(String name, long value) {
    return message(
        out -> {
          out.writeString(1, name);
          out.writeInt64(3, value);
        });
  }

  static byte[] number(String name, float value) {
    return message(
        out -> {
          out.writeString(1, name);
          out.writeFloat(2, value);
        });
  }

  static byte[] text(String name, String value) {
    return message(
        out -> {
          out.writeString(1, name);
          out.writeString(4, value);
        });
  }

  static byte[] wholes(String name, long... values) {
    return message(
        out -> {
          out.writeString(1, name);
          for (long value : values) {
            out.writeInt64(8, value);
          }
        });
  }

  /** A node Constant with a tensor. */
  static byte[] constant(String output, int dataType, byte[] rawData, long... dims) {
    byte[] value =
        message(
            out -> {
              out.writeString(1, "value");
              out.writeByteArray(5, tensorMessage("", dataType, rawData, dims));
            });
    return node("Constant", "/" + output, List.of(), List.of(output), value);
  }

  /** A weight as an exporter writes it: a matrix has a packed shape, others have single fields. */
  static byte[] tensor(String name, int dataType, byte[] rawData, long... dims) {
    return initializer(tensorMessage(name, dataType, rawData, dims));
  }

  /** A tensor of codes or their zero points, whose elements are not raw, as a quantiser writes it. */
  static byte[] codes(String name, int dataType, int[] values, long... dims) {
    return initializer(
        message(
            out -> {
              for (long dim : dims) {
                out.writeInt64(1, dim);
              }
              out.writeInt32(2, dataType);
              for (int value : values) {
                out.writeInt32(5, value);
              }
              out.writeString(8, name);
            }));
  }

  /** Floats that are packed and not raw, as a quantiser writes scales. */
  static byte[] scales(String name, float[] values, long... dims) {
    return initializer(
        message(
            out -> {
              for (long dim : dims) {
                out.writeInt64(1, dim);
              }
              out.writeInt32(2, FLOAT);
              out.writeByteArray(4, floats(values));
              out.writeString(8, name);
            }));
  }

  private static byte[] tensorMessage(String name, int dataType, byte[] rawData, long... dims) {
    byte[] packedDims =
        message(
            out -> {
              for (long dim : dims) {
                out.writeInt64NoTag(dim);
              }
            });
    return message(
        out -> {
          if (dims.length > 1) {
            out.writeByteArray(1, packedDims);
          } else if (dims.length == 1) {
            out.writeInt64(1, dims[0]);
          }
          out.writeInt32(2, dataType);
          out.writeString(8, name);
          if (rawData.length > 0) {
            out.writeByteArray(9, rawData);
          }
        });
  }

  static byte[] initializer(byte[] tensor) {
    return message(out -> out.writeByteArray(5, tensor));
  }

  static byte[] longs(long... values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asLongBuffer().put(values);
    return buffer.array();
  }

  static byte[] floats(float... values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return buffer.array();
  }
}
