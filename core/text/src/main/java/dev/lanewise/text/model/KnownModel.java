package dev.lanewise.text.model;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is published about the models of the artifacts {@code dev.langchain4j:langchain4j-embeddings-…}, which hold an ONNX file and a
 * tokenizer only. The vectors of all of them have length 1.
 *
 * @param maxTokens the length that the published pipeline cuts texts to
 * @param prompts prefixes by the name of their task
 * @param defaultPrompt the task of a text without another one; null if it has no prefix
 */
record KnownModel(TextPooling pooling, int maxTokens, Map<String, String> prompts, @Nullable String defaultPrompt) {
  private static final Map<String, String> E5 = Map.of("query", "query: ", "passage", "passage: ");

  private static final Map<String, KnownModel> ALL =
      Map.of(
          "all-minilm-l6-v2", new KnownModel(TextPooling.MEAN, 256, Map.of(), null),
          "bge-small-en", new KnownModel(TextPooling.FIRST_TOKEN, 512, Map.of(), null),
          "bge-small-en-v1.5", new KnownModel(TextPooling.FIRST_TOKEN, 512, Map.of(), null),
          "bge-small-zh-v1.5", new KnownModel(TextPooling.FIRST_TOKEN, 512, Map.of(), null),
          "e5-small-v2", new KnownModel(TextPooling.MEAN, 512, E5, "query"));

  /** A model by the name of its ONNX file; a quantised one, whose name ends with {@code -q}, is used like the other. */
  static Optional<KnownModel> of(ModelFiles files) {
    String name = files.isOnnx() ? files.name() : "";
    String plain = name.endsWith("-q") ? name.substring(0, name.length() - 2) : name;
    return Optional.ofNullable(ALL.get(plain));
  }

  /** The text before a text without another task. */
  String prefix() {
    return defaultPrompt == null ? "" : prompts.getOrDefault(defaultPrompt, "");
  }
}
