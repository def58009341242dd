package dev.lanewise.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.spark.TextEmbedder;
import dev.lanewise.spark.attention.HashedContext;
import dev.lanewise.spark.testing.LocalSpark;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
  private static final List<String> TEXTS =
      List.of("Parliament passes statutes.", "It rained all day.", "The cat sleeps.", "Fresh bread.", "Snow fell.", "A red bicycle.");

  @TempDir private Path folder;

  @Test
  void theCodeIsCompiled() throws IOException {
    List<String> compiled = ReadmeBlocks.compiled("ReadmeExample.java");
    List<String> shown = ReadmeBlocks.shown(Files.readString(Path.of("README.md")));
    assertThat(shown).hasSize(3).isSubsetOf(compiled);
    assertThat(ReadmeBlocks.shownInJavadoc("EmbedJob.java")).hasSize(1).isSubsetOf(compiled);
  }

  @Test
  void theNearestTextIsTheAnswer() throws IOException {
    Path file = folder.resolve("texts.jsonl");
    Files.write(file, TEXTS.stream().map(text -> "{\"text\": \"" + text + "\"}").toList());
    List<Row> rows = ReadmeExample.nearest(LocalSpark.session(), file.toString()).orderBy("rank").collectAsList();
    assertThat(rows).hasSize(5);
    assertThat(rows.getFirst().<String>getAs("text")).isEqualTo(TEXTS.getFirst());
  }

  @Test
  void aLoadedPipelineGivesTheSameBits() throws IOException {
    SparkSession session = LocalSpark.session();
    TextEmbedder embedder = new TextEmbedder().setModel("classpath:all-minilm-l6-v2").setInputCol("text").setOutputCol("vector");
    Dataset<Row> rows = session.createDataset(TEXTS, Encoders.STRING()).toDF("text");
    List<Row> loaded = ReadmeExample.pipeline(embedder, rows, folder.resolve("pipeline").toString()).collectAsList();
    assertThat(loaded).isEqualTo(embedder.transform(rows).collectAsList());
  }

  @Test
  void theSqlRuns() throws IOException {
    Matcher sql = Pattern.compile("```sql\n--.*\n(.*)\n```").matcher(Files.readString(Path.of("README.md")));
    assertThat(sql.find()).isTrue();
    SparkSession session = LocalSpark.session();
    session.conf().set("spark.lanewise.embed.model", "classpath:all-minilm-l6-v2");
    try {
      session.createDataset(TEXTS, Encoders.STRING()).selectExpr("value AS text", "length(value) AS id").createOrReplaceTempView("texts");
      List<Row> rows = session.sql(sql.group(1)).collectAsList();
      assertThat(rows).hasSize((int) TEXTS.stream().filter(text -> text.length() > 20).count());
      assertThat(rows.getFirst().getList(1)).hasSize(384);
    } finally {
      session.conf().unset("spark.lanewise.embed.model");
    }
  }

  @Test
  void attentionRuns() {
    HashedContext source = new HashedContext(3, 100, 1, 2, 8, 8);
    Heads output = ReadmeExample.attend(LocalSpark.context(), source, source.queries(99, 1, 2));
    assertThat(output.heads()).isEqualTo(2);
    assertThat(output.data()[0]).isNotZero();
  }
}
