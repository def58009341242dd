package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.weights.Safetensors.Dtype;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several files with an index are one set of tensors, or an error of one line. */
@Tag("once")
class ShardIndexTest {
  private static final String INDEX = "model.safetensors.index.json";
  private static final float[] A = {1, 2, 3};
  private static final float[] B = {4, 5};
  private static final float[] C = {6};

  @TempDir private Path folder;

  @BeforeEach
  void twoShards() throws IOException {
    Safetensors.write(
        folder.resolve("one.safetensors"),
        NamedTensors.builder().add("a", A, 3).add("b", B, 1, 2).build(),
        Map.of("format", "pt"),
        Dtype.F32);
    Safetensors.write(folder.resolve("two.safetensors"), NamedTensors.builder().add("c", C).build(), Map.of(), Dtype.BF16);
    index(
        "'metadata': {'total_size': 22, 'more': [null, {}]}, 'weight_map': {'c': 'two.safetensors', 'a': 'one.safetensors', 'b':"
            + " 'one.safetensors'}");
  }

  private void index(String json) throws IOException {
    Files.writeString(folder.resolve(INDEX), "{" + json.replace('\'', '"') + "}");
  }

  private void check(Safetensors tensors) {
    assertThat(tensors.names()).containsExactly("c", "a", "b");
    assertThat(tensors.floats("a")).containsExactly(A);
    assertThat(tensors.floats("b", 1, 2)).containsExactly(B);
    assertThat(tensors.floats("c")).containsExactly(C);
    assertThat(tensors.dtype("a")).isEqualTo(Dtype.F32);
    assertThat(tensors.dtype("c")).isEqualTo(Dtype.BF16);
    assertThat(tensors.shape("b")).containsExactly(1, 2);
    float[] part = new float[2];
    tensors.read("a", 1, part, 0, 2);
    assertThat(part).containsExactly(2, 3);
    assertThat(tensors.under("").floats("c")).containsExactly(C);
  }

  @Test
  void shardsAreOneSetOfTensors() throws IOException {
    try (Safetensors tensors = Safetensors.openAll(folder)) {
      check(tensors);
      assertThat(tensors).hasToString(folder.toString());
      assertThatThrownBy(() -> tensors.floats("d"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("there is no tensor \"d\" in " + folder);
    }
    try (Safetensors tensors = Safetensors.openAll(folder.resolve(INDEX))) {
      check(tensors);
    }
  }

  @Test
  void aFolderWithOneFileNeedsNoIndex() throws IOException {
    Files.delete(folder.resolve(INDEX));
    Files.move(folder.resolve("one.safetensors"), folder.resolve("model.safetensors"));
    for (Path path : List.of(folder, folder.resolve("model.safetensors"))) {
      try (Safetensors tensors = Safetensors.openAll(path)) {
        assertThat(tensors.names()).containsExactly("a", "b");
        assertThat(tensors.metadata()).containsExactly(Map.entry("format", "pt"));
      }
    }
  }

  @Test
  void closingUnmapsEveryShard() throws IOException {
    Safetensors tensors = Safetensors.openAll(folder);
    tensors.close();
    tensors.close();
    assertThatThrownBy(() -> tensors.floats("c")).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    assertThatThrownBy(tensors::metadata).isInstanceOf(IllegalStateException.class);
  }

  /** The shard is almost completely a hole, which only a reader of the whole file would notice. */
  @Test
  void shardsAreMappedAndNotRead() throws IOException {
    long bytes = 20L << 30;
    byte[] header =
        PlainSafetensors.file("{\"x\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}".formatted(bytes / 4, bytes), 0);
    Files.write(folder.resolve("large.safetensors"), header);
    try (FileChannel file = FileChannel.open(folder.resolve("large.safetensors"), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), header.length + bytes - 1);
    }
    index("'weight_map': {'x': 'large.safetensors'}");
    try (Safetensors tensors = Safetensors.openAll(folder)) {
      float[] last = {1};
      tensors.read("x", bytes / 4 - 1, last, 0, 1);
      assertThat(last).containsExactly(0);
    }
  }

  private void assertRefused(String... texts) {
    assertThatThrownBy(() -> Safetensors.openAll(folder))
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContainingAll(texts)
        .hasMessageStartingWith(folder.toString())
        .hasMessageNotContaining("\n");
  }

  @Test
  void anAbsentShardIsNamed() throws IOException {
    Files.delete(folder.resolve("two.safetensors"));
    assertRefused(INDEX, "shard", "two.safetensors", "\"c\"", "is not there");
  }

  @Test
  void aBrokenShardIsNamed() throws IOException {
    Files.writeString(folder.resolve("two.safetensors"), "abc");
    assertRefused("two.safetensors", "3 bytes");
  }

  @Test
  void aTensorThatItsShardLacksIsNamed() throws IOException {
    index("'weight_map': {'c': 'two.safetensors', 'a': 'one.safetensors', 'b': 'one.safetensors', 'd': 'two.safetensors'}");
    assertRefused("\"d\" is not in its shard two.safetensors");
    index("'weight_map': {'c': 'one.safetensors', 'a': 'one.safetensors', 'b': 'two.safetensors'}");
    assertRefused("\"c\" is not in its shard one.safetensors; it is in two.safetensors");
  }

  @Test
  void aTensorInTwoShardsIsNamed() throws IOException {
    Safetensors.write(folder.resolve("two.safetensors"), NamedTensors.builder().add("c", C).add("a", A, 3).build());
    assertRefused("\"a\" is in two shards, two.safetensors and one.safetensors");
  }

  @Test
  void aTensorThatTheIndexLacksIsNamed() throws IOException {
    index("'weight_map': {'c': 'two.safetensors', 'a': 'one.safetensors'}");
    assertRefused("\"b\" of shard one.safetensors is not named in the index");
  }

  @Test
  void longNamesAreRefused() throws IOException {
    index("'weight_map': {'a': '" + "x".repeat(256) + "'}");
    assertRefused(INDEX, "weight_map of tensor \"a\"", "of at most 255 characters");
    index("'weight_map': {'a': '" + "x".repeat(255) + "'}");
    assertRefused("x".repeat(255) + ", which it names for tensor \"a\", is not there");
  }

  /** The position of an error names the keys around it. */
  @ParameterizedTest
  @ValueSource(strings = {"\\n", "\\u001b[31m", "\\u2028", "\\u0085", "\\nSee https://x"})
  void oddNamesBesideWrongJson(String name) throws IOException {
    String json = "'" + name + "': {'dtype': wrong}";
    index(json);
    assertNoControls(INDEX, " path $.");
    byte[] header = PlainSafetensors.file("{" + json.replace('\'', '"') + "}", 0);
    Files.write(folder.resolve("model.safetensors"), header);
    assertNoControls("model.safetensors", " path $.");
  }

  private void assertNoControls(String... texts) {
    assertThatThrownBy(() -> Safetensors.openAll(folder))
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContainingAll(texts)
        .message()
        .matches(message -> message.codePoints().noneMatch(c -> Character.isISOControl(c) || c == 0x2028))
        .doesNotContain("See https://github");
  }

  @ParameterizedTest
  @CsvSource({"../one.safetensors", "/etc/passwd", "a\\b", "''", ".", "..", ".hidden", "C:x", "a b"})
  void namesWithPathsAreRefused(String name) throws IOException {
    index("'weight_map': {'a': '" + name.replace("\\", "\\\\") + "'}");
    assertRefused(INDEX, "weight_map of tensor \"a\"", "plain name");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "'a' 1 | not valid JSON at line 1",
        "'weight_map': {} | names no tensor",
        "'metadata': {} | has no weight_map",
        "'weight_map': [] | weight_map is a JSON array, must be a JSON object",
        "'weight_map': {'a': 1} | weight_map of tensor \"a\" is a JSON number, must be a JSON string",
        "'weight_map': {'a': 'x', 'a': 'x'} | tensor \"a\" occurs twice in weight_map",
        "'weight_map': {'a': 'x'}, 'weight_map': {'a': 'x'} | weight_map occurs twice",
        "'weight_map': {'a': 'x'}}{ | not valid JSON at line 1"
      })
  void wrongJsonIsRefused(String json, String message) throws IOException {
    index(json.replace("'", "\""));
    assertRefused(INDEX, message);
  }

  @Test
  void otherWrongFilesAreRefused() throws IOException {
    Files.write(folder.resolve(INDEX), new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
    assertRefused(INDEX, "not UTF-8");
    Files.writeString(folder.resolve(INDEX), "{\"weight_map\": {");
    assertRefused(INDEX, "not valid JSON");
    Files.delete(folder.resolve(INDEX));
    assertRefused("has neither model.safetensors nor model.safetensors.index.json");
    assertThatThrownBy(() -> Safetensors.openAll(folder.resolve("none"))).isExactlyInstanceOf(NoSuchFileException.class);
  }
}
