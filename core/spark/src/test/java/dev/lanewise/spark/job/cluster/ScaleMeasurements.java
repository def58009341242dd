package dev.lanewise.spark.job.cluster;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.spark.TextEmbedder;
import dev.lanewise.spark.attention.HashedContext;
import dev.lanewise.spark.attention.KeyValueShard;
import dev.lanewise.spark.attention.PartialAttention;
import dev.lanewise.spark.attention.ShardedAttention;
import dev.lanewise.text.TextEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * The program of {@code cluster.sh --scale}: measures the costs of {@link ScaleModel} on clusters of 1, 2 and 4 executors on this machine,
 * compares the model with what they took, and prints its tables. Nothing else may run on the machine.
 */
final class ScaleMeasurements {
  private static final List<Integer> EXECUTORS = List.of(1, 2, 4);
  private static final long MEGABYTES = 1600;
  private static final int TEXTS = 8000;
  private static final int TEXTS_PER_TASK = 500;
  private static final int KEYS = 200_000;
  private static final int HEADS = 8;
  private static final int WIDTH = 64;
  private static final int EMPTY_TASKS = 1000;
  private static final int ROUNDS = 9;

  private final Path model;
  private final Path folder;
  private final HashedContext context = new HashedContext(1, KEYS, 1, HEADS, WIDTH, WIDTH);
  private final Heads query = context.queries(KEYS - 1, 1, HEADS);

  private ScaleMeasurements(Path model, Path folder) {
    this.model = model;
    this.folder = folder;
  }

  /** What a cluster took, in seconds. */
  private record Taken(double start, double first, double corpus, double step, double job, double task, double written) {}

  /**
   * Measures and prints.
   *
   * @param args the model and a new folder
   */
  public static void main(String[] args) throws Exception {
    new ScaleMeasurements(Path.of(args[0]), Files.createDirectories(Path.of(args[1]))).run();
  }

  private void run() throws Exception {
    double text = secondsOfText();
    double key = secondsOfKey();
    Map<Integer, Taken> taken = new LinkedHashMap<>();
    for (int executors : EXECUTORS) {
      taken.put(executors, measure(executors));
    }
    Taken two = taken.get(2);
    Taken one = taken.get(1);
    PartialAttention answer = PartialAttention.of(Heads.zeros(1, HEADS, 1, WIDTH), new float[HEADS]);
    double taskOfExecutor = Math.max(0, one.corpus / (TEXTS / TEXTS_PER_TASK) - TEXTS_PER_TASK * text);
    ScaleModel costs =
        new ScaleModel(
            two.start,
            Math.max(0, one.first - TEXTS_PER_TASK * text),
            Files.size(model),
            ScaleModel.TEN_GIGABIT,
            text,
            two.task,
            taskOfExecutor,
            Math.max(0, two.written),
            two.job,
            key,
            answer.toBytes().length,
            median(() -> answer.merge(answer)));
    costs.printCosts(System.out);
    compare(costs, taken);
    costs.print(System.out);
  }

  /** Seconds of one core for a text, in this process. */
  private double secondsOfText() throws Exception {
    TextEncoder encoder = TextEncoder.load(model);
    List<String> texts = ShortTexts.all(TEXTS_PER_TASK);
    return median(() -> encoder.embed(texts)) / TEXTS_PER_TASK;
  }

  /** Seconds of one core for a position, in this process. */
  private double secondsOfKey() throws Exception {
    KeyValueShard shard = context.shard(0, 1);
    Heads output = Heads.zeros(1, HEADS, 1, WIDTH);
    float[] logSumExp = new float[HEADS];
    Results results = Results.of().withOutput(output).withLogSumExp(logSumExp);
    return median(() -> Attention.standard().compute(query, shard.key(), shard.value(), results)) / KEYS;
  }

  private Taken measure(int executors) throws Exception {
    try (LocalCluster cluster = LocalCluster.start(folder.resolve("cluster-" + executors), executors, MEGABYTES)) {
      long begin = System.nanoTime();
      SparkSession session = cluster.session(executors, MEGABYTES);
      try {
        JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
        empty(spark, executors);
        double start = seconds(begin);
        // The first task of each executor loads the model.
        double first = seconds(() -> embed(session, executors * TEXTS_PER_TASK, executors, executors + "-first"));
        double corpus = seconds(() -> embed(session, TEXTS, TEXTS / TEXTS_PER_TASK, executors + "-corpus"));
        empty(spark, EMPTY_TASKS);
        double job = median(() -> empty(spark, 1));
        double task = (median(() -> empty(spark, EMPTY_TASKS)) - job) / (EMPTY_TASKS - 1);
        // What files cost: tiny ones, without texts.
        double files = seconds(() -> session.range(0, EMPTY_TASKS, 1, EMPTY_TASKS).write().parquet(path(executors + "-files")));
        return new Taken(start, first, corpus, step(spark, executors), job, task, files / EMPTY_TASKS - task);
      } finally {
        session.stop();
      }
    }
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private void embed(SparkSession session, int texts, int partitions, String name) {
    TextEmbedder embedder = new TextEmbedder().setInputCol("text").setOutputCol("vector").setModel(model.toString());
    embedder.transform(ShortTexts.rows(session, texts, partitions)).write().mode(SaveMode.ErrorIfExists).parquet(path(name));
  }

  private double step(JavaSparkContext spark, int executors) throws Exception {
    try (ShardedAttention attention = ShardedAttention.of(spark, executors, context)) {
      return median(() -> attention.attend(query));
    }
  }

  private static void empty(JavaSparkContext spark, int tasks) {
    spark.parallelize(IntStream.range(0, tasks).boxed().toList(), tasks).count();
  }

  private void compare(ScaleModel costs, Map<Integer, Taken> taken) {
    int cores = Runtime.getRuntime().availableProcessors();
    System.out.println("| executors | " + TEXTS + " texts: s, model | step over " + KEYS + " keys: ms, model |");
    System.out.println("|---|---|---|");
    taken.forEach(
        (executors, was) -> {
          // Executors beyond the cores share them; start and load are not part of what is compared.
          int parallel = Math.min(executors, cores);
          double corpus =
              costs.corpus(TEXTS, TEXTS_PER_TASK, parallel)
                  - costs.start()
                  - costs.load()
                  - parallel * costs.modelBytes() / costs.bandwidth();
          double step = costs.step(KEYS, parallel) + (executors - parallel) * costs.taskOfDriver();
          System.out.printf(Locale.ROOT, "| %d | %.2f, %.2f | %.1f, %.1f |%n", executors, was.corpus, corpus, was.step * 1e3, step * 1e3);
        });
  }

  /** Something that is timed. */
  @FunctionalInterface
  interface Timed {
    void run() throws Exception;
  }

  /** Seconds of a call: the median of some. */
  static double median(Timed timed) throws Exception {
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      all.add(seconds(timed));
    }
    return all.stream().sorted().toList().get(ROUNDS / 2);
  }

  static double seconds(Timed timed) throws Exception {
    long begin = System.nanoTime();
    timed.run();
    return seconds(begin);
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }
}
