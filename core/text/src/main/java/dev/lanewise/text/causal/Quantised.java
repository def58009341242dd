package dev.lanewise.text.causal;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.json.ForeignFile;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** Writes a checkpoint whose linear maps are integer codes. */
final class Quantised {
  /** Files that belong to a checkpoint, besides those of weights and sizes. */
  private static final List<String> COPIED =
      List.of(
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "tokenizer.model",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt");

  private static final Gson JSON = new GsonBuilder().serializeNulls().setPrettyPrinting().disableHtmlEscaping().create();

  private Quantised() {}

  /** Writes {@code config.json} with the format, the weights in one file, and copies of the other files. */
  static Path write(Path source, Architecture model, CausalTensors tensors, Path target, WeightFormat format) throws IOException {
    Files.createDirectories(target);
    if (Files.isSameFile(source, target)) {
      throw new IOException("target is " + target + ", the folder of the model itself");
    }
    NamedTensors weights = weights(model, tensors, format);
    Safetensors.write(target.resolve("model.safetensors"), weights, Map.of("format", "pt"), tensors::dtype);
    for (String name : COPIED) {
      if (Files.exists(source.resolve(name))) {
        try (InputStream in = ForeignFile.open(source.resolve(name))) {
          Files.copy(in, target.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    Path config = source.resolve("config.json");
    JsonObject keys = ForeignJson.parse(ForeignFile.readJson(config), config.toString());
    JsonObject quantised = new JsonObject();
    quantised.addProperty("quant_method", Architecture.METHOD);
    quantised.addProperty("format", format.name());
    keys.add(Architecture.QUANTIZATION, quantised);
    Files.writeString(target.resolve("config.json"), JSON.toJson(keys));
    return target;
  }

  private static NamedTensors weights(Architecture model, CausalTensors tensors, WeightFormat format) {
    NamedTensors.Builder builder = NamedTensors.builder();
    CausalNames names = tensors.names();
    for (Part part : Part.values()) {
      if (model.family().has(part) && !(part == Part.HEAD && model.tied())) {
        for (int layer = 0; layer < (part.layered() ? model.sizes().layers() : 1); layer++) {
          String name = names.weight(part, layer);
          if (part.kind() == Part.Kind.LINEAR) {
            builder.add(name, tensors.linear(part, layer, format));
          } else {
            tensors.copy(name, builder);
          }
          if (names.bias(part)) {
            tensors.copy(names.name(part, layer) + ".bias", builder);
          }
        }
      }
    }
    return builder.build();
  }
}
