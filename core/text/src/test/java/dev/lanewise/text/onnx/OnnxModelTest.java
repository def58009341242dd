package dev.lanewise.text.onnx;

import static dev.lanewise.text.onnx.OnnxFile.FLOAT;
import static dev.lanewise.text.onnx.OnnxFile.FLOAT16;
import static dev.lanewise.text.onnx.OnnxFile.INT64;
import static dev.lanewise.text.onnx.OnnxFile.INT8;
import static dev.lanewise.text.onnx.OnnxFile.UINT8;
import static dev.lanewise.text.onnx.OnnxFile.codes;
import static dev.lanewise.text.onnx.OnnxFile.constant;
import static dev.lanewise.text.onnx.OnnxFile.floats;
import static dev.lanewise.text.onnx.OnnxFile.initializer;
import static dev.lanewise.text.onnx.OnnxFile.longs;
import static dev.lanewise.text.onnx.OnnxFile.message;
import static dev.lanewise.text.onnx.OnnxFile.model;
import static dev.lanewise.text.onnx.OnnxFile.node;
import static dev.lanewise.text.onnx.OnnxFile.number;
import static dev.lanewise.text.onnx.OnnxFile.product;
import static dev.lanewise.text.onnx.OnnxFile.scales;
import static dev.lanewise.text.onnx.OnnxFile.tensor;
import static dev.lanewise.text.onnx.OnnxFile.text;
import static dev.lanewise.text.onnx.OnnxFile.whole;
import static dev.lanewise.text.onnx.OnnxFile.wholes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    EncoderModel.weights(ModelFiles.onClassPath("all-minilm-l6-v2")).check(expected);
  }

  /** A dynamically quantised product: codes, a scale and a zero point for each column, and a bias that names it. */
  private static byte[][] quantisedProduct() {
    return new byte[][] {
      node("DynamicQuantizeLinear", "/x/Quantize", List.of("x"), List.of("x_codes", "x_scale", "x_zero")),
      node("MatMulInteger", "/odd/MatMul_quant", List.of("x_codes", "onnx::1_quantized", "x_zero", "onnx::1_zero"), List.of("sum")),
      node("Cast", "/cast", List.of("sum"), List.of("sum_float")),
      node("Mul", "/scales", List.of("x_scale", "onnx::1_scale"), List.of("scales")),
      node("Mul", "/scaled", List.of("sum_float", "scales"), List.of("product")),
      node("Add", "/add", List.of("q.bias", "product"), List.of("y")),
      tensor("q.bias", FLOAT, EIGHT_BYTES, 2),
      scales("onnx::1_scale", new float[] {0.5f, 2}, 2),
      codes("onnx::1_zero", INT8, new int[] {1, -2}, 2),
      tensor("onnx::1_quantized", INT8, new byte[] {1, 2, -3, 4, 127, -128}, 3, 2)
    };
  }

  @Test
  void codesBecomeTheFloatsThatTheyStandFor() throws IOException {
    OnnxModel model = OnnxModel.read(new ByteArrayInputStream(model(quantisedProduct())));
    assertThat(model.quantised()).isTrue();
    assertThat(model.tensors().names()).containsExactly("q.bias", "q.weight");
    assertThat(model.tensors().floats("q.weight", 2, 3)).containsExactly(0, -2, 63, 8, 12, -252);
  }

  @Test
  void quantisedTablesAreReadBeforeOrAfterTheirRowsAreTaken() throws IOException {
    byte[][] constants = {
      scales("words_scale", new float[] {0.25f}),
      codes("words_zero", UINT8, new int[] {128}),
      tensor("words.weight_quantized", UINT8, new byte[] {(byte) 128, (byte) 255, 0, 127}, 2, 2)
    };
    byte[] before = node("DequantizeLinear", "/d", List.of("words.weight_quantized", "words_scale", "words_zero"), List.of("words"));
    byte[] gather = node("Gather", "/words/Gather", List.of("words", "ids"), List.of("rows"));
    byte[] codes = node("Gather", "/words/Gather", List.of("words.weight_quantized", "ids"), List.of("rows_codes"));
    byte[] after = node("DequantizeLinear", "/d", List.of("rows_codes", "words_scale", "words_zero"), List.of("rows"));
    for (byte[][] nodes : new byte[][][] {{before, gather}, {codes, after}}) {
      NamedTensors weights = read(model(nodes[0], nodes[1], constants[0], constants[1], constants[2]));
      assertThat(weights.names()).containsExactly("words.weight");
      assertThat(weights.floats("words.weight", 2, 2)).containsExactly(0, 31.75f, -32, -0.25f);
    }
  }

  @Test
  void wrongScalesAndZeroPointsAreRefused() {
    byte[][] file = quantisedProduct();
    file[7] = scales("onnx::1_scale", new float[] {1, 2, 3}, 3);
    assertRefused(model(file), "weight q has 3 elements of its scale, must have 1 or 2");
    file = quantisedProduct();
    file[8] = codes("onnx::1_zero", UINT8, new int[] {1, 2}, 2);
    assertRefused(model(file), "zero points of ONNX data type 2, but codes of 3");
    file = quantisedProduct();
    file[4] = node("Sub", "/scaled", List.of("sum_float", "scales"), List.of("product"));
    assertRefused(model(file), "node /odd/MatMul_quant has a product of integers whose scale is not found");
    assertRefused(model(tensor("odd.codes", INT8, new byte[] {1}, 1)), "weight odd.codes has ONNX data type 3, must be 1 (fp32)");
  }

  @Test
  void aMatrixHasTheNameOfItsBias() throws IOException {
    byte[] weight = tensor("onnx::1", FLOAT, floats(1, 2, 3, 4, 5, 6), 2, 3);
    byte[] bias = tensor("key.bias", FLOAT, floats(1, 2, 3), 3);
    byte[] add = node("Add", "/a", List.of("product", "key.bias"), List.of("y"));
    NamedTensors weights = read(model(node("MatMul", "/other/MatMul", List.of("x", "onnx::1"), List.of("product")), add, weight, bias));
    assertThat(weights.floats("key.weight", 3, 2)).containsExactly(1, 4, 2, 5, 3, 6);
    byte[] turn = node("Transpose", "/t", List.of("onnx::1"), List.of("turned"), wholes("perm", 1, 0));
    NamedTensors turned = read(model(weight, bias, turn, node("MatMul", "m", List.of("x", "turned"), List.of("product")), add));
    assertThat(turned.floats("key.weight", 2, 3)).containsExactly(1, 2, 3, 4, 5, 6);
  }

  private static byte[] words() {
    return tensor("embeddings.word_embeddings.weight", FLOAT, floats(new float[12]), 1, 12);
  }

  @Test
  void headsComeFromTheShapeOfAReshape() throws IOException {
    byte[] reshape = node("Reshape", "/r", List.of("query", "shape"), List.of("heads"));
    byte[] concat = node("Concat", "/c", List.of("batch", "tokens", "number", "wide"), List.of("shape"));
    byte[] whole = tensor("number", INT64, longs(3), 1);
    byte[] wide = constant("wide", INT64, longs(4), 1);
    assertThat(settings(words(), reshape, concat, whole, wide).numHeads()).hasValue(3);
    assertThat(settings(words(), reshape, tensor("shape", INT64, longs(0, -1, 6, 2), 4)).numHeads()).hasValue(6);
    assertThat(settings(words(), reshape, tensor("shape", INT64, longs(0, 0, 6, -1), 4)).numHeads()).hasValue(6);
    assertThat(settings(words(), reshape, tensor("shape", INT64, longs(0, 0, 5, 2), 4)).numHeads()).isEmpty();
    assertThat(settings(words(), reshape, tensor("shape", INT64, longs(0, 0, 12), 3)).numHeads()).isEmpty();
    byte[] other = node("Reshape", "/s", List.of("key", "shape2"), List.of("keys"));
    byte[] shapes = tensor("shape", INT64, longs(0, -1, 6, 2), 4);
    assertRefused(model(words(), reshape, other, shapes, tensor("shape2", INT64, longs(0, 0, 3, 4), 4)), "of 6 and of 3 heads");
  }

  @Test
  void epsilonComesFromNorms() throws IOException {
    byte[] mean = node("ReduceMean", "/m", List.of("squares"), List.of("variance"));
    byte[] add = node("Add", "/a", List.of("variance", "eps"), List.of("sum"));
    byte[] root = node("Sqrt", "/s", List.of("sum"), List.of("deviation"));
    assertThat(settings(mean, add, root, constant("eps", FLOAT, floats(1e-5f))).epsilon()).contains(1e-5f);
    assertThat(settings(add, root, constant("eps", FLOAT, floats(1e-5f))).epsilon()).isEmpty();
    byte[] norm = node("LayerNormalization", "/n", List.of("x"), List.of("y"), number("epsilon", 1e-12f));
    assertThat(settings(norm).epsilon()).contains(1e-12f);
    assertRefused(model(mean, add, root, norm, constant("eps", FLOAT, floats(1e-5f))), "norms with epsilon");
  }

  @Test
  void activationIsBetweenTheProductsOfAFeedForwardNetwork() throws IOException {
    assertThat(activation(node("Erf", "/e", List.of("up"), List.of("z")))).contains(Activation.GELU);
    assertThat(activation(node("Relu", "/e", List.of("up"), List.of("z")))).contains(Activation.RELU);
    assertThat(activation(node("Gelu", "/e", List.of("up"), List.of("z"), text("approximate", "tanh")))).contains(Activation.GELU_TANH);
    assertThat(activation(node("Gelu", "/e", List.of("up"), List.of("z")))).contains(Activation.GELU);
    byte[] cube = node("Mul", "/c", List.of("up", "factor"), List.of("inner"));
    byte[] tanh = node("Tanh", "/t", List.of("inner"), List.of("z"));
    assertThat(activation(cube, tanh, constant("factor", FLOAT, floats(0.044715f)))).contains(Activation.GELU_TANH);
    assertThat(activation(cube, tanh, constant("factor", FLOAT, floats(0.05f)))).isEmpty();
    byte[] sigmoid = node("Sigmoid", "/g", List.of("up"), List.of("gate"));
    byte[] gated = node("Mul", "/h", List.of("up", "gate"), List.of("z"));
    assertThat(activation(sigmoid, gated)).contains(Activation.SILU);
    assertThat(activation(node("Sin", "/e", List.of("up"), List.of("z")))).isEmpty();
  }

  private static Optional<Activation> activation(byte[]... between) throws IOException {
    byte[] up = node("MatMul", "/layer.0/intermediate/dense/MatMul", List.of("x", "onnx::1"), List.of("up"));
    byte[] down = node("MatMul", "/layer.0/output/dense/MatMul", List.of("z", "onnx::2"), List.of("down"));
    byte[] tanh = node("Tanh", "/pooler/Tanh", List.of("down"), List.of("pooled")); // belongs to the pooler
    List<byte[]> fields = new ArrayList<>(List.of(between));
    fields.addAll(List.of(up, down, tanh, tensor("onnx::1", FLOAT, floats(1), 1, 1), tensor("onnx::2", FLOAT, floats(1), 1, 1)));
    return settings(fields.toArray(byte[][]::new)).activation();
  }

  @Test
  void positionsStartAfterThePaddingOfRoberta() throws IOException {
    assertThat(settings(words()).firstPosition()).hasValue(0);
    byte[] sum = node("CumSum", "/c", List.of("mask", "axis"), List.of("count"));
    byte[] mul = node("Mul", "/m", List.of("count", "mask"), List.of("masked"));
    byte[] add = node("Add", "/a", List.of("masked", "padding"), List.of("positions"));
    assertThat(settings(sum, mul, add, constant("padding", INT64, longs(1))).firstPosition()).hasValue(2);
    assertThat(settings(sum, mul, add).firstPosition()).isEmpty();
  }

  private static OnnxModel settings(byte[]... fields) throws IOException {
    return OnnxModel.read(new ByteArrayInputStream(model(fields)));
  }

  private static void assertRefused(byte[] model, String message) {
    assertThatThrownBy(() -> read(model)).isInstanceOf(IOException.class).hasMessageContaining(message);
  }

  private static NamedTensors read(byte[] model) throws IOException {
    return OnnxModel.read(new ByteArrayInputStream(model)).tensors();
  }
}
