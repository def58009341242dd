package dev.lanewise.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextInputTest {
  @ParameterizedTest
  @CsvSource({
    "a.parquet, PARQUET",
    "day=1/part-0.snappy.parquet, PARQUET",
    "day=1/hour=2/part-0.jsonl.gz, JSON",
    "_log/0.json, TEXT",
    "day=1/.x.parquet, TEXT",
    "notes, TEXT"
  })
  void formatIsThatOfTheFilesAlsoInFolders(String name, TextInput.Format format, @TempDir Path folder) throws IOException {
    Path file = folder.resolve("input").resolve(name);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, "text");
    EmbedArguments arguments = EmbedArguments.parse(folder.resolve("input").toString(), "--output", "o", "--model", "m");
    TextInput input = TextInput.of(arguments, new Configuration());
    assertThat(input.format()).isEqualTo(format);
    assertThat(input.bytes()).isEqualTo(4);
  }
}
