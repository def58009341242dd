package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
class SafetensorsTest {
  private static final long SEED = 20261124;

  @TempDir private Path folder;

  private static NamedTensors tensor(float[] data, long... shape) {
    return NamedTensors.builder().add("x", data, shape).build();
  }

  /** Numbers of every exponent, including denormal, infinite and NaN ones. */
  private static float[] anyBits(int length) {
    SplittableRandom random = new SplittableRandom(SEED);
    float[] numbers = new float[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = Float.intBitsToFloat(random.nextInt());
    }
    return numbers;
  }

  private static void assertSameBits(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(Float.floatToRawIntBits(actual[i])).as("element %d", i).isEqualTo(Float.floatToRawIntBits(expected[i]));
    }
  }

  /** Lengths around the number of elements that are converted at a time. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4095, 4096, 4097, 16384, 32769, 100_003})
  void roundTripOfAnyBits(int length) throws IOException {
    Path path = folder.resolve("x");
    float[] numbers = anyBits(length);
    Safetensors.write(path, tensor(numbers, length));
    try (Safetensors file = Safetensors.open(path)) {
      assertSameBits(file.floats("x", length), numbers);
    }
    for (Dtype dtype : List.of(Dtype.F16, Dtype.BF16)) {
      float[] once = converted(path, dtype, numbers);
      assertSameBits(converted(path, dtype, once), once);
      for (int i = 0; i < length; i++) {
        float expected = dtype == Dtype.F16 ? Float.float16ToFloat(Float.floatToFloat16(numbers[i])) : nearestBfloat(numbers[i]);
        assertThat(Float.floatToIntBits(once[i])).as("%s of %s", dtype, numbers[i]).isEqualTo(Float.floatToIntBits(expected));
      }
    }
  }

  private static float[] converted(Path path, Dtype dtype, float[] numbers) throws IOException {
    Safetensors.write(path, tensor(numbers, numbers.length), Map.of(), dtype);
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.dtype("x")).isEqualTo(dtype);
      return file.floats("x");
    }
  }

  /** The nearest number whose low 16 bits are zero, in double; for a tie, the even one. */
  private static float nearestBfloat(float value) {
    if (!Float.isFinite(value)) {
      return value;
    }
    int bits = Float.floatToRawIntBits(value);
    int below = bits & 0xffff0000;
    int above = below + 0x10000;
    // Infinity follows the largest number, and rounding treats it as the next number.
    double upper = Float.isInfinite(Float.intBitsToFloat(above)) ? Math.copySign(0x1p128, value) : Float.intBitsToFloat(above);
    double toBelow = Math.abs((double) value - Float.intBitsToFloat(below));
    double toAbove = Math.abs(upper - value);
    boolean down = toBelow < toAbove || (toBelow == toAbove && (below & 0x10000) == 0);
    return Float.intBitsToFloat(down ? below : above);
  }

  @Test
  void everyHalfIsReadExactly() throws IOException {
    byte[] buffer = new byte[2 << 16];
    for (int i = 0; i < buffer.length; i++) {
      buffer[i] = (byte) (i % 2 == 0 ? i / 2 : i / 512);
    }
    for (Dtype dtype : List.of(Dtype.F16, Dtype.BF16)) {
      byte[] bytes =
          PlainSafetensors.file("{\"x\":{\"dtype\":\"" + dtype + "\",\"shape\":[65536],\"data_offsets\":[0,131072]}}", buffer.length);
      System.arraycopy(buffer, 0, bytes, bytes.length - buffer.length, buffer.length);
      try (Safetensors file = Safetensors.open(Files.write(folder.resolve("x"), bytes))) {
        float[] numbers = file.floats("x");
        for (int i = 0; i < numbers.length; i++) {
          double expected = dtype == Dtype.F16 ? value(i, 5, 10) : value(i, 8, 7);
          assertThat((double) numbers[i]).as("%s %04x", dtype, i).isEqualTo((Double) expected);
        }
      }
    }
  }

  /** The value of sign, exponent and fraction by the definition of the format. */
  private static double value(int bits, int exponentBits, int fractionBits) {
    int bias = (1 << (exponentBits - 1)) - 1;
    int exponent = (bits >> fractionBits) & (2 * bias + 1);
    double fraction = (bits & ((1 << fractionBits) - 1)) / (double) (1 << fractionBits);
    double magnitude = exponent == 0 ? Math.scalb(fraction, 1 - bias) : Math.scalb(1 + fraction, exponent - bias);
    if (exponent == 2 * bias + 1) {
      magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    }
    return bits >> (exponentBits + fractionBits) == 0 ? magnitude : -magnitude;
  }

  @ParameterizedTest
  @EnumSource(
      value = Dtype.class,
      names = {"F32", "F16", "BF16"})
  void partsAreThoseOfTheWhole(Dtype dtype) throws IOException {
    Path path = folder.resolve("x");
    float[] numbers = converted(path, dtype, anyBits(10_007));
    SplittableRandom random = new SplittableRandom(SEED + 1);
    try (Safetensors file = Safetensors.open(path)) {
      for (int n = 0; n < 200; n++) {
        int first = random.nextInt(numbers.length + 1);
        int length = random.nextInt(numbers.length + 1 - first);
        float[] target = new float[length + 7];
        Arrays.fill(target, Views.SENTINEL);
        float[] expected = target.clone();
        System.arraycopy(numbers, first, expected, 3, length);
        file.read("x", first, target, 3, length);
        assertSameBits(target, expected);
      }
    }
  }

  @Test
  void wrongCallsAreRefused() throws IOException {
    Path path = folder.resolve("x");
    Files.write(path, PlainSafetensors.golden("read.safetensors"));
    try (Safetensors file = Safetensors.open(path)) {
      float[] target = new float[10];
      List<Wrong> wrong =
          List.of(
              Wrong.argument("no such", t -> file.floats("y"), "\"y\"", path.toString()),
              Wrong.argument("no such shape", t -> file.shape("y"), "\"y\""),
              Wrong.argument("no such dtype", t -> file.dtype("y"), "\"y\""),
              Wrong.argument("integers", t -> file.floats("int64"), "\"int64\"", "I64"),
              Wrong.argument("part of integers", t -> file.read("int64", 0, t, 0, 1), "\"int64\"", "I64"),
              Wrong.argument("other shape", t -> file.floats("float16", 51, 5), "\"float16\"", "[5", "51]", "[51", "5]"),
              Wrong.argument("missing of a shape", t -> file.floats("y", 51, 5), "\"y\"", "[51", "5]"),
              Wrong.argument("first too small", t -> file.read("float16", -1, t, 0, 1), "first", "-1", "0"),
              Wrong.argument("first too large", t -> file.read("float16", 256, t, 0, 0), "first", "256", "255"),
              Wrong.argument("offset", t -> file.read("float16", 0, t, -1, 1), "offset", "-1", "0"),
              Wrong.argument("length", t -> file.read("float16", 0, t, 0, -1), "length", "-1", "0"),
              Wrong.argument("too long", t -> file.read("float16", 250, t, 0, 6), "length", "6", "5"),
              Wrong.argument("target", t -> file.read("float16", 0, target, 5, 6), "offset", "11", "10"),
              Wrong.isNull("target", t -> file.read("float16", 0, null, 5, 6)),
              Wrong.isNull("name", t -> file.floats(null)));
      wrong.forEach(Wrong::verify);
      assertThatThrownBy(() -> file.metadata().put("a", "b")).isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> file.names().remove("int64")).isInstanceOf(UnsupportedOperationException.class);
      file.shape("int64")[0] = 5;
      assertThat(file.shape("int64")).containsExactly(1, 3);
    }
  }

  @Test
  void nothingAfterClose() throws IOException {
    Path path = folder.resolve("x");
    Safetensors.write(path, tensor(new float[3], 3));
    Safetensors file = Safetensors.open(path);
    NamedTensors part = file.under("");
    file.close();
    file.close();
    List<Wrong> wrong =
        List.of(
            Wrong.incomplete("floats", t -> file.floats("x"), "closed"),
            Wrong.incomplete("floats of a shape", t -> file.floats("x", 3), "closed"),
            Wrong.incomplete("read", t -> file.read("x", 0, t, 0, 1), "closed"),
            Wrong.incomplete("names", t -> file.names(), "closed"),
            Wrong.incomplete("shape", t -> file.shape("x"), "closed"),
            Wrong.incomplete("dtype", t -> file.dtype("x"), "closed"),
            Wrong.incomplete("metadata", t -> file.metadata(), "closed"),
            Wrong.incomplete("check", t -> file.check(Map.of()), "closed"),
            Wrong.incomplete("part", t -> part.floats("x"), "closed"));
    wrong.forEach(Wrong::verify);
  }

  @Test
  void closedWhileOthersRead() throws Exception {
    Path path = folder.resolve("x");
    Safetensors.write(path, tensor(anyBits(200_000), 200_000), Map.of(), Dtype.BF16);
    try (ExecutorService readers = Executors.newFixedThreadPool(3)) {
      for (int n = 0; n < 20; n++) {
        Safetensors file = Safetensors.open(path);
        List<Future<?>> reads = new ArrayList<>();
        for (int reader = 0; reader < 3; reader++) {
          reads.add(
              readers.submit(
                  () -> {
                    while (true) {
                      file.floats("x");
                    }
                  }));
        }
        file.floats("x");
        file.close();
        for (Future<?> read : reads) {
          assertThatThrownBy(read::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(IllegalStateException.class);
        }
      }
    }
  }

  /** The file is almost completely a hole, so opening it is fast only without reading; its tensors have more elements than an array. */
  @Test
  void largeFilesAreNotRead() throws IOException {
    Path path = folder.resolve("large");
    long elements = (1L << 31) + 5;
    String header = "{\"x\":{\"dtype\":\"F16\",\"shape\":[%d],\"data_offsets\":[0,%d]}}".formatted(elements, 2 * elements);
    Files.write(path, PlainSafetensors.file(header, 0));
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
      // The number 1, at the end.
      channel.write(ByteBuffer.wrap(new byte[] {0, 0x3c}), channel.size() + 2 * elements - 2);
    }
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.shape("x")).containsExactly(elements);
      assertThatThrownBy(() -> file.floats("x"))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("\"x\"", "2147483653", "2147483639");
      float[] last = new float[3];
      file.read("x", elements - 3, last, 0, 3);
      assertThat(last).containsExactly(0, 0, 1);
    }
  }

  @Test
  void shortenedFile() throws IOException {
    Path path = folder.resolve("x");
    Safetensors.write(path, tensor(anyBits(100_000), 100_000));
    try (Safetensors file = Safetensors.open(path)) {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(5000);
      }
      assertThatThrownBy(() -> file.floats("x")).isInstanceOf(UncheckedIOException.class).hasMessageContaining("shorter");
      assertThatThrownBy(() -> file.read("x", 90_000, new float[1], 0, 1)).isInstanceOf(UncheckedIOException.class);
      file.read("x", 0, new float[1], 0, 1);
    }
  }

  @Test
  void otherThanFiles() throws IOException {
    assertThatThrownBy(() -> Safetensors.open(folder)).isExactlyInstanceOf(IOException.class).hasMessageContaining("not a regular file");
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("none"))).isExactlyInstanceOf(NoSuchFileException.class);
  }

  @Test
  void javadocExampleCompiles() throws IOException {
    String source = ReadmeBlocks.source("src/main/java", "Safetensors.java");
    String shown = source.replaceAll("(?s).*<pre>\\{@code\n(.*?) \\* }</pre>.*", "$1").replaceAll("(?m)^ \\* ", "").strip();
    assertThat(ReadmeBlocks.compiled("SafetensorsExample.java")).containsExactly(shown);
  }

  @Test
  void exampleRuns() throws IOException {
    SequenceBatch y = SequenceBatch.zeros(1, 1, 2);
    SequenceBatch x = SequenceBatch.of(new float[] {1, 10, 100}, 1, 1, 3);
    SafetensorsExample.run(folder.resolve("x"), new float[] {1, 2, 3, 4, 5, 6}, new float[] {0.5f, 0.25f}, x, y);
    assertThat(y.data()).containsExactly(321.5f, 654.25f);
  }
}
