package dev.lanewise.bench;

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
    // Null where there is no terminal, depending on the version of the JDK.
    if (!Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false)) {
      return new Progress(null);
    }
    return new Progress(
        new ProgressBarBuilder().setTaskName(name).setInitialMax(total).setStyle(ProgressBarStyle.ASCII).clearDisplayOnFinish().build());
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
