package dev.lanewise.text.tokenizer.pieces;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding: a word begins as its characters, and pairs of neighbours are merged, always the pair whose rule comes first in the
 * list of merges, until no rule applies. Corresponds to the model {@code BPE} of a tokenizer.json.
 *
 * <p>A word of n characters takes time n log n.
 */
public final class Bpe implements PieceModel {
  private static final int[] NO_BYTES = {};

  private final Vocabulary vocabulary;
  private final String prefix;
  private final String suffix;
  private final int unknown;
  private final boolean fusesUnknown;
  private final boolean takesWholeWords;
  private final @Nullable BytePieces bytes;

  /** Pieces of one code point. */
  private final LongIntMap letters;

  private final Merges merges;

  /** Pieces that a whole word is not taken for. Merges are not asked: they lead to no special token. */
  private final BitSet hidden;

  private Bpe(Builder builder) {
    vocabulary = builder.vocabulary;
    prefix = builder.prefix;
    suffix = builder.suffix;
    unknown = builder.unknown;
    fusesUnknown = builder.fusesUnknown;
    takesWholeWords = builder.takesWholeWords;
    bytes = builder.fallsBackToBytes ? new BytePieces(vocabulary) : null;
    merges = builder.merges;
    letters = letters(vocabulary);
    hidden = new BitSet();
  }

  private Bpe(Bpe other, BitSet hidden) {
    vocabulary = other.vocabulary;
    prefix = other.prefix;
    suffix = other.suffix;
    unknown = other.unknown;
    fusesUnknown = other.fusesUnknown;
    takesWholeWords = other.takesWholeWords;
    bytes = other.bytes;
    merges = other.merges;
    letters = other.letters;
    this.hidden = hidden;
  }

  private static LongIntMap letters(Vocabulary vocabulary) {
    LongIntMap letters = new LongIntMap(1024);
    for (int id = 0; id < vocabulary.size(); id++) {
      @Nullable String piece = vocabulary.piece(id);
      if (piece != null && !piece.isEmpty() && piece.length() == Character.charCount(piece.codePointAt(0))) {
        letters.put(piece.codePointAt(0), vocabulary.id(piece));
      }
    }
    return letters;
  }

  /**
   * Starts a model.
   *
   * @param prefix what pieces begin with that continue a word, as {@code ##}; empty if nothing marks them
   */
  public static Builder builder(Vocabulary vocabulary, String prefix) {
    return new Builder(vocabulary, prefix);
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public PieceModel without(BitSet ids) {
    return new Bpe(this, (BitSet) ids.clone());
  }

  @Override
  public void divide(String word, Pieces target) {
    if (takesWholeWords) {
      int id = vocabulary.id(word);
      if (id != Vocabulary.NONE && !hidden.get(id)) {
        target.add(id, 0, word.length());
        return;
      }
    }
    Symbols symbols = new Symbols(word.length());
    addLetters(word, symbols);
    symbols.merge(merges);
    symbols.copyTo(target);
  }

  private void addLetters(String word, Symbols symbols) {
    int unknownBegin = -1;
    int unknownEnd = -1;
    for (int begin = 0; begin < word.length(); ) {
      int end = begin + Character.charCount(word.codePointAt(begin));
      int id = letter(word, begin, end);
      int[] parts = id == Vocabulary.NONE && bytes != null ? bytes.of(marked(word, begin, end)) : NO_BYTES;
      for (int part : parts) {
        symbols.add(part, begin, end);
      }
      if (id != Vocabulary.NONE) {
        // Hugging Face's code adds an unknown token only here, behind the bytes of later characters.
        if (unknownBegin >= 0) {
          symbols.add(unknown, unknownBegin, unknownEnd);
          unknownBegin = -1;
        }
        symbols.add(id, begin, end);
      } else if (parts.length == 0 && unknown != Vocabulary.NONE) {
        if (unknownBegin >= 0 && !fusesUnknown) {
          symbols.add(unknown, unknownBegin, unknownEnd);
          unknownBegin = -1;
        }
        unknownBegin = unknownBegin < 0 ? begin : unknownBegin;
        unknownEnd = end;
      }
      begin = end;
    }
    if (unknownBegin >= 0) {
      symbols.add(unknown, unknownBegin, unknownEnd);
    }
  }

  private int letter(String word, int begin, int end) {
    boolean plain = (prefix.isEmpty() || begin == 0) && (suffix.isEmpty() || end < word.length());
    return plain ? letters.get(word.codePointAt(begin)) : vocabulary.id(marked(word, begin, end));
  }

  /** A character with the marks of its place in the word. */
  private String marked(String word, int begin, int end) {
    return (begin == 0 ? "" : prefix) + word.substring(begin, end) + (end == word.length() ? suffix : "");
  }

  /** Builder of a {@link Bpe}. */
  public static final class Builder {
    private final Vocabulary vocabulary;
    private final String prefix;
    private final Merges merges = new Merges();
    private String suffix = "";
    private int unknown = Vocabulary.NONE;
    private boolean fusesUnknown;
    private boolean fallsBackToBytes;
    private boolean takesWholeWords;

    private Builder(Vocabulary vocabulary, String prefix) {
      this.vocabulary = vocabulary;
      this.prefix = prefix;
    }

    /** Sets what pieces end with that end a word, as {@code </w>}. */
    public Builder suffix(String text) {
      suffix = text;
      return this;
    }

    /** Sets the id of the token for unknown characters; without it they are left out. */
    public Builder unknown(int id) {
      if (vocabulary.piece(id) == null) {
        throw new IllegalArgumentException("unknown is " + id + ", which is no id of the vocabulary");
      }
      unknown = id;
      return this;
    }

    /** Sets whether unknown characters beside one another are one token. */
    public Builder fusesUnknown(boolean fuses) {
      fusesUnknown = fuses;
      return this;
    }

    /** Sets whether unknown characters become the pieces of their bytes, if the vocabulary has them. */
    public Builder fallsBackToBytes(boolean falls) {
      fallsBackToBytes = falls;
      return this;
    }

    /** Sets whether a word that is a piece stays whole, even if no merges lead to it. */
    public Builder takesWholeWords(boolean takes) {
      takesWholeWords = takes;
      return this;
    }

    /** Adds the next rule of the list of merges. */
    public Builder merge(String left, String right) {
      if (!right.startsWith(prefix)) {
        throw new IllegalArgumentException("right is " + right + ", must begin with " + prefix);
      }
      merges.add(id(left), id(right), id(left.concat(prefix.isEmpty() ? right : right.substring(prefix.length()))));
      return this;
    }

    private int id(String piece) {
      int id = vocabulary.id(piece);
      if (id == Vocabulary.NONE) {
        throw new IllegalArgumentException(piece + " is merged, but not in the vocabulary");
      }
      return id;
    }

    /** Makes the model. */
    public Bpe build() {
      return new Bpe(this);
    }
  }
}
