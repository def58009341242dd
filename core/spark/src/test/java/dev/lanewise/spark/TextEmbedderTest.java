package dev.lanewise.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.spark.testing.LocalSpark;
import dev.lanewise.spark.testing.TestTexts;
import dev.lanewise.text.LongTexts;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.TextPooling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TextEmbedderTest {
  static TextEmbedder embedder() {
    return new TextEmbedder().setModel(TestTexts.MODEL).setInputCol("text").setOutputCol("vector");
  }

  /** Rows in the order of the texts, each with the vector of one process. */
  private static void check(List<Row> rows, List<String> texts, TextEncoder encoder) {
    assertThat(rows).hasSize(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      assertThat(rows.get(i).getLong(0)).isEqualTo(i);
      assertThat(rows.get(i).getString(1)).isEqualTo(text);
      assertThat(TestTexts.vector(rows.get(i), "vector")).as("vector of %s", text).isEqualTo(text == null ? null : encoder.embed(text));
    }
  }

  @Test
  void vectorsHaveTheBitsOfOneProcessInTheOrderOfTheRows() {
    List<String> texts = new ArrayList<>(TestTexts.random(170, 1));
    texts.set(3, null);
    texts.set(100, "");
    texts.set(101, texts.get(7));
    for (int partitions : new int[] {1, 5}) {
      check(embedder().transform(TestTexts.rows(texts, partitions)).collectAsList(), texts, TestTexts.encoder());
    }
    Dataset<Row> shuffled = embedder().transform(TestTexts.rows(texts, 3).repartition(4)).repartition(2).orderBy("id");
    check(shuffled.collectAsList(), texts, TestTexts.encoder());
  }

  @Test
  void rowsWithoutTexts() {
    assertThat(embedder().transform(TestTexts.rows(List.of(), 2)).collectAsList()).isEmpty();
    List<String> texts = new ArrayList<>(Collections.nCopies(3, null));
    check(embedder().transform(TestTexts.rows(texts, 2)).collectAsList(), texts, TestTexts.encoder());
  }

  static Stream<Arguments> settings() {
    return Stream.of(
        setting("pooling", e -> e.setPooling("first"), e -> e.withPooling(TextPooling.FIRST_TOKEN)),
        setting("last", e -> e.setPooling("last"), e -> e.withPooling(TextPooling.LAST_TOKEN)),
        setting("normalised", e -> e.setNormalised(false), e -> e.withNormalised(false)),
        setting("prefix", e -> e.setPrefix("query: "), e -> e.withPrefix("query: ")),
        setting("dimensions", e -> e.setDimensions(17), e -> e.withDimensions(17)),
        setting("maxTokens", e -> e.setMaxTokens(8), e -> e.withMaxTokens(8)),
        setting("windows", e -> e.setMaxTokens(8).setLongTexts("windows(2)"), e -> e.withMaxTokens(8).withLongTexts(LongTexts.windows(2))));
  }

  private static Arguments setting(String name, UnaryOperator<TextEmbedder> change, UnaryOperator<TextEncoder> same) {
    return Arguments.of(name, change, same);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("settings")
  void settingsAreThoseOfTheEncoder(String name, UnaryOperator<TextEmbedder> change, UnaryOperator<TextEncoder> same) {
    List<String> texts = TestTexts.random(12, 2);
    TextEmbedder embedder = change.apply(embedder());
    check(embedder.transform(TestTexts.rows(texts, 2)).collectAsList(), texts, same.apply(TestTexts.encoder()));
    TextEmbedder copy = embedder.copy(new ParamMap().put(embedder.outputCol().w("other")));
    assertThat(copy.getOutputCol()).isEqualTo("other");
    assertThat(copy.explainParams()).isEqualTo(embedder.setOutputCol("other").explainParams());
  }

  @Test
  void columnsThatNobodyReadsAreNotRead() {
    Dataset<Row> wide = TestTexts.rows(List.of("a", "b"), 1).withColumn("more", functions.raise_error(functions.lit("read")));
    assertThat(embedder().transform(wide).select("vector").collectAsList()).hasSize(2);
    assertThat(embedder().transform(wide).select("id").queryExecution().optimizedPlan().toString()).doesNotContain("embed(");
  }

  static Stream<Arguments> mistakes() {
    return Stream.of(
        mistake("no input", e -> e.clear(e.inputCol()), "is not set: name of the column of texts"),
        mistake("no output", e -> e.clear(e.outputCol()), "is not set: name of the column of vectors"),
        mistake("no model", e -> e.clear(e.model()), "is not set: where the model is"),
        mistake("missing column", e -> e.setInputCol("txt"), " is \"txt\", must be one of the columns id, text"),
        mistake("another type", e -> e.setInputCol("id"), "the column \"id\" of inputCol of ", " is of type bigint, must be string"),
        mistake("output is there", e -> e.setOutputCol("TEXT"), " is \"TEXT\", but there is a column \"text\" already"),
        mistake("missing path", e -> e.setModel("/no/such/model"), "there is no model at /no/such/model on this machine"),
        mistake("missing file", e -> e.setModel("none"), "there is no model \"none\" among the files of --files and --archives"),
        mistake("missing resource", e -> e.setModel("classpath:none"), "none.onnx is not on the class path"),
        mistake("pooling", e -> e.setPooling("max"), "pooling is \"max\", must be first, mean or last"),
        mistake("long texts", e -> e.setLongTexts("cut"), "longTexts is \"cut\", must be truncate, fail, windows or windows(OVERLAP)"),
        mistake("failures", e -> e.setOnFailure("skip"), "onFailure is \"skip\", must be fail or null"),
        mistake("null", e -> e.setPrefix(null), "prefix is null, must be a text"),
        mistake("dimensions", e -> e.setDimensions(0), "dimensions is \"0\", must be a whole number that is at least 1"),
        mistake("width", e -> e.setDimensions(385), "dimensions is 385, but the width of the model is 384"),
        mistake("positions", e -> e.setMaxTokens(513), "maxTokens is 513, but the number of the model's positions is 512"),
        mistake("prefix", e -> e.setPrefix("a b c d").setMaxTokens(6), "maxTokens is 6, must be at least 7"));
  }

  private static Arguments mistake(String name, Consumer<TextEmbedder> change, String... message) {
    return Arguments.of(name, change, List.of(message));
  }

  /** The call of transform fails, before there is a job. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("mistakes")
  void mistakesAreFoundBeforeAJobStarts(String name, Consumer<TextEmbedder> change, List<String> messages) {
    Dataset<Row> rows = TestTexts.rows(List.of("a"), 1);
    TextEmbedder embedder = embedder();
    assertThatThrownBy(
            () -> {
              change.accept(embedder);
              embedder.transform(rows);
            })
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }

  @Test
  void textsThatCannotBeEmbeddedAreCountedOrFailTheJob() {
    String words = "one two three four five six seven eight nine";
    Dataset<Row> rows = TestTexts.rows(Arrays.asList("a", words, null, words, "b", words + " ten"), 2);
    TextEmbedder strict = embedder().setMaxTokens(8).setLongTexts("fail");
    assertThatThrownBy(() -> strict.transform(rows.coalesce(1)).collectAsList())
        .hasStackTraceContaining("row 1 of partition 0: the number of tokens of the text is 11, but maxTokens is 8");
    long before = TextEmbedder.failedTexts(LocalSpark.session());
    Dataset<Row> lenient = strict.setOnFailure("null").transform(rows);
    assertThat(lenient.schema().apply("vector").dataType()).isEqualTo(DataTypes.createArrayType(DataTypes.FloatType, false));
    List<Row> made = lenient.collectAsList();
    assertThat(made.stream().map(row -> row.isNullAt(2)).toList()).containsExactly(false, true, true, true, false, true);
    assertThat(TestTexts.vector(made.get(4), "vector")).isEqualTo(TestTexts.encoder().embed("b"));
    assertThat(TextEmbedder.failedTexts(LocalSpark.session()) - before).isEqualTo(3);
  }
}
