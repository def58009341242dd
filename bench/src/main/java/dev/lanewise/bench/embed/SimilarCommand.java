package dev.lanewise.bench.embed;

import dev.lanewise.bench.Progress;
import dev.lanewise.bench.minilm.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The lines of a file that are most like a query. */
@Command(
    name = "similar",
    description = "Finds the lines of a file whose meaning is closest to a query: the cosine of their embeddings, line number and text.",
    footer = {"", "FILE is UTF-8 text, a sentence a line, or the .jsonl that embed wrote, whose embeddings are taken as they are."})
public final class SimilarCommand implements Callable<Integer> {
  private final ModelSource model;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "QUERY", description = "What to look for.")
  private String query = "";

  @Parameters(index = "1", paramLabel = "FILE", description = "Where to look.")
  private Path file = Path.of("");

  @Option(names = "--top", paramLabel = "N", description = "How many lines to show; default: ${DEFAULT-VALUE}.", defaultValue = "5")
  private int top;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  /** For picocli, which sets the options. */
  public SimilarCommand() {
    this(MiniLm::load);
  }

  /** For tests, which load the model once. */
  SimilarCommand(ModelSource model) {
    this.model = model;
  }

  /** A line and how much it is like the query. */
  private record Match(double score, long line, String text) {}

  /** The lines most like a query, of equals the earlier ones. */
  private static final class Best {
    private static final Comparator<Match> BY_SCORE =
        Comparator.comparingDouble(Match::score).thenComparing(Match::line, Comparator.reverseOrder());

    private final float[] wanted;
    private final int most;

    /** The worst at the head. */
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
    int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (workers < 1) {
      throw rejected("--threads is " + workers + ", must be at least 1");
    }
    if (top < 1) {
      throw rejected("--top is " + top + ", must be at least 1");
    }
    if (!Files.isRegularFile(file)) {
      throw rejected(file + (Files.exists(file) ? " is no file" : " is not there"));
    }
    MiniLm loaded = model.load().withThreads(workers);
    Best best = new Best(loaded.embed(query), top);
    try (TextLines lines = new TextLines(Files.newInputStream(file));
        Progress progress = Progress.of("Looking", -1)) {
      for (List<TextLines.Line> batch = lines.nextBatch(); !batch.isEmpty(); batch = lines.nextBatch()) {
        for (TextLines.Line line : batch) {
          if (!line.readable()) {
            spec.commandLine().getErr().println("line " + line.number() + " " + line.reason() + "; skipped");
          }
        }
        embedded(loaded, batch.stream().filter(TextLines.Line::readable).toList()).forEach(best::offer);
        progress.to(batch.getLast().number());
      }
    }
    for (Match match : best.sorted()) {
      spec.commandLine().getOut().printf(Locale.ROOT, "%6.3f  %6d  %s%n", match.score, match.line, match.text);
    }
    return 0;
  }

  private List<Embedded> embedded(MiniLm loaded, List<TextLines.Line> lines) throws IOException {
    List<Embedded> found = new ArrayList<>();
    if (file.toString().endsWith(".jsonl")) {
      for (TextLines.Line line : lines) {
        found.add(parsed(line));
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
      throw new IOException("line " + line.number() + " of " + file + " " + e.getMessage(), e);
    }
  }

  private ParameterException rejected(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
