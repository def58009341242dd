package dev.lanewise.bench.cli.console;

import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command of the program: where it prints, and how it refuses a wrong option. */
public abstract class BenchCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  /** The command as picocli sees it. */
  protected final CommandSpec spec() {
    return spec;
  }

  /** Prints to standard output. */
  protected final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Prints to standard error. */
  protected final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** The exception that prints this line and ends the program with exit code 2. */
  protected final ParameterException rejected(@Nullable String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Refuses a number below {@code least}. */
  protected final void requireAtLeast(String option, long value, long least) {
    if (value < least) {
      throw rejected(option + " is " + value + ", must be at least " + least);
    }
  }

  /** Refuses a number that is not between {@code least} and {@code most}, both included. */
  protected final void requireBetween(String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw rejected(option + " is " + value + ", must be from " + least + " to " + most);
    }
  }

  /** Refuses what is below 0, 1 or above, and NaN. */
  protected final void requirePart(String option, double value) {
    if (!(value >= 0 && value < 1)) {
      throw rejected(option + " is " + value + ", must be at least 0 and below 1");
    }
  }

  /** Refuses negative numbers, infinity and NaN. */
  protected final void requireNotNegative(String option, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw rejected(option + " is " + value + ", must be at least 0 and finite");
    }
  }

  /** The number of threads that --threads asks for, at least 1; without the option one for each core. */
  protected final int workers(@Nullable Integer threads) {
    int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    requireAtLeast("--threads", workers, 1);
    return workers;
  }

  /** Refuses zero, negative numbers, infinity and NaN. */
  protected final void requirePositive(String option, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw rejected(option + " is " + value + ", must be above 0 and finite");
    }
  }

  /** Refuses a text without a word. */
  protected final void requireWord(String text, boolean hasWord) {
    if (!hasWord) {
      throw rejected(text + " is empty, must hold at least one word");
    }
  }

  /**
   * Refuses a file that cannot be used.
   *
   * @param what begins the message: the file, with its option if it has one
   * @param obstacle the rest of the message; empty if the file can be used
   */
  protected final void requireUsable(Object what, Optional<String> obstacle) {
    if (obstacle.isPresent()) {
      throw rejected(what + obstacle.get());
    }
  }
}
