package dev.lanewise.bench.cli.demo;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints what the demo found out, in plain ASCII but for the sentence. */
record ConsoleReport(PrintWriter out) {
  private static final int LISTED_TOKENS = 5;

  void print(Summary summary, int tokensGiven) {
    int tokens = summary.map().tokens().length();
    String cut = tokensGiven > tokens ? "; the sentence has " + tokensGiven + ", more than the model takes: the rest is left out" : "";
    out.printf("%nSentence  %s%n", summary.sentence());
    out.printf(Locale.ROOT, "Tokens    %d, with [CLS] and [SEP]%s%n", tokens, cut);
    out.printf(Locale.ROOT, "Model     all-MiniLM-L6-v2, self-attention of the first layer, %d heads%n", summary.map().weights().heads());
    printPath(summary);
    printTimings(summary);
    printMostAttended(summary);
    out.flush();
  }

  /** Says what takes so long. */
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
    out.printf("%nPicture   %s%n", page.toAbsolutePath().normalize());
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

  private void printMostAttended(Summary summary) {
    out.printf("%n%-22s  %10s  %s%n", "\"" + summary.label(summary.query()) + "\" attends to", "all heads", "most in");
    for (AttentionMap.Attended attended : summary.map().mostAttended(summary.query(), LISTED_TOKENS)) {
      out.printf(
          Locale.ROOT,
          "  %-20s  %8.1f %%  head %d: %.1f %%%n",
          summary.label(attended.token()),
          attended.mean() * 100,
          attended.head() + 1,
          attended.most() * 100);
    }
  }
}
