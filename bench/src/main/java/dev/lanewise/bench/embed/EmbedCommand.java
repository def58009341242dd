package dev.lanewise.bench.embed;

import dev.lanewise.bench.Progress;
import dev.lanewise.bench.files.OutputFile;
import dev.lanewise.bench.minilm.MiniLm;
import java.io.BufferedInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lines of text in, vectors out. */
@Command(
    name = "embed",
    description =
        "Turns each line of a text into the sentence embedding that all-MiniLM-L6-v2 gives it: 384 numbers, a vector of length 1.",
    footer = {
      "",
      "A file ending in .npy or .safetensors holds a matrix with a row for each line, any other file JSON lines, such as",
      "{\"line\":1,\"text\":\"…\",\"embedding\":[…]}. A line that is not UTF-8 is reported and skipped; in a matrix its row is NaN.",
      "Ctrl-C keeps what has been written, and --resume goes on from there."
    })
public final class EmbedCommand implements Callable<Integer> {
  private final ModelSource model;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Parameters(arity = "0..1", paramLabel = "FILE", description = "UTF-8 text, a sentence a line; default: standard input.")
  private @Nullable Path input;

  @Option(names = "--output", paramLabel = "FILE", description = "Where to write; default: JSON lines to standard output.")
  private @Nullable Path output;

  @Option(names = "--resume", description = "Go on where an earlier run into the same file ended.")
  private boolean resume;

  @Option(names = "--force", description = "Replace the file if there is one already.")
  private boolean force;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  /** For picocli, which sets the options. */
  public EmbedCommand() {
    this(MiniLm::load);
  }

  /** For tests, which load the model once. */
  EmbedCommand(ModelSource model) {
    this.model = model;
  }

  @Override
  public Integer call() throws IOException {
    int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (workers < 1) {
      throw rejected("--threads is " + workers + ", must be at least 1");
    }
    if (output == null && (resume || force)) {
      throw rejected((resume ? "--resume" : "--force") + " needs --output");
    }
    if (input != null && !Files.isRegularFile(input)) {
      throw rejected(input + (Files.exists(input) ? " is no file" : " is not there"));
    }
    try (VectorOutput vectors = open();
        TextLines lines = new TextLines(input == null ? System.in : new BufferedInputStream(Files.newInputStream(input)))) {
      run(model.load().withThreads(workers), lines, vectors);
    }
    return 0;
  }

  private VectorOutput open() throws IOException {
    if (output == null) {
      return JsonLines.to(unclosed(System.out));
    }
    Path file = output;
    Optional<String> obstacle = OutputFile.obstacle(file);
    if (obstacle.isPresent()) {
      throw rejected("--output " + file + obstacle.get());
    }
    if (input != null && Files.exists(file) && Files.isSameFile(input, file)) {
      throw rejected("--output " + file + " is the input");
    }
    if (resume && force) {
      throw rejected("--resume and --force exclude each other");
    }
    if (!resume && !force && Files.exists(file)) {
      throw rejected("--output " + file + " is there already; --force replaces it, --resume goes on");
    }
    if (force) {
      Files.deleteIfExists(file);
    }
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    for (RowFormat format : RowFormat.values()) {
      if (name.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
        return RowFile.resume(file, format, MiniLm.EMBED_DIM);
      }
    }
    return JsonLines.resume(file);
  }

  private void run(MiniLm loaded, TextLines lines, VectorOutput vectors) throws IOException {
    long before = vectors.linesBefore();
    long skipped = 0;
    long done = 0;
    try (Progress progress = Progress.of("Embedding", input == null || !Progress.isShown() ? -1 : count(input))) {
      for (List<TextLines.Line> read = lines.nextBatch(); !read.isEmpty(); read = lines.nextBatch()) {
        List<TextLines.Line> batch = read.stream().filter(line -> line.number() > before).toList();
        for (TextLines.Line line : batch) {
          if (!line.readable()) {
            skipped++;
            spec.commandLine().getErr().println("line " + line.number() + " " + line.reason() + "; skipped");
          }
        }
        write(loaded, batch, vectors);
        done = read.getLast().number();
        progress.to(done);
      }
    }
    if (done < before) {
      throw new IOException("the input has " + done + " lines, but the output already holds " + before);
    }
    if (output != null) {
      report(done - before - skipped, skipped, before);
    }
  }

  private void report(long embedded, long skipped, long before) {
    spec.commandLine()
        .getOut()
        .println(
            output
                + ": "
                + embedded
                + (embedded == 1 ? " line" : " lines")
                + (before > 0 ? ", behind the " + before + " of before" : "")
                + (skipped > 0 ? "; " + skipped + " skipped" : ""));
  }

  private static void write(MiniLm loaded, List<TextLines.Line> batch, VectorOutput vectors) throws IOException {
    float[][] embeddings = loaded.embed(batch.stream().filter(TextLines.Line::readable).map(TextLines.Line::text).toList());
    int next = 0;
    for (TextLines.Line line : batch) {
      if (line.readable()) {
        vectors.append(line, embeddings[next++]);
      } else {
        vectors.skip(line);
      }
    }
    vectors.flush();
  }

  private static long count(Path file) throws IOException {
    long lines = 0;
    byte[] block = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int length = in.read(block); length >= 0; length = in.read(block)) {
        for (int i = 0; i < length; i++) {
          lines += block[i] == '\n' ? 1 : 0;
        }
      }
    }
    return lines;
  }

  /** Standard output outlives a command. */
  private static OutputStream unclosed(OutputStream out) {
    return new FilterOutputStream(out) {
      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
      }

      @Override
      public void close() throws IOException {
        flush();
      }
    };
  }

  private ParameterException rejected(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
