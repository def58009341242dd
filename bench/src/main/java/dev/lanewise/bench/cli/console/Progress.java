package dev.lanewise.bench.cli.console;

import java.io.Console;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar with the time left on standard error if somebody sits at a terminal, and silence otherwise. */
public final class Progress implements AutoCloseable {
  private final @Nullable ProgressBar bar;

  private Progress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * Begins something.
   *
   * @param name what, in a word
   * @param total steps; −1 if nobody knows
   */
  public static Progress of(String name, long total) {
    return new Progress(isShown() ? builder(name, total).build() : null);
  }

  /** As {@link #of}, for steps so unlike each other that nobody can say how long the rest takes. */
  public static Progress withoutTimeLeft(String name, long total) {
    return new Progress(isShown() ? builder(name, total).hideEta().build() : null);
  }

  /** Whether somebody sits at a terminal. */
  public static boolean isShown() {
    // Null where there is no terminal, depending on the version of the JDK.
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }

  private static ProgressBarBuilder builder(String name, long total) {
    return new ProgressBarBuilder().setTaskName(name).setInitialMax(total).setStyle(ProgressBarStyle.ASCII).clearDisplayOnFinish();
  }

  /** One more step is done. */
  public void step() {
    if (bar != null) {
      bar.step();
    }
  }

  /** So many steps are done. */
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
