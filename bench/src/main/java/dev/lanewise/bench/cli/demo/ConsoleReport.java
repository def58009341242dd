package dev.lanewise.bench.cli.demo;

import dev.lanewise.bench.cli.explain.Link;
import dev.lanewise.kernels.data.Heads;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Prints what the demo computed and measured, in ASCII except for the sentence. */
record ConsoleReport(PrintWriter out) {
  private static final int LISTED_TOKENS = 5;

  void print(Summary summary) {
    int tokens = summary.explanation().tokens().length();
    String cut =
        summary.tokensGiven() > tokens
            ? "; the sentence has " + summary.tokensGiven() + ", more than the model reads: the rest is left out"
            : "";
    out.printf("%nSentence  %s%n", summary.sentence());
    out.printf(Locale.ROOT, "Tokens    %d, with [CLS] and [SEP]%s%n", tokens, cut);
    out.printf(
        Locale.ROOT,
        "Model     all-MiniLM-L6-v2, %d layers of %d heads; the first layer's self-attention is checked and timed%n",
        summary.explanation().layers().size(),
        summary.explanation().heads());
    printPath(summary);
    printTimings(summary);
    printMostAttended(summary);
    out.flush();
  }

  /** Announces the measurement, which takes a while. */
  void printTiming(List<Integer> lengths, double seconds) {
    String tokens = lengths.stream().map(String::valueOf).collect(Collectors.joining(" and "));
    out.printf(
        Locale.ROOT,
        "Timing each step in plain Java and in SIMD on %s tokens: about %.0f s, longer on a busy machine ...%n",
        tokens,
        seconds);
    out.flush();
  }

  void printPage(Path page) {
    out.printf("%nPage      %s%n", page.toAbsolutePath().normalize());
    out.flush();
  }

  private void printPath(Summary summary) {
    Accuracy accuracy = summary.accuracy();
    if (summary.isVector()) {
      out.printf(Locale.ROOT, "Path      %s: SIMD, %d lanes of fp32%n", summary.kernels().path(), summary.kernels().lanes());
      out.printf(Locale.ROOT, "Error     %.1e SIMD, %.1e scalar", accuracy.path(), accuracy.scalar());
    } else {
      out.printf(Locale.ROOT, "Path      %s: plain Java, %d lane%n", summary.kernels().path(), summary.kernels().lanes());
      out.printf(Locale.ROOT, "Error     %.1e scalar", accuracy.scalar());
    }
    out.printf(Locale.ROOT, " (largest difference from the reference in double; largest value %.2f)%n", accuracy.largest());
  }

  private void printTimings(Summary summary) {
    out.printf(
        "%nBest times on this sentence repeated to so many tokens, one thread%s.%n",
        summary.threads() == 1 ? "" : " for the parts, " + summary.threads() + " for the whole layer");
    out.printf("%6s  %-12s %10s %10s %9s %12s%n", "tokens", "kernel", "scalar ms", "SIMD ms", "speed-up", "of FMA peak");
    for (Timings.Row row : summary.timings().rows()) {
      double fraction = summary.timings().fractionOfPeak(row);
      out.printf(Locale.ROOT, "%6d  %-12s %10.3f ", row.tokens(), row.step().name(), row.scalar().seconds() * 1e3);
      if (summary.isVector()) {
        out.printf(Locale.ROOT, "%10.3f %8.1fx ", row.path().seconds() * 1e3, row.speedUp());
      } else {
        out.printf("%10s %9s ", "-", "-");
      }
      if (!Double.isNaN(fraction)) {
        out.printf(Locale.ROOT, "%10.0f %%", fraction * 100);
      }
      out.println(row.settled() ? "" : "  not settled");
    }
    if (!summary.timings().settled()) {
      out.println("\nNot settled: times still changed when the warm-up had to end. The machine is busy; measure again when it is quiet.");
    }
  }

  /** Lists what the token looks at in the head on which the page opens, and on average over all heads. */
  private void printMostAttended(Summary summary) {
    Heads head = summary.explanation().layers().get(Summary.LAYER);
    int query = summary.query();
    out.printf(
        "%n%-22s  layer %d, head %d   all heads   most in%n",
        "\"" + summary.label(query) + "\" looks at", Summary.LAYER + 1, Summary.HEAD + 1);
    IntStream.range(0, head.width())
        .boxed()
        .sorted(Comparator.comparingDouble(key -> -head.get(0, Summary.HEAD, query, key)))
        .limit(LISTED_TOKENS)
        .forEach(
            key -> {
              Link link = Link.of(summary.explanation(), query, key);
              out.printf(
                  Locale.ROOT,
                  "  %-20s  %13.1f %%  %8.1f %%   layer %d, head %d: %.1f %%%n",
                  summary.label(key),
                  head.get(0, Summary.HEAD, query, key) * 100,
                  link.mean() * 100,
                  link.layer() + 1,
                  link.head() + 1,
                  link.most() * 100);
            });
  }
}
