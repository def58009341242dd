package dev.lanewise.bench.peers;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Times ONNX Runtime on texts of seeded tokens, and prints one JSON object on one line. */
@Command(
    name = "peers",
    sortOptions = false,
    description = "Times ONNX Runtime on all-MiniLM-L6-v2, from token ids to the last hidden states; prints one JSON object on one line.")
public final class PeersCommand implements Callable<Integer> {
  private static final int SEED = 7;
  private static final int CLS = 101;
  private static final int SEP = 102;
  private static final int FIRST_WORD = 1996;
  private static final int VOCABULARY = 30522;
  private static final int POSITIONS = 512;
  private static final int LEAST_RUNS = 5;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Option(names = "--batch", defaultValue = "1", description = "Texts of a batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(names = "--tokens", defaultValue = "128", description = "Tokens of each text (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Option(names = "--threads", defaultValue = "1", description = "Threads that share a batch (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "How long to measure, after a third of it to warm up (default: ${DEFAULT-VALUE}).")
  private double seconds;

  /** For picocli, which sets the options. */
  public PeersCommand() {}

  @Override
  public Integer call() throws IOException {
    check("--batch", batch, 1, 4096);
    check("--tokens", tokens, 2, POSITIONS);
    check("--threads", threads, 1, 1024);
    if (!Double.isFinite(seconds) || seconds <= 0) {
      throw new ParameterException(spec.commandLine(), "--seconds is " + seconds + ", must be above 0 and finite");
    }
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(threads);
        OnnxRuntimeBatch texts = model.batch(texts())) {
      time(texts, seconds / 3);
      double[] sorted = time(texts, seconds);
      JsonObject line = new JsonObject();
      line.addProperty("peer", "ONNX Runtime " + model.version());
      line.addProperty("threads", threads);
      line.addProperty("batch", batch);
      line.addProperty("tokens", tokens);
      line.addProperty("secondsBest", sorted[0]);
      line.addProperty("secondsMedian", sorted[sorted.length / 2]);
      spec.commandLine().getOut().println(line);
    }
    return 0;
  }

  private void check(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(spec.commandLine(), option + " is " + value + ", must be from " + least + " to " + most);
    }
  }

  private List<int[]> texts() {
    Random random = new Random(SEED);
    return Stream.generate(() -> text(random)).limit(batch).toList();
  }

  private int[] text(Random random) {
    int[] ids = random.ints(tokens, FIRST_WORD, VOCABULARY).toArray();
    ids[0] = CLS;
    ids[tokens - 1] = SEP;
    return ids;
  }

  /** Seconds of each run, sorted. */
  private static double[] time(OnnxRuntimeBatch texts, double seconds) {
    DoubleStream.Builder times = DoubleStream.builder();
    long start = System.nanoTime();
    for (int run = 0; run < LEAST_RUNS || (System.nanoTime() - start) / 1e9 < seconds; run++) {
      long before = System.nanoTime();
      texts.run();
      times.add((System.nanoTime() - before) / 1e9);
    }
    double[] sorted = times.build().toArray();
    Arrays.sort(sorted);
    return sorted;
  }
}
