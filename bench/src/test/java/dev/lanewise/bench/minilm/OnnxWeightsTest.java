package dev.lanewise.bench.minilm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Reads small models written here field by field; field numbers are those of {@code onnx.proto}. */
class OnnxWeightsTest {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  @Test
  void findsInitializersByNameAndMatricesByNode() throws IOException {
    byte[] model =
        model(
            node("/query/MatMul", "x", "onnx::MatMul_1"),
            tensor("onnx::MatMul_1", FLOAT, floats(1, 2, 3, 4, 5, 6), 2, 3),
            tensor("bias", FLOAT, floats(7, 8), 2));
    OnnxWeights weights = read(model, "/query/MatMul", "bias");
    assertThat(weights.get("/query/MatMul").data(2, 3)).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(weights.get("bias").data(2)).containsExactly(7, 8);
  }

  @Test
  void unwantedWeightsMayBeAnything() throws IOException {
    byte[] model = model(tensor("ids", INT64, floats(1, 2), 1), tensor("bias", FLOAT, floats(7, 8), 2));
    OnnxWeights weights = read(model, "bias");
    assertThat(weights.get("bias").data(2)).containsExactly(7, 8);
    assertThatThrownBy(() -> weights.get("ids")).isInstanceOf(IOException.class).hasMessageContaining("no weight ids");
  }

  @Test
  void wrongShapeIsNamed() throws IOException {
    OnnxWeights weights = read(model(tensor("bias", FLOAT, floats(7, 8), 2)), "bias");
    assertThatThrownBy(() -> weights.get("bias").data(3)).isInstanceOf(IOException.class).hasMessage("weight bias is [2], must be [3]");
    assertThatThrownBy(() -> weights.get("bias").withRowsOf(2)).isInstanceOf(IOException.class).hasMessageContaining("[any, 2]");
  }

  @Test
  void otherTypesAreRefused() {
    assertRefused(model(tensor("bias", INT64, floats(7, 8), 1)), "data type 7");
  }

  @Test
  void sizeMustFitTheShape() {
    assertRefused(model(tensor("bias", FLOAT, floats(7, 8), 3)), "has 8 bytes, must have 12");
    assertRefused(model(tensor("bias", FLOAT, floats(7, 8), -1, -2)), "has 8 bytes");
  }

  @Test
  void dataElsewhereIsRefused() {
    assertRefused(model(tensor("bias", FLOAT, new byte[0], 2)), "no raw data");
  }

  @Test
  void dataBeforeNameIsRefused() {
    byte[] tensor =
        message(
            out -> {
              out.writeBytes(9, ByteString.copyFrom(floats(1)));
              out.writeString(8, "bias");
            });
    assertRefused(model(initializer(tensor)), "before its name");
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] model = model(node("/query/MatMul", "x", "w"), tensor("w", FLOAT, floats(1, 2), 2, 1), tensor("bias", FLOAT, floats(7, 8), 2));
    for (int length = 0; length < model.length; length++) {
      byte[] cut = Arrays.copyOf(model, length);
      assertThatThrownBy(() -> read(cut, "bias", "/query/MatMul"))
          .as("%d of %d bytes", length, model.length)
          .isInstanceOf(IOException.class);
    }
    assertThat(read(model, "bias").get("bias").data(2)).containsExactly(7, 8);
  }

  private static void assertRefused(byte[] model, String message) {
    assertThatThrownBy(() -> read(model, "bias")).isInstanceOf(IOException.class).hasMessageContaining(message);
  }

  private static OnnxWeights read(byte[] model, String... wanted) throws IOException {
    return OnnxWeights.read(new ByteArrayInputStream(model), Arrays.asList(wanted)::contains);
  }

  private static byte[] floats(float... values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return buffer.array();
  }

  private static byte[] model(byte[]... graphFields) {
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

  private static byte[] node(String name, String... inputs) {
    byte[] node =
        message(
            out -> {
              for (String input : inputs) {
                out.writeString(1, input);
              }
              out.writeString(2, "y");
              out.writeString(3, name);
            });
    return message(out -> out.writeByteArray(1, node));
  }

  /** A weight as an exporter writes it: its shape packed if it is a matrix, one by one otherwise. */
  private static byte[] tensor(String name, int dataType, byte[] rawData, long... dims) {
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

  private static byte[] initializer(byte[] tensor) {
    return message(out -> out.writeByteArray(5, tensor));
  }

  @FunctionalInterface
  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
