package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.testing.GoldenLayer;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A tensor that is missing, extra or has another shape than its module requires is named with both shapes. */
@Tag("twice")
class TorchWeightsTest {
  private static final List<GoldenLayer> CASES = GoldenLayer.load();

  static List<GoldenLayer> cases() {
    return CASES;
  }

  /** The shapes of a module's tensors under their full names, which tests make wrong. */
  private static Map<String, long[]> shapes(GoldenLayer golden) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    golden.tensors.names().stream()
        .filter(name -> name.startsWith(golden.prefix))
        .forEach(name -> shapes.put(name, golden.tensors.shape(name)));
    assertThat(shapes).isNotEmpty();
    return shapes;
  }

  /** Zeros of these shapes. */
  private static NamedTensors zeros(Map<String, long[]> shapes) {
    NamedTensors.Builder builder = NamedTensors.builder();
    shapes.forEach((name, shape) -> builder.add(name, new float[(int) TensorCheck.elements(shape)], shape));
    return builder.build();
  }

  private static String refusal(GoldenLayer golden, Map<String, long[]> shapes) {
    NamedTensors tensors = zeros(shapes);
    Throwable thrown = catchThrowable(() -> golden.module(tensors, Kernels.selected()));
    assertThat(thrown).as("%s with %s", golden, shapes.keySet()).isExactlyInstanceOf(IllegalArgumentException.class);
    return thrown.getMessage();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachTensorMissing(GoldenLayer golden) {
    for (String name : shapes(golden).keySet()) {
      // Without a bias this is the only tensor of a final norm, so nothing shows that there was one.
      if (!name.equals(golden.prefix + "norm.weight") || golden.biases()) {
        Map<String, long[]> shapes = shapes(golden);
        long[] shape = shapes.remove(name);
        String message = refusal(golden, shapes);
        // If only this tensor determines a size, the message has the name of the size instead of a number.
        String expected = name.endsWith(".k_proj_weight") || name.endsWith(".v_proj_weight") ? "[embedDim, " : Arrays.toString(shape);
        assertThat(message).contains("missing: \"" + name + "\" is expected with shape " + expected).contains("but is not there");
        assertThat(message.lines()).as(message).hasSize(2);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachTensorOfAnotherShape(GoldenLayer golden) {
    shapes(golden)
        .forEach(
            (name, shape) -> {
              for (int dimension = 0; dimension < shape.length; dimension++) {
                long[] wrong = shape.clone();
                wrong[dimension]++;
                if (!(dimension == 1 && (name.endsWith(".k_proj_weight") || name.endsWith(".v_proj_weight")))) {
                  assertNamed(golden, name, wrong, shape);
                }
              }
              assertNamed(golden, name, append(shape, 1), shape);
            });
  }

  private static void assertNamed(GoldenLayer golden, String name, long[] wrong, long[] right) {
    Map<String, long[]> shapes = shapes(golden);
    shapes.put(name, wrong);
    String message = refusal(golden, shapes);
    assertThat(message.lines()).as(message).hasSize(2);
    boolean source = name.endsWith(".k_proj_weight") || name.endsWith(".v_proj_weight");
    if (golden.biases() && !(source && wrong.length > right.length)) {
      assertThat(message)
          .contains("\"" + name + "\" has shape " + Arrays.toString(wrong) + ", but is expected with shape " + Arrays.toString(right));
    } else {
      // With few tensors the majority may be wrong, but the message has the numbers.
      assertThat(message).contains("wrong shape: \"" + golden.prefix).contains("but is expected with shape [");
    }
  }

  private static long[] append(long[] shape, long last) {
    long[] longer = Arrays.copyOf(shape, shape.length + 1);
    longer[shape.length] = last;
    return longer;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void extraTensor(GoldenLayer golden) {
    for (String name : List.of("bias_k", "self_attn.in_proj_weight.weight", "layers.00.norm1.weight", "norm9.bias")) {
      Map<String, long[]> shapes = shapes(golden);
      shapes.put(golden.prefix + name, new long[] {1, 1, 7});
      assertThat(refusal(golden, shapes))
          .startsWith("1 tensor in ")
          .endsWith("extra: \"" + golden.prefix + name + "\" has shape [1, 1, 7], but is not expected");
    }
    Map<String, long[]> shapes = shapes(golden);
    shapes.put("elsewhere." + golden.prefix + "x", new long[] {7});
    assertThat(golden.module(zeros(shapes), Kernels.selected())).isNotNull();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void nothingThere(GoldenLayer golden) {
    String attention =
        switch (golden.kind()) {
          case "mha" -> "";
          case "encoder-layer", "decoder-layer" -> "self_attn.";
          case "encoder", "decoder" -> "layers.0.self_attn.";
          default -> "encoder.layers.0.self_attn.";
        };
    assertThat(refusal(golden, Map.of("other", new long[] {3})))
        .startsWith("embedDim cannot be derived from 1 tensors in memory:\nmissing: ")
        .contains(
            "missing: \"" + golden.prefix + attention + "in_proj_weight\" is expected with shape [3·embedDim, embedDim], but is not there");
  }

  @Test
  void wholeLayerMissing() {
    GoldenLayer golden = named("31 encoder post-relu-3");
    Map<String, long[]> shapes = shapes(golden);
    shapes.keySet().removeIf(name -> name.startsWith("case31.layers.1."));
    assertThat(refusal(golden, shapes))
        .startsWith("24 tensors in ")
        .contains("missing: \"case31.layers.1.linear2.weight\" is expected with shape [24, 48], but is not there")
        .contains("extra: \"case31.layers.2.norm2.bias\" has shape [24], but is not expected");
  }

  @Test
  void hugeLayerNumbersCostNoTime() {
    GoldenLayer golden = named("31 encoder post-relu-3");
    Map<String, long[]> shapes = shapes(golden);
    shapes.put("case31.layers.99999999999999999999.norm1.weight", new long[] {24});
    assertThat(refusal(golden, shapes)).contains("extra: \"case31.layers.99999999999999999999.norm1.weight\" has shape [24]");
  }

  @Test
  void finalNormMayHaveABiasOfItsOwn() {
    GoldenLayer golden = named("34 encoder pre-no-bias-2");
    Map<String, long[]> shapes = shapes(golden);
    shapes.put("case34.norm.bias", new long[] {32});
    assertThat(golden.module(zeros(shapes), Kernels.selected())).isInstanceOf(TransformerStack.class);
  }

  @Test
  void packedAndSeparateWeightsTogether() {
    GoldenLayer golden = named("01 mha self");
    Map<String, long[]> shapes = shapes(golden);
    shapes.put("case01.q_proj_weight", new long[] {16, 16});
    assertThat(refusal(golden, shapes)).endsWith(":\nextra: \"case01.q_proj_weight\" has shape [16, 16], but is not expected");
  }

  @Test
  void sizesBeyondArrays() {
    NamedTensors huge =
        new Shapes(Map.of("in_proj_weight", new long[] {3L << 32, 1L << 32}, "out_proj.weight", new long[] {1L << 32, 1L << 32}));
    assertThatThrownBy(() -> TorchWeights.of(huge, 1).attention(""))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("embedDim", "4294967296");
  }

  /** Tensors that have shapes but no elements. */
  private record Shapes(Map<String, long[]> shapes) implements NamedTensors {
    @Override
    public Set<String> names() {
      return shapes.keySet();
    }

    @Override
    public long[] shape(String name) {
      return shapes.getOrDefault(name, new long[0]).clone();
    }

    @Override
    public float[] floats(String name) {
      throw new AssertionError(name + " is read");
    }
  }

  @Test
  void settingsThatTensorsDoNotContain() {
    NamedTensors tensors = zeros(shapes(named("12 encoder-layer post-relu")));
    List<Wrong> wrong =
        List.of(
            Wrong.argument("three heads", t -> TorchWeights.of(tensors, 3).encoderLayer("case12."), "embedDim", "16", "numHeads", "3"),
            Wrong.argument("no heads", t -> TorchWeights.of(tensors, 0), "numHeads", "0", "1"),
            Wrong.argument("epsilon", t -> TorchWeights.of(tensors, 1).withEpsilon(-1).encoderLayer("case12."), "epsilon", "-1.0", "0"),
            Wrong.isNull("tensors", t -> TorchWeights.of(Wrong.nothing(), 1)),
            Wrong.isNull("prefix", t -> TorchWeights.of(tensors, 1).encoder(Wrong.nothing())),
            Wrong.isNull("placement", t -> TorchWeights.of(tensors, 1).withNorms(Wrong.nothing())),
            Wrong.isNull("activation", t -> TorchWeights.of(tensors, 1).withActivation(Wrong.nothing())));
    wrong.forEach(Wrong::verify);
  }

  private static GoldenLayer named(String name) {
    return CASES.stream().filter(golden -> golden.toString().equals(name)).findFirst().orElseThrow();
  }
}
