package dev.lanewise.spark.job;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.spark.TextEmbedder;
import dev.lanewise.spark.attention.ShardSource;
import dev.lanewise.spark.attention.ShardedAttention;
import dev.lanewise.spark.search.VectorSearch;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The examples of README.md and of {@link EmbedJob}; {@link ReadmeTest} compares and runs them. */
final class ReadmeExample {
  private ReadmeExample() {}

  static Dataset<Row> nearest(SparkSession session, String texts) throws IOException {
    // begin
    TextEmbedder embedder = new TextEmbedder().setModel("classpath:all-minilm-l6-v2").setInputCol("text").setOutputCol("vector");
    Dataset<Row> embedded = embedder.transform(session.read().json(texts)).cache();

    float[] question = TextEncoder.load(ModelFiles.onClassPath("all-minilm-l6-v2")).embed("Who writes the law?");
    VectorSearch.of(embedded, "vector").nearest(question, 5).select("rank", "similarity", "text").show(false);
    // end
    return VectorSearch.of(embedded, "vector").nearest(question, 5);
  }

  static Dataset<Row> pipeline(TextEmbedder embedder, Dataset<Row> rows, String folder) throws IOException {
    // begin
    PipelineModel saved = new Pipeline().setStages(new PipelineStage[] {embedder}).fit(rows);
    saved.write().overwrite().save(folder);
    Dataset<Row> vectors = PipelineModel.load(folder).transform(rows); // the same bits
    // end
    return vectors;
  }

  static Heads attend(JavaSparkContext context, ShardSource source, Heads query) {
    // begin
    try (ShardedAttention attention = ShardedAttention.of(context, 16, source).withCausalMask()) {
      Heads output = attention.attend(query).output(); // the last query has the position of the last key
      return output;
    }
    // end
  }

  static int job() {
    // begin
    int code = EmbedJob.run(System.out, System.err, "texts.jsonl", "--output", "vectors", "--model", "classpath:all-minilm-l6-v2");
    // end
    return code;
  }
}
