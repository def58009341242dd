package dev.lanewise.bench.cli.train.pairs;

import dev.lanewise.core.learn.optimise.Training;
import java.io.PrintWriter;
import java.util.Locale;

/** Prints how a run goes: some twenty lines with the mean loss since the line before. */
public final class PairReport implements Training.Listener {
  private static final int LINES = 20;

  private final long steps;
  private final PrintWriter out;
  private final long start = System.nanoTime();
  private double loss;
  private double pairsPerSecond;
  private long done;
  private long sinceLine;

  /** A report on a run of so many steps. */
  public PairReport(long steps, PrintWriter out) {
    this.steps = steps;
    this.out = out;
  }

  @Override
  public boolean step(Training.Progress progress) {
    loss += progress.loss();
    pairsPerSecond += progress.rowsPerSecond();
    done++;
    sinceLine++;
    long step = progress.step();
    if (step * LINES / steps > (step - 1) * LINES / steps) {
      double seconds = (System.nanoTime() - start) * 1e-9;
      out.printf(
          Locale.ROOT,
          "step %d of %d: loss %.4f, %.0f pairs/s, %d s left%n",
          step,
          steps,
          loss / sinceLine,
          pairsPerSecond / sinceLine,
          Math.round(seconds / done * (steps - step)));
      out.flush();
      loss = 0;
      pairsPerSecond = 0;
      sinceLine = 0;
    }
    return true;
  }
}
