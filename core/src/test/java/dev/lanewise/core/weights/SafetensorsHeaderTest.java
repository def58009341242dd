package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each possible error in a header, and the words of the exception: what is wrong, where, and the numbers. */
@Tag("once")
class SafetensorsHeaderTest {
  private static final String A = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

  @TempDir private Path folder;

  private record Bad(byte[] file, String... words) {
    Bad(String header, int buffer, String... words) {
      this(PlainSafetensors.file(header, buffer), words);
    }

    /** A header of one tensor. */
    static Bad tensor(String dtype, String shape, String offsets, int buffer, String... words) {
      return new Bad("{\"a\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}}".formatted(dtype, shape, offsets), buffer, words);
    }

    static Bad shape(String shape, String... words) {
      return tensor("\"F32\"", shape, "[0,8]", 8, words);
    }

    static Bad offsets(String offsets, String... words) {
      return tensor("\"F32\"", "[2]", offsets, 8, words);
    }

    static Bad bytes(String header, String... words) {
      return new Bad(PlainSafetensors.file(header.getBytes(StandardCharsets.ISO_8859_1), 8), words);
    }

    static Bad length(long length, String... words) {
      return new Bad(PlainSafetensors.file(length, ("{" + A + "}").getBytes(StandardCharsets.UTF_8), 8), words);
    }

    @Override
    public String toString() {
      return String.join(" ", words);
    }
  }

  static Stream<Bad> lengths() {
    return Stream.of(
        new Bad(new byte[0], "the file has 0 bytes", "at least 8"),
        new Bad(new byte[7], "the file has 7 bytes", "at least 8"),
        new Bad(new byte[8], "the header is empty"),
        Bad.length(Long.MIN_VALUE, "no safetensors file", "00 00 00 00 00 00 00 80", "at most 100000000"),
        Bad.length(-1, "no safetensors file", "ff ff ff ff ff ff ff ff", "at most 100000000"),
        Bad.length(Long.MAX_VALUE, "no safetensors file", "ff ff ff ff ff ff ff 7f", "at most 100000000"),
        Bad.length(100_000_001, "no safetensors file", "01 e1 f5 05 00 00 00 00", "at most 100000000"),
        new Bad(
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n".getBytes(StandardCharsets.UTF_8),
            "Git LFS pointer",
            "git lfs pull"),
        new Bad(new byte[] {'P', 'K', 3, 4, 20, 0, 8, 8, 0}, "no safetensors file", "50 4b 03 04"),
        Bad.length(100_000_000, "the header has 100000000 bytes", "ends after 62 of them"),
        Bad.length(63, "the header has 63 bytes", "ends after 62 of them"),
        Bad.length(53, "not valid JSON", "line 1 column 54"));
  }

  static Stream<Bad> texts() {
    return Stream.of(
        Bad.bytes("{\"\u00ff\":{}}", "not UTF-8", "byte 2 of 8"),
        Bad.bytes("{\"\u00c0\u0080\":{}}", "not UTF-8", "byte 2 of 9"),
        Bad.bytes("{\"\u00ed\u00a0\u0080\":{}}", "not UTF-8", "byte 2 of 10"),
        Bad.bytes("{\"a\u00e2\u0082", "not UTF-8", "byte 3 of 5"),
        Bad.bytes("\u00ef\u00bb\u00bf{" + A + "}", "begins with byte 239", "must begin with {"),
        new Bad(" {" + A + "}", 8, "begins with byte 32"),
        new Bad("[]", 0, "begins with byte 91"),
        new Bad("{" + A, 8, "not valid JSON", "line 1"),
        new Bad("{" + A + "}}", 8, "not valid JSON"),
        new Bad("{" + A + "} {}", 8, "not valid JSON"),
        new Bad("{" + A + "}\0", 8, "not valid JSON"),
        new Bad("{" + A + ",}", 8, "not valid JSON"),
        new Bad("{" + A + "/**/}", 8, "not valid JSON"),
        new Bad("{'a':1}", 0, "not valid JSON"),
        new Bad("{\"a\nb\":{}}", 0, "not valid JSON"),
        new Bad("{\"a\\x\":{}}", 0, "not valid JSON"),
        new Bad("{\"a\\ud800b\":{}}", 0, "half a character", "a\\ud800b"),
        new Bad("{" + A + "," + A + "}", 8, "tensor \"a\"", "twice"),
        new Bad("{" + A + "," + A.replace("\"a\"", "\"\\u0061\"") + "}", 8, "tensor \"a\"", "twice"));
  }

  static Stream<Bad> values() {
    return Stream.of(
        new Bad("{\"a\":[]}", 0, "tensor \"a\" is a JSON array, must be a JSON object"),
        new Bad("{\"a\":null}", 0, "tensor \"a\" is a JSON null"),
        new Bad("{\"a\":{}}", 0, "tensor \"a\" has no dtype"),
        new Bad("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0]}}", 0, "tensor \"a\" has no shape"),
        new Bad("{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}", 0, "tensor \"a\" has no data_offsets"),
        new Bad("{\"a\":{\"dtype\":\"F32\",\"strides\":[1]}}", 0, "tensor \"a\" has an unknown field \"strides\""),
        new Bad("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, "dtype of tensor \"a\" occurs twice"),
        new Bad("{\"a\":{\"shape\":[],\"shape\":[]}}", 0, "shape of tensor \"a\" occurs twice"),
        new Bad("{\"a\":{\"data_offsets\":[0,0],\"data_offsets\":[0,0]}}", 0, "data_offsets of tensor \"a\" occurs twice"),
        Bad.tensor("\"F33\"", "[2]", "[0,8]", 8, "dtype of tensor \"a\" is \"F33\"", "F32, C64"),
        Bad.tensor("\"f32\"", "[2]", "[0,8]", 8, "dtype of tensor \"a\" is \"f32\""),
        Bad.tensor("32", "[2]", "[0,8]", 8, "dtype of tensor \"a\" is a JSON number, must be a JSON string"),
        Bad.shape("2", "shape of tensor \"a\" is a JSON number, must be a JSON array"),
        Bad.shape("[\"2\"]", "shape of tensor \"a\", element 0, is a JSON string, must be a JSON number"),
        Bad.shape("[[2]]", "shape of tensor \"a\", element 0, is a JSON array"),
        Bad.shape("[".repeat(100_000), "shape of tensor \"a\", element 0, is a JSON array"),
        Bad.shape("[2,-1]", "shape of tensor \"a\", element 1, is \"-1\"", "from 0 to 9223372036854775807"),
        Bad.shape("[-0]", "element 0, is \"-0\""),
        Bad.shape("[2.0]", "element 0, is \"2.0\""),
        Bad.shape("[2e0]", "element 0, is \"2e0\""),
        Bad.shape("[NaN]", "not valid JSON"),
        Bad.shape("[02]", "not valid JSON"),
        Bad.shape("[9223372036854775808]", "element 0, is \"9223372036854775808\""),
        Bad.shape("[" + "9".repeat(1000) + "]", "element 0, is \"999", "…"),
        Bad.shape("[" + "9".repeat(100_000) + "]", "not valid JSON"),
        Bad.offsets("[0]", "data_offsets of tensor \"a\" has length 1, must be 2"),
        Bad.offsets("[0,8,8]", "data_offsets of tensor \"a\" has more than 2 elements"),
        Bad.offsets("[-8,0]", "data_offsets of tensor \"a\", element 0, is \"-8\""),
        new Bad("{\"__metadata__\":null}", 0, "__metadata__ is a JSON null, must be a JSON object"),
        new Bad("{\"__metadata__\":{\"k\":1}}", 0, "__metadata__ \"k\" is a JSON number, must be a JSON string"),
        new Bad("{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}}", 0, "__metadata__ \"k\" occurs twice"),
        new Bad("{\"__metadata__\":{\"k\":\"\\udc00\"}}", 0, "__metadata__ \"k\"", "half a character"),
        new Bad("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ occurs twice"));
  }

  static Stream<Bad> places() {
    String giant = "[4294967296,4294967296]";
    return Stream.of(
        Bad.shape(giant, "tensor \"a\" of F32 and shape [4294967296, 4294967296] has more than 2^63 - 1 elements"),
        Bad.shape("[1152921504606846976]", "shape [1152921504606846976] has more than 2^63 - 1 elements or bits"),
        Bad.shape("[3]", "tensor \"a\" of F32 and shape [3] has 12 bytes", "[0, 8] hold 8"),
        Bad.shape("[]", "tensor \"a\" of F32 and shape [] has 4 bytes", "[0, 8] hold 8"),
        Bad.shape("[1" + ",1".repeat(99) + "]", "… 100 dimensions] has 4 bytes"),
        Bad.tensor("\"F4\"", "[3]", "[0,2]", 2, "tensor \"a\" of F4 and shape [3] has 12 bits", "inside a byte"),
        Bad.offsets("[8,0]", "tensor \"a\" begins at byte 8, but ends at byte 0"),
        Bad.offsets("[1,9]", "tensor \"a\" ends at byte 9, but the buffer has 8 bytes"),
        Bad.offsets("[9223372036854775799,9223372036854775807]", "ends at byte 9223372036854775807, but the buffer has 8 bytes"),
        Bad.tensor("\"F32\"", "[1]", "[4,8]", 8, "bytes 0 to 4 of the buffer belong to no tensor", "tensor \"a\" begins at byte 4"),
        Bad.tensor("\"F32\"", "[1]", "[0,4]", 8, "bytes 4 to 8 of the buffer belong to no tensor", "the buffer ends at byte 8"),
        new Bad("{}", 3, "bytes 0 to 3 of the buffer belong to no tensor"),
        new Bad(two(8, 16), 17, "bytes 16 to 17"),
        new Bad(two(9, 17), 17, "bytes 8 to 9 of the buffer belong to no tensor; tensor \"b\" begins at byte 9"),
        new Bad(two(7, 15), 15, "tensor \"b\" begins at byte 7, but tensor \"a\" ends at byte 8: they overlap"),
        new Bad(two(0, 8), 8, "tensor \"a\" begins at byte 0, but tensor \"b\" ends at byte 8: they overlap"),
        new Bad(two(4, 4).replace("\"I64\",\"shape\":[1]", "\"I64\",\"shape\":[0]"), 8, "tensor \"b\" begins at byte 4", "overlap"));
  }

  private static String two(int begin, int end) {
    return "{\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[" + begin + "," + end + "]}," + A + "}";
  }

  @ParameterizedTest
  @MethodSource({"lengths", "texts", "values", "places"})
  void isRefused(Bad bad) throws IOException {
    Path path = Files.write(folder.resolve("bad.safetensors"), bad.file());
    Throwable thrown = catchThrowable(() -> Safetensors.open(path).close());
    assertThat(thrown).isExactlyInstanceOf(IOException.class).hasMessageStartingWith(path + ": ").hasMessageContainingAll(bad.words());
    assertThat(thrown.getMessage()).hasSizeLessThan(1000).doesNotContain("\n", "LENIENT");
  }

  @Test
  void longNamesAreShortenedInMessages() throws IOException {
    Path path = folder.resolve("long.safetensors");
    String name = "\ud835\udfd9".repeat(1_000_000);
    Files.write(path, PlainSafetensors.file("{\"" + name + "\":{}}", 0));
    Throwable thrown = catchThrowable(() -> Safetensors.open(path).close());
    assertThat(thrown).isExactlyInstanceOf(IOException.class).hasMessageContaining("has no dtype");
    assertThat(thrown.getMessage()).hasSizeLessThan(1000);
  }

  @Test
  void everythingThatTheFormatAllowsIsRead() throws IOException {
    Path path = folder.resolve("odd.safetensors");
    // Fields and tensors in any order, white space anywhere except at the begin, empty tensors where others begin, dimensions beside a 0.
    String empty = "\"%s\": {\"data_offsets\":[%d,%d], \"shape\":[0,9223372036854775807],\n\"dtype\":\"BF16\"}";
    String header = "{" + empty.formatted("z", 8, 8) + ",\t\"__metadata__\":{}, " + A + "," + empty.formatted("", 0, 0) + "}\r\n  ";
    Files.write(path, PlainSafetensors.file(header, 8));
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.names()).containsExactly("", "a", "z");
      assertThat(file.shape("z")).containsExactly(0, Long.MAX_VALUE);
      assertThat(file.floats("z")).isEmpty();
      assertThat(file.floats("a")).containsExactly(0, 0);
      assertThat(file.metadata()).isEmpty();
    }
    Files.write(path, PlainSafetensors.file("{}", 0));
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.names()).isEmpty();
    }
  }
}
