package dev.lanewise.bench.verify.files;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One reading of damaged files, in a thread of its own.
 *
 * @param refusal the message of the exception that refused the files; empty if they were read
 * @param fault what breaks the promise; empty if nothing does
 */
record Attempt(String refusal, String fault) {
  /** CPU time of one reading. */
  private static final double MOST_SECONDS = 2;

  /** Bytes that are allocated, together with those that are free again. */
  private static final long MOST_BYTES = 256L << 20;

  /** The time after which a reading counts as endless, on a machine with other work. */
  private static final long ENDLESS_MILLIS = 60_000;

  private static final int LONGEST_MESSAGE = 10_000;

  /** The beginning of the only message of several lines; the path of a file may be in front of it. */
  private static final String WRONG_TENSORS = "[1-9]\\d* tensors? in ";

  private static final double NANOS = 1e9;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What a reading took, and how it ended. */
  private record Outcome(@Nullable Throwable reading, @Nullable Throwable using, double seconds, long bytes) {}

  /** Reads the files of a folder; what takes too much is read again, for it may have been the first to load a class. */
  static Attempt of(Subject subject, Path folder) throws InterruptedException {
    Outcome outcome = outcome(subject, folder);
    for (int again = 0; outcome != null && isTooMuch(outcome) && again < 2; again++) {
      outcome = outcome(subject, folder);
    }
    return outcome == null ? new Attempt("", "reading does not end") : judged(outcome, folder.toString());
  }

  boolean refused() {
    return !refusal.isEmpty();
  }

  private static boolean isTooMuch(Outcome outcome) {
    return outcome.seconds > MOST_SECONDS || outcome.bytes > MOST_BYTES;
  }

  private static @Nullable Outcome outcome(Subject subject, Path folder) throws InterruptedException {
    AtomicReference<Outcome> result = new AtomicReference<>();
    Thread thread = Thread.ofPlatform().daemon().name("fuzz-files").start(() -> result.set(run(subject, folder)));
    thread.join(ENDLESS_MILLIS);
    return result.get();
  }

  private static Outcome run(Subject subject, Path folder) {
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    long nanos = THREADS.getCurrentThreadCpuTime();
    Throwable reading = null;
    Throwable using = null;
    Runnable use = () -> {};
    try {
      use = subject.reading().read(folder);
    } catch (IOException | RuntimeException | Error e) {
      reading = e;
    }
    try {
      use.run();
    } catch (RuntimeException | Error e) {
      using = e;
    }
    return new Outcome(
        reading, using, (THREADS.getCurrentThreadCpuTime() - nanos) / NANOS, THREADS.getCurrentThreadAllocatedBytes() - bytes);
  }

  private static Attempt judged(Outcome outcome, String folder) {
    Throwable reading = outcome.reading;
    Throwable using = outcome.using;
    Throwable any = reading == null ? using : reading;
    String refused = any == null ? "" : String.valueOf(any.getMessage());
    if (reading != null && !isRefusal(reading)) {
      return new Attempt(refused, "reading throws " + trace(reading));
    }
    if (reading != null && !names(reading, folder)) {
      return new Attempt(refused, "the message does not name the file, is too long, or has control characters: " + trace(reading));
    }
    // A weight that is not a number ends a generated text with an ArithmeticException.
    if (using != null && using.getClass() != IllegalArgumentException.class && using.getClass() != ArithmeticException.class) {
      return new Attempt(refused, "using throws " + trace(using));
    }
    if (isTooMuch(outcome)) {
      return new Attempt(refused, "reading takes %.1f s and %d MB".formatted(outcome.seconds, outcome.bytes >> 20));
    }
    return new Attempt(refused, "");
  }

  /** Subclasses such as NumberFormatException are accidents. */
  private static boolean isRefusal(Throwable e) {
    return e.getClass() == IOException.class || e.getClass() == IllegalArgumentException.class || e instanceof NoSuchFileException;
  }

  private static boolean names(Throwable e, String folder) {
    String message = String.valueOf(e.getMessage());
    boolean named = message.contains(folder) || message.startsWith("tokenizer.json") || message.startsWith("vocab.txt");
    boolean lines = Pattern.compile("(?:" + Pattern.quote(folder) + "\\S*: )?" + WRONG_TENSORS).matcher(message).lookingAt();
    boolean plain = message.codePoints().noneMatch(c -> isControl(c) && !(lines && c == '\n'));
    return plain && (named || message.startsWith("tokenizer_config.json")) && message.length() < LONGEST_MESSAGE;
  }

  /** Whether a character ends a line, or changes how a terminal shows the line; the last two ranges change its order. */
  private static boolean isControl(int c) {
    int type = Character.getType(c);
    boolean bidirectional = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return bidirectional || type == Character.CONTROL || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR;
  }

  private static String trace(Throwable e) {
    StringWriter trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }
}
