package dev.lanewise.text.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.lanewise.text.MiniLmArtifact;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Hugging Face's own tokenizer, in native code, with the model's tokenizer.json. */
final class NativeTokenizer implements AutoCloseable {
  private static final String OFFLINE_PROPERTY = "ai.djl.offline";

  /** Logs each GPU that it does not find. */
  private static final Logger LOGGER = Logger.getLogger("ai.djl");

  private final HuggingFaceTokenizer tokenizer;

  private NativeTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Loads the tokenizer without truncation. */
  static NativeTokenizer load() throws IOException {
    return load(Map.of("padding", "false", "truncation", "false"));
  }

  /** Loads the tokenizer with a maximum number of tokens. */
  static NativeTokenizer load(int maxTokens) throws IOException {
    return load(Map.of("padding", "false", "truncation", "true", "maxLength", Integer.toString(maxTokens)));
  }

  private static NativeTokenizer load(Map<String, String> options) throws IOException {
    LOGGER.setLevel(Level.SEVERE);
    // Otherwise the library searches the network for CUDA builds and reports its start to its makers.
    if (System.getProperty(OFFLINE_PROPERTY) == null) {
      System.setProperty(OFFLINE_PROPERTY, "true");
    }
    try (InputStream json = MiniLmArtifact.tokenizerJson()) {
      return new NativeTokenizer(HuggingFaceTokenizer.newInstance(json, options));
    }
  }

  Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(text);
    return new Tokens(Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray(), List.of(encoding.getTokens()));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
