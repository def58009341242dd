package dev.lanewise.text.tokenizer;

import dev.lanewise.text.tokenizer.added.AddedToken;
import dev.lanewise.text.tokenizer.decoder.Decoder;
import dev.lanewise.text.tokenizer.file.TokenizerFile;
import dev.lanewise.text.tokenizer.file.TokenizerParts;
import dev.lanewise.text.tokenizer.file.VocabularyFile;
import dev.lanewise.text.tokenizer.template.OffsetTrim;
import dev.lanewise.text.tokenizer.template.Template;
import dev.lanewise.text.tokenizer.template.TokenList;
import dev.lanewise.text.tokenizer.template.Truncation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Divides text into the tokens of a model, and makes text of tokens. It is read from the model's tokenizer.json and gives the tokens of
 * Hugging Face's own tokenizer, without native code. Immutable and thread-safe: one instance is enough for a whole program.
 *
 * <pre>{@code
 * Tokenizer tokenizer = Tokenizer.read(folder.resolve("tokenizer.json"));
 * Encoding encoding = tokenizer.withMaxTokens(256).encode("The law will never be perfect.");
 * int[] ids = encoding.ids(); // rows of the vocabulary, those of [CLS] and [SEP] included
 * String text = tokenizer.decode(true, ids); // "the law will never be perfect."
 * }</pre>
 */
public final class Tokenizer {
  private final TokenizerParts parts;
  private final Pipeline pipeline;
  private final @Nullable Truncation truncation;
  private final boolean addsTemplate;

  private Tokenizer(TokenizerParts parts, Pipeline pipeline, @Nullable Truncation truncation, boolean addsTemplate) {
    this.parts = parts;
    this.pipeline = pipeline;
    this.truncation = truncation;
    this.addsTemplate = addsTemplate;
  }

  private static Tokenizer of(TokenizerParts parts) {
    return new Tokenizer(parts, Pipeline.of(parts, true), parts.truncation(), true);
  }

  /**
   * Reads a tokenizer.json, or the vocab.txt of a BERT model. A vocab.txt does not say whether letters become lower case, so there must be
   * a tokenizer_config.json beside it that says so; otherwise see {@link #ofVocabulary}.
   *
   * @throws IOException if the file is damaged, or asks for something that is not supported; the message names it in one line
   */
  public static Tokenizer read(Path file) throws IOException {
    return of(VocabularyFile.readEither(file));
  }

  /**
   * Reads a tokenizer.json.
   *
   * @param name name of the file in messages
   * @throws IOException if the file is damaged, or asks for something that is not supported; the message names it in one line
   */
  public static Tokenizer read(InputStream tokenizerJson, String name) throws IOException {
    return of(TokenizerFile.read(tokenizerJson, name));
  }

  /**
   * Reads the vocab.txt of a BERT model: one piece a line, with {@code [CLS]}, {@code [SEP]} and {@code [UNK]} among them.
   *
   * @param lowercase whether letters become lower case and lose their accents, as in the models called uncased
   * @param name name of the file in messages
   * @throws IOException if the file is no such vocabulary
   */
  public static Tokenizer ofVocabulary(InputStream vocabTxt, boolean lowercase, String name) throws IOException {
    return of(VocabularyFile.read(vocabTxt, lowercase, name));
  }

  /** Divides a text into tokens, with the special tokens of the template, and cuts it as the file or {@link #withMaxTokens} says. */
  public Encoding encode(String text) {
    return encodeAll(Objects.requireNonNull(text, "text"), null);
  }

  /** Divides a pair of texts into tokens as {@link #encode(String)} does, for instance a question and a passage. */
  public Encoding encode(String text, String pair) {
    return encodeAll(Objects.requireNonNull(text, "text"), Objects.requireNonNull(pair, "pair"));
  }

  private Encoding encodeAll(String text, @Nullable String pair) {
    Truncation cut = truncation;
    Template template = parts.postProcessor().template();
    template.parts(pair != null);
    int room = Integer.MAX_VALUE;
    if (cut != null) {
      room = cut.maxTokens() - (addsTemplate ? template.added(pair != null) : 0);
      if (room < 0) {
        throw new IllegalArgumentException(
            "maxTokens is " + cut.maxTokens() + ", must be at least " + (cut.maxTokens() - room) + " for the special tokens");
      }
    }
    TokenList first = tokens(text, cut == null || cut.left() || pair != null ? Integer.MAX_VALUE : room);
    TokenList second = pair == null ? null : tokens(pair, Integer.MAX_VALUE);
    if (cut != null) {
      int[] lengths = cut.lengths(first.size(), second == null ? 0 : second.size(), room, second != null);
      first = cut.cut(first, lengths[0]);
      second = second == null ? null : cut.cut(second, lengths[1]);
    }
    return encoding(first, text, second, pair);
  }

  /**
   * Divides a long text into windows that overlap, each with the template and at most {@code maxTokens} tokens long. Hugging Face calls the
   * overlap stride. There is one window at least.
   *
   * @param maxTokens maximum number of tokens of a window, including special ones
   * @param overlap number of tokens at the end of a window that are also at the beginning of the next one
   */
  public List<Encoding> windows(String text, int maxTokens, int overlap) {
    int room = maxTokens - (addsTemplate ? parts.postProcessor().template().added(false) : 0);
    if (room < 1) {
      throw new IllegalArgumentException("maxTokens is " + maxTokens + ", must be at least " + (maxTokens - room + 1));
    }
    if (overlap < 0 || overlap >= room) {
      throw new IllegalArgumentException("overlap is " + overlap + ", must be 0 to " + (room - 1));
    }
    TokenList all = tokens(Objects.requireNonNull(text, "text"), Integer.MAX_VALUE);
    List<Encoding> windows = new ArrayList<>();
    int end = 0;
    for (int begin = 0; windows.isEmpty() || end < all.size(); begin += room - overlap) {
      end = Math.min(begin + room, all.size());
      windows.add(encoding(all.part(begin, end), text, null, null));
    }
    return windows;
  }

  private TokenList tokens(String text, int most) {
    TokenList tokens = new TokenList();
    pipeline.encode(text, most, tokens);
    return tokens;
  }

  private Encoding encoding(TokenList first, String text, @Nullable TokenList second, @Nullable String pair) {
    OffsetTrim trim = parts.postProcessor().trim();
    if (trim != null) {
      trim.apply(first, text, this::pieceOrNull);
      if (second != null && pair != null) {
        trim.apply(second, pair, this::pieceOrNull);
      }
    }
    return Encoding.of(this::token, parts.postProcessor().template(), addsTemplate, first, second);
  }

  /**
   * Returns a copy that cuts texts to this number of tokens, including special ones. The end is cut off, unless the file says that the
   * beginning is. The longer text of a pair is cut, unless the file says another one.
   */
  public Tokenizer withMaxTokens(int maxTokens) {
    int least = addsTemplate ? parts.postProcessor().template().added(false) : 0;
    if (maxTokens < least) {
      throw new IllegalArgumentException("maxTokens is " + maxTokens + ", must be at least " + least);
    }
    Truncation file = parts.truncation();
    Truncation cut =
        file == null ? new Truncation(maxTokens, Truncation.Which.LONGEST, false) : new Truncation(maxTokens, file.which(), file.left());
    return new Tokenizer(parts, pipeline, cut, addsTemplate);
  }

  /** Returns a copy that does not cut texts. */
  public Tokenizer withoutTruncation() {
    return new Tokenizer(parts, pipeline, null, addsTemplate);
  }

  /** Returns a copy that puts the special tokens of the template around a text, or does not; the first is the default. */
  public Tokenizer withTemplate(boolean added) {
    return new Tokenizer(parts, pipeline, truncation, added);
  }

  /**
   * Returns a copy that takes special tokens in a text, such as {@code [SEP]} or {@code <|endoftext|>}, for these tokens (the default), or
   * for plain text. Turn this off for text from users whom you do not trust: then no text becomes a special token, even where the
   * vocabulary has it as a piece, as that of XLM-R has {@code </s>}. Hugging Face's own switch overlooks such pieces.
   */
  public Tokenizer withSpecialTokensInText(boolean recognised) {
    return new Tokenizer(parts, Pipeline.of(parts, recognised), truncation, addsTemplate);
  }

  /** Makes text of tokens, special ones included. An id without a token is ignored. */
  public String decode(int... ids) {
    return decode(false, ids);
  }

  /** Makes text of tokens, with or without special ones. An id without a token is ignored. */
  public String decode(boolean skipSpecialTokens, int... ids) {
    StreamingDecoder decoder = new StreamingDecoder(this, skipSpecialTokens);
    for (int id : ids) {
      decoder.accept(id);
    }
    return decoder.finish();
  }

  /** Starts to decode tokens one after another; special tokens are left out. */
  public StreamingDecoder streamingDecoder() {
    return new StreamingDecoder(this, true);
  }

  /** The largest id plus one. */
  public int vocabulary() {
    int size = parts.model().vocabulary().size();
    for (AddedToken token : parts.added().tokens()) {
      size = Math.max(size, token.id() + 1);
    }
    return size;
  }

  /** The id of a token, as the vocabulary writes it; empty if there is no such token. */
  public OptionalInt id(String token) {
    AddedToken added = parts.added().token(token);
    int id = added == null ? parts.model().vocabulary().id(token) : added.id();
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The token with this id, as the vocabulary writes it. */
  public String token(int id) {
    String token = tokenOrNull(id);
    if (token == null) {
      throw new IllegalArgumentException("id is " + id + ", which no token has; the vocabulary ends before " + vocabulary());
    }
    return token;
  }

  /** The token with this id; null if there is none. */
  @Nullable String tokenOrNull(int id) {
    AddedToken added = parts.added().token(id);
    return added == null ? parts.model().vocabulary().piece(id) : added.content();
  }

  private @Nullable String pieceOrNull(int id) {
    return parts.added().token(id) == null ? parts.model().vocabulary().piece(id) : null;
  }

  /** Tells whether a token is left out of decoded text on demand. */
  boolean isSpecial(int id) {
    AddedToken added = parts.added().token(id);
    return added != null && added.special();
  }

  Decoder decoder() {
    return parts.decoder();
  }
}
