package dev.lanewise.text.tokenizer.pieces;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A vocabulary of pieces with scores: a word becomes those pieces whose scores have the largest sum, which Viterbi's algorithm finds.
 * Corresponds to the model {@code Unigram} of a tokenizer.json, which SentencePiece trains.
 *
 * <p>Scores are added in double precision from left to right, and the first of equal sums wins, as in Hugging Face's code.
 */
public final class Unigram implements PieceModel {
  /** Distance of an unknown character's score from the lowest score of a piece. */
  private static final double PENALTY = 10;

  private final Vocabulary vocabulary;
  private final double[] scores;
  private final int unknown;
  private final double unknownScore;
  private final @Nullable BytePieces bytes;
  private final PieceTrie trie;
  private final BitSet hidden;

  /**
   * A vocabulary.
   *
   * @param scores score of each id
   * @param unknown id of the unknown token
   * @param fallsBackToBytes whether unknown characters become the pieces of their bytes, if the vocabulary has them
   */
  public Unigram(Vocabulary vocabulary, double[] scores, int unknown, boolean fallsBackToBytes) {
    if (scores.length != vocabulary.size()) {
      throw new IllegalArgumentException("scores has " + scores.length + " elements, must have " + vocabulary.size());
    }
    if (unknown < 0 || unknown >= vocabulary.size()) {
      throw new IllegalArgumentException("unknown is " + unknown + ", must be 0 to " + (vocabulary.size() - 1));
    }
    this.vocabulary = vocabulary;
    this.scores = scores.clone();
    this.unknown = unknown;
    unknownScore = Arrays.stream(scores).min().orElse(0) - PENALTY;
    bytes = fallsBackToBytes ? new BytePieces(vocabulary) : null;
    trie = new PieceTrie(vocabulary);
    hidden = new BitSet();
  }

  private Unigram(Unigram other, BitSet hidden) {
    vocabulary = other.vocabulary;
    scores = other.scores;
    unknown = other.unknown;
    unknownScore = other.unknownScore;
    bytes = other.bytes;
    trie = other.trie;
    this.hidden = hidden;
  }

  @Override
  public PieceModel without(BitSet ids) {
    return new Unigram(this, (BitSet) ids.clone());
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public void divide(String word, Pieces target) {
    int length = word.length();
    int[] ids = new int[length + 1];
    int[] begins = bestPath(word, ids);
    // Turn the path around: afterwards, begins[i] is the end of the piece that begins at i.
    int end = length;
    int id = ids[length];
    for (int next = -1; end >= 0; ) {
      int begin = end == 0 ? -1 : begins[end];
      begins[end] = next;
      next = end;
      if (begin >= 0) {
        int before = ids[begin];
        ids[begin] = id;
        id = before;
      }
      end = begin;
    }
    for (int begin = 0; begin < length; ) {
      int to = begins[begin];
      if (ids[begin] == unknown) {
        while (to < length && ids[to] == unknown) {
          to = begins[to];
        }
        addUnknown(word.substring(begin, to), begin, target);
      } else {
        target.add(ids[begin], begin, to);
      }
      begin = to;
    }
  }

  /** Fills in the id of the last piece of the best path to each index, and returns where that piece begins. */
  private int[] bestPath(String word, int[] ids) {
    int length = word.length();
    int[] begins = new int[length + 1];
    double[] best = new double[length + 1];
    Arrays.fill(begins, -1);
    for (int begin = 0; begin < length; ) {
      int next = begin + Character.charCount(word.codePointAt(begin));
      double soFar = best[begin];
      boolean known = false;
      int node = PieceTrie.ROOT;
      for (int i = begin; i < length; ) {
        node = trie.child(node, word.charAt(i++));
        if (node == PieceTrie.NONE) {
          break;
        }
        int id = trie.id(node);
        if (id != PieceTrie.NONE && !hidden.get(id)) {
          offer(best, begins, ids, begin, i, id, scores[id] + soFar);
          known |= i == next;
        }
      }
      if (!known) {
        offer(best, begins, ids, begin, next, unknown, unknownScore + soFar);
      }
      begin = next;
    }
    return begins;
  }

  private static void offer(double[] best, int[] begins, int[] ids, int begin, int end, int id, double score) {
    if (begins[end] < 0 || score > best[end]) {
      best[end] = score;
      begins[end] = begin;
      ids[end] = id;
    }
  }

  /** Unknown characters beside one another are one token, or the pieces of their bytes. */
  private void addUnknown(String run, int begin, Pieces target) {
    int end = begin + run.length();
    int found = vocabulary.id(run);
    int whole = found != Vocabulary.NONE && hidden.get(found) ? Vocabulary.NONE : found;
    int[] parts = whole == Vocabulary.NONE && bytes != null ? bytes.of(run) : new int[0];
    for (int part : parts) {
      target.add(part, begin, end);
    }
    if (parts.length == 0) {
      target.add(whole == Vocabulary.NONE ? unknown : whole, begin, end);
    }
  }
}
