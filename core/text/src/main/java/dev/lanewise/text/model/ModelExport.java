package dev.lanewise.text.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.kernels.data.Activation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes a model as a folder of a config, safetensors, a tokenizer and the files of sentence-transformers. */
final class ModelExport {
  private static final Set<Dtype> FLOATS = EnumSet.of(Dtype.F32, Dtype.F16, Dtype.BF16, Dtype.F64);
  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  /** Files that are copied as they are, where they exist. */
  private static final List<String> COPIED =
      List.of(Loading.TOKENIZER, "tokenizer_config.json", "vocab.txt", Usage.LENGTH, Usage.PROMPTS, Usage.CONFIG);

  /** Files that say how a model reads texts or is used, but that not every model has. */
  private static final List<String> OPTIONAL = List.of(Loading.TOKENIZER, "tokenizer_config.json", "vocab.txt", Usage.MODULES);

  private final ModelFiles files;
  private final Path folder;

  private ModelExport(ModelFiles files, Path folder) {
    this.files = files;
    this.folder = folder;
  }

  /** Copies tensors of floats into memory. */
  static NamedTensors copied(NamedTensors stored) {
    NamedTensors.Builder all = NamedTensors.builder();
    for (String name : stored.names()) {
      if (FLOATS.contains(stored.dtype(name))) {
        all.add(name, stored.floats(name), stored.shape(name));
      }
    }
    return all.build();
  }

  static Path write(ModelFiles files, Path folder) throws IOException {
    Loading.Parts parts = new Loading(files, new Settings.Told()).load(); // everything is checked before anything is written
    ModelExport export = new ModelExport(files, folder);
    export.checkNothingStays(parts.usage().pooling().isPresent());
    Files.createDirectories(folder);
    for (String name : COPIED) {
      export.copy(name);
    }
    Loading.withTensors(
        files,
        (tensors, graph) -> {
          // Readers in Python require this entry.
          Safetensors.write(folder.resolve("model.safetensors"), copied(tensors), Map.of("format", "pt"), Dtype.F32);
          if (!Files.exists(folder.resolve(Usage.CONFIG)) || graph != null) {
            export.json(Usage.CONFIG, export.config(parts, EncoderTensors.of(tensors)));
          }
          return folder;
        });
    export.usage(parts);
    return folder;
  }

  /** Refuses a folder with a file that would not be replaced, and would be read as a part of this model. */
  private void checkNothingStays(boolean modules) throws IOException {
    for (String name : OPTIONAL) {
      if (Files.exists(folder.resolve(name)) && !(name.equals(Usage.MODULES) ? modules : has(name))) {
        throw new IOException(
            folder + " has " + name + " of another model, which would be read with this one; delete it or name a new folder");
      }
    }
  }

  private boolean has(String name) throws IOException {
    try (InputStream in = files.open(name)) {
      return in != null;
    }
  }

  private void copy(String name) throws IOException {
    try (InputStream in = files.open(name)) {
      if (in != null) {
        Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private void json(String name, JsonElement element) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(folder.resolve(name).getParent() == null ? folder : path.getParent());
    Files.writeString(path, GSON.toJson(element) + "\n", StandardCharsets.UTF_8);
  }

  /** The config of a model whose weights were in an ONNX file. */
  private JsonObject config(Loading.Parts parts, EncoderTensors tensors) {
    Settings settings = parts.settings();
    EncoderFamily family =
        tensors.isDistilled() ? EncoderFamily.DISTILBERT : settings.firstPosition() > 0 ? EncoderFamily.ROBERTA : EncoderFamily.BERT;
    EncoderFamily.Keys keys = family.keys();
    JsonObject config = new JsonObject();
    config.addProperty("model_type", family.modelTypes().getFirst());
    config.addProperty("vocab_size", parts.encoder().vocabulary());
    config.addProperty(keys.width(), parts.encoder().embedDim());
    config.addProperty(keys.hidden(), tensors.shape("encoder.layer.0.intermediate.dense.weight")[0]);
    config.addProperty(keys.layers(), parts.encoder().encoder().layers().size());
    config.addProperty(keys.heads(), settings.numHeads());
    config.addProperty("max_position_embeddings", tensors.shape("embeddings.position_embeddings.weight")[0]);
    config.addProperty(keys.activation(), name(settings.activation()));
    if (family != EncoderFamily.DISTILBERT) {
      config.addProperty(keys.epsilon(), settings.epsilon());
      config.addProperty(keys.types(), tensors.shape("embeddings.token_type_embeddings.weight")[0]);
      config.addProperty("pad_token_id", Math.max(0, settings.firstPosition() - 1));
    }
    parts
        .classifier()
        .ifPresent(
            classifier -> {
              JsonObject labels = new JsonObject();
              for (int i = 0; i < classifier.labels().size(); i++) {
                labels.addProperty(Integer.toString(i), classifier.labels().get(i));
              }
              config.add("id2label", labels);
              JsonArray architectures = new JsonArray();
              architectures.add("ForSequenceClassification");
              config.add("architectures", architectures);
              classifier.scoring().ifPresent(scoring -> config.addProperty(EncoderConfig.SCORING, EncoderConfig.nameOf(scoring)));
            });
    return config;
  }

  private static String name(Activation activation) {
    return switch (activation) {
      case GELU -> "gelu";
      case GELU_TANH -> "gelu_new";
      case RELU -> "relu";
      case SILU -> "silu";
      case TANH -> "tanh";
      case SIGMOID -> "sigmoid";
      case NONE -> throw new IllegalArgumentException("activation is NONE, must be one that a config names");
    };
  }

  private void usage(Loading.Parts parts) throws IOException {
    Usage usage = parts.usage();
    int width = parts.encoder().embedDim();
    if (usage.pooling().isPresent()) {
      JsonArray modules = new JsonArray();
      modules.add(module(modules.size(), "", "Transformer"));
      modules.add(module(modules.size(), Usage.POOLING, "Pooling"));
      if (usage.normalised()) {
        modules.add(module(modules.size(), "2_Normalize", "Normalize"));
      }
      json(Usage.MODULES, modules);
      json(Usage.POOLING + "/" + Usage.CONFIG, Usage.poolingConfig(usage.pooling().get(), width));
    }
    JsonObject length = new JsonObject();
    length.addProperty("max_seq_length", usage.maxTokens());
    length.addProperty("do_lower_case", usage.lowercase());
    json(Usage.LENGTH, length);
    JsonObject prompts = new JsonObject();
    JsonElement chosen = JsonNull.INSTANCE;
    JsonObject all = new JsonObject();
    for (Map.Entry<String, String> prompt : usage.prompts().entrySet()) {
      all.addProperty(prompt.getKey(), prompt.getValue());
      if (prompt.getValue().equals(usage.prefix())) {
        chosen = GSON.toJsonTree(prompt.getKey());
      }
    }
    prompts.add("prompts", all);
    prompts.add("default_prompt_name", chosen);
    json(Usage.PROMPTS, prompts);
  }

  private static JsonObject module(int index, String path, String type) {
    JsonObject module = new JsonObject();
    module.addProperty("idx", index);
    module.addProperty("name", Integer.toString(index));
    module.addProperty("path", path);
    module.addProperty("type", "sentence_transformers.models." + type);
    return module;
  }
}
