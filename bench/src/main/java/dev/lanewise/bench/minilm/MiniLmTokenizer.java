package dev.lanewise.bench.minilm;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The model's own WordPiece tokenizer: lower case, {@code [CLS]} in front, {@code [SEP]} behind. */
public final class MiniLmTokenizer implements AutoCloseable {
  private static final String OFFLINE_PROPERTY = "ai.djl.offline";

  /** tokenizer.json asks for 128 tokens, padded; sentences here keep their own length. */
  private static final Map<String, String> OPTIONS = Map.of("padding", "false", "truncation", "false");

  private final HuggingFaceTokenizer tokenizer;

  private MiniLmTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Loads the tokenizer from the class path.
   *
   * @throws IOException if tokenizer.json is missing, or the tokenizer's native library cannot be unpacked or loaded on this platform
   */
  public static MiniLmTokenizer load() throws IOException {
    // Without this the library looks for CUDA builds on the network and reports its start to its makers.
    if (System.getProperty(OFFLINE_PROPERTY) == null) {
      System.setProperty(OFFLINE_PROPERTY, "true");
    }
    try (InputStream json = MiniLmArtifact.tokenizer()) {
      return new MiniLmTokenizer(HuggingFaceTokenizer.newInstance(json, OPTIONS));
    } catch (RuntimeException | LinkageError e) {
      throw new IOException(
          "the tokenizer's native library does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /** Splits a text into tokens; an empty one is {@code [CLS] [SEP]}. */
  public Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(text);
    long[] ids = encoding.getIds();
    return new Tokens(Arrays.stream(ids).mapToInt(Math::toIntExact).toArray(), List.of(encoding.getTokens()));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
