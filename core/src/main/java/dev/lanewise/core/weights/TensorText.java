package dev.lanewise.core.weights;

import dev.lanewise.core.foreign.ForeignText;
import java.util.Arrays;

/** Text of tensors in messages. It is short, whatever names and shapes a file contains. */
final class TensorText {
  private static final int LONGEST = 160;
  private static final int MOST_DIMENSIONS = 16;

  private TensorText() {}

  /** The name in quotes, shortened if it is very long. */
  static String quoted(String name) {
    return '"' + ForeignText.shown(name, LONGEST) + '"';
  }

  /** Tells whether every surrogate is paired, so that the text can be stored as UTF-8. */
  static boolean paired(String text) {
    return text.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE);
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
