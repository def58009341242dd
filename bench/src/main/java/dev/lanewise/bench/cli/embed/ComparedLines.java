package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.TextLines;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;

/** Reads the lines of a file that are compared with a query. Lines that cannot be read are reported and skipped. */
final class ComparedLines {
  private ComparedLines() {}

  /** Receives the readable lines of a batch. */
  @FunctionalInterface
  interface Use {
    void accept(List<TextLines.Line> lines) throws IOException;
  }

  /**
   * Passes all lines on, some hundred at a time.
   *
   * @param file the name of the file in messages
   * @throws IOException if no line can be read
   */
  static void read(TextLines lines, Path file, PrintWriter err, Use use) throws IOException {
    long read = 0;
    long skipped = 0;
    try (Progress progress = Progress.of("Looking", -1)) {
      for (List<TextLines.Line> batch = lines.nextBatch(); !batch.isEmpty(); batch = lines.nextBatch()) {
        List<TextLines.Line> readable = batch.stream().filter(TextLines.Line::readable).toList();
        skipped += batch.size() - readable.size();
        batch.stream()
            .filter(line -> !line.readable())
            .forEach(line -> err.println("line " + line.number() + " " + line.reason() + "; skipped"));
        use.accept(readable);
        read = batch.getLast().number();
        progress.to(read);
      }
    }
    if (skipped > 0 && skipped == read) {
      throw new IOException("nothing is compared: none of the " + read + " lines of " + Input.name(file) + " can be read");
    }
  }
}
