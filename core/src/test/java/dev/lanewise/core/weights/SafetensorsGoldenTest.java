package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.weights.Safetensors.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of the reference implementation, made by golden/weights.py: this library reads them, and writes the same bytes. */
@Tag("once")
class SafetensorsGoldenTest {
  private static final Map<String, Dtype> UNREAD =
      Map.ofEntries(
          Map.entry("bool", Dtype.BOOL),
          Map.entry("uint8", Dtype.U8),
          Map.entry("int8", Dtype.I8),
          Map.entry("int16", Dtype.I16),
          Map.entry("uint16", Dtype.U16),
          Map.entry("int32", Dtype.I32),
          Map.entry("uint32", Dtype.U32),
          Map.entry("int64", Dtype.I64),
          Map.entry("uint64", Dtype.U64),
          Map.entry("float8_e4m3fn", Dtype.F8_E4M3),
          Map.entry("float8_e5m2", Dtype.F8_E5M2));

  @TempDir private Path folder;

  private Safetensors open(byte[] bytes) throws IOException {
    return Safetensors.open(Files.write(folder.resolve("golden.safetensors"), bytes));
  }

  @Test
  void floatsEqualPyTorch() throws IOException {
    byte[] bytes = PlainSafetensors.golden("read.safetensors");
    try (Safetensors file = open(bytes)) {
      Map<String, Dtype> dtypes = Map.of("float16", Dtype.F16, "bfloat16", Dtype.BF16, "float32", Dtype.F32, "float64", Dtype.F64);
      for (Map.Entry<String, Dtype> entry : dtypes.entrySet()) {
        String name = entry.getKey();
        float[] expected = new PlainSafetensors(bytes).floats(name + " as F32");
        assertThat(file.dtype(name)).isEqualTo(entry.getValue());
        assertThat(file.floats(name + " as F32", 5, 51)).as(name).containsExactly(expected);
        float[] actual = file.floats(name, 5, 51);
        for (int i = 0; i < expected.length; i++) {
          // floatToIntBits has one NaN and two zeros.
          assertThat(Float.floatToIntBits(actual[i])).as("%s, element %d", name, i).isEqualTo(Float.floatToIntBits(expected[i]));
        }
      }
    }
  }

  @Test
  void everyKindIsListed() throws IOException {
    try (Safetensors file = open(PlainSafetensors.golden("read.safetensors"))) {
      assertThat(file.names()).hasSize(23).startsWith("uint64", "int64", "float64").endsWith("int8", "uint8", "bool");
      UNREAD.forEach(
          (name, dtype) -> {
            assertThat(file.dtype(name)).as(name).isEqualTo(dtype);
            assertThat(file.shape(name)).as(name).containsExactly(1, dtype.name().startsWith("F8") ? 2 : 3);
          });
      assertThat(file.shape("one number")).isEmpty();
      assertThat(file.floats("one number")).containsExactly(-1.5f);
      assertThat(file.floats("no rows", 0, 7)).isEmpty();
      assertThat(file.floats("no columns", 3, 0, 5)).isEmpty();
      assertThat(file.floats("Gewichtung ü 𝟙 \"\\\n", 1, 3)).containsExactly(1, 2, 3);
      assertThat(file.metadata()).containsOnlyKeys("made by ü\u2028");
      assertThat(file.metadata().get("made by ü\u2028")).startsWith("torch 2").contains("safetensors 0").endsWith(" 𝟙 \"\\\n\t\u0001");
    }
  }

  @Test
  void sameBytesAreWritten() throws IOException {
    byte[] expected = PlainSafetensors.golden("written.safetensors");
    float[] numbers = new PlainSafetensors(expected).floats("numbers");
    NamedTensors tensors =
        NamedTensors.builder()
            .add("\ud835\udfd9", new float[] {1}, 1, 1)
            .add("as bfloat", numbers, numbers.length)
            .add("\uffee", new float[1], 1)
            .add("numbers", numbers, numbers.length)
            .add("empty", new float[0], 2, 0)
            .add("as half", numbers, numbers.length)
            .add("a", new float[] {2.5f})
            .build();
    Map<String, Dtype> dtypes = Map.of("as half", Dtype.F16, "as bfloat", Dtype.BF16);
    Path path = folder.resolve("written.safetensors");
    Safetensors.write(path, tensors, Map.of("format", "pt"), name -> dtypes.getOrDefault(name, Dtype.F32));
    assertThat(Arrays.mismatch(Files.readAllBytes(path), expected)).as("first byte that differs").isEqualTo(-1);
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(List.copyOf(file.names())).isEqualTo(List.of("a", "empty", "numbers", "\uffee", "\ud835\udfd9", "as bfloat", "as half"));
    }
  }
}
