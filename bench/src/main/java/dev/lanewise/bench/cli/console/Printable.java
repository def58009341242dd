package dev.lanewise.bench.cli.console;

import java.util.Locale;

/**
 * Replaces control characters, which would control a terminal: ESC becomes {@code \\u001b}, as in Java and JSON. Characters that change the
 * direction of writing are control characters, too.
 */
public final class Printable {
  private Printable() {}

  /** A text on one line, for a message or a list: line breaks are replaced, too. */
  public static String line(String text) {
    return shown(text, "\t");
  }

  /** A text that keeps its line breaks. */
  static String lines(String text) {
    return shown(text, "\t\n" + (System.lineSeparator().contains("\r") ? "\r" : ""));
  }

  private static String shown(String text, String kept) {
    if (text.chars().noneMatch(c -> isControl(c) && kept.indexOf(c) < 0)) {
      return text;
    }
    StringBuilder shown = new StringBuilder();
    text.chars()
        .forEach(
            c -> {
              if (isControl(c) && kept.indexOf(c) < 0) {
                shown.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                shown.append((char) c);
              }
            });
    return shown.toString();
  }

  private static boolean isControl(int c) {
    return Character.isISOControl(c)
        || (c >= '\u202a' && c <= '\u202e')
        || (c >= '\u2066' && c <= '\u2069')
        || c == '\u2028'
        || c == '\u2029';
  }
}
