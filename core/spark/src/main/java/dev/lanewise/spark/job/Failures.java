package dev.lanewise.spark.job;

import org.jspecify.annotations.Nullable;

/** Says in one line why something failed. */
final class Failures {
  private Failures() {}

  /** The message of the first cause, without the stack traces that Spark writes into messages. */
  static String line(Throwable failure) {
    Throwable first = failure;
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null) {
        first = cause;
      }
    }
    String line = String.valueOf(first.getMessage()).strip().lines().findFirst().orElse("");
    boolean plain = first instanceof IllegalArgumentException || first instanceof IllegalStateException;
    return plain && !line.isEmpty() ? line : line + " (" + first.getClass().getSimpleName() + ")";
  }
}
