package dev.lanewise.bench.cli.learn.page;

import dev.lanewise.bench.cli.learn.model.AttentionMap;
import java.util.List;
import java.util.Locale;

/** Attention weights as squares: a row for each query, a column for each key, the darker the larger the weight. */
final class MapPicture {
  private static final int CELL = 12;
  private static final int SHADES = 10;
  private static final int LETTER = 6;

  private MapPicture() {}

  /** One head as SVG. Rows that hold a question have frames around the keys that the answer depends on. */
  static String svg(AttentionMap map, int head, String label) {
    float[][] weights = map.weights()[head];
    int left = LETTER * longest(map.queries()) + 6;
    int above = LETTER * longest(map.keys()) + 6;
    int width = left + CELL * map.keys().size() + 2;
    int height = above + CELL * map.queries().size() + 2;
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "<svg class=\"map\" viewBox=\"0 0 %d %d\" style=\"max-width:%dpx\" role=\"img\" aria-label=\"%s\">\n",
            width,
            height,
            width,
            Html.text(label)));
    for (int i = 0; i < map.queries().size(); i++) {
      int y = above + CELL * i + CELL - 3;
      out.append(
          String.format(Locale.ROOT, "<text class=\"end\" x=\"%d\" y=\"%d\">%s</text>", left - 4, y, Html.text(map.queries().get(i))));
    }
    for (int i = 0; i < map.keys().size(); i++) {
      int x = left + CELL * i + CELL - 3;
      out.append(
          String.format(
              Locale.ROOT, "<text transform=\"translate(%d %d) rotate(-90)\">%s</text>", x, above - 4, Html.text(map.keys().get(i))));
    }
    out.append(
        String.format(
            Locale.ROOT,
            "\n<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
            left,
            above,
            CELL * map.keys().size(),
            CELL * map.queries().size()));
    shades(out, weights, largest(weights), left, above);
    for (int i = 0; i < map.answers().length; i++) {
      for (int key : map.answers()[i]) {
        out.append(
            String.format(
                Locale.ROOT,
                "<rect class=\"answer\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                left + CELL * key,
                above + CELL * i,
                CELL,
                CELL));
      }
    }
    return out.append("</svg>\n").toString();
  }

  /** The largest weight of a head. */
  static float largest(float[][] weights) {
    float largest = 0;
    for (float[] row : weights) {
      for (float weight : row) {
        largest = Math.max(largest, weight);
      }
    }
    return largest;
  }

  /** One path for all squares of a shade keeps the page small. */
  private static void shades(StringBuilder out, float[][] weights, float largest, int left, int above) {
    for (int shade = 1; shade <= SHADES && largest > 0; shade++) {
      StringBuilder path = new StringBuilder();
      for (int row = 0; row < weights.length; row++) {
        for (int column = 0; column < weights[row].length; column++) {
          if (Math.round(weights[row][column] / largest * SHADES) == shade) {
            path.append(String.format(Locale.ROOT, "M%d %dh%dv%dh-%dz", left + CELL * column, above + CELL * row, CELL, CELL, CELL));
          }
        }
      }
      if (!path.isEmpty()) {
        out.append(String.format(Locale.ROOT, "<path class=\"cell\" fill-opacity=\"%.1f\" d=\"%s\"/>\n", (double) shade / SHADES, path));
      }
    }
  }

  private static int longest(List<String> texts) {
    return texts.stream().mapToInt(String::length).max().orElse(0);
  }
}
