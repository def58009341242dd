package dev.lanewise.text.tokenizer;

import dev.lanewise.text.tokenizer.template.Template;
import dev.lanewise.text.tokenizer.template.TokenList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a text, or of a pair of texts, as a model reads them: with the special tokens of the template. Immutable.
 *
 * <pre>{@code
 * Encoding encoding = tokenizer.encode(text);
 * int[] ids = encoding.ids();
 * for (int i = 0; i < encoding.length(); i++) {
 *   if (!encoding.isSpecial(i)) {
 *     System.out.println(ids[i] + " " + text.substring(encoding.start(i), encoding.end(i)));
 *   }
 * }
 * }</pre>
 */
public final class Encoding {
  private static final int OF_NO_TEXT = -1;

  private final IntFunction<String> texts;
  private final int[] ids;
  private final int[] types;
  private final int[] starts;
  private final int[] ends;
  private final byte[] sequences;

  private Encoding(IntFunction<String> texts, int length) {
    this.texts = texts;
    ids = new int[length];
    types = new int[length];
    starts = new int[length];
    ends = new int[length];
    sequences = new byte[length];
  }

  /** Puts texts into a template. */
  static Encoding of(IntFunction<String> texts, Template template, boolean specials, TokenList first, @Nullable TokenList second) {
    int length = first.size() + (second == null ? 0 : second.size()) + (specials ? template.added(second != null) : 0);
    Encoding encoding = new Encoding(texts, length);
    int at = 0;
    for (Template.Part part : template.parts(second != null)) {
      at =
          switch (part) {
            case Template.Part.Text text -> encoding.put(text, text.sequence() == 0 ? first : Objects.requireNonNull(second), at);
            case Template.Part.Special special -> specials ? encoding.put(special, at) : at;
          };
    }
    return encoding;
  }

  private int put(Template.Part.Text text, TokenList tokens, int from) {
    int at = from;
    for (int i = 0; i < tokens.size(); i++, at++) {
      ids[at] = tokens.id(i);
      types[at] = text.type();
      starts[at] = tokens.start(i);
      ends[at] = tokens.end(i);
      sequences[at] = (byte) text.sequence();
    }
    return at;
  }

  private int put(Template.Part.Special special, int from) {
    int at = from;
    for (int id : special.ids()) {
      ids[at] = id;
      types[at] = special.type();
      sequences[at++] = OF_NO_TEXT;
    }
    return at;
  }

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Row of each token in the vocabulary. */
  public int[] ids() {
    return ids.clone();
  }

  /** Type of each token: for BERT 0 in the first text and its special tokens, 1 in the second. */
  public int[] types() {
    return types.clone();
  }

  /** Text of each token as the vocabulary has it; a piece that continues a word may begin with {@code ##}. */
  public List<String> tokens() {
    List<String> tokens = new ArrayList<>(ids.length);
    for (int id : ids) {
      tokens.add(texts.apply(id));
    }
    return Collections.unmodifiableList(tokens);
  }

  /** Index of the text's UTF-16 character at which a token begins; 0 for a token of the template. */
  public int start(int token) {
    return starts[token];
  }

  /** Index behind the last UTF-16 character of a token; 0 for a token of the template. */
  public int end(int token) {
    return ends[token];
  }

  /** Tells whether the template added this token, so that it is no part of the text. */
  public boolean isSpecial(int token) {
    return sequences[token] == OF_NO_TEXT;
  }

  /** The text that a token belongs to: 0 for the first or only one, 1 for the second of a pair, −1 for a token of the template. */
  public int sequence(int token) {
    return sequences[token];
  }
}
