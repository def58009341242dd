package dev.lanewise.text.onnx;

import static dev.lanewise.text.onnx.OnnxFile.FLOAT;
import static dev.lanewise.text.onnx.OnnxFile.FLOAT16;
import static dev.lanewise.text.onnx.OnnxFile.INT64;
import static dev.lanewise.text.onnx.OnnxFile.floats;
import static dev.lanewise.text.onnx.OnnxFile.initializer;
import static dev.lanewise.text.onnx.OnnxFile.message;
import static dev.lanewise.text.onnx.OnnxFile.model;
import static dev.lanewise.text.onnx.OnnxFile.node;
import static dev.lanewise.text.onnx.OnnxFile.product;
import static dev.lanewise.text.onnx.OnnxFile.tensor;
import static dev.lanewise.text.onnx.OnnxFile.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.text.MiniLmArtifact;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnnxModelTest {
  private static final byte[] EIGHT_BYTES = floats(7, 8);

  @Test
  void matricesAreNamedByTheirNodeAndTransposed() throws IOException {
    NamedTensors weights =
        read(
            model(
                product("/encoder/layer.0/query/MatMul", "x", "onnx::MatMul_1"),
                tensor("onnx::MatMul_1", FLOAT, floats(1, 2, 3, 4, 5, 6), 2, 3),
                tensor("encoder.layer.0.query.bias", FLOAT, EIGHT_BYTES, 2)));
    assertThat(weights.names()).containsExactlyInAnyOrder("encoder.layer.0.query.weight", "encoder.layer.0.query.bias");
    assertThat(weights.floats("encoder.layer.0.query.weight", 3, 2)).containsExactly(1, 4, 2, 5, 3, 6);
    assertThat(weights.floats("encoder.layer.0.query.bias", 2)).containsExactly(7, 8);
  }

  @Test
  void matricesOfGemmAreTransposedUnlessTheNodeDoesIt() throws IOException {
    for (int turned = 0; turned < 2; turned++) {
      NamedTensors weights =
          read(
              model(
                  node("Gemm", "/pooler/Gemm", List.of("x", "pooler.weight"), List.of("y"), whole("transB", turned)),
                  tensor("pooler.weight", FLOAT, floats(1, 2, 3, 4, 5, 6), 2, 3)));
      if (turned == 1) {
        assertThat(weights.floats("pooler.weight", 2, 3)).containsExactly(1, 2, 3, 4, 5, 6);
      } else {
        assertThat(weights.floats("pooler.weight", 3, 2)).containsExactly(1, 4, 2, 5, 3, 6);
      }
    }
    assertRefused(
        model(
            node("Gemm", "/pooler/Gemm", List.of("x", "pooler.weight"), List.of("y"), whole("transA", 1)),
            tensor("pooler.weight", FLOAT, floats(1, 2, 3, 4, 5, 6), 2, 3)),
        "node /pooler/Gemm has alpha, beta or transA");
  }

  @Test
  void integersAndNumberedConstantsAreNoWeights() throws IOException {
    NamedTensors weights =
        read(
            model(
                node("Add", "/x/Add", "x", "onnx::Add_3"),
                product("MatMul", "x", "onnx::MatMul_4"),
                product("/MatMul", "x", "onnx::MatMul_5"),
                tensor("position_ids", INT64, EIGHT_BYTES, 1),
                tensor("onnx::Add_3", FLOAT16, EIGHT_BYTES, 4),
                tensor("onnx::MatMul_4", FLOAT16, EIGHT_BYTES, 4),
                tensor("onnx::MatMul_5", FLOAT16, EIGHT_BYTES, 4),
                tensor("bias", FLOAT, EIGHT_BYTES, 2)));
    assertThat(weights.names()).containsExactly("bias");
  }

  @Test
  void otherTypesAreRefused() {
    assertRefused(model(tensor("bias", FLOAT16, EIGHT_BYTES, 4)), "weight bias has ONNX data type 10, must be 1 (fp32)");
  }

  @Test
  void sizeMustFitTheShape() {
    assertRefused(model(tensor("bias", FLOAT, EIGHT_BYTES, 3)), "weight bias of shape [3] has 8 bytes, must have 12");
    assertRefused(model(tensor("bias", FLOAT, EIGHT_BYTES, -1, -2)), "impossible shape [-1, -2]");
    // The product of these is 2 modulo 2⁶⁴.
    assertRefused(model(tensor("bias", FLOAT, EIGHT_BYTES, 1L << 62, 1, 1L << 62)), "impossible shape");
    assertRefused(model(tensor("bias", FLOAT, EIGHT_BYTES, 1 << 30, 1 << 30, 1 << 30)), "impossible shape");
    assertRefused(model(tensor("bias", FLOAT, EIGHT_BYTES, new long[17])), "more than 16 dimensions");
  }

  @Test
  void numberedMatrixMustBeOne() {
    assertRefused(model(product("/q/MatMul", "x", "onnx::1"), tensor("onnx::1", FLOAT, EIGHT_BYTES, 2)), "has 1 dimensions, must have 2");
  }

  @Test
  void dataElsewhereIsRefused() {
    assertRefused(model(tensor("bias", FLOAT, new byte[0], 2)), "has no data");
  }

  @Test
  void fieldsInAnotherOrderAreNoticed() {
    byte[] dataFirst =
        message(
            out -> {
              out.writeBytes(9, ByteString.copyFrom(floats(1)));
              out.writeString(8, "bias");
            });
    assertRefused(model(initializer(dataFirst)), "before its type");
    byte[] shapeLast =
        message(
            out -> {
              out.writeInt32(2, FLOAT);
              out.writeString(8, "bias");
              out.writeBytes(9, ByteString.copyFrom(floats(1)));
              out.writeInt64(1, 2);
            });
    assertRefused(model(initializer(shapeLast)), "of shape [2] has 1 elements, must have 2");
  }

  @Test
  void namesOccurOnce() {
    byte[] tensor = tensor("bias", FLOAT, EIGHT_BYTES, 2);
    assertRefused(model(tensor, tensor), "weight bias twice");
  }

  @Test
  void otherFilesAreRefused() {
    assertRefused(new byte[0], "no graph");
    assertRefused(new byte[] {0x0c}, "end-group tag");
  }

  @Test
  void everyTruncationIsNoticed() {
    byte[] model = model(product("/query/MatMul", "x", "onnx::1"), tensor("onnx::1", FLOAT, floats(1, 2), 2, 1));
    for (int length = 0; length < model.length; length++) {
      byte[] cut = Arrays.copyOf(model, length);
      assertThatThrownBy(() -> read(cut)).as("%d of %d bytes", length, model.length).isInstanceOf(IOException.class);
    }
  }

  /** Sizes around the blocks in which matrices are transposed, and around the amounts in which they are read. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 40", "31, 33", "64, 32", "65, 100", "3, 16383", "128, 128", "1, 1048577", "1500, 1401"})
  void everySizeIsReadAndTransposed(int inputs, int outputs) throws IOException {
    float[] values = new float[inputs * outputs];
    Random random = new Random(inputs);
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }
    byte[] matrix = tensor("onnx::1", FLOAT, floats(values), inputs, outputs);
    float[] read = read(model(product("/q/MatMul", "x", "onnx::1"), matrix)).floats("q.weight", outputs, inputs);
    for (int i = 0; i < values.length; i++) {
      int transposed = i % outputs * inputs + i / outputs;
      assertThat(Float.floatToRawIntBits(read[transposed])).isEqualTo(Float.floatToRawIntBits(values[i]));
    }
  }

  @Test
  void theModelHasTheTensorsOfThePublishedCheckpoint() throws IOException {
    Map<String, long[]> expected = new HashMap<>();
    expected.put("embeddings.word_embeddings.weight", new long[] {30522, 384});
    expected.put("embeddings.position_embeddings.weight", new long[] {512, 384});
    expected.put("embeddings.token_type_embeddings.weight", new long[] {2, 384});
    expected.put("embeddings.LayerNorm.weight", new long[] {384});
    expected.put("embeddings.LayerNorm.bias", new long[] {384});
    expected.put("pooler.dense.weight", new long[] {384, 384});
    expected.put("pooler.dense.bias", new long[] {384});
    for (int layer = 0; layer < 6; layer++) {
      String prefix = "encoder.layer." + layer + ".";
      for (String linear : new String[] {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}) {
        expected.put(prefix + linear + ".weight", new long[] {384, 384});
        expected.put(prefix + linear + ".bias", new long[] {384});
      }
      expected.put(prefix + "intermediate.dense.weight", new long[] {1536, 384});
      expected.put(prefix + "intermediate.dense.bias", new long[] {1536});
      expected.put(prefix + "output.dense.weight", new long[] {384, 1536});
      expected.put(prefix + "output.dense.bias", new long[] {384});
      for (String norm : new String[] {"attention.output.LayerNorm", "output.LayerNorm"}) {
        expected.put(prefix + norm + ".weight", new long[] {384});
        expected.put(prefix + norm + ".bias", new long[] {384});
      }
    }
    MiniLmArtifact.weights().check(expected);
  }

  private static void assertRefused(byte[] model, String message) {
    assertThatThrownBy(() -> read(model)).isInstanceOf(IOException.class).hasMessageContaining(message);
  }

  private static NamedTensors read(byte[] model) throws IOException {
    return OnnxModel.read(new ByteArrayInputStream(model)).tensors();
  }
}
