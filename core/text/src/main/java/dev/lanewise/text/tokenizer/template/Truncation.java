package dev.lanewise.text.tokenizer.template;

/**
 * How texts that are too long are cut.
 *
 * @param maxTokens maximum number of tokens, including special ones
 * @param which the text of a pair that is cut
 * @param left whether the beginning is cut off; otherwise the end
 */
public record Truncation(int maxTokens, Which which, boolean left) {
  /** The text of a pair that is cut. */
  public enum Which {
    /** The longer one. */
    LONGEST,
    /** The first one. */
    FIRST,
    /** The second one. */
    SECOND
  }

  /**
   * The numbers of tokens that remain of two texts.
   *
   * @param room number of tokens that both may have together
   * @param pair whether there are two texts
   */
  public int[] lengths(int first, int second, int room, boolean pair) {
    int over = (int) Math.max(0, (long) first + second - room);
    if (over == 0) {
      return new int[] {first, second};
    }
    return switch (which) {
      case LONGEST -> pair ? longest(first, second, room) : new int[] {room, 0};
      case FIRST -> new int[] {shortened(first, over, room, "the first text"), second};
      case SECOND -> {
        if (!pair) {
          throw new IllegalArgumentException("text has " + first + " tokens, must have at most " + room + ": only a second text is cut");
        }
        yield new int[] {first, shortened(second, over, room, "the second text")};
      }
    };
  }

  private static int shortened(int length, int over, int room, String name) {
    if (length < over) {
      throw new IllegalArgumentException(
          name + " has " + length + " tokens, but " + over + " must be cut off so that both texts have at most " + room);
    }
    return length - over;
  }

  /** The shorter text is kept whole if it takes at most half of the room; otherwise both get half of it. */
  private static int[] longest(int first, int second, int room) {
    int shorter = Math.min(first, second);
    int longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
    if ((long) shorter + longer > room) {
      shorter = room / 2;
      longer = shorter + room % 2;
    }
    return first > second
        ? new int[] {Math.min(first, longer), Math.min(second, shorter)}
        : new int[] {Math.min(first, shorter), Math.min(second, longer)};
  }

  /** The first or the last tokens of a list. */
  public TokenList cut(TokenList tokens, int length) {
    int size = tokens.size();
    return length == size ? tokens : left ? tokens.part(size - length, size) : tokens.part(0, length);
  }
}
