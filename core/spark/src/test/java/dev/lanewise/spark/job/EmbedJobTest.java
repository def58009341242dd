package dev.lanewise.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.spark.testing.LocalSpark;
import dev.lanewise.spark.testing.TestTexts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbedJobTest {
  private static final List<String> TEXTS = List.of("The law is just.", "Ein Satz.", "It rained all day, and all night.", "👩‍👩‍👧");

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void start() {
    LocalSpark.session();
  }

  private int run(String... arguments) {
    return EmbedJob.run(stream(out), stream(err), arguments);
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  /** Writes the texts under a name that tells the format. */
  private String write(String name) throws IOException {
    SparkSession session = LocalSpark.session();
    Path file = folder.resolve(name);
    switch (name) {
      case "texts.txt" -> Files.write(file, TEXTS);
      case "texts.jsonl" -> Files.write(file, jsonLines());
      case "texts.jsonl.gz" -> {
        try (OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(file))) {
          gzip.write(String.join("\n", jsonLines()).getBytes(StandardCharsets.UTF_8));
        }
      }
      default -> session.createDataset(TEXTS, Encoders.STRING()).toDF("text").write().parquet(file.toString());
    }
    return file.toString();
  }

  private static List<String> jsonLines() {
    return IntStream.range(0, TEXTS.size()).mapToObj(i -> "{\"id\": " + i + ", \"text\": \"" + TEXTS.get(i) + "\"}").toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"texts.txt", "texts.jsonl", "texts.jsonl.gz", "folder-of-parquet"})
  void everyFormatGivesTheVectorsOfOneProcess(String name) throws IOException {
    assertThat(run(write(name), "--output", path("out"), "--model", TestTexts.MODEL)).as(err.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(path("out") + ": 4 rows" + System.lineSeparator());
    List<Row> rows = LocalSpark.session().read().parquet(path("out")).collectAsList();
    assertThat(rows).extracting(row -> row.<String>getAs("text")).containsExactlyInAnyOrderElementsOf(TEXTS);
    for (Row row : rows) {
      assertThat(TestTexts.vector(row, "vector")).isEqualTo(TestTexts.encoder().embed(row.<String>getAs("text")));
    }
  }

  @Test
  void optionsChangeTheVectors() throws IOException {
    assertThat(
            run(
                write("texts.txt"),
                "--output",
                path("out"),
                "--model",
                TestTexts.MODEL,
                "--prefix",
                "query: ",
                "--vector-column",
                "v",
                "--text-column",
                "line"))
        .isZero();
    for (Row row : LocalSpark.session().read().parquet(path("out")).collectAsList()) {
      assertThat(TestTexts.vector(row, "v")).isEqualTo(TestTexts.encoder().withPrefix("query: ").embed(row.<String>getAs("line")));
    }
  }

  @Test
  void textsThatCannotBeEmbeddedAreCountedOrFail() throws IOException {
    String input = write("texts.txt");
    String[] arguments = {
      input, "--output", path("out"), "--model", TestTexts.MODEL, "--max-tokens", "8", "--long-texts", "fail", "--on-failure", "fail"
    };
    assertThat(run(arguments)).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8).lines())
        .hasSize(1)
        .allMatch(line -> line.startsWith("embed: ") && line.contains("tokens"));
    assertThat(folder.resolve("out")).doesNotExist();
    arguments[arguments.length - 1] = "null";
    assertThat(run(arguments)).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains(": 4 rows; ").contains(" without a vector");
    assertThat(LocalSpark.session().read().parquet(path("out")).where("vector IS NULL").count()).isPositive();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "missing.txt; classpath:all-minilm-l6-v2; ; INPUT FOLDER/missing.txt is not there",
        "texts.txt; classpath:no-such-model; ; no-such-model",
        "texts.txt; /no/such/model; ; /no/such/model",
        "texts.jsonl; classpath:all-minilm-l6-v2; --text-column nothing; nothing",
        "texts.jsonl; classpath:all-minilm-l6-v2; --text-column id; id",
        "texts.jsonl; classpath:all-minilm-l6-v2; --vector-column id; id",
        "texts.txt; classpath:all-minilm-l6-v2; --pooling most; most",
      })
  void wrongArgumentsEndBeforeAJobStarts(String name, String model, String more, String message) throws IOException {
    String input = name.equals("missing.txt") ? path(name) : write(name);
    String[] options = more == null ? new String[0] : more.split(" ", -1);
    String[] arguments =
        Stream.concat(Stream.of(input, "--output", path("out"), "--model", model), Stream.of(options)).toArray(String[]::new);
    assertThat(run(arguments)).as(err.toString(StandardCharsets.UTF_8)).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8).lines())
        .hasSize(1)
        .allMatch(line -> line.startsWith("embed: ") && line.contains(message.replace("FOLDER", folder.toString())));
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void anExistingFolderIsRefusedAndKept() throws IOException {
    Path existing = Files.createDirectories(folder.resolve("out"));
    Files.writeString(existing.resolve("mine"), "kept");
    assertThat(run(write("texts.txt"), "--output", existing.toString(), "--model", TestTexts.MODEL)).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("is there already, must be a new folder");
    assertThat(existing.resolve("mine")).hasContent("kept");
  }

  @Test
  void brokenJsonIsAFailureOfOneLine() throws IOException {
    Path file = Files.writeString(folder.resolve("broken.jsonl"), "{\"text\": \"a\"}\n{\"text\": \n");
    assertThat(run(file.toString(), "--output", path("out"), "--model", TestTexts.MODEL)).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8).lines()).hasSize(1).allMatch(line -> line.startsWith("embed: "));
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void helpNeedsNoSession() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("Usage: EmbedJob INPUT");
  }
}
