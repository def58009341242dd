package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.bench.cli.files.TextLines;
import dev.lanewise.testing.Mutations;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code embed} goes on from, and what {@code similar} reads, damaged: refused and left alone, or a file whose whole lines stay. */
@Timeout(1200) // against hanging
class EmbeddedFilesFuzzTest {
  private static final long SEED = 20261123;
  private static final int FILES = 2000;
  private static final int WIDTH = 384;
  private static final long ALLOWANCE = 2_000_000;

  @TempDir private Path folder;

  private static float[] embedding(int line) {
    float[] embedding = new float[WIDTH];
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = (float) Math.sin(i + line);
    }
    return embedding;
  }

  private static byte[] written(VectorOutput output, Path file) throws IOException {
    try (output) {
      for (int line = 1; line <= 3; line++) {
        output.append(new TextLines.Line(line, "text " + line + " \"ü\"", ""), embedding(line));
      }
    }
    return Files.readAllBytes(file);
  }

  /** Opens the output, and closes it without writing anything. */
  @FunctionalInterface
  private interface Resumed {
    VectorOutput open(Path file) throws IOException;
  }

  private boolean refuses(Resumed resumed, Path file, byte[] bytes, String what) throws IOException {
    Mutations.write(file, bytes);
    boolean refused =
        Mutations.refuses(
            () -> {
              try (VectorOutput output = resumed.open(file)) {
                assertThat(output.linesBefore()).as(what).isNotNegative();
              }
            },
            file.toString(),
            what,
            ALLOWANCE + 20L * bytes.length);
    byte[] after = Files.readAllBytes(file);
    assertThat(after.length).as(what).isLessThanOrEqualTo(Math.max(bytes.length, RowFormat.HEADER_BYTES));
    if (bytes.length > 0) {
      assertThat(after).as("what %s leaves", what).isEqualTo(Arrays.copyOf(bytes, refused ? bytes.length : after.length));
    }
    return refused;
  }

  private void assertAlone(Path file) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("no name in a file is taken for a path").containsExactly(file);
    }
  }

  @ParameterizedTest
  @EnumSource
  void matricesToGoOnFrom(RowFormat format) throws IOException {
    Path file = folder.resolve("rows");
    byte[] valid = written(RowFile.resume(file, format, WIDTH), file);
    byte[] header = Arrays.copyOf(valid, RowFormat.HEADER_BYTES);
    Mutations mutations = new Mutations(SEED + format.ordinal());
    int refused = 0;
    for (int i = 0; i < Mutations.count(FILES); i++) {
      byte[] bytes = mutations.ofBytes(i % 4 == 0 ? valid : header);
      if (i % 4 == 1) {
        bytes = Arrays.copyOf(bytes, valid.length);
        System.arraycopy(valid, header.length, bytes, header.length, valid.length - header.length);
      }
      refused += refuses(target -> RowFile.resume(target, format, WIDTH), file, bytes, mutations.name()) ? 1 : 0;
    }
    assertThat(refused).isBetween(mutations.files() / 2, mutations.files() - 1);
    assertAlone(file);
  }

  @Test
  void jsonLinesToGoOnFrom() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    byte[] valid = written(JsonLines.resume(file, WIDTH), file);
    Mutations mutations = new Mutations(SEED + 10);
    int refused = 0;
    for (int i = 0; i < Mutations.count(FILES); i++) {
      refused += refuses(target -> JsonLines.resume(target, WIDTH), file, mutations.of(valid), mutations.name()) ? 1 : 0;
    }
    assertThat(refused).isBetween(mutations.files() / 20, mutations.files() - 1);
    assertAlone(file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n",
        "\n\n\n",
        "{}\n",
        "[]\n",
        "null\n",
        "{\"line\":0,\"text\":\"\",\"embedding\":[]}\n",
        "{\"line\":1e99999,\"text\":\"\",\"embedding\":[]}\n",
        "{\"line\":1,\"text\":\"\",\"embedding\":[1]}\n",
        "{\"line\":1,\"text\":\"\",\"embedding\":[1e39]}\n",
        "{\"line\":1,\"text\":null,\"embedding\":[1]}\n"
      })
  void otherLinesAreRefused(String text) throws IOException {
    assertThat(
            refuses(target -> JsonLines.resume(target, WIDTH), folder.resolve("lines.jsonl"), text.getBytes(StandardCharsets.UTF_8), text))
        .isTrue();
  }

  @Test
  void linesOfVectors() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    String all = new String(written(JsonLines.resume(file, WIDTH), file), StandardCharsets.UTF_8);
    String line = all.lines().findFirst().orElseThrow();
    Mutations mutations = new Mutations(SEED + 11);
    int refused = 0;
    for (int i = 0; i < Mutations.count(FILES); i++) {
      byte[] damaged = i % 2 == 0 ? mutations.ofJson(line) : mutations.ofBytes(line.getBytes(StandardCharsets.UTF_8));
      String text = new String(damaged, StandardCharsets.UTF_8);
      refused += Mutations.refuses(() -> parse(text), "", mutations.name(), ALLOWANCE + 20L * text.length()) ? 1 : 0;
    }
    assertThat(refused).isBetween(mutations.files() / 2, mutations.files() - 1);
    for (String deep : new String[] {"[".repeat(500_000), "{\"a\":".repeat(100_000), "{\"line\":" + "9".repeat(500_000)}) {
      assertThat(Mutations.refuses(() -> parse(deep), "", "deep", ALLOWANCE + 20L * deep.length())).isTrue();
    }
    assertThatThrownBy(() -> JsonLines.parse(line.replaceFirst("\\[[^,]*", "[1e39"), WIDTH))
        .hasMessageContaining("has an embedding with Infinity");
    assertThatThrownBy(() -> JsonLines.parse(line.replaceFirst("\\[[^,]*", "[NaN"), WIDTH)).isInstanceOf(IOException.class);
  }

  private static void parse(String text) throws IOException {
    Embedded embedded = JsonLines.parse(text, WIDTH);
    assertThat(embedded.embedding()).hasSize(WIDTH);
    for (float element : embedded.embedding()) {
      assertThat(Float.isFinite(element)).isTrue();
    }
    assertThat(embedded.line()).isPositive();
  }

  /** Each line is text or has a reason, and none is lost: as many as there are newlines, and the rest if there is any. */
  @Test
  void texts() {
    byte[] valid = "The law.\r\n\nÜber 漢字 \ud83d\ude00\n\u0000\tx\nlast".getBytes(StandardCharsets.UTF_8);
    Mutations mutations = new Mutations(SEED + 12);
    int odd = 0;
    for (int i = 0; i < Mutations.count(FILES); i++) {
      byte[] bytes = mutations.ofBytes(valid);
      int lines = 0;
      for (byte b : bytes) {
        lines += b == '\n' ? 1 : 0;
      }
      int expected = lines + (bytes.length > 0 && bytes[bytes.length - 1] != '\n' ? 1 : 0);
      int[] read = new int[2];
      Mutations.refuses(() -> read(bytes, read), "", mutations.name(), ALLOWANCE);
      assertThat(read[0]).as(mutations.name()).isEqualTo(expected);
      odd += read[1];
    }
    assertThat(odd).as("lines that are not UTF-8").isGreaterThan(mutations.files() / 10);
  }

  private static void read(byte[] bytes, int[] read) throws IOException {
    try (TextLines lines = new TextLines(new ByteArrayInputStream(bytes))) {
      for (var batch = lines.nextBatch(); !batch.isEmpty(); batch = lines.nextBatch()) {
        for (TextLines.Line line : batch) {
          assertThat(line.number()).isEqualTo(++read[0]);
          assertThat(line.text()).doesNotContain("\n");
          read[1] += line.readable() ? 0 : 1;
        }
      }
    }
  }

  /** 400 lines of 1 MB come a few at a time. */
  @Test
  void longLinesComeInSmallBatches() throws IOException {
    byte[] bytes = ("x".repeat(TextLines.MAX_BYTES - 1) + "\n").repeat(20).getBytes(StandardCharsets.UTF_8);
    try (TextLines lines = new TextLines(new ByteArrayInputStream(bytes))) {
      assertThat(lines.nextBatch()).hasSizeLessThan(6);
    }
    try (TextLines lines = new TextLines(new ByteArrayInputStream("\n".repeat(1000).getBytes(StandardCharsets.UTF_8)))) {
      assertThat(lines.nextBatch()).hasSize(256);
    }
  }
}
