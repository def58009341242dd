package dev.lanewise.bench.cli.demo;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.explain.Explanation;
import dev.lanewise.bench.cli.explain.Link;
import dev.lanewise.bench.cli.explain.Tokens;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.throughput.timing.Stopwatch;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Runs one sentence through all layers of all-MiniLM-L6-v2 and writes the attention explorer; checks and times the self-attention of the
 * first layer.
 */
@Command(
    name = "demo",
    description =
        "Runs a sentence through a real model (all-MiniLM-L6-v2), checks and times its first attention layer, and writes a page that shows"
            + " what each word looks at.")
public final class DemoCommand extends BenchCommand {
  private static final String DEFAULT_OUTPUT = "lanewise-demo.html";
  private static final int MAX_WARM_UP = 40;
  private static final List<Integer> TIMED_LENGTHS = List.of(128, 512);

  @Parameters(
      arity = "0..1",
      paramLabel = "SENTENCE",
      description = "What to read; default: \"${DEFAULT-VALUE}\"",
      defaultValue = "The law will never be perfect, but its application should be just.")
  private String sentence = "";

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Where to write the page, one HTML file that needs no network; default: ${DEFAULT-VALUE}.",
      defaultValue = DEFAULT_OUTPUT)
  private Path output = Path.of("");

  @Option(
      names = "--force",
      description =
          "Replace an existing file, once the new one is complete; a page that an earlier demo wrote to the default FILE"
              + " is always replaced.")
  private boolean force;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "The token whose attention is listed; default: \"its\", or if there is none, the word that looks hardest at another.")
  private @Nullable String token;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that share the first layer where it is timed as a whole; default: ${DEFAULT-VALUE}.",
      defaultValue = "1")
  private int threads;

  @Option(names = "--quick", description = "Measure for a moment only: the times are rough.")
  private boolean quick;

  @Override
  public Integer call() throws IOException {
    requireAtLeast("--threads", threads, 1);
    // The demo replaces its own earlier page, and no other file of that name.
    boolean again = output.equals(Path.of(DEFAULT_OUTPUT)) && Summary.isPage(output);
    requireUsable("--output " + output, OutputFile.obstacle(output, force || again));
    requireWord("SENTENCE", !sentence.isBlank());
    Kernels kernels = Kernels.selected();
    FirstLayer model = FirstLayer.load();
    Tokens whole = tokenise(model);
    int most = model.model().maxTokens();
    Tokens tokens = whole.length() <= most ? whole : whole.withLength(most);
    Explanation explanation = Explanation.of(model.encoder(), tokens);
    int query = query(explanation);
    Accuracy accuracy = Accuracy.measure(model, model.embed(tokens), kernels);
    boolean pageOnStandardOutput = OutputFile.isStandardOutput(output);
    ConsoleReport report = new ConsoleReport(pageOnStandardOutput ? err() : out());
    report.printTiming(TIMED_LENGTHS, Timings.typicalSeconds(TIMED_LENGTHS.size(), stopwatch()));
    Timings timings = measure(model, tokens, kernels);
    Summary summary = new Summary(sentence, whole.length(), explanation, query, kernels, threads, accuracy, timings);

    report.print(summary);
    OutputFile.write(output, summary.page());
    if (!pageOnStandardOutput) {
      report.printPage(output);
    }
    if (!accuracy.isWithinBudget()) {
      throw new IllegalStateException("the error is " + accuracy.path() + ", allowed is " + accuracy.budget());
    }
    return 0;
  }

  private Tokens tokenise(FirstLayer model) {
    Tokens tokens = Tokens.of(model.model(), sentence);
    requireWord("SENTENCE", !tokens.isEmpty());
    return tokens;
  }

  /** The place of the token whose attention is listed. */
  private int query(Explanation explanation) {
    List<String> texts = explanation.tokens().texts();
    String wanted = token == null ? "its" : token;
    OptionalInt found = IntStream.range(0, texts.size()).filter(i -> texts.get(i).equalsIgnoreCase(wanted)).findFirst();
    if (found.isEmpty() && token != null) {
      throw rejected("--token " + token + " is none of the sentence's " + texts.size() + " tokens");
    }
    return found.orElseGet(() -> Link.strongest(explanation, 1).stream().mapToInt(Link::query).findFirst().orElse(1));
  }

  private Stopwatch stopwatch() {
    double seconds = quick ? 0.1 : 0.4;
    return Stopwatch.of(seconds, MAX_WARM_UP, seconds);
  }

  private Timings measure(FirstLayer model, Tokens tokens, Kernels kernels) {
    List<SequenceBatch> texts = TIMED_LENGTHS.stream().map(length -> model.embed(tokens.withLength(length))).toList();
    try (Progress progress = Progress.withoutTimeLeft("Measuring", Timings.parts(texts.size()))) {
      return Timings.measure(model, texts, kernels, threads, stopwatch(), progress::step);
    }
  }
}
