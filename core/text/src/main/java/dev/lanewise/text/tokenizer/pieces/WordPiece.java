package dev.lanewise.text.tokenizer.pieces;

import java.util.BitSet;

/**
 * Divides a word into the longest pieces of the vocabulary from left to right (Schuster and Nakajima, 2012). A piece that continues a word
 * begins with a prefix. Lengths are counted in code points, as in BERT's tokenizers.
 */
public final class WordPiece implements PieceModel {
  private final Vocabulary vocabulary;
  private final int unknown;
  private final String prefix;
  private final int longestWord;
  private final BitSet hidden;

  /**
   * Creates the model.
   *
   * @param unknown id of the token for words that cannot be divided
   * @param prefix what a piece begins with if it continues a word, as {@code ##}
   * @param longestWord number of code points that a word may have; a longer one is unknown
   */
  public WordPiece(Vocabulary vocabulary, int unknown, String prefix, int longestWord) {
    this(vocabulary, unknown, prefix, longestWord, new BitSet());
  }

  private WordPiece(Vocabulary vocabulary, int unknown, String prefix, int longestWord, BitSet hidden) {
    this.vocabulary = vocabulary;
    this.unknown = unknown;
    this.prefix = prefix;
    this.longestWord = longestWord;
    this.hidden = hidden;
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public PieceModel without(BitSet ids) {
    return new WordPiece(vocabulary, unknown, prefix, longestWord, (BitSet) ids.clone());
  }

  private int id(String piece) {
    int id = vocabulary.id(piece);
    return id != Vocabulary.NONE && hidden.get(id) ? Vocabulary.NONE : id;
  }

  @Override
  public void divide(String word, Pieces target) {
    if (word.length() > longestWord && word.codePointCount(0, word.length()) > longestWord) {
      target.add(unknown, 0, word.length());
      return;
    }
    int whole = id(word);
    if (whole != Vocabulary.NONE) {
      target.add(whole, 0, word.length());
      return;
    }
    int[] found = new int[word.length()];
    int[] ends = new int[word.length()];
    int count = 0;
    for (int from = 0; from < word.length(); from = ends[count++]) {
      String rest = from == 0 ? word : prefix.concat(word.substring(from));
      int skipped = rest.length() - (word.length() - from);
      int end = rest.length();
      int id = id(rest);
      while (id == Vocabulary.NONE && end > skipped) {
        end = rest.offsetByCodePoints(end, -1);
        id = end > skipped ? id(rest.substring(0, end)) : Vocabulary.NONE;
      }
      if (id == Vocabulary.NONE) {
        target.add(unknown, 0, word.length());
        return;
      }
      found[count] = id;
      ends[count] = from + end - skipped;
    }
    for (int i = 0; i < count; i++) {
      target.add(found[i], i == 0 ? 0 : ends[i - 1], ends[i]);
    }
  }
}
