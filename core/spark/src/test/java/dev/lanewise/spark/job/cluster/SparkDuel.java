package dev.lanewise.spark.job.cluster;

import dev.lanewise.spark.TextEmbedder;
import dev.lanewise.text.TextEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The program of {@code cluster.sh --duel}: 20 000 short texts on {@code local[2]} against one process on two threads, in turns; then the
 * load of a model in a fresh executor, and its memory beyond the weights. Nothing else may run on the machine.
 */
final class SparkDuel {
  private static final int TEXTS = 20_000;
  private static final int CORES = 2;
  private static final int TASKS = 20;
  private static final int ROUNDS = 3;
  private static final long MEGABYTES = 1024;

  private SparkDuel() {}

  /**
   * Measures and prints.
   *
   * @param args the model and a new folder
   */
  public static void main(String[] args) throws Exception {
    Path model = Path.of(args[0]);
    Path folder = Files.createDirectories(Path.of(args[1]));
    throughput(model);
    load(model, folder);
  }

  private static void throughput(Path model) throws Exception {
    TextEncoder encoder = TextEncoder.load(model).withThreads(CORES);
    List<String> texts = ShortTexts.all(TEXTS);
    SparkSession session =
        SparkSession.builder().master("local[" + CORES + "]").config("spark.ui.enabled", "false").appName("duel").getOrCreate();
    try {
      Dataset<Row> rows = ShortTexts.rows(session, TEXTS, TASKS).cache();
      rows.count();
      TextEmbedder embedder = new TextEmbedder().setInputCol("text").setOutputCol("vector").setModel(model.toString());
      List<Double> ratios = new ArrayList<>();
      for (int round = 0; round <= ROUNDS; round++) {
        double process = ScaleMeasurements.seconds(() -> encoder.embed(texts));
        // "noop" computes every column and writes nothing.
        double spark = ScaleMeasurements.seconds(() -> embedder.transform(rows).write().format("noop").mode("overwrite").save());
        System.out.printf(
            Locale.ROOT,
            "%s: one process %.0f texts/s, local[%d] %.0f texts/s, ratio %.3f%n",
            round == 0 ? "warm-up" : "round " + round,
            TEXTS / process,
            CORES,
            TEXTS / spark,
            process / spark);
        if (round > 0) {
          ratios.add(process / spark);
        }
      }
      double[] sorted = ratios.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      System.out.printf(Locale.ROOT, "ratio: median %.3f (bar 0.9)%n", sorted[sorted.length / 2]);
    } finally {
      session.stop();
    }
  }

  /** Asks a new executor to load a model, and for its memory. */
  private static void load(Path model, Path folder) throws Exception {
    String name = model.toString();
    try (LocalCluster cluster = LocalCluster.start(folder.resolve("cluster"), 1, MEGABYTES)) {
      SparkSession session = cluster.session(1, MEGABYTES);
      try (JavaSparkContext spark = new JavaSparkContext(session.sparkContext())) {
        Function<Integer, double[]> task = ignored -> loaded(Path.of(name));
        double[] measured = spark.parallelize(List.of(1), 1).map(task).collect().getFirst();
        System.out.printf(
            Locale.ROOT,
            "executor: model loaded in %.2f s (bar 1), first 500 texts %.2f s; heap in use %.0f MB more after load, %.0f MB more after 500"
                + " texts, weights %.0f MB: beyond weights %.0f and %.0f MB (bar 150)%n",
            measured[0],
            measured[1],
            measured[2],
            measured[3],
            measured[4],
            measured[2] - measured[4],
            measured[3] - measured[4]);
      }
    }
  }

  /** Seconds of the load and of the first texts; megabytes of heap after both, and of the weights. */
  private static double[] loaded(Path model) throws Exception {
    double before = usedMegabytes();
    TextEncoder[] encoder = new TextEncoder[1];
    double load = ScaleMeasurements.seconds(() -> encoder[0] = TextEncoder.load(model));
    double after = usedMegabytes();
    double first = ScaleMeasurements.seconds(() -> encoder[0].embed(ShortTexts.all(500)));
    double later = usedMegabytes();
    double weights = weightsMegabytes(model);
    if (encoder[0].embed("kept until here")[0] == 0) {
      throw new IllegalStateException("the vector is zero");
    }
    return new double[] {load, first, after - before, later - before, weights};
  }

  private static double usedMegabytes() {
    System.gc();
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
  }

  /** The size of the artifact's model, which is nearly all weights. */
  private static double weightsMegabytes(Path artifact) throws IOException {
    try (ZipFile zip = new ZipFile(artifact.toFile())) {
      return zip.stream().filter(entry -> entry.getName().endsWith(".onnx")).mapToLong(ZipEntry::getSize).sum() / 1e6;
    }
  }
}
