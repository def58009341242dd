package dev.lanewise.text;

import dev.lanewise.kernels.runtime.Checks;

/**
 * What a {@link TextEncoder} does with a text of more tokens than it reads at a time.
 *
 * <pre>{@code
 * TextEncoder whole = encoder.withLongTexts(LongTexts.windows(32)); // a vector of the whole text, however long it is
 * TextEncoder strict = encoder.withLongTexts(LongTexts.fail()); // an exception that says how long the text is
 * }</pre>
 */
public final class LongTexts {
  private static final LongTexts TRUNCATE = new LongTexts(Kind.TRUNCATE, 0);
  private static final LongTexts FAIL = new LongTexts(Kind.FAIL, 0);

  /** The ways. */
  enum Kind {
    TRUNCATE,
    FAIL,
    WINDOWS
  }

  private final Kind kind;
  private final int overlap;

  private LongTexts(Kind kind, int overlap) {
    this.kind = kind;
    this.overlap = overlap;
  }

  /** Reads the first tokens and ignores the rest, as the pipelines of most models do. */
  public static LongTexts truncate() {
    return TRUNCATE;
  }

  /** Throws an {@link IllegalArgumentException} that names the text's index, its number of tokens and the limit. */
  public static LongTexts fail() {
    return FAIL;
  }

  /**
   * Reads the text in windows. The text's vector is the mean of its windows' vectors, each weighted by the window's number of tokens
   * without those of the template, and normalised again if the encoder normalises. A prefix is put before every window.
   *
   * @param overlap number of tokens that a window shares with the one before, at least 0; they must be fewer than a window's tokens
   */
  public static LongTexts windows(int overlap) {
    Checks.atLeast("overlap", overlap, 0);
    return new LongTexts(Kind.WINDOWS, overlap);
  }

  Kind kind() {
    return kind;
  }

  int overlap() {
    return overlap;
  }

  @Override
  public String toString() {
    return switch (kind) {
      case TRUNCATE -> "truncate";
      case FAIL -> "fail";
      case WINDOWS -> "windows(" + overlap + ")";
    };
  }
}
