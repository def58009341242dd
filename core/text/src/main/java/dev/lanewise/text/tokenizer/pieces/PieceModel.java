package dev.lanewise.text.tokenizer.pieces;

import java.util.BitSet;

/** Divides a word into pieces of a vocabulary. Immutable and thread-safe. Corresponds to {@code model} of a tokenizer.json. */
public interface PieceModel {
  /**
   * Divides a word, which is not empty, and hands over its pieces from left to right. Time must not grow with the square of the length of a
   * word without a limit.
   */
  void divide(String word, Pieces target);

  /** Returns a model that does not find these pieces: a text that spells one is divided as any other text. */
  PieceModel without(BitSet ids);

  /** The pieces and their ids, without the tokens that a file adds to them. */
  Vocabulary vocabulary();

  /** Receives pieces. */
  interface Pieces {
    /** Receives the id of a piece and its range in the word, as UTF-16 indices. A word that is unknown as a whole has its whole range. */
    void add(int id, int begin, int end);
  }
}
