package dev.lanewise.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lanewise.spark.testing.LocalSpark;
import dev.lanewise.spark.testing.SecondJvm;
import dev.lanewise.spark.testing.TestTexts;
import dev.lanewise.text.LongTexts;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkFiles;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedEmbedderTest {
  @TempDir private Path folder;

  private static Dataset<Row> rows() {
    return TestTexts.rows(List.of("a text", "another"), 1);
  }

  private static List<float[]> vectors(TextEmbedder embedder) {
    return embedder.transform(rows()).collectAsList().stream().map(row -> TestTexts.vector(row, "vector")).toList();
  }

  /** The tasks of the other JVM fail once each. Spark does not count what a failed task counted. */
  @Test
  void pipelineHasTheSameBitsInAnotherJvmWhoseTasksAreRepeated() throws IOException, InterruptedException {
    TextEmbedder embedder = TextEmbedderTest.embedder().setMaxTokens(64).setLongTexts("fail").setOnFailure("null");
    PipelineModel pipeline = new Pipeline().setStages(new PipelineStage[] {embedder}).fit(rows());
    Path saved = folder.resolve("pipeline");
    pipeline.save(saved.toString());
    Path out = folder.resolve("vectors");
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                SecondJvm.class.getName(),
                saved.toString(),
                out.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    assertThat(other.waitFor()).as(Files.readString(folder.resolve("log"))).isZero();
    TextEncoder encoder = TestTexts.encoder().withMaxTokens(64);
    try (DataInputStream in = new DataInputStream(Files.newInputStream(out))) {
      for (String text : SecondJvm.texts()) {
        float[] vector = new float[in.readInt()];
        for (int i = 0; i < vector.length; i++) {
          vector[i] = in.readFloat();
        }
        assertThat(vector).isEqualTo(text.startsWith("a a") ? new float[0] : encoder.withLongTexts(LongTexts.fail()).embed(text));
      }
      assertThat(in.readLong()).isEqualTo(2);
    }
    assertThat(Files.readString(folder.resolve("log"))).contains("the first attempt of a task fails");
  }

  @Test
  void savedEmbedderKeepsItsParametersAndAcceptsTheSameModelElsewhere() throws IOException {
    Path model = EncoderModel.export(ModelFiles.onClassPath(TestTexts.NAME), folder.resolve("model"));
    TextEmbedder embedder = TextEmbedderTest.embedder().setModel(model.toString()).setPrefix("query: ").setDimensions(9);
    Path path = folder.resolve("embedder");
    embedder.write().overwrite().save(path.toString());
    TextEmbedder loaded = TextEmbedder.load(path.toString());
    assertThat(loaded.uid()).isEqualTo(embedder.uid());
    assertThat(loaded.getPrefix()).isEqualTo("query: ");
    assertThat(loaded.getDimensions()).isEqualTo(9);
    assertThat(loaded.getPooling()).isNull();
    List<float[]> expected = vectors(embedder);
    assertThat(vectors(loaded)).usingRecursiveComparison().isEqualTo(expected);

    Path moved = Files.move(model, folder.resolve("elsewhere"));
    assertThatIllegalArgumentException().isThrownBy(() -> loaded.transform(rows())).withMessageContaining("there is no model at " + model);
    assertThat(vectors(loaded.setModel(moved.toString()))).usingRecursiveComparison().isEqualTo(expected);

    Files.writeString(moved.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 100, \"do_lower_case\": false}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> loaded.transform(rows()))
        .withMessageMatching(
            "(?s)the model at \".*elsewhere\" is not the one that is expected: its fingerprint is elsewhere 384 [0-9a-f]{16}, must be model"
                + " 384 [0-9a-f]{16} .*");
    loaded.clear(loaded.fingerprint());
    assertThat(vectors(loaded)).usingRecursiveComparison().isEqualTo(expected);
  }

  @Test
  void anotherModelIsRefused() {
    TextEmbedder embedder = TextEmbedderTest.embedder();
    embedder.set(embedder.fingerprint(), "some-model 768 0123456789abcdef");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> embedder.transform(rows()))
        .withMessageContaining("its fingerprint is all-minilm-l6-v2 384 ")
        .withMessageContaining(", must be some-model 768 0123456789abcdef (name, dimensions, hash of its files)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> embedder.set(embedder.fingerprint(), "something"))
        .withMessageContaining("fingerprint is \"something\", must be NAME DIMENSIONS HASH");
  }

  /** What {@code --files} and {@code --archives} name is in this folder. */
  @Test
  void fileOfSparkIsFoundByItsName() throws IOException {
    LocalSpark.session();
    Path model = Path.of(SparkFiles.getRootDirectory(), "distributed-model");
    EncoderModel.export(ModelFiles.onClassPath(TestTexts.NAME), model);
    assertThat(vectors(TextEmbedderTest.embedder().setModel("distributed-model")))
        .usingRecursiveComparison()
        .isEqualTo(vectors(TextEmbedderTest.embedder()));
  }
}
