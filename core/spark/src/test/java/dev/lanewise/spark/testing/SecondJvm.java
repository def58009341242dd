package dev.lanewise.spark.testing;

import dev.lanewise.spark.TextEmbedder;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A program that loads a saved pipeline in a JVM of its own, and whose tasks fail once after they have embedded. It writes the vectors, and
 * then the number of texts that could not be embedded.
 */
public final class SecondJvm {
  private SecondJvm() {}

  /**
   * Runs the program.
   *
   * @param arguments folder of the pipeline, and the file to write
   */
  public static void main(String[] arguments) throws IOException {
    SparkSession session =
        SparkSession.builder()
            .master("local[2, 3]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
    Dataset<Row> vectors = PipelineModel.load(arguments[0]).transform(TestTexts.rows(texts(), 2, session));
    FilterFunction<Row> failsOnce =
        row -> {
          if (TaskContext.get().attemptNumber() == 0 && row.getLong(0) % 20 == 19) {
            throw new IllegalStateException("the first attempt of a task fails");
          }
          return true;
        };
    List<Row> rows = vectors.filter(failsOnce).collectAsList();
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(Path.of(arguments[1])))) {
      for (Row row : rows) {
        float[] vector = TestTexts.vector(row, "vector");
        out.writeInt(vector == null ? 0 : vector.length);
        for (float x : vector == null ? new float[0] : vector) {
          out.writeFloat(x);
        }
      }
      out.writeLong(TextEmbedder.failedTexts(session));
    }
    session.stop();
  }

  /** The texts of the program; two of them are too long. */
  public static List<String> texts() {
    List<String> texts = TestTexts.random(40, 7);
    texts.set(4, "a ".repeat(200));
    texts.set(30, "a ".repeat(201));
    return texts;
  }
}
