package dev.lanewise.text.tokenizer;

import dev.lanewise.text.tokenizer.decoder.Decoder;
import org.jspecify.annotations.Nullable;

/**
 * Decodes tokens one after another, as a model generates them. {@link #append} returns the text that no later token can change; half a
 * character is held back. All returned texts together are what {@link Tokenizer#decode(int...)} returns for all tokens. For one thread and
 * one text; {@link #finish} begins the next one.
 *
 * <pre>{@code
 * StreamingDecoder decoder = tokenizer.streamingDecoder();
 * for (int id : ids) {
 *   System.out.print(decoder.append(id));
 * }
 * System.out.println(decoder.finish());
 * }</pre>
 */
public final class StreamingDecoder {
  private final Tokenizer tokenizer;
  private final boolean skipsSpecialTokens;
  private final StringBuilder out = new StringBuilder();
  private Decoder.Run run;

  StreamingDecoder(Tokenizer tokenizer, boolean skipsSpecialTokens) {
    this.tokenizer = tokenizer;
    this.skipsSpecialTokens = skipsSpecialTokens;
    run = tokenizer.decoder().start();
  }

  /** Decodes a token. Returns the text that is certain by now, which may be empty. An id without a token is ignored. */
  public String append(int id) {
    accept(id);
    return taken();
  }

  /** Returns the text that was held back, and begins a new text. */
  public String finish() {
    run.finish(out::append);
    run = tokenizer.decoder().start();
    return taken();
  }

  /** Decodes a token and keeps its text until the next answer. */
  void accept(int id) {
    @Nullable String token = tokenizer.tokenOrNull(id);
    if (token != null && !(skipsSpecialTokens && tokenizer.isSpecial(id))) {
      run.accept(token, out::append);
    }
  }

  private String taken() {
    String taken = out.toString();
    out.setLength(0);
    return taken;
  }
}
