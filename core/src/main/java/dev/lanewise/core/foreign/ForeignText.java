package dev.lanewise.core.foreign;

/** Text of a file in messages: short, on one line, and without what changes how a terminal shows it. */
public final class ForeignText {
  private ForeignText() {}

  /**
   * A text as messages show it. Control characters, line ends, bidirectional controls and halves of surrogate pairs become numbers of four
   * hexadecimal digits.
   *
   * @param most the number of code points that are shown; if there are more, … follows
   */
  public static String shown(String foreign, int most) {
    StringBuilder text = new StringBuilder();
    foreign
        .codePoints()
        .limit(most)
        .forEach(
            c -> {
              if (isPlain(c)) {
                text.appendCodePoint(c);
              } else {
                text.append(String.format("\\u%04x", c));
              }
            });
    return text.append(foreign.codePointCount(0, foreign.length()) > most ? "…" : "").toString();
  }

  private static boolean isPlain(int codePoint) {
    int type = Character.getType(codePoint);
    return type != Character.CONTROL
        && type != Character.LINE_SEPARATOR
        && type != Character.PARAGRAPH_SEPARATOR
        && type != Character.SURROGATE
        && !isBidirectionalControl(codePoint);
  }

  /** Such a character changes the order in which the rest of the line is shown. */
  private static boolean isBidirectionalControl(int codePoint) {
    return (codePoint >= 0x202a && codePoint <= 0x202e) || (codePoint >= 0x2066 && codePoint <= 0x2069);
  }
}
