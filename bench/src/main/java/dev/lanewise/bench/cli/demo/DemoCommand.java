package dev.lanewise.bench.cli.demo;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.throughput.timing.Stopwatch;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.text.MiniLmArtifact;
import dev.lanewise.text.tokenizer.Tokens;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** One sentence through the first attention layer of all-MiniLM-L6-v2: what it attends to, how exactly, how fast, and a picture. */
@Command(
    name = "demo",
    description =
        "Runs a sentence through the first attention layer of a real model (all-MiniLM-L6-v2), checks and times it, and draws it.")
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
      description = "Where to write the picture, an HTML page; default: ${DEFAULT-VALUE}.",
      defaultValue = DEFAULT_OUTPUT)
  private Path output = Path.of("");

  @Option(
      names = "--force",
      description =
          "Replace the file if there is one already, once the new one is whole; the default FILE is replaced, too, if an earlier demo"
              + " made it.")
  private boolean force;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "Whose attention to list; default: \"its\", or in its absence the word that looks hardest at another.")
  private @Nullable String token;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that share the whole layer; default: ${DEFAULT-VALUE}.",
      defaultValue = "1")
  private int threads;

  @Option(names = "--quick", description = "Measure for a moment only: the times are rough.")
  private boolean quick;

  @Override
  public Integer call() throws IOException {
    requireAtLeast("--threads", threads, 1);
    // Whoever runs the demo again wants its new picture; another file of that name is not the demo's to replace.
    boolean again = output.equals(Path.of(DEFAULT_OUTPUT)) && Page.isOne(output);
    requireUsable("--output " + output, OutputFile.obstacle(output, force || again));
    Kernels kernels = Kernels.selected();
    Tokens whole = tokenise();
    FirstLayer model = FirstLayer.load();
    Tokens tokens = whole.length() <= model.maxTokens() ? whole : whole.withLength(model.maxTokens());
    SequenceBatch embedded = model.embed(tokens);
    AttentionMap map = AttentionMap.compute(model, tokens, embedded, kernels);
    int query = query(map);
    Accuracy accuracy = Accuracy.measure(model, embedded, kernels);
    boolean pageComesOut = OutputFile.isStandardOutput(output);
    PrintWriter out = pageComesOut ? err() : out();
    ConsoleReport report = new ConsoleReport(out);
    report.printTiming(TIMED_LENGTHS, Timings.typicalSeconds(TIMED_LENGTHS.size(), stopwatch()));
    Summary summary = new Summary(sentence, map, query, kernels, threads, accuracy, measure(model, tokens, kernels));

    report.print(summary, whole.length());
    OutputFile.write(output, Page.of(summary));
    if (!pageComesOut) {
      report.printPage(output);
    }
    if (!summary.accuracy().isWithinBudget()) {
      throw new IllegalStateException("the error is " + summary.accuracy().path() + ", allowed is " + summary.accuracy().budget());
    }
    return 0;
  }

  private Tokens tokenise() throws IOException {
    Tokens tokens = MiniLmArtifact.tokenizer().encode(sentence);
    if (tokens.isEmpty()) {
      throw rejected("SENTENCE is empty, must hold at least one word");
    }
    return tokens;
  }

  private int query(AttentionMap map) {
    if (token == null) {
      return map.mostTelling();
    }
    return map.find(token)
        .orElseThrow(() -> rejected("--token " + token + " is none of the sentence's " + map.tokens().length() + " tokens"));
  }

  private Stopwatch stopwatch() {
    return Stopwatch.of(quick ? 0.1 : 0.4, MAX_WARM_UP, quick ? 0.1 : 0.4);
  }

  private Timings measure(FirstLayer model, Tokens tokens, Kernels kernels) {
    List<SequenceBatch> texts = TIMED_LENGTHS.stream().map(length -> model.embed(tokens.withLength(length))).toList();
    try (Progress progress = Progress.withoutTimeLeft("Measuring", Timings.parts(texts.size()))) {
      return Timings.measure(model, texts, kernels, threads, stopwatch(), progress::step);
    }
  }
}
