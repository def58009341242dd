package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.testing.Wrong;
import dev.lanewise.core.weights.Safetensors.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Promises of the Javadoc of tensors, their files and initial weights; messages name what the caller gave. */
@Tag("once")
class WeightsPromisesTest {
  private static final NamedTensors ONE = NamedTensors.builder().add("a", new float[1], 1).build();

  @ParameterizedTest
  @MethodSource({"tensors", "models"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> tensors() {
    Map<String, long[]> noShape = new HashMap<>();
    noShape.put("a", Wrong.nothing());
    return List.of(
        Wrong.isNull("name", out -> NamedTensors.builder().add(Wrong.nothing(), new float[1], 1)),
        Wrong.isNull("data", out -> NamedTensors.builder().add("a", Wrong.nothing(), 1)),
        Wrong.isNull("shape", out -> NamedTensors.builder().add("a", new float[1], (long[]) Wrong.nothing())),
        Wrong.isNull("expected", out -> ONE.check(Wrong.nothing())),
        Wrong.isNull("expected", out -> ONE.under("").check(Wrong.nothing())),
        Wrong.isNull("expected", out -> ONE.check(noShape)),
        Wrong.isNull("expectedShape", out -> ONE.floats("a", (long[]) Wrong.nothing())),
        Wrong.isNull("prefix", out -> ONE.under(Wrong.nothing())),
        Wrong.isNull("name", out -> ONE.under("a").floats(Wrong.nothing())),
        Wrong.isNull("path", out -> opened(Wrong.nothing())),
        Wrong.argument("twice", out -> NamedTensors.builder().add("a", new float[1]).add("a", new float[1]), "\"a\"", "twice"),
        Wrong.argument("no product", out -> NamedTensors.builder().add("a", new float[1], -1, -1), "\"a\"", "1", "[-1"),
        Wrong.argument("no long", out -> NamedTensors.builder().add("a", new float[0], 1L << 32, 1L << 32), "\"a\"", "0", "[4294967296"));
  }

  private static void opened(Path path) {
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.names()).isEmpty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static List<Wrong> models() {
    int max = Integer.MAX_VALUE;
    return List.of(
        Wrong.isNull("tensors", out -> TorchWeights.of(Wrong.nothing(), 1)),
        Wrong.argument("no heads", out -> TorchWeights.of(ONE, 0), "numHeads", "0", "1"),
        Wrong.argument("epsilon", out -> TorchWeights.of(ONE, 1).withEpsilon(-1), "epsilon", "-1.0", "0"),
        Wrong.argument("epsilon NaN", out -> TorchWeights.of(ONE, 1).withEpsilon(Float.NaN), "epsilon", "NaN", "0"),
        Wrong.isNull("placement", out -> TorchWeights.of(ONE, 1).withNorms(Wrong.nothing())),
        Wrong.isNull("activation", out -> TorchWeights.of(ONE, 1).withActivation(Wrong.nothing())),
        Wrong.isNull("prefix", out -> TorchWeights.of(ONE, 1).encoder(Wrong.nothing())),
        Wrong.argument(
            "no multiple",
            out -> TorchWeights.of(Initialisation.xavier(1).attention(6), 4).attention(""),
            "embedDim",
            "6",
            "numHeads",
            "4"),
        Wrong.argument("no width", out -> Initialisation.xavier(1).attention(0), "embedDim", "0", "1"),
        Wrong.argument("no layers", out -> Initialisation.xavier(1).encoder(2, 2, 0), "layers", "0", "1"),
        Wrong.argument("a packed matrix", out -> Initialisation.xavier(1).attention(max), "embedDim", "2147483647"),
        Wrong.argument(
            "a matrix", out -> Initialisation.xavier(1).encoderLayer(30_000, 70_000), "embedDim", "30000", "feedForward", "70000"),
        Wrong.argument("sources", out -> Initialisation.xavier(1).attention(2, max, 5), "keyInputDim", "2147483647", "embedDim", "2"));
  }

  /** A caller's implementation with tensors of one name. */
  private record Own(long[] shape, float[] floats) implements NamedTensors {
    @Override
    public Set<String> names() {
      return Set.of("own");
    }

    @Override
    public long[] shape(String name) {
      return shape.clone();
    }

    @Override
    public float[] floats(String name) {
      return floats.clone();
    }
  }

  /** What cannot be written is refused with an IllegalArgumentException, and the old file stays. */
  @Test
  void aFileThatCannotBeWrittenStaysAsItWas(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("x.safetensors");
    Safetensors.write(path, ONE);
    byte[] before = Files.readAllBytes(path);
    long large = 1L << 61;
    Map<String, NamedTensors> wrong = new LinkedHashMap<>();
    wrong.put("too large a product", new Own(new long[] {large, large}, new float[0]));
    wrong.put("too many bytes", new Own(new long[] {large}, new float[0]));
    wrong.put("negative", new Own(new long[] {-1, -1}, new float[1]));
    wrong.put("one negative", new Own(new long[] {-1}, new float[1]));
    wrong.put("floats do not fit", new Own(new long[] {2}, new float[1]));
    wrong.forEach(
        (name, tensors) ->
            assertThatThrownBy(() -> Safetensors.write(path, tensors))
                .as(name)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"own\"")
                .hasMessageContaining(tensors.shape("own")[0] + ""));
    assertThatThrownBy(() -> Safetensors.write(path, ONE, Map.of(), name -> Wrong.nothing()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"a\"");
    assertThatThrownBy(() -> Safetensors.write(path, ONE, Map.of(), Dtype.F64)).isInstanceOf(IllegalArgumentException.class);
    Map<String, String> noText = new HashMap<>();
    noText.put("k", Wrong.nothing());
    Map<String, String> noName = new HashMap<>();
    noName.put(Wrong.nothing(), "v");
    assertNull("metadata", () -> Safetensors.write(path, ONE, noText, Dtype.F32));
    assertNull("metadata", () -> Safetensors.write(path, ONE, noName, Dtype.F32));
    assertNull("metadata", () -> Safetensors.write(path, ONE, Wrong.nothing(), Dtype.F32));
    assertNull("tensors", () -> Safetensors.write(path, Wrong.nothing()));
    assertNull("path", () -> Safetensors.write(Wrong.nothing(), ONE));
    assertNull("dtype", () -> Safetensors.write(path, ONE, Map.of(), Wrong.<Dtype>nothing()));
    assertNull("dtypeOf", () -> Safetensors.write(path, ONE, Map.of(), Wrong.<Function<String, Dtype>>nothing()));
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  private static void assertNull(String name, ThrowingCallable call) {
    assertThatThrownBy(call).isExactlyInstanceOf(NullPointerException.class).hasMessageContaining(name);
  }

  @Test
  void aClosedFileRefusesEverything(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("x.safetensors");
    Safetensors.write(path, ONE, Map.of("k", "v"), Dtype.BF16);
    Safetensors file = Safetensors.open(path);
    assertThat(file.dtype("a")).isEqualTo(Dtype.BF16);
    assertThat(file.metadata()).isEqualTo(Map.of("k", "v"));
    float[] target = new float[3];
    assertThatThrownBy(() -> file.read("a", -1, target, 0, 1)).hasMessageContaining("first is -1");
    assertThatThrownBy(() -> file.read("a", 2, target, 0, 0)).hasMessageContaining("first is 2");
    assertThatThrownBy(() -> file.read("a", 0, target, 0, 2)).hasMessageContaining("length is 2");
    assertThatThrownBy(() -> file.read("a", 1, target, 0, 1)).hasMessageContaining("length is 1");
    assertThatThrownBy(() -> file.read("a", 0, target, 0, -1)).hasMessageContaining("length is -1");
    assertThatThrownBy(() -> file.read("a", 0, target, 3, 1)).hasMessageContaining("offset + length is 4");
    assertThatThrownBy(() -> file.read("a", 0, target, -1, 1)).hasMessageContaining("offset is -1");
    NamedTensors part = file.under("");
    file.close();
    file.close();
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            file::names,
            () -> file.shape("a"),
            () -> file.dtype("a"),
            file::metadata,
            () -> file.floats("a"),
            () -> file.floats("a", 1),
            () -> file.read("a", 0, target, 0, 1),
            () -> file.check(Map.of()),
            part::names,
            () -> part.floats("a"))) {
      assertThatThrownBy(call).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("is closed");
    }
  }

  /** The message names the first fifty, and counts the others. */
  @Test
  void aMessageNamesFiftyAndCountsTheRest() {
    NamedTensors.Builder builder = NamedTensors.builder();
    for (int i = 0; i < 53; i++) {
      builder.add("t" + i, new float[1], 1);
    }
    assertThatThrownBy(() -> builder.build().check(Map.of()))
        .hasMessageContaining("53 tensors")
        .hasMessageContaining("\"t49\"")
        .hasMessageNotContaining("\"t50\"")
        .hasMessageContaining("and 3 more");
  }
}
