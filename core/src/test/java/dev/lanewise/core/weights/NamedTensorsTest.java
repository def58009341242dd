package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.testing.Wrong;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors by name behave in the same way in memory and in a file. */
@Tag("once")
class NamedTensorsTest {
  @TempDir private Path folder;

  private interface Check {
    void on(NamedTensors tensors);
  }

  private static NamedTensors inMemory() {
    return NamedTensors.builder()
        .add("a.weight", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
        .add("a.bias", new float[] {7, 8}, 2)
        .add("b.weight", new float[] {9})
        .add("c", new float[0], 4, 0)
        .build();
  }

  private void both(Check check) throws IOException {
    check.on(inMemory());
    Path path = folder.resolve("x");
    Safetensors.write(path, inMemory());
    try (Safetensors file = Safetensors.open(path)) {
      check.on(file);
    }
  }

  private static Map<String, long[]> expected() {
    Map<String, long[]> expected = new LinkedHashMap<>();
    expected.put("a.weight", new long[] {2, 3});
    expected.put("a.bias", new long[] {2});
    expected.put("b.weight", new long[] {});
    expected.put("c", new long[] {4, 0});
    return expected;
  }

  @Test
  void namesShapesAndFloats() throws IOException {
    both(
        tensors -> {
          assertThat(tensors.names()).containsExactlyInAnyOrder("a.weight", "a.bias", "b.weight", "c");
          assertThat(tensors.shape("a.weight")).containsExactly(2, 3);
          assertThat(tensors.shape("b.weight")).isEmpty();
          assertThat(tensors.floats("a.weight", 2, 3)).containsExactly(1, 2, 3, 4, 5, 6);
          assertThat(tensors.floats("b.weight", new long[0])).containsExactly(9);
          assertThat(tensors.floats("c", 4, 0)).isEmpty();
          tensors.floats("a.bias")[0] = 5;
          tensors.shape("a.bias")[0] = 5;
          assertThat(tensors.floats("a.bias", 2)).containsExactly(7, 8);
        });
  }

  @Test
  void wrongShapeOrName() throws IOException {
    both(
        tensors -> {
          assertThatThrownBy(() -> tensors.floats("a.weight", 3, 2))
              .isExactlyInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("\"a.weight\" has shape [2, 3], but is expected with shape [3, 2]");
          assertThatThrownBy(() -> tensors.floats("a.wait", 3, 2))
              .isExactlyInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("\"a.wait\" is expected with shape [3, 2], but is not there in " + tensors);
          assertThatThrownBy(() -> tensors.floats("a.wait"))
              .isExactlyInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("\"a.wait\"");
        });
  }

  @Test
  void checkNamesEverything() throws IOException {
    both(
        tensors -> {
          tensors.check(expected());
          Map<String, long[]> other = expected();
          other.put("a.weight", new long[] {3, 2});
          other.put("b.weight", new long[] {1});
          other.put("d", new long[] {5, 6});
          other.put("e", new long[] {7});
          other.remove("a.bias");
          other.remove("c");
          assertThatThrownBy(() -> tensors.check(other))
              .isExactlyInstanceOf(IllegalArgumentException.class)
              .message()
              .satisfies(
                  message ->
                      assertThat(message.lines())
                          .startsWith(
                              "6 tensors in " + tensors + ":",
                              "wrong shape: \"a.weight\" has shape [2, 3], but is expected with shape [3, 2]",
                              "wrong shape: \"b.weight\" has shape [], but is expected with shape [1]",
                              "missing: \"d\" is expected with shape [5, 6], but is not there",
                              "missing: \"e\" is expected with shape [7], but is not there")
                          .contains(
                              "extra: \"a.bias\" has shape [2], but is not expected", "extra: \"c\" has shape [4, 0], but is not expected")
                          .hasSize(7));
        });
  }

  @Test
  void underAPrefix() throws IOException {
    both(
        tensors -> {
          NamedTensors a = tensors.under("a.");
          assertThat(a.names()).containsExactlyInAnyOrder("weight", "bias");
          assertThat(a.shape("bias")).containsExactly(2);
          assertThat(a.floats("bias")).containsExactly(7, 8);
          assertThat(a.floats("bias", 2)).containsExactly(7, 8);
          assertThat(tensors.under("a").under(".we").names()).containsExactly("ight");
          assertThat(tensors.under("a").under(".we").floats("ight")).hasSize(6);
          assertThat(tensors.under("d").names()).isEmpty();
          a.check(Map.of("weight", new long[] {2, 3}, "bias", new long[] {2}));
          assertThatThrownBy(() -> a.floats("bias", 3)).hasMessageContainingAll("\"a.bias\"", "[2]", "[3]");
          assertThatThrownBy(() -> a.floats("none")).hasMessageContaining("\"a.none\"");
          assertThatThrownBy(() -> a.check(Map.of("weight", new long[] {2, 3})))
              .hasMessage("1 tensor in " + tensors + ":\nextra: \"a.bias\" has shape [2], but is not expected");
        });
  }

  @Test
  void builderRefuses() {
    List<Wrong> wrong =
        List.of(
            Wrong.argument("twice", t -> NamedTensors.builder().add("x", t, 4096).add("x", t, 4096), "\"x\"", "twice"),
            Wrong.argument("length", t -> NamedTensors.builder().add("x", t, 64, 65), "\"x\"", "4096", "[64", "65]"),
            Wrong.argument("no shape", t -> NamedTensors.builder().add("x", t), "\"x\"", "4096", "[]"),
            Wrong.argument("negative", t -> NamedTensors.builder().add("x", t, -64, -64), "\"x\"", "4096", "[-64", "-64]"),
            Wrong.argument("giant", t -> NamedTensors.builder().add("x", t, 1L << 32, 1L << 32), "\"x\"", "4096", "[4294967296"),
            Wrong.isNull("name", t -> NamedTensors.builder().add(null, t, 4096)),
            Wrong.isNull("data", t -> NamedTensors.builder().add("x", null, 4096)));
    wrong.forEach(Wrong::verify);
    NamedTensors.Builder builder = NamedTensors.builder().add("x", new float[1], 1);
    NamedTensors first = builder.build();
    builder.add("y", new float[1], 1);
    assertThat(first.names()).containsExactly("x");
  }
}
