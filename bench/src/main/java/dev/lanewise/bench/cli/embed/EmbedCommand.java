package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.cli.files.OutputFile.Replacement;
import dev.lanewise.bench.cli.files.TextLines;
import dev.lanewise.bench.cli.model.EmbeddingOptions;
import dev.lanewise.bench.cli.model.ModelSource;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns lines of text into vectors. */
@Command(
    name = "embed",
    description = "Turns each line of a text into a vector, its embedding. With the default model it has 384 numbers, and length 1.",
    footer = {
      "",
      "Examples:",
      "  embed lines.txt --output vectors.npy",
      "  embed lines.txt.gz --model bge-small-en-v1.5 --output vectors.jsonl --resume",
      "  cat questions.txt | embed - --model e5-small-v2.onnx --prefix \"query: \"",
      "  embed texts.parquet --spark --output vectors",
      "",
      "A file that ends in .npy or .safetensors holds a matrix with a row for each line, any other file JSON lines, such as"
          + " {\"line\":1,\"text\":\"…\",\"embedding\":[…]}. A line that is not UTF-8 is reported and skipped; in a matrix its row is NaN.",
      "",
      "Ctrl-C or a kill keeps what has been written, and --resume continues there if the input is the same up to that line. If --force"
          + " replaces a file, Ctrl-C keeps the old one. If no line can be read, the exit code is 1."
    })
public final class EmbedCommand extends BenchCommand {
  private final ModelSource model;

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description =
          "UTF-8 text, a sentence a line, also compressed with gzip; a file, a pipe, or - for standard input, which is the default.",
      defaultValue = "-")
  private Path input = Input.STANDARD;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Where to write; default: JSON lines to standard output.",
      defaultValue = "-")
  private Path output = OutputFile.STANDARD;

  @Option(names = "--resume", description = "Continue where an earlier run into the same file ended.")
  private boolean resume;

  @Option(names = "--force", description = "Replace an existing file, once the new one is complete.")
  private boolean force;

  @Mixin private final EmbeddingOptions embeddings = new EmbeddingOptions();

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  @Mixin private final SparkOptions spark = new SparkOptions();

  /** Creates the command; picocli sets the options. */
  public EmbedCommand() {
    this(EncoderModel::load);
  }

  /** Creates the command with a model that tests load once. */
  EmbedCommand(ModelSource model) {
    this.model = model;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (spark.isAsked()) {
      refuse("--resume", resume);
      refuse("--force", force);
      refuse("--threads", threads != null);
      embeddings.check();
      return spark.run(input, output, embeddings);
    }
    spark.check();
    int workers = workers(threads);
    requireUsable(input, Input.obstacle(input));
    embeddings.check();
    ModelFiles files = embeddings.model().files();
    checkOutput();
    try (TextLines lines = new TextLines(Input.text(input))) {
      TextEncoder encoder = embeddings.encoder(files, model.load(files), workers);
      if (replaces()) {
        try (Replacement replacement = OutputFile.replace(output)) {
          embed(encoder, lines, open(replacement.path(), encoder));
          replacement.commit();
        }
      } else {
        embed(encoder, lines, open(output, encoder));
      }
    }
    return 0;
  }

  private void refuse(String option, boolean given) {
    if (given) {
      throw rejected(option + " and --spark exclude each other");
    }
  }

  private void checkOutput() throws IOException {
    if (resume && force) {
      throw rejected("--resume and --force exclude each other");
    }
    if ((resume || force) && output.equals(OutputFile.STANDARD)) {
      throw rejected((resume ? "--resume" : "--force") + " needs --output");
    }
    if (OutputFile.isStream(output)) {
      if (resume || RowFormat.ofName(output).isPresent()) {
        throw rejected((resume ? "--resume" : "a matrix") + " needs --output to be a file; " + output + " is none");
      }
      return;
    }
    Optional<String> obstacle = OutputFile.obstacle(output, resume || force);
    if (obstacle.isPresent()) {
      throw rejected("--output " + output + obstacle.get() + (force || !Files.isRegularFile(output) ? "" : ", --resume continues it"));
    }
    if (Files.exists(input) && Files.exists(output) && Files.isSameFile(input, output)) {
      throw rejected("--output " + output + " is the input");
    }
  }

  /** Whether an old file must be kept until the new one is complete. Without an old file, each part of the new one can be used at once. */
  private boolean replaces() {
    return force && !OutputFile.isStream(output) && Files.exists(output, LinkOption.NOFOLLOW_LINKS);
  }

  private VectorOutput open(Path file, TextEncoder encoder) throws IOException {
    if (OutputFile.isStream(file)) {
      return JsonLines.to(OutputFile.stream(file), encoder.dimensions());
    }
    Optional<RowFormat> format = RowFormat.ofName(output);
    return format.isPresent() ? RowFile.resume(file, format.get(), encoder.dimensions()) : JsonLines.resume(file, encoder.dimensions());
  }

  private void embed(TextEncoder encoder, TextLines lines, VectorOutput opened) throws IOException {
    try (VectorOutput vectors = opened;
        Progress progress = Progress.of("Embedding", Progress.isShown() && Files.isRegularFile(input) ? count(input) : -1)) {
      long before = vectors.linesBefore();
      long skipped = 0;
      long done = 0;
      long other = 0;
      for (List<TextLines.Line> read = lines.nextBatch(); !read.isEmpty(); read = lines.nextBatch()) {
        List<TextLines.Line> batch = new ArrayList<>();
        for (TextLines.Line line : read) {
          if (line.number() <= before) {
            if (other == 0 && !vectors.holds(line, () -> encoder.embed(line.text()))) {
              other = line.number();
            }
            continue;
          }
          batch.add(line);
          if (!line.readable()) {
            skipped++;
            err().println("line " + line.number() + " " + line.reason() + "; skipped");
          }
        }
        done = read.getLast().number();
        if (other > 0 && done >= before) {
          throw new IOException(
              "line "
                  + other
                  + " of "
                  + Input.name(input)
                  + " is not the one that "
                  + output
                  + " holds: that was made of another input or by another model");
        }
        if (!batch.isEmpty()) {
          if (batch.getFirst().number() == before + 1) {
            vectors.begin();
          }
          write(encoder, batch, vectors);
        }
        progress.to(done);
      }
      if (done < before) {
        throw new IOException("the input has " + done + " lines, but the output already holds " + before);
      }
      if (done == before) {
        vectors.begin();
      }
      if (skipped > 0 && skipped == done) {
        throw new IOException("nothing is embedded: none of the " + done + " lines of " + Input.name(input) + " can be read");
      }
      report(done - before - skipped, skipped, before);
    }
  }

  /** Prints a summary, unless it would be among the vectors. */
  private void report(long embedded, long skipped, long before) {
    if (OutputFile.isStandardOutput(output)) {
      return;
    }
    out()
        .println(
            output
                + ": "
                + embedded
                + (embedded == 1 ? " line" : " lines")
                + (before > 0 ? ", after the " + before + " from before" : "")
                + (skipped > 0 ? "; " + skipped + " skipped" : ""));
  }

  private void write(TextEncoder encoder, List<TextLines.Line> batch, VectorOutput vectors) throws IOException {
    float[][] made = Embedded.vectors(encoder, batch.stream().filter(TextLines.Line::readable).toList(), input);
    int next = 0;
    for (TextLines.Line line : batch) {
      if (line.readable()) {
        vectors.append(line, made[next++]);
      } else {
        vectors.skip(line);
      }
    }
    vectors.flush();
  }

  private static long count(Path file) throws IOException {
    long lines = 0;
    byte[] block = new byte[1 << 16];
    try (InputStream in = Input.text(file)) {
      for (int length = in.read(block); length >= 0; length = in.read(block)) {
        for (int i = 0; i < length; i++) {
          lines += block[i] == '\n' ? 1 : 0;
        }
      }
    }
    return lines;
  }
}
