package dev.lanewise.bench.cli.explain;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.text.MiniLm;
import dev.lanewise.text.tokenizer.Tokens;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a page on which to explore what the tokens of a text attend to, in all heads of all layers of all-MiniLM-L6-v2. */
@Command(
    name = "explain",
    description = "Writes a page on which to explore what each token of a text attends to, in all layers and heads of all-MiniLM-L6-v2.")
public final class ExplainCommand extends BenchCommand {
  private static final int LISTED_LINKS = 6;

  @Parameters(
      arity = "0..1",
      paramLabel = "TEXT",
      description = "What to read, up to " + MiniLm.MAX_TOKENS + " tokens; default: \"${DEFAULT-VALUE}\"",
      defaultValue = "The law will never be perfect, but its application should be just.")
  private String text = "";

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Where to write the page, one HTML file that needs no network; default: ${DEFAULT-VALUE}.",
      defaultValue = "lanewise-explain.html")
  private Path output = Path.of("");

  @Option(names = "--force", description = "Replace an existing file, once the new one is complete.")
  private boolean force;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that run the model; default: ${DEFAULT-VALUE}.", defaultValue = "1")
  private int threads;

  @Override
  public Integer call() throws IOException {
    requireAtLeast("--threads", threads, 1);
    requireUsable("--output " + output, OutputFile.obstacle(output, force));
    MiniLm model = MiniLm.load().withThreads(threads);
    Tokens tokens = model.tokens(text);
    if (tokens.isEmpty()) {
      throw rejected("TEXT is empty, must hold at least one word");
    }
    Explanation explanation = Explanation.of(model.encoder(), tokens);
    int tokensGiven = model.tokenizer().encode(text).length();
    OutputFile.write(output, ExplorerPage.of(explanation, tokensGiven));
    print(explanation, tokensGiven);
    return 0;
  }

  private void print(Explanation explanation, int tokensGiven) {
    boolean pageComesOut = OutputFile.isStandardOutput(output);
    PrintWriter out = pageComesOut ? err() : out();
    Tokens tokens = explanation.tokens();
    if (tokensGiven > tokens.length()) {
      out.printf(
          "Tokens    %d of %d, with [CLS] and [SEP]: the model reads no more, so the end of the text is left out%n",
          tokens.length(), tokensGiven);
    } else {
      out.printf("Tokens    %d, with [CLS] and [SEP]%n", tokens.length());
    }
    out.printf(
        "Model     all-MiniLM-L6-v2, %d layers of %d heads; what each token looks at, on average over all heads:%n",
        explanation.layers().size(), explanation.heads());
    List<Link> links = Link.strongest(explanation, LISTED_LINKS);
    if (links.isEmpty()) {
      out.println("  nothing else: the text is one token");
    }
    for (Link link : links) {
      String pair = tokens.texts().get(link.query()) + " -> " + tokens.texts().get(link.key());
      out.printf(
          Locale.ROOT,
          "  %-28s %.3f  most in layer %d, head %d: %.3f%n",
          pair,
          link.mean(),
          link.layer() + 1,
          link.head() + 1,
          link.most());
    }
    if (!pageComesOut) {
      out.printf("Page      %s%n", output.toAbsolutePath().normalize());
    }
    out.flush();
  }
}
