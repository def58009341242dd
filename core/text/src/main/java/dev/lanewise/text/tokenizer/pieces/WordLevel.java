package dev.lanewise.text.tokenizer.pieces;

import java.util.BitSet;

/** A vocabulary of whole words. Each other word is the unknown token. Corresponds to the model {@code WordLevel} of a tokenizer.json. */
public final class WordLevel implements PieceModel {
  private final Vocabulary vocabulary;
  private final int unknown;
  private final BitSet hidden;

  /**
   * A vocabulary.
   *
   * @param unknown id of the token for words that are not in the vocabulary
   */
  public WordLevel(Vocabulary vocabulary, int unknown) {
    this(vocabulary, unknown, new BitSet());
  }

  private WordLevel(Vocabulary vocabulary, int unknown, BitSet hidden) {
    if (vocabulary.piece(unknown) == null) {
      throw new IllegalArgumentException("unknown is " + unknown + ", which is no id of the vocabulary");
    }
    this.vocabulary = vocabulary;
    this.unknown = unknown;
    this.hidden = hidden;
  }

  @Override
  public void divide(String word, Pieces target) {
    int id = vocabulary.id(word);
    target.add(id == Vocabulary.NONE || hidden.get(id) ? unknown : id, 0, word.length());
  }

  @Override
  public PieceModel without(BitSet ids) {
    return new WordLevel(vocabulary, unknown, (BitSet) ids.clone());
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }
}
