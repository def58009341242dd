package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.testing.Sample;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Corrupt files: each is refused with an {@link IOException}, or all its tensors can still be read. Neither allocates more than a multiple
 * of the file, including short-lived strings.
 */
@Timeout(1200) // prevents endless tests
@Tag("once")
class SafetensorsFuzzTest {
  private static final long SEED = 20261125;

  private static final int ROUNDS = 1500 * Sample.fuzzFactor();

  /** Includes a shared arena, a few KB of buffers and a shortened message. */
  private static final long ALLOWANCE = 200_000;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir private Path folder;
  private int opened;
  private int refused;

  private static byte[] small() {
    String header =
        "{\"__metadata__\":{\"k\":\"v\"},\"x\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},\"y\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[8,14]},\"e\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[14,14]}}"
            + "  ";
    return PlainSafetensors.file(header, 14);
  }

  @BeforeEach
  void theFileItselfOpens() throws IOException {
    attempt(small(), "the file itself");
    attempt(new byte[9], "zeros");
    assertThat(opened).isEqualTo(1);
    assertThat(refused).isEqualTo(1);
    opened = 0;
    refused = 0;
  }

  /** Tensors may have any name; no name is used as a path. */
  @Test
  void namesAreNoPaths() throws IOException {
    NamedTensors.Builder tensors = NamedTensors.builder();
    List<String> names = List.of("../escaped", "/tmp/escaped", "a/b", "", ".", "..", "\u0000", "C:\\escaped", "~/escaped");
    for (String name : names) {
      tensors.add(name, new float[] {1}, 1);
    }
    Path inside = Files.createDirectory(folder.resolve("inside"));
    Path written = inside.resolve("x");
    Safetensors.write(written, tensors.build(), Map.of("../escaped", "../escaped"), Dtype.F32);
    try (Safetensors file = Safetensors.open(written);
        Stream<Path> files = Files.walk(folder)) {
      assertThat(file.names()).containsExactlyInAnyOrderElementsOf(names);
      for (String name : file.names()) {
        assertThat(file.floats(name)).containsExactly(1);
      }
      assertThat(files).containsExactlyInAnyOrder(folder, folder.resolve("x"), inside, written);
    }
  }

  /**
   * Reads the file; {@code what} describes it. If this allocates too much, it may have been the first to load a class. Then the same file
   * is read again, which must not allocate so much.
   */
  private void attempt(byte[] bytes, String what) throws IOException {
    Path path = folder.resolve("x");
    Files.deleteIfExists(path); // truncating and rewriting the existing file would wait for the disk
    Files.write(path, bytes);
    boolean opens = false;
    long allocated = Long.MAX_VALUE;
    for (int time = 0; time < 3 && allocated >= ALLOWANCE + 64L * bytes.length; time++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      opens = opens(path, bytes, what);
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    opened += opens ? 1 : 0;
    refused += opens ? 0 : 1;
    assertThat(allocated).as("allocated by %s", what).isLessThan(ALLOWANCE + 64L * bytes.length);
  }

  /** Anything but an IOException fails the test. */
  private static boolean opens(Path path, byte[] bytes, String what) {
    try (Safetensors file = Safetensors.open(path)) {
      long sum = 0;
      for (String name : file.names()) {
        long elements = Arrays.stream(file.shape(name)).reduce(1, Math::multiplyExact);
        sum += elements * file.dtype(name).bits() / 8;
        if (FloatFormats.READABLE.contains(file.dtype(name))) {
          assertThat((long) file.floats(name).length).as(what).isEqualTo(elements);
        }
      }
      long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      assertThat(8 + header + sum).as(what).isEqualTo(bytes.length);
      return true;
    } catch (IOException e) {
      assertThat(e).as(what).isExactlyInstanceOf(IOException.class).hasMessageStartingWith(path + ": ");
      assertThat(e.getMessage().length()).as(what).isBetween(path.toString().length() + 10, path.toString().length() + 1000);
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(what, e);
    }
  }

  @Test
  void cutAtEveryByte() throws IOException {
    byte[] small = small();
    for (int length = 0; length < small.length; length++) {
      attempt(Arrays.copyOf(small, length), "the first " + length + " bytes of " + small.length);
    }
    byte[] golden = PlainSafetensors.golden("read.safetensors");
    for (int length = 0; length < golden.length; length += 11) {
      attempt(Arrays.copyOf(golden, length), "the first " + length + " bytes of " + golden.length);
    }
    assertThat(opened).isZero();
  }

  @Test
  void everyBitFlipped() throws IOException {
    byte[] file = small();
    for (int bit = 0; bit < 8 * file.length; bit++) {
      byte[] flipped = file.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      attempt(flipped, "bit " + bit + " flipped");
    }
    // At least the files in which only numbers of elements changed.
    assertThat(opened).isGreaterThanOrEqualTo(8 * 14);
    assertThat(refused).isGreaterThan(1000);
  }

  @Test
  void headerLengths() throws IOException {
    for (int power = 0; power < 64; power++) {
      for (int beside = -1; beside <= 1; beside++) {
        byte[] bytes = small();
        long length = (1L << power) + beside;
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        attempt(bytes, "header of " + Long.toUnsignedString(length));
      }
    }
    assertThat(opened).isZero();
  }

  /** Several random changes at once, of bytes anywhere. */
  @Test
  void randomBytes() throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    byte[] golden = PlainSafetensors.golden("read.safetensors");
    byte[] file = small();
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = (round % 10 == 0 ? golden : file).clone();
      int from = round % 3 == 0 ? 0 : 8;
      for (int change = random.nextInt(1, 6); change > 0; change--) {
        int index = random.nextInt(from, bytes.length);
        switch (random.nextInt(4)) {
          case 0 -> bytes[index] = (byte) random.nextInt();
          case 1 -> bytes[index] = (byte) "{}[]\",:0123456789-.eEtfn \\u/".charAt(random.nextInt(28));
          case 2 -> bytes = Arrays.copyOf(bytes, random.nextInt(Math.max(9, bytes.length - 8), bytes.length + 8));
          default -> {
            int length = random.nextInt(Math.min(20, bytes.length - index) + 1);
            System.arraycopy(bytes, random.nextInt(bytes.length - length + 1), bytes, index, length);
          }
        }
      }
      attempt(bytes, "seed " + SEED + ", round " + round);
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
  }

  /** Parts of the JSON are replaced by others, with the right length, so that the faults are further inside. */
  @Test
  void randomJson() throws IOException {
    String[] parts = {
      "0",
      "1",
      "8",
      "14",
      "-1",
      "2",
      "3",
      "[]",
      "[0]",
      "[2,1]",
      "[0,8]",
      "[8,14]",
      "[14,14]",
      "[0,14]",
      "[4,12]",
      "{}",
      "null",
      "true",
      "1e9",
      "1.5",
      "9223372036854775807",
      "9223372036854775808",
      "4611686018427387904",
      "[4294967296,4294967296]",
      "[0,4294967296,4294967296]",
      "99999999999999999999999",
      "\"x\"",
      "\"y\"",
      "\"dtype\"",
      "\"shape\"",
      "\"data_offsets\"",
      "\"F32\"",
      "\"F4\"",
      "\"F6_E2M3\"",
      "\"I8\"",
      "\"F64\"",
      "\"__metadata__\"",
      "\"\\ud800\"",
      "\"\\u0078\"",
      "[[[[[[[[",
      "{\"a\":{\"a\":{\"a\":",
      "NaN",
      "-Infinity",
      "",
      " ",
      "\n",
      "\ufeff",
      "{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}",
      "\"x\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
    };
    String token = "\"[^\"]*\"|\\[[^\\]]*\\]|-?\\d+|[{}\\[\\],:]";
    String whole = new PlainSafetensors(small()).header.toString();
    List<String> tokens = Pattern.compile(token).matcher(whole).results().map(MatchResult::group).toList();
    assertThat(String.join("", tokens)).isEqualTo(whole);
    SplittableRandom random = new SplittableRandom(SEED + 1);
    for (int round = 0; round < ROUNDS; round++) {
      String[] changed = tokens.toArray(String[]::new);
      for (int change = random.nextInt(1, 4); change > 0; change--) {
        String part = random.nextInt(3) == 0 ? tokens.get(random.nextInt(tokens.size())) : parts[random.nextInt(parts.length)];
        int index = random.nextInt(changed.length);
        changed[index] = random.nextInt(4) == 0 ? changed[index] + part : part;
      }
      String header = String.join("", changed);
      attempt(PlainSafetensors.file(header, 14), "seed " + (SEED + 1) + ", round " + round + ": " + header);
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
    assertThat(opened).isPositive();
  }

  /** Headers that are large and look harmless at the begin. */
  @Test
  void largeHeaders() throws IOException {
    int size = 2_000_000;
    String tensor = "{\"x\":{\"dtype\":\"F32\",\"shape\":";
    attempt(PlainSafetensors.file("[".repeat(size), 0), "arrays");
    attempt(PlainSafetensors.file("{\"a\":".repeat(size / 5), 0), "objects");
    attempt(PlainSafetensors.file(tensor + "[".repeat(size), 0), "arrays in a shape");
    attempt(PlainSafetensors.file(tensor + "[" + "1,".repeat(size / 2) + "1],\"data_offsets\":[0,4]}}", 4), "dimensions");
    assertThat(opened).isEqualTo(1);
    attempt(PlainSafetensors.file(tensor + "[" + "2,".repeat(size / 2) + "2],\"data_offsets\":[0,4]}}", 4), "a product beyond a long");
    attempt(PlainSafetensors.file(tensor + "[" + "9".repeat(size) + "]", 4), "a number");
    attempt(PlainSafetensors.file("{\"" + "x".repeat(size) + "\":{}}", 0), "a name");
    attempt(PlainSafetensors.file("{\"__metadata__\":{\"" + "x".repeat(size) + "\":1}}", 0), "a name in the metadata");
    attempt(PlainSafetensors.file("{\"" + "\\u0000".repeat(size / 6) + "\":{}}", 0), "a name of escapes");
    attempt(PlainSafetensors.file("{\"x\":{\"dtype\":\"" + "F".repeat(size) + "\"", 0), "a dtype");
    attempt(PlainSafetensors.file("{" + " ".repeat(size), 0), "white space");
    byte[] spaces = ("{}" + " ".repeat(size)).getBytes(StandardCharsets.UTF_8);
    attempt(PlainSafetensors.file(spaces, 0), "padding");
    assertThat(opened).isEqualTo(2);
  }
}
