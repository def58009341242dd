package dev.lanewise.spark.job;

import org.jspecify.annotations.Nullable;

/** Says in one line why something failed. */
final class Failures {
  private Failures() {}

  /** The message of the outermost exception that is not Spark's own, without the stack traces that Spark writes into messages. */
  static String line(Throwable failure) {
    Throwable told = failure;
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null) {
        told = cause;
      }
      if (cause instanceof IllegalArgumentException || cause instanceof IllegalStateException) {
        return first(cause);
      }
    }
    return first(told) + " (" + told.getClass().getSimpleName() + ")";
  }

  private static String first(Throwable told) {
    return String.valueOf(told.getMessage()).strip().lines().findFirst().orElse("");
  }
}
