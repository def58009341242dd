package dev.lanewise.bench.cli.generate;

import dev.lanewise.text.tokenizer.StreamingDecoder;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Makes tokens of a text and a text of tokens: by the tokenizer of a model's folder, or byte by byte if it has none. */
final class TextCodec {
  private final @Nullable Tokenizer tokenizer;

  private TextCodec(@Nullable Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Makes text of tokens as they come: characters are passed on as soon as no later token can change them. */
  interface Decoder {
    /** Adds a token, and returns the characters that it completes. */
    String add(int id);

    /** The rest. */
    String end();
  }

  /**
   * Reads the tokenizer of a folder if there is one.
   *
   * @throws IOException if the tokenizer's file is damaged or asks for what is not known; the message names it
   */
  static TextCodec of(Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    return new TextCodec(Files.exists(file) ? Tokenizer.read(file).withoutTruncation() : null);
  }

  /**
   * The tokens of a prompt.
   *
   * @param vocabulary number of tokens of the model
   * @throws IllegalArgumentException if the model knows other tokens
   */
  int[] ids(String text, int vocabulary) {
    if (tokenizer == null) {
      if (vocabulary != ByteText.VOCABULARY) {
        throw new IllegalArgumentException(
            "--text needs a tokenizer.json beside the weights: only a vocabulary of "
                + ByteText.VOCABULARY
                + " tokens is that of bytes; that of this model is "
                + vocabulary);
      }
      return ByteText.ids(text);
    }
    if (tokenizer.vocabulary() > vocabulary) {
      throw new IllegalArgumentException("tokenizer.json has " + tokenizer.vocabulary() + " tokens, but the model only " + vocabulary);
    }
    int[] ids = tokenizer.encode(text).ids();
    if (ids.length == 0) {
      throw new IllegalArgumentException("the prompt has 0 tokens, must have at least 1");
    }
    return ids;
  }

  /** Begins a text. */
  Decoder decoder() {
    if (tokenizer == null) {
      return new ByteText();
    }
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    return new Decoder() {
      @Override
      public String add(int id) {
        return decoder.append(id);
      }

      @Override
      public String end() {
        return decoder.finish();
      }
    };
  }
}
