package dev.lanewise.bench.peers.onnxruntime;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** An ONNX model of one node; numbers of fields are those of onnx.proto3. */
public final class OnnxNode {
  /** The name of the node's result. */
  public static final String RESULT = "result";

  private static final int FLOAT = 1;
  private static final int INT_ATTRIBUTE = 2;
  private static final long IR_VERSION = 10;
  private static final long OPSET = 23;

  private final String type;
  private final String domain;
  private final List<byte[]> attributes = new ArrayList<>();
  private final List<Tensor> constants = new ArrayList<>();

  private OnnxNode(String type, String domain) {
    this.type = type;
    this.domain = domain;
  }

  /** Numbers with a name and a shape. */
  public record Tensor(String name, float[] data, long... shape) {}

  public static OnnxNode named(String type, String domain) {
    return new OnnxNode(type, domain);
  }

  public OnnxNode attribute(String name, long value) {
    attributes.add(
        message(
            out -> {
              out.writeString(1, name);
              out.writeInt64(3, value);
              out.writeInt32(20, INT_ATTRIBUTE);
            }));
    return this;
  }

  /** Adds an input that is part of the model; it follows the inputs of each run. */
  public OnnxNode constant(Tensor tensor) {
    constants.add(tensor);
    return this;
  }

  public byte[] model(List<Tensor> inputs, long[] resultShape) {
    byte[] graph = graph(inputs, resultShape);
    return message(
        out -> {
          out.writeInt64(1, IR_VERSION);
          out.writeByteArray(7, graph);
          out.writeByteArray(8, message(opset -> opset.writeInt64(2, OPSET)));
          out.writeByteArray(
              8,
              message(
                  opset -> {
                    opset.writeString(1, "com.microsoft");
                    opset.writeInt64(2, 1);
                  }));
        });
  }

  private byte[] graph(List<Tensor> inputs, long[] resultShape) {
    byte[] node = node(inputs);
    return message(
        out -> {
          out.writeByteArray(1, node);
          out.writeString(2, "one node");
          for (Tensor constant : constants) {
            out.writeByteArray(5, constant(constant.name, constant.data, constant.shape));
          }
          for (Tensor input : inputs) {
            out.writeByteArray(11, declaration(input.name, input.shape));
          }
          out.writeByteArray(12, declaration(RESULT, resultShape));
        });
  }

  private byte[] node(List<Tensor> inputs) {
    return message(
        out -> {
          for (Tensor input : inputs) {
            out.writeString(1, input.name);
          }
          for (Tensor constant : constants) {
            out.writeString(1, constant.name);
          }
          out.writeString(2, RESULT);
          out.writeString(4, type);
          for (byte[] attribute : attributes) {
            out.writeByteArray(5, attribute);
          }
          out.writeString(7, domain);
        });
  }

  private static byte[] constant(String name, float[] data, long[] shape) {
    ByteBuffer raw = ByteBuffer.allocate(data.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(data);
    return message(
        out -> {
          for (long dimension : shape) {
            out.writeInt64(1, dimension);
          }
          out.writeInt32(2, FLOAT);
          out.writeString(8, name);
          out.writeByteArray(9, raw.array());
        });
  }

  private static byte[] declaration(String name, long[] shape) {
    byte[] dimensions =
        message(
            out -> {
              for (long dimension : shape) {
                out.writeByteArray(1, message(field -> field.writeInt64(1, dimension)));
              }
            });
    byte[] tensor =
        message(
            out -> {
              out.writeInt32(1, FLOAT);
              out.writeByteArray(2, dimensions);
            });
    return message(
        out -> {
          out.writeString(1, name);
          out.writeByteArray(2, message(field -> field.writeByteArray(1, tensor)));
        });
  }

  /** Writes the fields of a message. */
  interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  /** The bytes of a message with these fields. */
  static byte[] message(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      fields.write(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
