package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.TextLines;
import dev.lanewise.bench.cli.model.ModelOptions;
import dev.lanewise.text.Reranker;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scores the lines of a file by a cross-encoder, which reads each line together with a query. */
@Command(
    name = "rerank",
    description = {
      "Scores how well each line of a file answers a query, by a cross-encoder, which reads both together: the score, line number and text"
          + " of the best lines. A score is the output of the model's classifier, or its sigmoid if the model's files say so.",
      "That is slower than similar and finds better lines: let similar choose some hundred lines, and rerank the best of them."
    },
    footer = {
      "",
      "Examples:",
      "  rerank \"what to look for\" lines.txt --model ms-marco-MiniLM-L6-v2 --top 10",
      "  zcat lines.txt.gz | rerank \"what to look for\" - --model ms-marco-MiniLM-L6-v2",
      "",
      "MODEL must be a cross-encoder; the default is not one. FILE is UTF-8 text with one text a line. If no line can be read, the exit"
          + " code is 1."
    })
public final class RerankCommand extends BenchCommand {
  @Parameters(index = "0", paramLabel = "QUERY", description = "What to look for.")
  private String query = "";

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "Where to look; a file, also compressed with gzip, a pipe, or - for standard input.")
  private Path file = Path.of("");

  @Mixin private final ModelOptions model = new ModelOptions();

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "How many tokens of query and line are read, special ones included (default: as the model's files say).")
  private @Nullable Integer maxTokens;

  @Option(names = "--top", paramLabel = "N", description = "How many lines to show; default: ${DEFAULT-VALUE}.", defaultValue = "5")
  private int top;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  @Override
  public Integer call() throws IOException {
    int workers = workers(threads);
    requireAtLeast("--top", top, 1);
    if (maxTokens != null) {
      requireAtLeast("--max-tokens", maxTokens, 1);
    }
    requireUsable(file, Input.obstacle(file));
    ModelFiles files = model.files();
    try (TextLines lines = new TextLines(Input.text(file))) {
      Reranker reranker = reranker(files, workers);
      BestLines best = new BestLines(top);
      ComparedLines.read(
          lines,
          file,
          err(),
          readable -> {
            float[] scores = reranker.score(query, readable.stream().map(TextLines.Line::text).toList());
            for (int i = 0; i < scores.length; i++) {
              best.offer(scores[i], readable.get(i).number(), readable.get(i).text());
            }
          });
      best.print(out());
    }
    return 0;
  }

  private Reranker reranker(ModelFiles files, int workers) throws IOException {
    EncoderModel loaded = EncoderModel.load(files);
    if (loaded.classifier().isEmpty()) {
      throw rejected("--model: " + files + " has no classifier, must be a cross-encoder");
    }
    Reranker reranker = model.changed("--model", loaded, Reranker::of).withThreads(workers);
    if (reranker.labels().size() != 1) {
      throw rejected("--model: " + files + " has " + reranker.labels().size() + " labels, must have 1 for a score");
    }
    if (maxTokens == null) {
      return reranker;
    }
    int most = maxTokens;
    int least = loaded.tokenizer().encode("", "").length() + 1;
    if (most < least) {
      throw rejected("--max-tokens is " + most + ", must be at least " + least + ": special tokens are included");
    }
    return model.changed("--max-tokens", reranker, all -> all.withMaxTokens(most));
  }
}
