package dev.lanewise.bench.cli.explain;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.tokenizer.Encoding;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The tokens of a text that is explained, with one special token first and one last.
 *
 * @param ids row of each token in the model's vocabulary
 * @param texts text of each token, for people; a piece that continues a word may begin with {@code ##}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Tokens(int[] ids, List<String> texts) {
  /** How byte-level vocabularies write a space. */
  private static final String BYTE_LEVEL_SPACE = "Ġ";

  /** The tokens of a text, all of them, also those beyond what a model reads. */
  public static Tokens of(EncoderModel model, String given) {
    String text = model.lowercase() ? given.toLowerCase(Locale.ROOT) : given;
    Tokenizer tokenizer = model.tokenizer();
    Encoding encoding = tokenizer.encode(text);
    List<String> texts = encoding.tokens();
    if (tokenizer.id(BYTE_LEVEL_SPACE).isPresent()) {
      // Such a vocabulary writes bytes: é is Ã©.
      List<String> own = texts;
      texts = IntStream.range(0, own.size()).mapToObj(i -> encoding.isSpecial(i) ? own.get(i) : written(text, encoding, i)).toList();
    }
    return new Tokens(encoding.ids(), texts);
  }

  private static String written(String text, Encoding encoding, int token) {
    return text.substring(encoding.start(token), encoding.end(token)).strip();
  }

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Whether there is nothing between the first and the last token. */
  public boolean isEmpty() {
    return length() <= 2;
  }

  /** Whether this is the first or the last token. */
  public boolean isFrame(int token) {
    return token == 0 || token == length() - 1;
  }

  /** The first tokens and the last one, {@code length} in all, at most as many as there are. */
  Tokens cut(int length) {
    int[] newIds = Arrays.copyOf(ids, length);
    List<String> newTexts = new ArrayList<>(texts.subList(0, length));
    newIds[length - 1] = ids[length() - 1];
    newTexts.set(length - 1, texts.getLast());
    return new Tokens(newIds, newTexts);
  }

  /** A text of {@code length} tokens, the first and the last included: those between the two are cut off or repeated as necessary. */
  public Tokens withLength(int length) {
    if (length < 3 || isEmpty()) {
      throw new IllegalArgumentException("length is " + length + " for a text of " + (length() - 2) + " tokens, must be at least 3 for 1");
    }
    int[] newIds = new int[length];
    List<String> newTexts = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      int from = i == 0 ? 0 : i == length - 1 ? length() - 1 : 1 + (i - 1) % (length() - 2);
      newIds[i] = ids[from];
      newTexts.add(texts.get(from));
    }
    return new Tokens(newIds, newTexts);
  }
}
