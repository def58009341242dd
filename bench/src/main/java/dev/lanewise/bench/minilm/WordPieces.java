package dev.lanewise.bench.minilm;

import ai.djl.modality.nlp.Vocabulary;
import ai.djl.modality.nlp.bert.WordpieceTokenizer;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
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
    JsonObject vocabulary = TokenizerJson.field(model, "vocab").getAsJsonObject();
    Map<String, Integer> ids = HashMap.newHashMap(vocabulary.size());
    String[] texts = new String[vocabulary.size()];
    for (Map.Entry<String, JsonElement> entry : vocabulary.entrySet()) {
      int id = entry.getValue().getAsInt();
      if (id < 0 || id >= texts.length || texts[id] != null) {
        throw new IOException("tokenizer.json: id " + id + " of " + entry.getKey() + " is taken, or not within " + texts.length);
      }
      ids.put(entry.getKey(), id);
      texts[id] = entry.getKey();
    }
    return new WordPieces(ids, texts, TokenizerJson.field(model, "max_input_chars_per_word").getAsInt());
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
      throw new IOException("tokenizer.json has no " + piece + " in its vocabulary");
    }
    return id;
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
