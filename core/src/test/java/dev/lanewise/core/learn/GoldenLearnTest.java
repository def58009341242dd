package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.GoldenReader;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.SeededTensors;
import dev.lanewise.testing.TestedKernels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Outputs and gradients of 30 modules differ from PyTorch's autograd in double by at most twice the error of PyTorch in float. */
@Tag("twice")
class GoldenLearnTest {
  @TempDir static Path folder;
  private static Safetensors file;

  @BeforeAll
  static void open() throws IOException {
    Path path = folder.resolve("gradients.safetensors");
    try (InputStream in = Objects.requireNonNull(GoldenReader.class.getResourceAsStream("/golden/gradients.safetensors"))) {
      Files.copy(in, path);
    }
    file = Safetensors.open(path);
  }

  @AfterAll
  static void close() {
    file.close();
  }

  static List<String> lines() {
    return GoldenReader.lines("gradients.txt");
  }

  @Test
  void thereAreThirtyModules() {
    assertThat(lines()).hasSize(30);
    assertThat(file.names().stream().map(name -> name.substring(0, name.indexOf('/'))).distinct()).hasSize(30);
  }

  @ParameterizedTest
  @MethodSource("lines")
  void gradientsAreThoseOfPyTorch(String line) {
    GoldenReader golden = new GoldenReader(line, ByteBuffer.allocate(0));
    NamedTensors expected = file.under(golden.name + "/");
    for (Kernels kernels : TestedKernels.all()) {
      Map<String, float[]> results = golden.text("kind").equals("language-model") ? model(golden, kernels) : layer(golden, kernels);
      assertThat(results.keySet()).containsExactlyInAnyOrderElementsOf(expected.names());
      results.forEach(
          (name, values) -> assertNear(name + " of " + line + " on " + kernels.path(), values, expected.floats(name), error(golden)));
    }
  }

  /** PyTorch's error in float, as a part of the largest element of a tensor. A wrong float run must not increase the budget. */
  private static double error(GoldenReader golden) {
    double error = Double.parseDouble(golden.text("error"));
    assertThat(error).isLessThan(3e-6);
    return error;
  }

  private static void assertNear(String what, float[] actual, float[] expected, double error) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    double largest = 0;
    for (float element : expected) {
      largest = Math.max(largest, Math.abs(element));
    }
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).as("element %d of %s", i, what).isCloseTo(expected[i], within((2 * error + 1e-6) * largest));
    }
  }

  /** The parameters of a module, by their names in core.learn. */
  private static NamedTensors parameters(GoldenReader golden) {
    NamedTensors module = file.under(golden.name + "/");
    NamedTensors.Builder builder = NamedTensors.builder();
    for (String name : module.names()) {
      if (!List.of("x", "y", "memory").contains(name)) {
        long[] shape = module.shape(name);
        builder.add(name, SeededTensors.weight(golden.size("seed"), "module." + name, 1, ints(shape)), shape);
      }
    }
    return builder.build();
  }

  private static int[] ints(long[] shape) {
    return Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
  }

  private static SequenceBatch input(GoldenReader golden, String name, int rows, int width) {
    int batch = golden.size("batch");
    return SequenceBatch.of(SeededTensors.weight(golden.size("seed"), name, 1, batch * rows, width), batch, rows, width);
  }

  private static Activation activation(GoldenReader golden) {
    return golden.has("activation") ? Activation.valueOf(golden.text("activation")) : Activation.NONE;
  }

  private static TrainableLayer made(GoldenReader golden, NamedTensors tensors) {
    return switch (golden.text("kind")) {
      case "linear" -> TrainableLinear.of(tensors, "");
      case "layer-norm" -> TrainableNorm.layer(tensors, "", 1e-5f);
      case "rms-norm" -> TrainableNorm.rms(tensors, "", 1e-5f);
      case "feed-forward" -> TrainableFeedForward.of(tensors, "", activation(golden));
      case "attention" -> {
        Mask mask = golden.has("causal") ? Mask.causal() : Mask.none();
        yield TrainableAttention.builder(golden.size("width"), golden.size("heads")).attention(a -> a.withMask(mask)).of(tensors);
      }
      case "encoder-layer" -> builder(golden).encoderLayer(tensors, "");
      case "encoder" -> golden.has("causal") ? builder(golden).decoderOnly(tensors, "") : builder(golden).encoder(tensors, "");
      case "decoder" -> builder(golden).decoder(tensors, "");
      default -> throw new IllegalStateException(golden.text("kind"));
    };
  }

  private static TrainableStack.Builder builder(GoldenReader golden) {
    return TrainableStack.builder(golden.size("heads"))
        .norms(Norm.Placement.valueOf(golden.text("placement")))
        .activation(activation(golden))
        .epsilon(1e-5f);
  }

  private static Map<String, float[]> layer(GoldenReader golden, Kernels kernels) {
    TrainableLayer layer = made(golden, parameters(golden));
    int outputs = golden.has("outputs") ? golden.size("outputs") : golden.size("width");
    SequenceBatch x = input(golden, "x", golden.size("rows"), golden.size("width"));
    SequenceBatch dy = input(golden, "dy", golden.size("rows"), outputs);
    SequenceBatch y = SequenceBatch.zeros(x.batch(), x.rows(), outputs);
    SequenceBatch dx = SequenceBatch.zeros(x.batch(), x.rows(), x.width());
    Trace trace = Trace.create().setKernels(kernels).setThreads(2);
    Map<String, float[]> results = new LinkedHashMap<>();
    if (golden.has("memory")) {
      SequenceBatch memory = input(golden, "memory", golden.size("memory"), golden.size("width"));
      SequenceBatch dMemory = SequenceBatch.zeros(memory.batch(), memory.rows(), memory.width());
      if (layer instanceof TrainableStack stack) {
        stack.forward(x, memory, y, trace);
        stack.backward(trace, dy, dx, dMemory);
      } else {
        TrainableAttention attention = (TrainableAttention) layer;
        attention.forward(x, memory, y, trace);
        attention.backward(trace, dy, dx, dMemory);
      }
      results.put("memory", dMemory.data());
    } else {
      layer.forward(x, y, trace);
      layer.backward(trace, dy, dx);
    }
    results.put("y", y.data());
    results.put("x", dx.data());
    layer.parameters().forEach(parameter -> results.put(parameter.name(), parameter.gradient()));
    return results;
  }

  private static Map<String, float[]> model(GoldenReader golden, Kernels kernels) {
    NamedTensors tensors = parameters(golden);
    TrainableEmbedding embedding = TrainableEmbedding.of(tensors, "embedding.");
    TrainableStack stack = builder(golden).decoderOnly(tensors, "stack.");
    TrainableLanguageModel model =
        golden.has("tied")
            ? TrainableLanguageModel.tied(embedding, stack)
            : TrainableLanguageModel.of(embedding, stack, TrainableLinear.of(tensors, "head."));
    model = model.withPositions(TrainablePositions.learned(tensors, "positions."));
    if (golden.has("smoothing")) {
      model = model.withLabelSmoothing(Float.parseFloat(golden.text("smoothing")));
    }
    int count = golden.size("batch") * golden.size("rows");
    Trace trace = Trace.create().setKernels(kernels).setThreads(2);
    double loss = model.learn(ids(golden, "ids", count), ids(golden, "targets", count), golden.size("batch"), 1f / count, trace);
    Map<String, float[]> results = new LinkedHashMap<>();
    results.put("y", new float[] {(float) (loss / count)});
    model.parameters().forEach(parameter -> results.put(parameter.name(), parameter.gradient()));
    return results;
  }

  private static int[] ids(GoldenReader golden, String name, int count) {
    float[] uniform = SeededTensors.weight(golden.size("seed"), name, 0, count);
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = (int) Math.floor((uniform[i] + 0.35) / 0.7 * golden.size("vocabulary"));
    }
    return ids;
  }
}
