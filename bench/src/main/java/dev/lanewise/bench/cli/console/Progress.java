package dev.lanewise.bench.cli.console;

import java.io.Console;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar with the remaining time on standard error if that is a terminal; otherwise nothing is shown. */
public final class Progress implements AutoCloseable {
  private final @Nullable ProgressBar bar;

  private Progress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * Begins a bar.
   *
   * @param name names the work in a word
   * @param total number of steps; −1 if it is unknown
   */
  public static Progress of(String name, long total) {
    return new Progress(isShown() ? builder(name, total).build() : null);
  }

  /** As {@link #of}, for steps of such different length that the remaining time cannot be estimated. */
  public static Progress withoutTimeLeft(String name, long total) {
    return new Progress(isShown() ? builder(name, total).hideEta().build() : null);
  }

  /** Whether the program has a terminal. */
  public static boolean isShown() {
    // Some versions of the JDK return null if there is no terminal.
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }

  private static ProgressBarBuilder builder(String name, long total) {
    return new ProgressBarBuilder().setTaskName(name).setInitialMax(total).setStyle(ProgressBarStyle.ASCII).clearDisplayOnFinish();
  }

  /** Adds a step. */
  public void step() {
    if (bar != null) {
      bar.step();
    }
  }

  /** Sets the number of steps that are done. */
  public void to(long done) {
    if (bar != null) {
      bar.stepTo(done);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
