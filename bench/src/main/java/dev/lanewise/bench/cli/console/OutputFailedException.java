package dev.lanewise.bench.cli.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A failed write to a standard stream. It is unchecked because print streams and writers swallow an {@link IOException}. */
public final class OutputFailedException extends UncheckedIOException {
  private static final long serialVersionUID = 1;

  OutputFailedException(String stream, IOException cause) {
    super(stream + ": " + cause.getMessage(), cause);
  }

  /** Whether the reader has closed the pipe, as {@code head} does when it has seen enough. */
  boolean isClosedPipe() {
    return isClosedPipe(getCause());
  }

  /** Whether a write failed because the reader has closed the pipe. Java has no type for it, only the system's message. */
  public static boolean isClosedPipe(@Nullable Throwable failure) {
    return failure instanceof IOException && String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe");
  }
}
