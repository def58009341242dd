package dev.lanewise.bench.cli.embed;

import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;

/** The lines with the highest scores so far; among equal ones, the earlier ones. */
final class BestLines {
  private static final Comparator<Match> BY_SCORE =
      Comparator.comparingDouble(Match::score).thenComparing(Match::line, Comparator.reverseOrder());

  private final int most;

  /** The worst match is at the head. */
  private final PriorityQueue<Match> matches = new PriorityQueue<>(BY_SCORE);

  BestLines(int most) {
    this.most = most;
  }

  /** A line and its score. */
  private record Match(double score, long line, String text) {}

  void offer(double score, long line, String text) {
    matches.add(new Match(score, line, text));
    if (matches.size() > most) {
      matches.remove();
    }
  }

  /** Prints a line for each: score, number and text. */
  void print(PrintWriter out) {
    List<Match> sorted = matches.stream().sorted(BY_SCORE.reversed()).toList();
    for (Match match : sorted) {
      out.printf(Locale.ROOT, "%6.3f  %6d  %s%n", match.score, match.line, oneLine(match.text));
    }
  }

  /** Escapes the line breaks that a JSON text may have: they would look like further matches. */
  private static String oneLine(String text) {
    return text.replace("\n", "\\n").replace("\r", "\\r");
  }
}
