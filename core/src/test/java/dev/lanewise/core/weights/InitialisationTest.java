package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Seeded weights are in the range of Xavier's formula, and a file keeps them. */
@Tag("once")
class InitialisationTest {
  private static final long SEED = 20261121;
  private static final int E = 24;
  private static final int F = 40;
  private static final int V = 17;

  @TempDir private Path folder;

  /** A kind of module: how its tensors are made, and how it runs. */
  private record Module(String name, Function<Initialisation, NamedTensors> made, Run run) {
    float[] output(NamedTensors tensors) {
      SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, 2, 5, E, SEED);
      SequenceBatch values = Views.randomSequences(Views.Layout.DENSE, 2, 5, V, SEED + 1);
      SequenceBatch output = SequenceBatch.zeros(2, 5, E);
      run.run(TorchWeights.of(tensors, 3).withActivation(Activation.GELU), x, values, output);
      return output.data();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private interface Run {
    void run(TorchWeights weights, SequenceBatch x, SequenceBatch values, SequenceBatch output);
  }

  static List<Module> modules() {
    return List.of(
        new Module(
            "attention", initialisation -> initialisation.attention(E), (from, x, values, output) -> from.attention("").forward(x, output)),
        new Module(
            "sources",
            initialisation -> initialisation.attention(E, E, V),
            (from, x, values, output) -> from.attention("").forward(x, x, values, output)),
        new Module(
            "encoder layer",
            initialisation -> initialisation.encoderLayer(E, F),
            (from, x, values, output) -> from.encoderLayer("").forward(x, output)),
        new Module(
            "decoder layer",
            initialisation -> initialisation.decoderLayer(E, F),
            (from, x, values, output) -> from.decoderLayer("").forward(x, x, output)),
        new Module(
            "encoder", initialisation -> initialisation.encoder(E, F, 3), (from, x, values, output) -> from.encoder("").forward(x, output)),
        new Module(
            "decoder",
            initialisation -> initialisation.decoder(E, F, 2),
            (from, x, values, output) -> from.decoder("").forward(x, x, output)),
        new Module(
            "transformer",
            initialisation -> initialisation.transformer(E, F, 2, 1),
            (from, x, values, output) -> from.transformer("").forward(x, x, output)));
  }

  @ParameterizedTest
  @MethodSource("modules")
  void bounds(Module module) {
    NamedTensors tensors = module.made.apply(Initialisation.xavier(SEED));
    for (String name : tensors.names()) {
      long[] shape = tensors.shape(name);
      float[] floats = tensors.floats(name);
      if (shape.length == 2) {
        double bound = Math.sqrt(6.0 / (shape[0] + shape[1]));
        double largest = 0;
        double sum = 0;
        double squares = 0;
        for (float x : floats) {
          largest = Math.max(largest, Math.abs((double) x));
          sum += x;
          squares += (double) x * x;
        }
        assertThat(largest).as(name).isLessThanOrEqualTo(bound).isGreaterThan(0.95 * bound);
        // Uniform numbers have variance bound² / 3; the tolerance is five standard deviations of mean and variance.
        int count = floats.length;
        assertThat(sum / count).as("mean of %s", name).isCloseTo(0, within(5 * bound / Math.sqrt(3.0 * count)));
        assertThat(3 * squares / count / (bound * bound)).as("variance of %s", name).isCloseTo(1, within(5 * Math.sqrt(0.8 / count)));
      } else {
        assertThat(shape).as(name).hasSize(1);
        assertThat(floats).as(name).containsOnly(name.endsWith("bias") ? 0 : 1);
        assertThat(name).containsAnyOf("norm", "bias");
      }
    }
  }

  /** Tensors that are written to a file and read again have the same bits, and so has the result of their module. */
  @ParameterizedTest
  @MethodSource("modules")
  void roundTrip(Module module) throws IOException {
    for (Initialisation initialisation : List.of(Initialisation.xavier(SEED), Initialisation.xavier(SEED).withoutBiases())) {
      NamedTensors tensors = module.made.apply(initialisation);
      Path path = folder.resolve("weights.safetensors");
      Safetensors.write(path, tensors);
      try (Safetensors file = Safetensors.open(path)) {
        assertThat(file.names()).containsExactlyInAnyOrderElementsOf(tensors.names());
        for (String name : file.names()) {
          assertThat(file.shape(name)).as(name).isEqualTo(tensors.shape(name));
          Views.assertSameBits(file.floats(name), tensors.floats(name), name);
        }
        Views.assertSameBits(module.output(file), module.output(tensors), module);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void seeds(Module module) {
    NamedTensors tensors = module.made.apply(Initialisation.xavier(SEED));
    NamedTensors same = module.made.apply(Initialisation.xavier(SEED));
    NamedTensors other = module.made.apply(Initialisation.xavier(SEED + 1));
    NamedTensors bare = module.made.apply(Initialisation.xavier(SEED).withoutBiases());
    for (String name : tensors.names()) {
      Views.assertSameBits(same.floats(name), tensors.floats(name), name);
      assertThat(bare.names().contains(name)).as(name).isEqualTo(!name.endsWith("bias"));
      if (tensors.shape(name).length == 2) {
        assertThat(other.floats(name)).as(name).isNotEqualTo(tensors.floats(name));
        Views.assertSameBits(bare.floats(name), tensors.floats(name), name);
      }
    }
    assertThat(tensors.names().stream().map(tensors::floats).filter(floats -> floats.length > E && floats[0] != 0).map(Arrays::hashCode))
        .as("no two matrices are alike")
        .doesNotHaveDuplicates();
  }

  @Test
  void refusals() {
    Initialisation initialisation = Initialisation.xavier(SEED);
    List<Wrong> wrong =
        List.of(
            Wrong.argument("embedDim", t -> initialisation.attention(0), "embedDim", "0", "1"),
            Wrong.argument("keyInputDim", t -> initialisation.attention(8, -1, 8), "keyInputDim", "-1", "1"),
            Wrong.argument("valueInputDim", t -> initialisation.attention(8, 8, 0), "valueInputDim", "0", "1"),
            Wrong.argument("feedForward", t -> initialisation.encoderLayer(8, 0), "feedForward", "0", "1"),
            Wrong.argument("feedForward", t -> initialisation.decoderLayer(8, -7), "feedForward", "-7", "1"),
            Wrong.argument("layers", t -> initialisation.encoder(8, 8, 0), "layers", "0", "1"),
            Wrong.argument("layers", t -> initialisation.decoder(8, 8, -2), "layers", "-2", "1"),
            Wrong.argument("encoderLayers", t -> initialisation.transformer(8, 8, 0, 1), "encoderLayers", "0", "1"),
            Wrong.argument("decoderLayers", t -> initialisation.transformer(8, 8, 1, 0), "decoderLayers", "0", "1"),
            Wrong.argument("too large", t -> initialisation.attention(1 << 20), "embedDim", "1048576", "2147483647"));
    wrong.forEach(Wrong::verify);
  }

  @Test
  void examples() throws IOException {
    List<String> shown = new ArrayList<>(ReadmeBlocks.shownInJavadoc("TorchWeights.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("Initialisation.java"));
    assertThat(ReadmeBlocks.compiled("TorchExample.java")).hasSize(2).isEqualTo(shown);

    SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, 2, 5, 96, SEED);
    SequenceBatch y = SequenceBatch.zeros(2, 5, 96);
    TorchExample.make(folder.resolve("encoder"), x, y);
    assertThat(y.data()).doesNotContain(0f, Float.NaN);
    Safetensors.write(folder.resolve("transformer"), Initialisation.xavier(SEED).transformer(96, 100, 2, 3));
    SequenceBatch output = SequenceBatch.zeros(2, 5, 96);
    TorchExample.load(folder.resolve("transformer"), x, y, output);
    assertThat(output.data()).doesNotContain(0f, Float.NaN);
  }
}
