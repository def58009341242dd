package dev.lanewise.text.tokenizer;

import java.io.IOException;
import java.io.InputStream;

/**
 * The model's tokenizer in plain Java: BERT's words in lower case, divided into WordPieces, with {@code [CLS]} before and {@code [SEP]}
 * after them. Tests compare it with Hugging Face's native tokenizer over all code points and many thousand texts.
 *
 * <p>May be shared between threads.
 *
 * <pre>{@code
 * Tokens tokens = MiniLmArtifact.tokenizer().encode("The law will never be perfect.");
 * int[] ids = tokens.ids(); // rows of the vocabulary, those of [CLS] and [SEP] included
 * }</pre>
 */
public final class MiniLmTokenizer {
  /**
   * The limit of the model's own pipeline: sentence-transformers keeps 256 tokens ({@code max_seq_length} of the model's
   * sentence_bert_config.json), including {@code [CLS]} and {@code [SEP]}, and drops the rest. The tokenizer.json beside the model says
   * 128, the length it was trained with; that pipeline overrides it. The model has positions up to 512.
   */
  public static final int DEFAULT_MAX_TOKENS = 256;

  private static final int FRAME = 2;

  private final Tokenizer tokenizer;

  private MiniLmTokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer.withoutTruncation();
  }

  /**
   * Reads a tokenizer.json.
   *
   * @throws IOException if it is damaged; the message names what is wrong
   */
  public static MiniLmTokenizer read(InputStream json) throws IOException {
    return new MiniLmTokenizer(Tokenizer.read(json, "tokenizer.json"));
  }

  /** Divides a whole text into tokens, without a limit. An empty text becomes {@code [CLS] [SEP]}. */
  public Tokens encode(String text) {
    return tokens(tokenizer.encode(text));
  }

  /**
   * Divides a text into tokens as {@link #encode(String)} does, but keeps only the first ones. The text after them is not read.
   *
   * @param maxTokens maximum number of tokens, including {@code [CLS]} and {@code [SEP]}; at least 2
   */
  public Tokens encode(String text, int maxTokens) {
    if (maxTokens < FRAME) {
      throw new IllegalArgumentException("maxTokens is " + maxTokens + ", must be at least " + FRAME);
    }
    return tokens(tokenizer.withMaxTokens(maxTokens).encode(text));
  }

  private static Tokens tokens(Encoding encoding) {
    return new Tokens(encoding.ids(), encoding.tokens());
  }
}
