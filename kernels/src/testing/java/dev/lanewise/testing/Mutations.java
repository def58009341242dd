package dev.lanewise.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Damaged files, seeded: bytes set, bits flipped, parts taken out, repeated or cut off, and tokens of JSON put in the place of others. A
 * thorough run has ten times as many.
 */
public final class Mutations {
  private static final int FACTOR = Sample.fuzzFactor();
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final Pattern TOKEN = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"|[^\\s{}\\[\\],:\"]+|[{}\\[\\],:]|\\s+");

  private static final String BYTES = "{}[]\",:0123456789-.eE\\/ \n\r\t'()";

  private static final String[] PIECES = {
    "0",
    "1",
    "-1",
    "1.5",
    "2147483648",
    "-9223372036854775808",
    "9223372036854775808",
    "1e999999999",
    "-0",
    "0x10",
    "NaN",
    "-Infinity",
    "null",
    "true",
    "false",
    "True",
    "\"\"",
    "\"../../escaped\"",
    "\"/etc/passwd\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"</script>\"",
    "\"\u0007\"",
    "'x'",
    "{}",
    "[]",
    "[[]]",
    "{\"a\":",
    "[".repeat(300),
    "{\"a\":".repeat(300),
    "[".repeat(20_000),
    "9".repeat(5000),
    "\"" + "x".repeat(5000) + "\"",
    "",
    " ",
    "\n",
    "\ufeff",
    "//",
    "#",
    ";",
    "=",
  };

  private final SplittableRandom random;
  private final long seed;
  private int files;

  public Mutations(long seed) {
    this.random = new SplittableRandom(seed);
    this.seed = seed;
  }

  /** How many files to make where {@code usual} are enough for every day. */
  public static int count(int usual) {
    return usual * FACTOR;
  }

  /** Which file it was, for messages. */
  public String name() {
    return "file " + files + " of seed " + seed;
  }

  public int files() {
    return files;
  }

  /** One to four changes of bytes. */
  public byte[] ofBytes(byte[] valid) {
    files++;
    byte[] file = valid;
    for (int changes = random.nextInt(1, 5); changes > 0 && file.length > 0; changes--) {
      int at = random.nextInt(file.length);
      int end = at + random.nextInt(Math.min(24, file.length - at) + 1);
      file =
          switch (random.nextInt(7)) {
            case 0 -> with(file, at, (byte) random.nextInt());
            case 1 -> with(file, at, (byte) (file[at] ^ 1 << random.nextInt(8)));
            case 2 -> with(file, at, (byte) BYTES.charAt(random.nextInt(BYTES.length())));
            case 3 -> join(file, at, file, end);
            case 4 -> join(file, end, file, at);
            case 5 -> join(file, at, file, random.nextInt(file.length));
            default -> random.nextInt(3) == 0 ? Arrays.copyOf(file, at) : with(file, at, (byte) 0xff);
          };
    }
    return file;
  }

  /** One to four tokens replaced by others, of the text or of those that are wrong nearly everywhere. */
  public byte[] ofJson(String valid) {
    files++;
    List<String> tokens = TOKEN.matcher(valid).results().map(MatchResult::group).toList();
    String[] changed = tokens.toArray(String[]::new);
    for (int changes = random.nextInt(1, 5); changes > 0; changes--) {
      int at = random.nextInt(changed.length);
      String piece = random.nextInt(3) == 0 ? tokens.get(random.nextInt(changed.length)) : PIECES[random.nextInt(PIECES.length)];
      changed[at] = random.nextInt(4) == 0 ? changed[at] + piece : piece;
    }
    return String.join("", changed).getBytes(StandardCharsets.UTF_8);
  }

  /** Changes bytes and tokens of JSON in turns. */
  public byte[] of(byte[] valid) {
    return files % 2 == 0 ? ofBytes(valid) : ofJson(new String(valid, StandardCharsets.UTF_8));
  }

  private static byte[] with(byte[] file, int at, byte value) {
    byte[] changed = file.clone();
    changed[at] = value;
    return changed;
  }

  /** The first {@code length} bytes of one, and the other from {@code from} on. */
  private static byte[] join(byte[] one, int length, byte[] other, int from) {
    byte[] joined = Arrays.copyOf(one, length + other.length - from);
    System.arraycopy(other, from, joined, length, other.length - from);
    return joined;
  }

  /** Writes a file anew: to cut off the one that is there and write again waits for the disk. */
  public static void write(Path file, byte[] bytes) throws IOException {
    Files.deleteIfExists(file);
    Files.write(file, bytes);
  }

  /** Reads a file. */
  @FunctionalInterface
  public interface Reader {
    void read() throws IOException;
  }

  /**
   * Whether reading a file ends with an {@link IOException}, which must be short and name the file; anything else that is thrown fails, and
   * so does taking more than {@code mostBytes} of memory. What takes too much is read again: it may have been the first to load a class.
   */
  public static boolean refuses(Reader reader, String fileName, String what, long mostBytes) {
    boolean refused = false;
    long allocated = Long.MAX_VALUE;
    for (int time = 0; time < 3 && allocated >= mostBytes; time++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      refused = refuses(reader, fileName, what);
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    assertThat(allocated).as("bytes allocated for %s", what).isLessThan(mostBytes);
    return refused;
  }

  private static boolean refuses(Reader reader, String fileName, String what) {
    try {
      reader.read();
      return false;
    } catch (IOException e) {
      assertThat(e.getMessage()).as(what).contains(fileName).doesNotContain("\n", "Exception", "null pointer", "because \"");
      assertThat(e.getMessage().length()).as("length of the message for %s: %s", what, e.getMessage()).isLessThan(fileName.length() + 300);
      return true;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(what, e);
    }
  }
}
