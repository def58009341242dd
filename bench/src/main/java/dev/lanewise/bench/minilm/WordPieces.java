package dev.lanewise.bench.minilm;

import ai.djl.modality.nlp.Vocabulary;
import ai.djl.modality.nlp.bert.WordpieceTokenizer;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lanewise.bench.files.ForeignJson;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A WordPiece vocabulary (Schuster and Nakajima, 2012), and the division of a word into the longest pieces of it from left to right, which
 * is left to DJL's {@code WordpieceTokenizer}: it is plain Java, and exact. Apache OpenNLP's is not: where no piece fits any more it keeps
 * the pieces so far before the unknown token, it leaves several signs of punctuation in a row together, and it counts the length of a word
 * in UTF-16 units.
 */
final class WordPieces {
  private static final String UNKNOWN = "[UNK]";

  /** Dividing a word takes time as the square of its length; BERT's limit is 100. */
  private static final int LONGEST_WORD = 1000;

  private final Map<String, Integer> ids;
  private final String[] texts;
  private final int longestWord;
  private final int unknown;
  private final WordpieceTokenizer divider;

  private WordPieces(Map<String, Integer> ids, String[] texts, int longestWord) throws IOException {
    this.ids = ids;
    this.texts = texts;
    this.longestWord = longestWord;
    this.unknown = id(UNKNOWN);
    // It counts UTF-16 units; code points are counted below.
    this.divider = new WordpieceTokenizer(new Words(ids, texts), UNKNOWN, Character.charCount(Character.MAX_CODE_POINT) * longestWord);
  }

  /**
   * Takes the vocabulary from {@code model} of a tokenizer.json.
   *
   * @throws IOException if its ids are not 0, 1, 2, …, each once
   */
  static WordPieces of(JsonObject model) throws IOException {
    JsonObject vocabulary = TokenizerJson.object(model, "vocab");
    Map<String, Integer> ids = HashMap.newHashMap(vocabulary.size());
    String[] texts = new String[vocabulary.size()];
    for (Map.Entry<String, JsonElement> entry : vocabulary.entrySet()) {
      String what = TokenizerJson.named("id of " + entry.getKey());
      int id = ForeignJson.whole(entry.getValue(), what);
      if (id < 0 || id >= texts.length || texts[id] != null) {
        throw new IOException(what + " is " + id + ", which is taken, or not within " + texts.length);
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

  /** The piece of this id. */
  String text(int id) {
    return texts[id];
  }

  /**
   * The id of a piece.
   *
   * @throws IOException if there is none
   */
  int id(String piece) throws IOException {
    Integer id = ids.get(piece);
    if (id == null) {
      throw new IOException(TokenizerJson.NAME + " has no " + ForeignJson.shown(piece) + " in its vocabulary");
    }
    return id;
  }

  /**
   * Compares an id with the vocabulary's.
   *
   * @throws IOException if the piece has another, or is not there
   */
  void check(String piece, int id) throws IOException {
    if (id(piece) != id) {
      throw new IOException(TokenizerJson.named("id of " + piece) + " is " + id(piece) + " in the vocabulary, but " + id + " elsewhere");
    }
  }

  /** Appends the pieces of a word; one unknown if it has too many letters, or the pieces do not make it up. */
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
    for (String piece : divider.tokenize(word)) {
      target.add(ids.getOrDefault(piece, unknown));
    }
  }

  private record Words(Map<String, Integer> ids, String[] texts) implements Vocabulary {
    @Override
    public String getToken(long index) {
      return texts[Math.toIntExact(index)];
    }

    @Override
    public boolean contains(String token) {
      return ids.containsKey(token);
    }

    @Override
    public long getIndex(String token) {
      return ids.getOrDefault(token, -1);
    }

    @Override
    public long size() {
      return texts.length;
    }
  }
}
