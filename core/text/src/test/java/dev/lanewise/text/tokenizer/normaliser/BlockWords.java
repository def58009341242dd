package dev.lanewise.text.tokenizer.normaliser;

import com.google.gson.JsonObject;
import dev.lanewise.text.tokenizer.NativeTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Compares what a native tokenizer makes of every code point with what is expected, with few tokens. The code points of a block that must
 * stay in a word are one word together, and that word is in the tokenizer's vocabulary: if one of them is removed, changed, or ends the
 * word, the tokenizer does not find the word. Those that must be removed stand together between two letters, which are then a word. Each
 * other code point stands between two letters alone.
 */
final class BlockWords {
  private static final int BLOCK = 256;
  private static final int UNKNOWN = 0;
  private static final int BEFORE = 1;
  private static final int AFTER = 2;
  private static final int BOTH = 3;

  private static final String JSON =
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":NORMALISER,
      "pre_tokenizer":{"type":"SPLITTER"},"post_processor":null,"decoder":null,
      "model":{"type":"WordLevel","unk_token":"[UNK]","vocab":VOCABULARY}}
      """;

  private final JsonObject vocabulary = new JsonObject();
  private final List<String> texts = new ArrayList<>();
  private final List<List<Integer>> expected = new ArrayList<>();

  /** What becomes of a code point between two letters. */
  enum Fate {
    /** It stays in their word. */
    KEPT,
    /** The letters are a word without it. */
    REMOVED,
    /** It is white space: the letters are two words. */
    SPACE,
    /** It is a word of its own between theirs. */
    WORD
  }

  private BlockWords() {
    vocabulary.addProperty("[UNK]", UNKNOWN);
    vocabulary.addProperty("a", BEFORE);
    vocabulary.addProperty("b", AFTER);
    vocabulary.addProperty("ab", BOTH);
  }

  /**
   * Tells whether the tokenizer does what is expected with every code point.
   *
   * @param normaliser the normaliser of the tokenizer.json
   * @param splitter the type of its splitter
   * @param end the number of code points
   * @param kept what a code point that is kept becomes
   */
  static boolean agree(String normaliser, String splitter, int end, IntFunction<Fate> fate, IntFunction<String> kept) {
    BlockWords words = new BlockWords();
    for (int first = 0; first < end; first += BLOCK) {
      words.add(first, Math.min(end, first + BLOCK), fate, kept);
    }
    String json = JSON.replace("NORMALISER", normaliser).replace("SPLITTER", splitter).replace("VOCABULARY", words.vocabulary.toString());
    try (NativeTokenizer tokenizer = NativeTokenizer.of(json)) {
      for (int i = 0; i < words.texts.size(); i++) {
        if (!tokenizer.ids(words.texts.get(i)).equals(words.expected.get(i))) {
          return false;
        }
      }
    }
    return true;
  }

  private void add(int first, int end, IntFunction<Fate> fate, IntFunction<String> kept) {
    StringBuilder whole = new StringBuilder();
    StringBuilder word = new StringBuilder();
    StringBuilder removed = new StringBuilder();
    StringBuilder others = new StringBuilder();
    List<Integer> ids = new ArrayList<>();
    for (int c = first; c < end; c++) {
      String written = written(c);
      switch (fate.apply(c)) {
        case KEPT -> {
          // A letter between two code points keeps marks from changing places.
          whole.append('a').append(written);
          word.append('a').append(kept.apply(c));
        }
        case REMOVED -> removed.append(written);
        case SPACE -> {
          others.append(" a").append(written).append('b');
          ids.addAll(List.of(BEFORE, AFTER));
        }
        case WORD -> {
          others.append(" a").append(written).append('b');
          ids.addAll(List.of(BEFORE, UNKNOWN, AFTER));
        }
      }
    }
    if (!removed.isEmpty()) {
      whole.insert(0, "a" + removed + "b ");
      ids.addFirst(BOTH);
    }
    if (!word.isEmpty()) {
      // Blocks of unpaired surrogates are the same word.
      if (!vocabulary.has(word.toString())) {
        vocabulary.addProperty(word.toString(), vocabulary.size());
      }
      ids.add(removed.isEmpty() ? 0 : 1, vocabulary.get(word.toString()).getAsInt());
    }
    texts.add(whole.append(others).toString());
    expected.add(ids);
  }

  /** A code point in a text. Correctly encoded text has U+FFFD in place of an unpaired surrogate. */
  static String written(int c) {
    return Character.toString(isHalf(c) ? 0xfffd : c);
  }

  static boolean isHalf(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
