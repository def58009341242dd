package dev.lanewise.bench.cli.train.lm;

import java.io.PrintWriter;
import java.util.Locale;

/** Prints how a run goes: a line and a sample at each report. */
final class LmReport {
  private final LmSettings settings;
  private final PrintWriter out;
  private final long start = System.nanoTime();
  private double bits;
  private int steps;

  /** Steps of this process: a run that continues has others before them. */
  private int done;

  LmReport(LmSettings settings, PrintWriter out) {
    this.settings = settings;
    this.out = out;
  }

  /** Adds the loss of a step, in bits a byte. */
  void add(double lossOfStep) {
    bits += lossOfStep;
    steps++;
    done++;
  }

  /** Whether there is a report after so many steps: reports are spread evenly, the last one after the last step. */
  boolean isDue(long step) {
    long reports = Math.min(settings.reports(), settings.steps());
    return step * reports / settings.steps() > (step - 1) * reports / settings.steps();
  }

  void print(long step, double heldOut, String sample) {
    double seconds = (System.nanoTime() - start) * 1e-9;
    double left = seconds / done * (settings.steps() - step);
    double rate = (double) done * settings.batch() * settings.model().context() / seconds;
    out.printf(
        Locale.ROOT,
        "step %d of %d: %.3f bits a byte, held out %.3f; %.1f kB/s, %s left%n",
        step,
        settings.steps(),
        bits / steps,
        heldOut,
        rate / 1000,
        duration(left));
    out.println("  | " + sample.replace("\n", "\n  | "));
    out.flush();
    bits = 0;
    steps = 0;
  }

  private static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60 ? whole + " s" : whole / 60 + " min " + whole % 60 + " s";
  }
}
