package dev.lanewise.text.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A WordPiece vocabulary (Schuster and Nakajima, 2012), which divides a word into the longest pieces of the vocabulary from left to right.
 * A piece that continues a word begins with {@code ##}. Lengths are counted in code points, as in BERT's tokenizers.
 */
final class WordPieces {
  private static final String UNKNOWN = "[UNK]";

  /** Prefix of a piece that is not the first of its word. */
  private static final String CONTINUED = "##";

  /** Limit for the longest word: dividing a word takes quadratic time. BERT's own limit is 100. */
  private static final int LONGEST_WORD = 1000;

  private final Map<String, Integer> ids;
  private final String[] texts;
  private final int longestWord;
  private final int unknown;

  private WordPieces(Map<String, Integer> ids, String[] texts, int longestWord) throws IOException {
    this.ids = ids;
    this.texts = texts;
    this.longestWord = longestWord;
    this.unknown = id(UNKNOWN);
  }

  /**
   * Reads the vocabulary from {@code model} of a tokenizer.json.
   *
   * @throws IOException if its ids are not 0, 1, 2, …, each once
   */
  static WordPieces of(JsonObject model) throws IOException {
    JsonObject vocabulary = TokenizerJson.object(model, "vocab");
    Map<String, Integer> ids = HashMap.newHashMap(vocabulary.size());
    String[] texts = new String[vocabulary.size()];
    for (Map.Entry<String, JsonElement> entry : vocabulary.entrySet()) {
      int id = id(entry);
      if (id < 0 || id >= texts.length || texts[id] != null) {
        throw new IOException(named(entry) + " is " + id + ", which is taken, or not within " + texts.length);
      }
      ids.put(entry.getKey(), id);
      texts[id] = entry.getKey();
    }
    String field = "max_input_chars_per_word";
    int longestWord = ForeignJson.whole(TokenizerJson.field(model, field), TokenizerJson.named(field));
    if (longestWord < 1 || longestWord > LONGEST_WORD) {
      throw new IOException(TokenizerJson.named(field) + " is " + longestWord + ", must be 1 to " + LONGEST_WORD);
    }
    return new WordPieces(ids, texts, longestWord);
  }

  /** The id of an entry. The name for messages is composed only for an error: 30 000 names would take longer than all else here. */
  private static int id(Map.Entry<String, JsonElement> entry) throws IOException {
    try {
      return ForeignJson.whole(entry.getValue(), "id");
    } catch (IOException e) {
      return ForeignJson.whole(entry.getValue(), named(entry));
    }
  }

  private static String named(Map.Entry<String, JsonElement> entry) {
    return TokenizerJson.named("id of " + entry.getKey());
  }

  /** The piece with this id. */
  String text(int id) {
    return texts[id];
  }

  /**
   * The id of a piece.
   *
   * @throws IOException if there is no such piece
   */
  int id(String piece) throws IOException {
    Integer id = ids.get(piece);
    if (id == null) {
      throw new IOException(TokenizerJson.NAME + " has no " + ForeignJson.shown(piece) + " in its vocabulary");
    }
    return id;
  }

  /**
   * Checks that a piece has this id in the vocabulary.
   *
   * @throws IOException if the piece has another id, or does not exist
   */
  void check(String piece, int id) throws IOException {
    if (id(piece) != id) {
      throw new IOException(TokenizerJson.named("id of " + piece) + " is " + id(piece) + " in the vocabulary, but " + id + " elsewhere");
    }
  }

  /** Appends the pieces of a word. If the word is too long, or cannot be divided, it appends one unknown token. */
  void divide(String word, List<Integer> target) {
    if (word.length() > longestWord && word.codePointCount(0, word.length()) > longestWord) {
      target.add(unknown);
      return;
    }
    Integer whole = ids.get(word);
    if (whole != null) {
      target.add(whole);
      return;
    }
    int before = target.size();
    for (int from = 0; from < word.length(); ) {
      int end = longestPiece(word, from, target);
      if (end == from) {
        target.subList(before, target.size()).clear();
        target.add(unknown);
        return;
      }
      from = end;
    }
  }

  /** Appends the longest piece that begins at {@code from}, and returns its end; returns {@code from} if there is none. */
  private int longestPiece(String word, int from, List<Integer> target) {
    String rest = (from == 0 ? "" : CONTINUED) + word.substring(from);
    int prefix = rest.length() - (word.length() - from);
    for (int end = rest.length(); end > prefix; end = rest.offsetByCodePoints(end, -1)) {
      Integer id = ids.get(rest.substring(0, end));
      if (id != null) {
        target.add(id);
        return from + end - prefix;
      }
    }
    return from;
  }
}
