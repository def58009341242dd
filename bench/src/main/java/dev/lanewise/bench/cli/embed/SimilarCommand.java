package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.TextLines;
import dev.lanewise.text.MiniLm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Finds the lines of a file that are most like a query. */
@Command(
    name = "similar",
    description = "Finds the lines of a file whose meaning is closest to a query: the cosine of their embeddings, line number and text.",
    footer = {
      "",
      "FILE is UTF-8 text with one sentence a line, or the JSON lines that embed wrote, under any name, whose embeddings are used without"
          + " computing them again. If no line can be read, the exit code is 1."
    })
public final class SimilarCommand extends BenchCommand {
  private final ModelSource model;

  @Parameters(index = "0", paramLabel = "QUERY", description = "What to look for.")
  private String query = "";

  @Parameters(index = "1", paramLabel = "FILE", description = "Where to look; a file, a pipe, or - for standard input.")
  private Path file = Path.of("");

  @Option(names = "--top", paramLabel = "N", description = "How many lines to show; default: ${DEFAULT-VALUE}.", defaultValue = "5")
  private int top;

  @Option(names = "--model", paramLabel = "FILE", description = ModelFile.DESCRIPTION)
  private @Nullable Path weights;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  /** Creates the command; picocli sets the options. */
  public SimilarCommand() {
    this(MiniLm::load);
  }

  /** Creates the command with a model that tests load once. */
  SimilarCommand(ModelSource model) {
    this.model = model;
  }

  /** A line and its similarity to the query. */
  private record Match(double score, long line, String text) {}

  /** The lines most like a query; among equal ones, the earlier ones. */
  private static final class Best {
    private static final Comparator<Match> BY_SCORE =
        Comparator.comparingDouble(Match::score).thenComparing(Match::line, Comparator.reverseOrder());

    private final float[] wanted;
    private final int most;

    /** The worst match is at the head. */
    private final PriorityQueue<Match> matches = new PriorityQueue<>(BY_SCORE);

    private Best(float[] wanted, int most) {
      this.wanted = wanted;
      this.most = most;
    }

    private void offer(Embedded line) {
      matches.add(new Match(MiniLm.similarity(wanted, line.embedding()), line.line(), line.text()));
      if (matches.size() > most) {
        matches.remove();
      }
    }

    private List<Match> sorted() {
      return matches.stream().sorted(BY_SCORE.reversed()).toList();
    }
  }

  @Override
  public Integer call() throws IOException {
    int workers = workers(threads);
    requireAtLeast("--threads", workers, 1);
    requireAtLeast("--top", top, 1);
    requireUsable(file, Input.obstacle(file));
    requireUsable("--model " + weights, ModelFile.obstacle(weights));
    try (TextLines lines = new TextLines(Input.text(file))) {
      MiniLm loaded = ModelFile.load(weights, model).withThreads(workers);
      for (Match match : search(loaded, lines).sorted()) {
        out().printf(Locale.ROOT, "%6.3f  %6d  %s%n", match.score, match.line, oneLine(match.text));
      }
    }
    return 0;
  }

  /** Escapes the line breaks that a JSON text may have: they would look like further matches. */
  private static String oneLine(String text) {
    return text.replace("\n", "\\n").replace("\r", "\\r");
  }

  private Best search(MiniLm loaded, TextLines lines) throws IOException {
    Best best = new Best(loaded.embed(query), top);
    long read = 0;
    long skipped = 0;
    Boolean isJson = null;
    try (Progress progress = Progress.of("Looking", -1)) {
      for (List<TextLines.Line> batch = lines.nextBatch(); !batch.isEmpty(); batch = lines.nextBatch()) {
        List<TextLines.Line> readable = batch.stream().filter(TextLines.Line::readable).toList();
        skipped += batch.size() - readable.size();
        batch.stream()
            .filter(line -> !line.readable())
            .forEach(line -> err().println("line " + line.number() + " " + line.reason() + "; skipped"));
        Optional<String> first = readable.stream().map(TextLines.Line::text).filter(text -> !text.isBlank()).findFirst();
        if (isJson == null && first.isPresent()) {
          isJson = JsonLines.isFormatOf(file, first.get());
        }
        embedded(loaded, readable, isJson != null && isJson).forEach(best::offer);
        read = batch.getLast().number();
        progress.to(read);
      }
    }
    if (skipped > 0 && skipped == read) {
      throw new IOException("nothing is compared: none of the " + read + " lines of " + Input.name(file) + " can be read");
    }
    return best;
  }

  private List<Embedded> embedded(MiniLm loaded, List<TextLines.Line> lines, boolean json) throws IOException {
    List<Embedded> found = new ArrayList<>();
    if (json) {
      for (TextLines.Line line : lines) {
        if (!line.text().isBlank()) {
          found.add(parsed(line));
        }
      }
      return found;
    }
    float[][] embeddings = loaded.embed(lines.stream().map(TextLines.Line::text).toList());
    for (int i = 0; i < embeddings.length; i++) {
      found.add(new Embedded(lines.get(i).number(), lines.get(i).text(), embeddings[i]));
    }
    return found;
  }

  private Embedded parsed(TextLines.Line line) throws IOException {
    try {
      return JsonLines.parse(line.text());
    } catch (IOException e) {
      throw new IOException("line " + line.number() + " of " + Input.name(file) + " " + e.getMessage(), e);
    }
  }
}
