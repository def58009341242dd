package dev.lanewise.text.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.lanewise.text.json.Config;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a model is meant to be used, as the files of sentence-transformers say it.
 *
 * @param prefix the text before each text; empty if there is none
 * @param prompts prefixes by the name of their task
 * @param lowercase whether a text becomes lower case before it is divided into tokens
 */
record Usage(
    Optional<TextPooling> pooling, boolean normalised, int maxTokens, String prefix, Map<String, String> prompts, boolean lowercase) {
  static final String MODULES = "modules.json";
  static final String POOLING = "1_Pooling";
  static final String CONFIG = "config.json";
  static final String LENGTH = "sentence_bert_config.json";
  static final String PROMPTS = "config_sentence_transformers.json";

  private static final Pattern FOLDER = Pattern.compile("[A-Za-z0-9_-]{1,255}");
  private static final Map<String, TextPooling> MODES =
      Map.of(
          "pooling_mode_cls_token", TextPooling.FIRST_TOKEN,
          "pooling_mode_mean_tokens", TextPooling.MEAN,
          "pooling_mode_lasttoken", TextPooling.LAST_TOKEN);

  /** Keys of sentence_bert_config.json that describe how PyTorch loads the model. */
  private static final Set<String> HARMLESS =
      Set.of("model_args", "tokenizer_args", "config_args", "model_name_or_path", "module_output_name");

  /**
   * Reads the files.
   *
   * @param width of a row
   * @param mostTokens number of positions
   */
  static Usage read(ModelFiles files, int width, int mostTokens) throws IOException {
    Optional<KnownModel> known = KnownModel.of(files);
    Config length = config(files, LENGTH);
    int maxTokens;
    boolean lowercase = false;
    if (length != null) {
      lowercase = !length.lacks("do_lower_case") && length.truth("do_lower_case", false);
      checkTask(length);
    }
    if (length != null && !length.lacks("max_seq_length")) {
      maxTokens = Math.min(mostTokens, length.size("max_seq_length"));
    } else if (known.isPresent()) {
      maxTokens = Math.min(mostTokens, known.get().maxTokens());
    } else {
      maxTokens = tokenizerLimit(files, mostTokens);
    }
    if (length != null) {
      length.checkAllRead(HARMLESS);
    }
    Usage modules = modules(files, width);
    Map<String, String> prompts = new LinkedHashMap<>();
    String prefix = prompts(files, prompts);
    if (modules == null && known.isPresent()) {
      KnownModel model = known.get();
      boolean own = prompts.isEmpty();
      return new Usage(
          Optional.of(model.pooling()),
          true,
          maxTokens,
          own ? model.prefix() : prefix,
          own ? model.prompts() : Map.copyOf(prompts),
          lowercase);
    }
    Optional<TextPooling> pooling = modules == null ? Optional.empty() : modules.pooling;
    return new Usage(pooling, modules != null && modules.normalised, maxTokens, prefix, Map.copyOf(prompts), lowercase);
  }

  private static @Nullable Config config(ModelFiles files, String name) throws IOException {
    try (InputStream in = files.open(name)) {
      return in == null ? null : Config.read(in, files.nameOf(name));
    }
  }

  /** Checks what newer files say about the encoder: it reads texts, and its last rows, or the outputs of its classifier, are used. */
  private static void checkTask(Config length) throws IOException {
    String task = "transformer_task";
    if (!length.lacks(task) && !Set.of("feature-extraction", "sequence-classification").contains(length.text(task))) {
      throw length.unsupported(task, "feature-extraction or sequence-classification");
    }
    Config modalities = length.object("modality_config");
    Config text = modalities == null ? null : modalities.object("text");
    String output = "method_output_name";
    if (text != null && !text.lacks(output) && !Set.of("last_hidden_state", "logits").contains(text.text(output))) {
      throw text.unsupported(output, "last_hidden_state or logits");
    }
  }

  /** The length that the tokenizer's settings name; a huge number there means none. */
  private static int tokenizerLimit(ModelFiles files, int mostTokens) throws IOException {
    Config config = config(files, "tokenizer_config.json");
    if (config == null || config.lacks("model_max_length")) {
      return mostTokens;
    }
    double limit = config.positive("model_max_length", mostTokens);
    return (int) Math.max(1, Math.min(mostTokens, limit));
  }

  /** The steps after the encoder; null if the files do not say them. */
  private static @Nullable Usage modules(ModelFiles files, int width) throws IOException {
    JsonArray modules;
    try (InputStream in = files.open(MODULES)) {
      if (in == null) {
        return null;
      }
      modules = ForeignJson.parseArray(in.readNBytes(ForeignJson.MOST_BYTES + 1), files.nameOf(MODULES));
    }
    Optional<TextPooling> pooling = Optional.empty();
    boolean normalised = false;
    for (int i = 0; i < modules.size(); i++) {
      String what = files.nameOf(MODULES) + "[" + i + "]";
      JsonObject module = ForeignJson.object(modules.get(i), what);
      String type = ForeignJson.text(ForeignJson.field(module, "type", what), what + ".type");
      String path = ForeignJson.text(ForeignJson.field(module, "path", what), what + ".path");
      String step = type.substring(type.lastIndexOf('.') + 1);
      if (i == 0 && step.equals("Transformer")) {
        if (!path.isEmpty()) {
          throw new IOException(what + ".path is \"" + ForeignJson.shown(path) + "\", must be empty");
        }
      } else if (i == 1 && step.equals("Pooling")) {
        pooling = Optional.of(pooling(files, path, what, width));
      } else if (i == 2 && step.equals("Normalize")) {
        normalised = true;
      } else {
        throw new IOException(what + ".type is " + ForeignJson.shown(type) + ", must be Transformer, then Pooling, then Normalize");
      }
    }
    return new Usage(pooling, normalised, 1, "", Map.of(), false);
  }

  private static TextPooling pooling(ModelFiles files, String folder, String what, int width) throws IOException {
    if (!FOLDER.matcher(folder).matches()) {
      throw new IOException(what + ".path is \"" + ForeignJson.shown(folder) + "\", must be the name of a folder");
    }
    String name = folder + "/" + CONFIG;
    Config config = config(files, name);
    if (config == null) {
      throw new IOException(files + " has no " + name);
    }
    int given = config.size(config.has("embedding_dimension") ? "embedding_dimension" : "word_embedding_dimension");
    if (given != width) {
      throw new IOException(config.name("word_embedding_dimension") + " is " + given + ", must be the width of the model, " + width);
    }
    config.require("include_prompt", new JsonPrimitive(true));
    TextPooling found = null;
    for (String key : config.keys()) {
      if (!key.startsWith("pooling_mode_") || !config.truth(key, false)) {
        continue;
      }
      TextPooling mode = MODES.get(key);
      if (mode == null || found != null) {
        throw config.unsupported(key, "false: one of " + MODES.keySet().stream().sorted().toList() + " is supported");
      }
      found = mode;
    }
    found = config.lacks("pooling_mode") ? found : named(config, found);
    config.checkAllRead();
    if (found == null) {
      throw new IOException(config.name("pooling_mode_mean_tokens") + " and the other modes are false, one must be true");
    }
    return found;
  }

  /** The mode that a key of newer files names. */
  private static TextPooling named(Config config, @Nullable TextPooling other) throws IOException {
    TextPooling named =
        switch (config.text("pooling_mode")) {
          case "cls" -> TextPooling.FIRST_TOKEN;
          case "mean" -> TextPooling.MEAN;
          case "lasttoken" -> TextPooling.LAST_TOKEN;
          default -> throw config.unsupported("pooling_mode", "cls, mean or lasttoken");
        };
    if (other != null && other != named) {
      throw config.unsupported("pooling_mode", "that of the other keys, " + other);
    }
    return named;
  }

  /**
   * Reads the prefixes.
   *
   * @return the one of a text without a task
   */
  private static String prompts(ModelFiles files, Map<String, String> prompts) throws IOException {
    Config config = config(files, PROMPTS);
    Config found = config == null ? null : config.object("prompts");
    if (config == null || found == null) {
      return "";
    }
    for (String name : found.keys()) {
      if (!found.lacks(name)) {
        prompts.put(name, found.text(name));
      }
    }
    if (config.lacks("default_prompt_name")) {
      return "";
    }
    String prefix = prompts.get(config.text("default_prompt_name"));
    if (prefix == null) {
      throw config.unsupported("default_prompt_name", "one of prompts, " + ForeignJson.shown(String.valueOf(prompts.keySet())));
    }
    return prefix;
  }

  /** What a file of JSON elements is written as. */
  static JsonElement poolingConfig(TextPooling pooling, int width) {
    JsonObject config = new JsonObject();
    config.addProperty("word_embedding_dimension", width);
    MODES.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(mode -> config.addProperty(mode.getKey(), mode.getValue() == pooling));
    return config;
  }
}
