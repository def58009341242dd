package dev.lanewise.bench.cli.learn.page;

import java.util.List;
import java.util.Locale;

/**
 * Lines over a common axis, each with a band from the smallest to the largest value.
 *
 * @param label what the picture shows, for readers that do not see it
 * @param xLabel name of the horizontal axis
 * @param yLabel name of the vertical axis
 * @param xTicks texts below the axis, at equal distances from its beginning to its end
 * @param top the largest value; the vertical axis begins at 0
 * @param guess where a dashed line is drawn; NaN for none
 * @param guessLabel text beside the dashed line
 * @param lines the lines
 */
record LineChart(
    String label, String xLabel, String yLabel, List<String> xTicks, double top, double guess, String guessLabel, List<Line> lines) {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 270;
  private static final int LEFT = 48;
  private static final int RIGHT = 22;
  private static final int ABOVE = 14;
  private static final int BELOW = 42;
  private static final int Y_TICKS = 5;

  /**
   * A line. The arrays are equally long; an element that is NaN interrupts the line.
   *
   * @param colour its class
   * @param name the text that the mouse shows
   * @param mean its height
   * @param least lower end of the band
   * @param most upper end of the band
   */
  record Line(String colour, String name, double[] mean, double[] least, double[] most) {}

  /** The picture as SVG. */
  String svg() {
    StringBuilder out = new StringBuilder();
    out.append(String.format(Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH, HEIGHT, Html.text(label)));
    axes(out);
    for (Line line : lines) {
      out.append("<g class=\"").append(line.colour).append("\"><title>").append(Html.text(line.name)).append("</title>");
      out.append("<path class=\"band\" d=\"").append(band(line)).append("\"/>");
      out.append("<path class=\"line\" d=\"").append(path(line.mean)).append("\"/></g>\n");
    }
    return out.append("</svg>\n").toString();
  }

  private void axes(StringBuilder out) {
    for (int i = 0; i <= Y_TICKS; i++) {
      double value = end() * i / Y_TICKS;
      out.append(String.format(Locale.ROOT, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y(value), WIDTH - RIGHT));
      out.append(String.format(Locale.ROOT, "<text class=\"end\" x=\"%d\" y=\"%.1f\">%.1f</text>\n", LEFT - 6, y(value) + 4, value));
    }
    for (int i = 0; i < xTicks.size(); i++) {
      double x = LEFT + (double) (WIDTH - LEFT - RIGHT) * i / Math.max(1, xTicks.size() - 1);
      out.append(
          String.format(
              Locale.ROOT, "<text class=\"middle\" x=\"%.1f\" y=\"%d\">%s</text>", x, HEIGHT - BELOW + 17, Html.text(xTicks.get(i))));
    }
    int middle = (LEFT + WIDTH - RIGHT) / 2;
    out.append(String.format(Locale.ROOT, "<text class=\"middle\" x=\"%d\" y=\"%d\">%s</text>", middle, HEIGHT - 6, Html.text(xLabel)));
    out.append(
        String.format(
            Locale.ROOT,
            "<text class=\"middle\" transform=\"translate(12 %d) rotate(-90)\">%s</text>\n",
            (ABOVE + HEIGHT - BELOW) / 2,
            Html.text(yLabel)));
    if (!Double.isNaN(guess)) {
      out.append(String.format(Locale.ROOT, "<path class=\"guess\" d=\"M%d %.1fH%d\"/>", LEFT, y(guess), WIDTH - RIGHT));
      out.append(
          String.format(
              Locale.ROOT,
              "<text class=\"end halo\" x=\"%d\" y=\"%.1f\">%s</text>\n",
              WIDTH - RIGHT - 4,
              y(guess) - 4,
              Html.text(guessLabel)));
    }
  }

  private double x(int i, int count) {
    return LEFT + (double) (WIDTH - LEFT - RIGHT) * i / Math.max(1, count - 1);
  }

  /** The end of the vertical axis: at least the top, and tenths at all ticks. */
  private double end() {
    return Math.ceil(top * 10 / Y_TICKS - 1e-6) * Y_TICKS / 10;
  }

  private double y(double value) {
    return ABOVE + (HEIGHT - ABOVE - BELOW) * (1 - Math.clamp(value / end(), 0, 1));
  }

  private String path(double[] values) {
    StringBuilder path = new StringBuilder();
    boolean drawing = false;
    for (int i = 0; i < values.length; i++) {
      if (!Double.isNaN(values[i])) {
        path.append(String.format(Locale.ROOT, "%s%.1f %.1f", drawing ? "L" : "M", x(i, values.length), y(values[i])));
      }
      drawing = !Double.isNaN(values[i]);
    }
    return path.toString();
  }

  /** The outline of the band: forth along its upper end and back along its lower end, up to the first element that is missing. */
  private String band(Line line) {
    int count = 0;
    while (count < line.mean.length && !Double.isNaN(line.least[count])) {
      count++;
    }
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < count; i++) {
      path.append(String.format(Locale.ROOT, "%s%.1f %.1f", i == 0 ? "M" : "L", x(i, line.mean.length), y(line.most[i])));
    }
    for (int i = count - 1; i >= 0; i--) {
      path.append(String.format(Locale.ROOT, "L%.1f %.1f", x(i, line.mean.length), y(line.least[i])));
    }
    return count == 0 ? "" : path.append("Z").toString();
  }
}
