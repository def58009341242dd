package dev.lanewise.bench.demo;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;

/** Prints what the demo found out, in plain ASCII but for the sentence. */
record ConsoleReport(PrintWriter out) {
  private static final int LISTED_TOKENS = 5;
  private static final String LABEL = "%-10s";

  void print(Summary summary, int tokensGiven) {
    int tokens = summary.map().tokens().length();
    line("");
    line(LABEL + "%s", "Sentence", summary.sentence());
    line(LABEL + "%d, with [CLS] and [SEP]%s", "Tokens", tokens,
        tokensGiven > tokens ? "; the sentence has " + tokensGiven + ", the model takes " + tokens + ", the rest is left out" : "");
    line(LABEL + "all-MiniLM-L6-v2, first layer's self-attention, %d heads", "Model", summary.map().weights().heads());
    line(LABEL + "%s, %s", "Path", summary.kernels().path(),
        summary.isVector() ? summary.kernels().lanes() + " lanes of fp32" : "1 float at a time; SIMD needs --add-modules jdk.incubator.vector");
    Accuracy accuracy = summary.accuracy();
    line(LABEL + "%s%.1e scalar, largest difference from the double-precision reference (its largest value: %.2f)", "Error",
        summary.isVector() ? "%.1e SIMD, ".formatted(accuracy.path()) : "", accuracy.scalar(), accuracy.largest());
    printTimings(summary);
    printMostAttended(summary);
    out.flush();
  }

  void printPage(Path page) {
    line("");
    line(LABEL + "%s", "Picture", page.toAbsolutePath().normalize());
    out.flush();
  }

  private void printTimings(Summary summary) {
    line("");
    line("This sentence, repeated; best times%s. Peak: fused multiply-adds of %s.",
        summary.threads() == 1 ? ", one thread" : "; %d threads for the whole layer, one for its parts".formatted(summary.threads()),
        summary.threads() == 1 ? "one core" : "the cores used");
    line("%6s  %-12s %10s %10s %9s %8s", "tokens", "kernel", "scalar ms", "SIMD ms", "speed-up", "of peak");
    for (Timing timing : summary.timings()) {
      line("%6d  %-12s %10.3f %10s %9s %8s", timing.tokens(), timing.step(), timing.scalarSeconds() * 1e3,
          summary.isVector() ? "%.3f".formatted(timing.pathSeconds() * 1e3) : "-",
          summary.isVector() ? "%.1fx".formatted(timing.speedUp()) : "-",
          Double.isNaN(timing.fractionOfPeak()) ? "" : "%.0f %%".formatted(timing.fractionOfPeak() * 100));
    }
  }

  private void printMostAttended(Summary summary) {
    line("");
    line("\"%s\" attends most to      on average    most in", summary.label(summary.query()));
    for (AttentionMap.Attended attended : summary.map().mostAttended(summary.query(), LISTED_TOKENS)) {
      line("  %-24s %6.1f %%    head %d (%.1f %%)", summary.label(attended.token()), attended.mean() * 100, attended.head() + 1,
          attended.most() * 100);
    }
  }

  private void line(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}
