package dev.lanewise.spark.job.cluster;

import dev.lanewise.core.Attention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.spark.attention.HashedContext;
import dev.lanewise.spark.attention.KeyValueShard;
import dev.lanewise.spark.attention.PartialAttention;
import dev.lanewise.spark.attention.ShardedAttention;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Attention to keys that are divided between executors, and in one call of this process.
 *
 * @param folder where the cluster writes
 * @param keys how many keys
 * @param kill whether a worker is killed during a call
 */
record ContextCheck(Path folder, int keys, boolean kill) {
  private static final int HEADS = 8;
  private static final int WIDTH = 64;
  private static final int QUERIES = 4;
  private static final long SEED = 23;
  private static final List<Integer> PARTITIONS = List.of(1, 4, 16);
  private static final double MOST_ERROR = 1e-6;

  /** Executors need more than the keys and values: what Spark keeps free of its memory, and the shard that is being made. */
  private static final double MEMORY_FACTOR = 1.5;

  private static final long MORE_MEGABYTES = 1024;

  /** Returns what is wrong; empty if all results have the same bits for the same partitions, and are near that of one call. */
  List<String> run() throws IOException, InterruptedException {
    HashedContext context = new HashedContext(SEED, keys, 1, HEADS, WIDTH, WIDTH);
    Heads query = context.queries(keys - QUERIES, QUERIES, HEADS);
    Heads expected = oneCall(context, query);
    // The one call has needed as much memory as both executors are about to need.
    System.gc();
    List<String> wrong = new ArrayList<>();
    long megabytes = MORE_MEGABYTES + (long) (2.0 * HEADS * WIDTH * Float.BYTES * keys * MEMORY_FACTOR / (1 << 20));
    try (LocalCluster cluster = LocalCluster.start(folder.resolve("cluster"), 2, megabytes)) {
      Map<Integer, PartialAttention> results = new LinkedHashMap<>();
      SparkSession two = cluster.session(2, megabytes);
      try {
        for (int partitions : PARTITIONS) {
          results.put(partitions, attend(two, context, query, partitions));
        }
        if (kill) {
          wrong.addAll(killed(cluster, two, context, query, results));
        }
      } finally {
        two.stop();
      }
      SparkSession one = cluster.session(1, megabytes);
      try {
        for (int partitions : PARTITIONS) {
          boolean same = attend(one, context, query, partitions).equals(results.get(partitions));
          double error = error(results.get(partitions).output(), expected);
          System.out.printf(
              Locale.ROOT,
              "context: %d keys in %d partitions, 1 and 2 executors: %s; error against one call %.2g%n",
              keys,
              partitions,
              same ? "the same bits" : "OTHER BITS",
              error);
          if (!same || !(error <= MOST_ERROR)) {
            wrong.add("context: " + partitions + " partitions: other bits on one executor, or an error above " + MOST_ERROR);
          }
        }
      } finally {
        one.stop();
      }
    }
    return wrong;
  }

  private static Heads oneCall(HashedContext context, Heads query) {
    KeyValueShard all = context.shard(0, 1);
    Heads output = Heads.zeros(1, HEADS, QUERIES, WIDTH);
    Attention.standard().withThreads(Runtime.getRuntime().availableProcessors()).compute(query, all.key(), all.value(), output);
    return output;
  }

  private static PartialAttention attend(SparkSession session, HashedContext context, Heads query, int partitions) {
    try (ShardedAttention attention = ShardedAttention.of(new JavaSparkContext(session.sparkContext()), partitions, context)) {
      return attention.attend(query);
    }
  }

  /** Kills a worker while shards answer. The lost ones are made again on the other. */
  private static List<String> killed(
      LocalCluster cluster, SparkSession session, HashedContext context, Heads query, Map<Integer, PartialAttention> results) {
    int partitions = PARTITIONS.getLast();
    try (ShardedAttention attention = ShardedAttention.of(new JavaSparkContext(session.sparkContext()), partitions, context)) {
      TaskLog log = new TaskLog(partitions / 4, () -> cluster.kill(0));
      session.sparkContext().addSparkListener(log);
      long before = cluster.running();
      PartialAttention result = attention.attend(query);
      boolean same = result.equals(results.get(partitions));
      System.out.printf(
          Locale.ROOT,
          "context: one worker and its executor killed during a call, %d of %d JVMs left: %s; %s%n",
          cluster.running(),
          before,
          same ? "the same bits" : "OTHER BITS",
          log.cost());
      if (cluster.running() >= before) {
        return List.of("context: nothing was killed during the call");
      }
      return same ? List.of() : List.of("context: other bits after a worker was killed");
    }
  }

  private static double error(Heads output, Heads expected) {
    float[] one = output.data();
    float[] other = expected.data();
    if (!Arrays.equals(new int[] {output.heads(), output.rows()}, new int[] {expected.heads(), expected.rows()})) {
      throw new IllegalStateException("shapes differ");
    }
    double error = 0;
    for (int head = 0; head < output.heads(); head++) {
      for (int row = 0; row < output.rows(); row++) {
        int i = output.index(0, head, row);
        int j = expected.index(0, head, row);
        for (int d = 0; d < output.width(); d++) {
          error = Math.max(error, Math.abs((double) one[i + d * output.columnStride()] - other[j + d]));
        }
      }
    }
    return error;
  }
}
