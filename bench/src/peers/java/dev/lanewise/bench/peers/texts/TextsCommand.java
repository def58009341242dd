package dev.lanewise.bench.peers.texts;

import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.langchain4j.LanewiseEmbeddingModel;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import dev.lanewise.text.model.TextPooling;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.OnnxEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Times LangChain4j's embedding models in turns: ours, and the native one on the same file. */
@Command(
    name = "texts",
    sortOptions = false,
    description = {
      "Embeds short texts with LangChain4j's embedAll, in turns within one process: Lanewise's model, the native model on the same file,"
          + " and",
      "the native model on a quantised file. Prints a JSON object for each native model: texts a second, the ratio of the times (above 1,",
      "Lanewise is faster), and how near its vectors and ours are to those of the native model in fp32."
    })
public final class TextsCommand extends BenchCommand {
  private static final int SEED = 7;

  @Option(names = "--model", paramLabel = "JAR", required = true, description = "The artifact with the model in fp32.")
  private Path model = Path.of("");

  @Option(names = "--quantised", paramLabel = "JAR", description = "The artifact with the same model, quantised.")
  private @Nullable Path quantised;

  @Option(names = "--texts", paramLabel = "N", defaultValue = "2000", description = "Number of texts (default: ${DEFAULT-VALUE}).")
  private int count;

  @Option(names = "--threads", paramLabel = "N", defaultValue = "2", description = "Threads of each program (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "9", description = "Number of rounds (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Override
  public Integer call() throws IOException {
    requireBetween("--texts", count, 1, 1_000_000);
    requireBetween("--threads", threads, 1, 1024);
    requireBetween("--rounds", rounds, 1, 1000);
    TextEncoder encoder = TextEncoder.of(EncoderModel.load(ModelFiles.of(model))).withThreads(threads);
    EmbeddingModel ours = LanewiseEmbeddingModel.builder().encoder(encoder).build();
    List<Path> jars = new ArrayList<>(List.of(model));
    if (quantised != null) {
      jars.add(quantised);
    }
    List<ExtractedModel> files = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (Path jar : jars) {
        files.add(ExtractedModel.of(jar));
      }
      compare(ours, files, encoder.pooling(), executor);
    } finally {
      for (ExtractedModel extracted : files) {
        extracted.close();
      }
    }
    return 0;
  }

  private void compare(EmbeddingModel ours, List<ExtractedModel> files, TextPooling pooling, Executor executor) {
    List<TextSegment> texts = MadeUpTexts.of(count, SEED).stream().map(TextSegment::from).toList();
    List<EmbeddingModel> models = new ArrayList<>(List.of(ours));
    files.forEach(file -> models.add(new OnnxEmbeddingModel(file.onnx(), file.tokenizer(), mode(pooling), executor)));
    List<float[][]> vectors = new ArrayList<>();
    List<Runnable> programs = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      int index = i;
      vectors.add(new float[0][]);
      programs.add(() -> vectors.set(index, embedded(models.get(index), texts)));
    }
    Rounds timed = Rounds.of(rounds, programs);
    for (int peer = 1; peer < models.size(); peer++) {
      List<Double> ratios = timed.ratios(peer);
      JsonObject line = new JsonObject();
      line.addProperty("case", files.get(peer - 1).name());
      line.addProperty("texts", count);
      line.addProperty("threads", threads);
      line.addProperty("rounds", rounds);
      line.addProperty("lanewiseTextsPerSecond", count / timed.median(0));
      line.addProperty("nativeTextsPerSecond", count / timed.median(peer));
      line.addProperty("medianRatio", Rounds.middle(ratios));
      line.addProperty("leastRatio", ratios.getFirst());
      line.addProperty("greatestRatio", ratios.getLast());
      line.add("nativeToFp32", distance(vectors.get(peer), vectors.get(1)));
      line.add("lanewiseToFp32", distance(vectors.get(0), vectors.get(1)));
      out().println(line);
    }
  }

  private static JsonObject distance(float[][] vectors, float[][] fp32) {
    JsonObject distance = new JsonObject();
    Distance.of(vectors, fp32).addTo(distance);
    return distance;
  }

  private static float[][] embedded(EmbeddingModel model, List<TextSegment> texts) {
    return model.embedAll(texts).content().stream().map(Embedding::vector).toArray(float[][]::new);
  }

  private PoolingMode mode(TextPooling pooling) {
    return switch (pooling) {
      case FIRST_TOKEN -> PoolingMode.CLS;
      case MEAN -> PoolingMode.MEAN;
      case LAST_TOKEN -> throw rejected("the native models do not take the last token of a text");
    };
  }
}
