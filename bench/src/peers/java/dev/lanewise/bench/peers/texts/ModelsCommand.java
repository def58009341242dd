package dev.lanewise.bench.peers.texts;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeEncoder;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import dev.lanewise.text.model.TextPooling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares vectors with those of ONNX Runtime and Hugging Face's tokenizer on the same files, model by model. */
@Command(
    name = "models",
    sortOptions = false,
    description = {
      "Compares the vectors of texts with those of ONNX Runtime on the same file, from text to vector: ONNX Runtime gets its tokens from",
      "Hugging Face's native tokenizer. Prints a JSON object for each model, and ends with exit code 1 if a model is farther away than the",
      "project allows: a component by more than 1e-6 in fp32, a cosine below 0.995 in a quantised model, whose weights Lanewise computes in"
          + " fp32."
    })
public final class ModelsCommand extends BenchCommand {
  private static final int SEED = 7;
  private static final double MOST_DIFFERENCE = 1e-6;
  private static final double LEAST_COSINE = 0.995;

  @Parameters(paramLabel = "JAR", arity = "1..*", description = "Artifacts with models.")
  private List<Path> models = List.of();

  @Option(names = "--texts", paramLabel = "N", defaultValue = "1000", description = "Number of texts (default: ${DEFAULT-VALUE}).")
  private int count;

  @Option(names = "--threads", paramLabel = "N", defaultValue = "2", description = "Threads of each program (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Override
  public Integer call() throws IOException {
    requireBetween("--texts", count, 1, 1_000_000);
    requireBetween("--threads", threads, 1, 1024);
    boolean all = true;
    for (Path jar : models) {
      all &= holds(jar);
    }
    return all ? 0 : 1;
  }

  private boolean holds(Path jar) throws IOException {
    TextEncoder encoder = TextEncoder.of(EncoderModel.load(ModelFiles.of(jar))).withThreads(threads);
    Map<String, String> cut =
        Map.of("padding", "false", "truncation", "true", "maxLength", String.valueOf(encoder.maxTokens()), "modelMaxLength", "100000");
    List<String> texts = PeerTexts.hostile(count, SEED);
    float[][] ours = encoder.embed(texts);
    try (ExtractedModel files = ExtractedModel.of(jar);
        OnnxRuntimeEncoder peer = OnnxRuntimeEncoder.load(files.onnx(), threads);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(files.tokenizer(), cut)) {
      Distance distance = new Distance();
      long tokens = 0;
      for (int text = 0; text < count; text++) {
        Encoding encoding = tokenizer.encode(encoder.prefix() + texts.get(text));
        float[] rows = peer.rows(encoding.getIds(), encoding.getTypeIds());
        distance.add(ours[text], pooled(rows, encoder.pooling(), encoder.dimensions()));
        tokens += encoding.getIds().length;
      }
      boolean holds = files.isQuantised() ? distance.leastCosine() >= LEAST_COSINE : distance.greatestDifference() <= MOST_DIFFERENCE;
      JsonObject line = new JsonObject();
      line.addProperty("case", files.name());
      line.addProperty("peer", "ONNX Runtime " + peer.version());
      line.addProperty("texts", count);
      line.addProperty("tokens", tokens);
      distance.addTo(line);
      line.addProperty("holds", holds);
      out().println(line);
      return holds;
    }
  }

  /** The row that stands for a text, divided by its length. */
  private static float[] pooled(float[] rows, TextPooling pooling, int width) {
    int last = rows.length - width;
    double[] row = new double[width];
    for (int i = 0; i < width; i++) {
      switch (pooling) {
        case FIRST_TOKEN -> row[i] = rows[i];
        case LAST_TOKEN -> row[i] = rows[last + i];
        case MEAN -> {
          for (int from = 0; from <= last; from += width) {
            row[i] += rows[from + i];
          }
        }
      }
    }
    double squares = 0;
    for (double x : row) {
      squares += x * x;
    }
    float[] pooled = new float[width];
    for (int i = 0; i < width; i++) {
      pooled[i] = (float) (row[i] / Math.sqrt(squares));
    }
    return pooled;
  }
}
