package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.TextLines;
import dev.lanewise.bench.cli.model.EmbeddingOptions;
import dev.lanewise.bench.cli.model.ModelSource;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Finds the lines of a file that are most like a query. */
@Command(
    name = "similar",
    description = "Finds the lines of a file whose meaning is closest to a query: the cosine of their embeddings, line number and text.",
    footer = {
      "",
      "Examples:",
      "  similar \"what to look for\" lines.txt --top 10",
      "  similar \"what to look for\" vectors.jsonl --model bge-small-en-v1.5",
      "  zcat lines.txt.gz | similar \"what to look for\" -",
      "",
      "FILE is UTF-8 text with one sentence a line, or the JSON lines that embed wrote with the same model, under any name, whose"
          + " embeddings are used without computing them again. Either may be compressed with gzip. If no line can be read, the exit code"
          + " is 1."
    })
public final class SimilarCommand extends BenchCommand {
  private final ModelSource model;

  /** Whether the file holds JSON lines; null until it has a line that is not blank. */
  private @Nullable Boolean json;

  @Parameters(index = "0", paramLabel = "QUERY", description = "What to look for.")
  private String query = "";

  @Parameters(index = "1", paramLabel = "FILE", description = "Where to look; a file, a pipe, or - for standard input.")
  private Path file = Path.of("");

  @Option(names = "--top", paramLabel = "N", description = "How many lines to show; default: ${DEFAULT-VALUE}.", defaultValue = "5")
  private int top;

  @Mixin private final EmbeddingOptions embeddings = new EmbeddingOptions();

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  /** Creates the command; picocli sets the options. */
  public SimilarCommand() {
    this(EncoderModel::load);
  }

  /** Creates the command with a model that tests load once. */
  SimilarCommand(ModelSource model) {
    this.model = model;
  }

  @Override
  public Integer call() throws IOException {
    int workers = workers(threads);
    requireAtLeast("--top", top, 1);
    requireUsable(file, Input.obstacle(file));
    embeddings.check();
    ModelFiles files = embeddings.model().files();
    try (TextLines lines = new TextLines(Input.text(file))) {
      TextEncoder encoder = embeddings.encoder(files, model.load(files), workers);
      search(encoder, lines).print(out());
    }
    return 0;
  }

  private BestLines search(TextEncoder encoder, TextLines lines) throws IOException {
    float[] wanted = query(encoder);
    BestLines best = new BestLines(top);
    ComparedLines.read(
        lines,
        file,
        err(),
        readable -> {
          for (Embedded line : embedded(encoder, readable)) {
            best.offer(cosine(wanted, line.embedding()), line.line(), line.text());
          }
        });
    return best;
  }

  private float[] query(TextEncoder encoder) {
    try {
      return encoder.embed(query);
    } catch (IllegalArgumentException e) {
      throw rejected("QUERY: " + String.valueOf(e.getMessage()).replace(" of texts[0]", ""));
    }
  }

  /** The cosine of two vectors, which need not have length 1; 0 if one of them is zero. */
  private static double cosine(float[] one, float[] other) {
    double lengths = Math.sqrt(TextEncoder.similarity(one, one) * TextEncoder.similarity(other, other));
    return lengths > 0 ? TextEncoder.similarity(one, other) / lengths : 0;
  }

  private List<Embedded> embedded(TextEncoder encoder, List<TextLines.Line> lines) throws IOException {
    Optional<String> first = lines.stream().map(TextLines.Line::text).filter(text -> !text.isBlank()).findFirst();
    if (json == null && first.isPresent()) {
      json = JsonLines.isFormatOf(file, first.get(), encoder.dimensions());
    }
    List<Embedded> found = new ArrayList<>();
    if (json != null && json) {
      for (TextLines.Line line : lines) {
        if (!line.text().isBlank()) {
          found.add(parsed(line, encoder.dimensions()));
        }
      }
      return found;
    }
    float[][] vectors = Embedded.vectors(encoder, lines, file);
    for (int i = 0; i < vectors.length; i++) {
      found.add(new Embedded(lines.get(i).number(), lines.get(i).text(), vectors[i]));
    }
    return found;
  }

  private Embedded parsed(TextLines.Line line, int width) throws IOException {
    try {
      return JsonLines.parse(line.text(), width);
    } catch (IOException e) {
      throw new IOException("line " + line.number() + " of " + Input.name(file) + " " + e.getMessage(), e);
    }
  }
}
