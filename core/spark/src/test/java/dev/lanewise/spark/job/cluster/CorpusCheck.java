package dev.lanewise.spark.job.cluster;

import dev.lanewise.spark.TextEmbedder;
import dev.lanewise.text.TextEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Embeds texts on two executors and in this process, and compares.
 *
 * @param model path of the model, on a disk that all JVMs see
 * @param folder where vectors are written
 * @param texts how many texts
 * @param kill whether a worker is killed while the texts are embedded
 */
record CorpusCheck(Path model, Path folder, int texts, boolean kill) {
  private static final int EXECUTORS = 2;
  private static final long MEGABYTES = 1024;
  private static final int TEXTS_PER_TASK = 500;
  private static final int LEAST_TASKS = 8;

  /** Part of all tasks that have finished when the worker is killed. */
  private static final double KILLED_AT = 0.3;

  /** Returns what is wrong; empty if all rows are there once, with the bits of one process. */
  List<String> run() throws IOException, InterruptedException {
    String output = folder.resolve("vectors").toString();
    try (LocalCluster cluster = LocalCluster.start(folder.resolve("cluster"), EXECUTORS, MEGABYTES)) {
      SparkSession session = cluster.session(EXECUTORS, MEGABYTES);
      try {
        int tasks = Math.max(LEAST_TASKS, texts / TEXTS_PER_TASK);
        TaskLog log =
            new TaskLog(
                (int) (tasks * KILLED_AT),
                () -> {
                  if (kill) {
                    cluster.kill(0);
                  }
                });
        session.sparkContext().addSparkListener(log);
        TextEmbedder embedder = new TextEmbedder().setInputCol("text").setOutputCol("vector").setModel(model.toString());
        embedder.transform(ShortTexts.rows(session, texts, tasks)).write().parquet(output);
        System.out.printf(Locale.ROOT, "corpus: %d texts in %d partitions on %d executors%n", texts, tasks, EXECUTORS);
        System.out.println("corpus: " + (kill ? "one worker and its executor killed; " : "") + log.cost());
        if (kill && log.failed() == 0) {
          return List.of("corpus: no task was lost: the worker was killed too late");
        }
        return compare(session.read().parquet(output).toLocalIterator());
      } finally {
        session.stop();
      }
    }
  }

  private List<String> compare(Iterator<Row> rows) throws IOException {
    float[][] found = new float[texts][];
    long twice = 0;
    while (rows.hasNext()) {
      Row row = rows.next();
      int id = Math.toIntExact(row.<Long>getAs("id"));
      twice += found[id] == null ? 0 : 1;
      List<Float> vector = row.getList(row.fieldIndex("vector"));
      found[id] = new float[vector.size()];
      for (int i = 0; i < found[id].length; i++) {
        found[id][i] = vector.get(i);
      }
    }
    float[][] expected = TextEncoder.load(model).withThreads(Runtime.getRuntime().availableProcessors()).embed(ShortTexts.all(texts));
    long lost = Arrays.stream(found).filter(vector -> vector == null).count();
    long different = 0;
    for (int i = 0; i < texts; i++) {
      different += found[i] == null || Arrays.equals(found[i], expected[i]) ? 0 : 1;
    }
    System.out.printf(Locale.ROOT, "corpus: %d rows lost, %d twice, %d with other bits than one process%n", lost, twice, different);
    return lost + twice + different == 0 ? List.of() : List.of("corpus: the rows are not those of one process");
  }
}
