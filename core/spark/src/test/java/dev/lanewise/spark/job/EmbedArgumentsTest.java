package dev.lanewise.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.spark.TextEmbedder;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EmbedArgumentsTest {
  private static EmbedArguments parse(String line) {
    return EmbedArguments.parse(line.isEmpty() ? new String[0] : line.split(" ", -1));
  }

  @Test
  void everyOptionReachesTheEmbedder() {
    TextEmbedder embedder =
        EmbedArguments.parse(
                "in.txt",
                "--output",
                "out",
                "--model",
                "m.jar",
                "--text-column",
                "t",
                "--vector-column",
                "v",
                "--pooling",
                "first",
                "--prefix",
                "query: ",
                "--max-tokens",
                "77",
                "--long-texts",
                "windows(8)",
                "--dimensions",
                "99",
                "--on-failure",
                "null")
            .embedder();
    assertThat(embedder.getInputCol()).isEqualTo("t");
    assertThat(embedder.getOutputCol()).isEqualTo("v");
    assertThat(embedder.getModel()).isEqualTo("m.jar");
    assertThat(embedder.getPooling()).isEqualTo("first");
    assertThat(embedder.getPrefix()).isEqualTo("query: ");
    assertThat(embedder.getMaxTokens()).isEqualTo(77);
    assertThat(embedder.getLongTexts()).isEqualTo("windows(8)");
    assertThat(embedder.getDimensions()).isEqualTo(99);
    assertThat(embedder.getOnFailure()).isEqualTo("null");
  }

  @Test
  void withoutOptionsTheModelDecides() {
    EmbedArguments arguments = parse("in.txt --output out --model m.jar");
    TextEmbedder embedder = arguments.embedder();
    assertThat(embedder.getInputCol()).isEqualTo("text");
    assertThat(embedder.getOutputCol()).isEqualTo("vector");
    assertThat(embedder.getPooling()).isNull();
    assertThat(embedder.getPrefix()).isNull();
    assertThat(arguments.format()).isEmpty();
    assertThat(arguments.help()).isFalse();
    assertThat(parse("--help").help()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; INPUT is missing; --help explains the arguments",
        "in.txt; --output is missing",
        "in.txt --output out; --model is missing",
        "in.txt --output; --output has no value",
        "a b --output out --model m; two inputs: a and b",
        "a --output out --output out --model m; --output is there twice",
        "a --outputs out --model m; unknown option --outputs, must be one of --dimensions, --format",
      })
  void whatIsWrongIsSaidInOneLine(String line, String message) {
    assertThatThrownBy(() -> parse(line)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(message);
  }

  @Test
  void wrongValues() {
    EmbedArguments arguments = parse("a --output out --model m --format csv --max-tokens ten");
    assertThatThrownBy(arguments::format).hasMessage("--format is csv, must be one of text, json, parquet");
    assertThatThrownBy(arguments::embedder).hasMessage("--max-tokens is ten, must be a number");
  }

  @ParameterizedTest
  @EnumSource
  void formatsHaveNames(TextInput.Format format) {
    assertThat(TextInput.Format.named(format.name().toLowerCase(Locale.ROOT))).isEqualTo(format);
  }

  @Test
  void usageNamesEveryOption() {
    assertThat(Arrays.stream(EmbedArguments.USAGE.split("\\s+", -1)).filter(word -> word.startsWith("--")).distinct()).hasSize(11);
  }

  @ParameterizedTest
  @CsvSource({"a.txt,TEXT", "a.JSONL.gz,JSON", "part-0.snappy.parquet,PARQUET", "a.ndjson,JSON", "b.json.zst,JSON"})
  void namesTellFormats(String name, TextInput.Format format) {
    assertThat(TextInput.Format.ofName(name)).contains(format);
    assertThat(TextInput.Format.ofName(name + ".unknown")).isEmpty();
  }
}
