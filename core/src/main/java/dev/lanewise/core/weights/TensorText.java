package dev.lanewise.core.weights;

import java.util.Arrays;

/** Text of tensors in messages. It is short, whatever names and shapes a file contains. */
final class TensorText {
  private static final int LONGEST = 160;
  private static final int MOST_DIMENSIONS = 16;

  private TensorText() {}

  /** The name in quotes, shortened if it is very long, with control characters shown as numbers. */
  static String quoted(String name) {
    return '"' + shown(name, LONGEST) + '"';
  }

  /** A text on one line, shortened if it has more characters, with control characters shown as numbers. */
  static String shown(String foreign, int most) {
    StringBuilder text = new StringBuilder();
    foreign
        .substring(0, Math.min(foreign.length(), most))
        .codePoints()
        .forEach(
            c -> {
              if (isControl(c) || isHalf(c)) {
                text.append(String.format("\\u%04x", c));
              } else {
                text.appendCodePoint(c);
              }
            });
    return text.append(foreign.length() > most ? "…" : "").toString();
  }

  /** Whether a code point controls what shows it, or ends a line. */
  private static boolean isControl(int codePoint) {
    int type = Character.getType(codePoint);
    return type == Character.CONTROL || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR;
  }

  /** Tells whether every surrogate is paired, so that the text can be stored as UTF-8. */
  static boolean paired(String text) {
    return text.codePoints().noneMatch(TensorText::isHalf);
  }

  private static boolean isHalf(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /** The shape as [3, 4], shortened if it has many dimensions. */
  static String shape(long[] shape) {
    if (shape.length <= MOST_DIMENSIONS) {
      return Arrays.toString(shape);
    }
    String first = Arrays.toString(Arrays.copyOf(shape, MOST_DIMENSIONS));
    return first.substring(0, first.length() - 1) + ", … " + shape.length + " dimensions]";
  }
}
