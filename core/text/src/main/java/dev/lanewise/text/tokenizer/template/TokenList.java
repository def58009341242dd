package dev.lanewise.text.tokenizer.template;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.TextBudget;
import dev.lanewise.text.tokenizer.pieces.PieceModel;
import java.util.Arrays;

/** A growing list of tokens: ids, and the ranges of the original text that they come from. */
public final class TokenList implements PieceModel.Pieces {
  private AlignedText word = AlignedText.of("", 0, 0, new TextBudget());
  private int[] ids = new int[32];
  private int[] starts = new int[32];
  private int[] ends = new int[32];
  private int size;

  /** The word that the next pieces are ranges of. */
  public void word(AlignedText next) {
    word = next;
  }

  @Override
  public void add(int id, int begin, int end) {
    if (begin == end) {
      int at = begin < word.length() ? word.start(begin) : begin == 0 ? word.begin() : word.end(begin - 1);
      addOriginal(id, at, at);
    } else {
      addOriginal(id, word.start(begin), word.end(end - 1));
    }
  }

  /** Appends a token with its range of the original text. */
  public void addOriginal(int id, int start, int end) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, size * 2);
      starts = Arrays.copyOf(starts, size * 2);
      ends = Arrays.copyOf(ends, size * 2);
    }
    ids[size] = id;
    starts[size] = start;
    ends[size++] = end;
  }

  /** Number of tokens. */
  public int size() {
    return size;
  }

  /** Id of a token. */
  public int id(int token) {
    return ids[token];
  }

  /** Index in the original text at which a token begins. */
  public int start(int token) {
    return starts[token];
  }

  /** Index in the original text at which a token ends. */
  public int end(int token) {
    return ends[token];
  }

  /** Changes the range of a token. */
  public void range(int token, int start, int end) {
    starts[token] = start;
    ends[token] = end;
  }

  /** A copy of some of the tokens. */
  public TokenList part(int begin, int end) {
    TokenList part = new TokenList();
    part.ids = Arrays.copyOfRange(ids, begin, Math.max(end, begin + 1));
    part.starts = Arrays.copyOfRange(starts, begin, Math.max(end, begin + 1));
    part.ends = Arrays.copyOfRange(ends, begin, Math.max(end, begin + 1));
    part.size = end - begin;
    return part;
  }
}
