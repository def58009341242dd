package dev.lanewise.text.tokenizer.pieces;

/** A vocabulary of whole words. Each other word is the unknown token. Corresponds to the model {@code WordLevel} of a tokenizer.json. */
public final class WordLevel implements PieceModel {
  private final Vocabulary vocabulary;
  private final int unknown;

  /**
   * A vocabulary.
   *
   * @param unknown id of the token for words that are not in the vocabulary
   */
  public WordLevel(Vocabulary vocabulary, int unknown) {
    if (vocabulary.piece(unknown) == null) {
      throw new IllegalArgumentException("unknown is " + unknown + ", which is no id of the vocabulary");
    }
    this.vocabulary = vocabulary;
    this.unknown = unknown;
  }

  @Override
  public void divide(String word, Pieces target) {
    int id = vocabulary.id(word);
    target.add(id == Vocabulary.NONE ? unknown : id, 0, word.length());
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }
}
