package dev.lanewise.text.causal;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.testing.SeededTensors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * A small model with the logits that PyTorch gives in double. {@code GoldenModels} in {@code bench/src/peers/test} made the file; the
 * weights are those of {@link SeededTensors}.
 */
final class GoldenModel {
  final JsonObject config;
  final int[] ids;

  /** The logits of the last ids, row after row. */
  final double[] logits;

  /** The largest error of PyTorch in float. */
  final double errorOfFloat;

  private final long seed;
  private final RandomCheckpoint.Family family;

  private GoldenModel(JsonObject golden, RandomCheckpoint.Family family) {
    this.config = golden.getAsJsonObject("config");
    this.ids = golden.getAsJsonArray("ids").asList().stream().mapToInt(id -> id.getAsInt()).toArray();
    this.logits = golden.getAsJsonArray("logits").asList().stream().mapToDouble(logit -> logit.getAsDouble()).toArray();
    this.errorOfFloat = golden.get("errorOfFloat").getAsDouble();
    this.seed = golden.get("seed").getAsLong();
    this.family = family;
  }

  /** The names of all golden models, one for each family. */
  static List<String> names() {
    return List.of("llama3", "mistral", "qwen2", "qwen3", "gemma2", "gpt2");
  }

  /** Reads a golden model. */
  static GoldenModel read(String name) {
    try (InputStream in = Objects.requireNonNull(GoldenModel.class.getResourceAsStream(name + ".json"), name)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      RandomCheckpoint.Family family = RandomCheckpoint.Family.valueOf(name.toUpperCase(Locale.ROOT));
      return new GoldenModel(JsonParser.parseString(text).getAsJsonObject(), family);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  double largest() {
    return Arrays.stream(logits).map(Math::abs).max().orElseThrow();
  }

  NamedTensors tensors() {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(family, seed);
    config.asMap().forEach(checkpoint::with);
    double normMiddle = family == RandomCheckpoint.Family.GEMMA2 ? 0 : 1;
    NamedTensors.Builder builder = NamedTensors.builder();
    checkpoint
        .shapes()
        .forEach(
            (name, shape) -> {
              int[] sizes = Arrays.stream(shape).mapToInt(size -> (int) size).toArray();
              builder.add(name, SeededTensors.weight(seed, name, normMiddle, sizes), shape);
            });
    return builder.build();
  }

  /** Writes the model as a checkpoint. */
  void write(Path folder) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.toString());
    Safetensors.write(folder.resolve("model.safetensors"), tensors(), Map.of("format", "pt"), Safetensors.Dtype.F32);
  }
}
