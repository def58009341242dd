package dev.lanewise.bench.cli.console;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Standard output and standard error in UTF-8. A failed write throws {@link OutputFailedException} and decides the exit code, whichever
 * command wrote. Control characters of a text do not reach a terminal.
 */
public final class StandardStreams {
  /** The exit code that a shell reports for a program that SIGPIPE ended, such as {@code cat} before {@code head}: 128 + 13. */
  public static final int CLOSED_PIPE = 141;

  private final Guarded outStream;
  private final Guarded errStream;
  private final PrintWriter out;
  private final PrintWriter err;

  StandardStreams(OutputStream out, boolean isFile, OutputStream err) {
    this.outStream = new Guarded(out, "standard output");
    this.errStream = new Guarded(err, "standard error");
    Writer text = new OutputStreamWriter(outStream, StandardCharsets.UTF_8);
    this.out = new PrintWriter(isFile ? text : new PrintableWriter(text), true);
    this.err = new PrintWriter(new PrintableWriter(new OutputStreamWriter(errStream, StandardCharsets.UTF_8)), true);
  }

  /** Creates the streams and sets them as {@link System#out} and {@link System#err}, too. */
  public static StandardStreams install() {
    StandardStreams streams =
        new StandardStreams(new FileOutputStream(FileDescriptor.out), outIsFile(), new FileOutputStream(FileDescriptor.err));
    System.setOut(new PrintStream(streams.outStream, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(streams.errStream, true, StandardCharsets.UTF_8));
    return streams;
  }

  /**
   * Whether standard output is a file. A pipe may end at a terminal, and where the system does not tell, neither is it taken for a file.
   */
  private static boolean outIsFile() {
    return Stream.of("/proc/self/fd/1", "/dev/fd/1")
        .map(Path::of)
        .filter(Files::exists)
        .findFirst()
        .map(Files::isRegularFile)
        .orElse(false);
  }

  /** Prints a command's results. */
  public PrintWriter out() {
    return out;
  }

  /** Prints a command's messages. */
  public PrintWriter err() {
    return err;
  }

  /**
   * The program's exit code: {@code code} if everything was written, 1 with a line on standard error if not, and {@link #CLOSED_PIPE}
   * without a line if the reader has closed the pipe.
   */
  public int finish(int code) {
    try {
      out.flush();
      err.flush();
    } catch (OutputFailedException e) {
      // kept by its stream
    }
    OutputFailedException failure = outStream.failure == null ? errStream.failure : outStream.failure;
    if (failure == null) {
      return code;
    }
    if (failure.isClosedPipe()) {
      return CLOSED_PIPE;
    }
    try {
      new PrintStream(errStream, true, StandardCharsets.UTF_8).println("lanewise-bench: " + failure.getMessage());
    } catch (OutputFailedException e) {
      // there is no stream left for a message
    }
    return 1;
  }

  /** Passes bytes on until a write fails, and then only throws. */
  private static final class Guarded extends OutputStream {
    private final OutputStream to;
    private final String name;
    private volatile @Nullable OutputFailedException failure;

    Guarded(OutputStream to, String name) {
      this.to = to;
      this.name = name;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      OutputFailedException before = failure;
      if (before != null) {
        throw before;
      }
      try {
        to.write(bytes, from, length);
      } catch (IOException e) {
        OutputFailedException failed = new OutputFailedException(name, e);
        failure = failed;
        throw failed;
      }
    }
  }

  /** Writes control characters visibly. */
  private static final class PrintableWriter extends Writer {
    private final Writer to;

    PrintableWriter(Writer to) {
      this.to = to;
    }

    @Override
    public void write(char[] chars, int from, int length) throws IOException {
      to.write(Printable.lines(new String(chars, from, length)));
    }

    @Override
    public void flush() throws IOException {
      to.flush();
    }

    @Override
    public void close() throws IOException {
      to.close();
    }
  }
}
