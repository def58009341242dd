package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.testing.Wrong;
import dev.lanewise.core.weights.Safetensors.Dtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file is written completely or not at all, with the same bytes each time; {@link SafetensorsTest} reads what was written. */
@Tag("once")
class SafetensorsWriteTest {
  @TempDir private Path folder;

  private static NamedTensors tensor(float[] data, long... shape) {
    return NamedTensors.builder().add("x", data, shape).build();
  }

  @Test
  void fileIsReplacedAsAWhole() throws IOException {
    Path path = folder.resolve("x");
    Safetensors.write(path, tensor(new float[] {1, 2, 3}, 3));
    byte[] before = Files.readAllBytes(path);
    List<Wrong> wrong =
        List.of(
            Wrong.argument("dtype", t -> write(path, tensor(new float[1], 1), Map.of(), Dtype.F64), "\"x\"", "F64", "[F16", "F32]"),
            Wrong.argument("name", t -> write(path, NamedTensors.builder().add("__metadata__", t, 4096).build()), "__metadata__"),
            Wrong.argument("half", t -> write(path, NamedTensors.builder().add("a\ud800", t, 4096).build()), "\"a\\ud800\"", "surrogate"),
            Wrong.argument("metadata", t -> write(path, tensor(t, 4096), Map.of("k", "\udc00"), Dtype.F32), "\"k\"", "\"\\udc00\""),
            Wrong.argument("length", t -> write(path, new Liar()), "\"liar\"", "5", "[3]"));
    wrong.forEach(Wrong::verify);
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    try (Safetensors file = Safetensors.open(path)) {
      // From the file to itself: the open file stays as it was.
      Safetensors.write(path, file, Map.of(), Dtype.BF16);
      assertThat(file.dtype("x")).isEqualTo(Dtype.F32);
      assertThat(file.floats("x")).containsExactly(1, 2, 3);
    }
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.dtype("x")).isEqualTo(Dtype.BF16);
      assertThat(file.floats("x")).containsExactly(1, 2, 3);
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
    assertThat(Files.getAttribute(path, "unix:mode")).isEqualTo(Files.getAttribute(Files.write(folder.resolve("y"), before), "unix:mode"));
  }

  private static void write(Path path, NamedTensors tensors) {
    write(path, tensors, Map.of(), Dtype.F32);
  }

  private static void write(Path path, NamedTensors tensors, Map<String, String> metadata, Dtype dtype) {
    try {
      Safetensors.write(path, tensors, metadata, dtype);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tensors with more elements than their shape says, which is detected when half of the file is written. */
  private record Liar() implements NamedTensors {
    @Override
    public Set<String> names() {
      return Set.of("liar");
    }

    @Override
    public long[] shape(String name) {
      return new long[] {3};
    }

    @Override
    public float[] floats(String name) {
      return new float[5];
    }
  }

  @Test
  void sameTensorsGiveTheSameBytes() throws IOException {
    Map<String, String> metadata = Map.of("b", "1", "a", "2", "c", "3");
    NamedTensors oneOrder = NamedTensors.builder().add("x", new float[1], 1).add("y", new float[2], 2).build();
    NamedTensors other = NamedTensors.builder().add("y", new float[2], 2).add("x", new float[1], 1).build();
    Safetensors.write(folder.resolve("1"), oneOrder, metadata, Dtype.F16);
    Safetensors.write(folder.resolve("2"), other, metadata, Dtype.F16);
    assertThat(folder.resolve("1")).hasSameBinaryContentAs(folder.resolve("2"));
    assertThat(Files.readString(folder.resolve("1"), StandardCharsets.ISO_8859_1))
        .contains("{\"__metadata__\":{\"a\":\"2\",\"b\":\"1\",\"c\":\"3\"},\"x\"");
    try (Safetensors file = Safetensors.open(folder.resolve("1"))) {
      assertThat(file.metadata()).isEqualTo(metadata);
    }
  }

  @Test
  void pathsThatNameNoFile() throws IOException {
    Path none = folder.resolve("none").resolve("x");
    assertThatThrownBy(() -> Safetensors.write(none, tensor(new float[3], 3))).isInstanceOf(IOException.class);
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.write(full.resolve("y"), new byte[1]);
    assertThatThrownBy(() -> Safetensors.write(full, tensor(new float[3], 3))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Safetensors.write(Path.of("/"), tensor(new float[3], 3)))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("names no file");
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files).containsExactlyInAnyOrder(folder, full, full.resolve("y"));
    }
  }
}
