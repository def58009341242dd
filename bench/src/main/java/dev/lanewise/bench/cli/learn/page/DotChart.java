package dev.lanewise.bench.cli.learn.page;

import dev.lanewise.bench.cli.learn.claim.Spread;
import java.util.List;
import java.util.Locale;

/**
 * A row for each variant with a dot for each seed, from 0 to 1, and a stroke at the mean.
 *
 * @param label what the picture shows, for readers that do not see it
 * @param guess the figure of a model that guesses, drawn as a dashed line
 * @param rows the rows
 */
record DotChart(String label, double guess, List<Row> rows) {
  private static final int WIDTH = 560;
  private static final int LEFT = 170;
  private static final int RIGHT = 20;
  private static final int ROW = 26;
  private static final int ABOVE = 8;
  private static final int BELOW = 26;
  private static final int TICKS = 5;

  /**
   * A row.
   *
   * @param colour its class
   * @param name text at its left
   * @param figure the figure of each seed
   */
  record Row(String colour, String name, Spread figure) {}

  /** The picture as SVG. */
  String svg() {
    int bottom = ABOVE + ROW * rows.size();
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH, bottom + BELOW, Html.text(label)));
    for (int i = 0; i <= TICKS; i++) {
      double x = x((double) i / TICKS);
      out.append(String.format(Locale.ROOT, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, ABOVE, bottom));
      out.append(String.format(Locale.ROOT, "<text class=\"middle\" x=\"%.1f\" y=\"%d\">%d %%</text>\n", x, bottom + 17, 100 * i / TICKS));
    }
    out.append(
        String.format(Locale.ROOT, "<path class=\"guess\" d=\"M%.1f %dV%d\"><title>guessing</title></path>\n", x(guess), ABOVE, bottom));
    for (int i = 0; i < rows.size(); i++) {
      row(out, rows.get(i), ABOVE + ROW * i + ROW / 2);
    }
    return out.append("</svg>\n").toString();
  }

  private static void row(StringBuilder out, Row row, int y) {
    out.append(String.format(Locale.ROOT, "<text class=\"end\" x=\"%d\" y=\"%d\">%s</text>", LEFT - 12, y + 4, Html.text(row.name)));
    out.append("<g class=\"").append(row.colour).append("\">");
    for (double value : row.figure.values()) {
      if (!Double.isNaN(value)) {
        out.append(
            String.format(
                Locale.ROOT, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%d\" r=\"4.5\"><title>%.3f</title></circle>", x(value), y, value));
      }
    }
    double mean = row.figure.mean();
    if (!Double.isNaN(mean)) {
      out.append(String.format(Locale.ROOT, "<path class=\"line\" d=\"M%.1f %dV%d\"/>", x(mean), y - 10, y + 10));
    }
    out.append("</g>\n");
  }

  private static double x(double value) {
    return LEFT + (WIDTH - LEFT - RIGHT) * Math.clamp(value, 0, 1);
  }
}
