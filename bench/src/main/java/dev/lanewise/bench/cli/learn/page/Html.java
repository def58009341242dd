package dev.lanewise.bench.cli.learn.page;

import dev.lanewise.bench.cli.learn.claim.Verdict;
import java.util.Locale;

/** Pieces of markup. */
final class Html {
  /** Colours of lines and dots; more variants begin again. */
  private static final int COLOURS = 6;

  private Html() {}

  /** A text as markup. */
  static String text(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }

  /** A number with a sign, and with a minus as wide as a plus. */
  static String signed(double number) {
    return String.format(Locale.ROOT, "%+.3f", number).replace('-', '−');
  }

  /** The class that colours variant {@code number} of an experiment. */
  static String colour(int number) {
    return "c" + number % COLOURS;
  }

  /** A figure from 0 to 1 in percent, or a dash if there is none. */
  static String percent(double figure) {
    return Double.isNaN(figure) ? "–" : String.format(Locale.ROOT, "%.1f %%", figure * 100);
  }

  /** A verdict as a badge. */
  static String badge(Verdict verdict) {
    String sign =
        switch (verdict) {
          case HOLDS -> "✓";
          case DOES_NOT_HOLD -> "✗";
          case UNDECIDED -> "?";
        };
    String style =
        switch (verdict) {
          case HOLDS -> "good";
          case DOES_NOT_HOLD -> "bad";
          case UNDECIDED -> "open";
        };
    return "<span class=\"badge " + style + "\">" + sign + " " + verdict.text() + "</span>";
  }
}
