package dev.lanewise.bench.verify.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/** Damages files: bytes anywhere, tokens of JSON, the header of safetensors and its length, numbers of protobuf and of cached rows. */
final class FileMutations {
  private static final Pattern TOKEN = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"|[^\\s{}\\[\\],:\"]+|[{}\\[\\],:]|\\s+");
  private static final int HEADER_LENGTH = 8;

  /** Where the header of a file of cached rows begins, behind its own length. */
  private static final int CACHE_HEADER = 12;

  /** Values that are at the border of something. */
  private static final List<String> PIECES =
      List.of(
          "0",
          "1",
          "-1",
          "2",
          "1.5",
          "65536",
          "65537",
          "16777216",
          "268435456",
          "2147483647",
          "2147483648",
          "4294967296",
          "9223372036854775807",
          "9223372036854775808",
          "1e999999999",
          "1e-999",
          "NaN",
          "null",
          "true",
          "false",
          "\"\"",
          "\" \"",
          "\"a\"",
          "\"../../escaped\"",
          "\"pooling_mode_\\u001b[31m\\n\\u2028\"",
          "\"/etc/passwd\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"(x+x+)+y\"",
          "\"(a|aa)*b|.*.*.*=\"",
          "\"((((((((((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*\"",
          "\"a{2147483647}\"",
          "\"[\"",
          "\"\\\\p{L\"",
          "\"F4\"",
          "\"F64\"",
          "\"U8\"",
          "{}",
          "[]",
          "[[]]",
          "{\"type\":\"ByteLevel\"}",
          "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aaaaaaaaaaaaaaaa\"}",
          "{\"type\":\"Prepend\",\"prepend\":\"aaaa\"}",
          "[".repeat(300),
          "{\"a\":".repeat(300),
          "9".repeat(5000),
          "\"" + "x".repeat(5000) + "\"",
          "",
          "\ufeff",
          "\n");

  private static final long[] BORDERS = {0, 1, 127, 128, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, 0x1_0000_0000L, Long.MAX_VALUE, -1};

  private final SplittableRandom random;

  FileMutations(long seed) {
    random = new SplittableRandom(seed);
  }

  /** One of several. */
  <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** A damaged file; the end of its name tells its format. */
  byte[] of(String name, byte[] valid) {
    boolean plain = random.nextInt(4) == 0;
    if (!plain && name.endsWith(".json")) {
      return json(new String(valid, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
    }
    if (!plain && name.endsWith(".safetensors")) {
      return safetensors(valid);
    }
    if (!plain && name.endsWith(".onnx")) {
      return protobuf(valid);
    }
    if (!plain && name.endsWith(".kv")) {
      return cachedRows(valid);
    }
    return bytes(valid);
  }

  private byte[] bytes(byte[] valid) {
    byte[] file = valid;
    for (int changes = random.nextInt(1, 5); changes > 0 && file.length > 0; changes--) {
      int at = random.nextInt(file.length);
      int end = at + random.nextInt(Math.min(64, file.length - at) + 1);
      file =
          switch (random.nextInt(6)) {
            case 0 -> with(file, at, random.nextInt());
            case 1 -> with(file, at, file[at] ^ 1 << random.nextInt(8));
            case 2 -> join(file, at, file, end);
            case 3 -> join(file, end, file, at);
            case 4 -> join(file, at, file, random.nextInt(file.length));
            default -> random.nextInt(4) == 0 ? Arrays.copyOf(file, at) : with(file, at, 0xff);
          };
    }
    return file;
  }

  private String json(String valid) {
    List<String> tokens = TOKEN.matcher(valid).results().map(MatchResult::group).toList();
    String[] changed = tokens.toArray(String[]::new);
    for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
      int at = random.nextInt(changed.length);
      String piece = random.nextInt(3) == 0 ? one(tokens) : one(PIECES);
      changed[at] =
          switch (random.nextInt(8)) {
            case 0 -> changed[at] + piece;
            case 1 -> changed[at] + "," + changed[at];
            default -> piece;
          };
    }
    return String.join("", changed);
  }

  /** Damages the header and writes its right length, or writes a wrong one. */
  private byte[] safetensors(byte[] valid) {
    ByteBuffer file = ByteBuffer.wrap(valid.clone()).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) file.getLong(0);
    if (random.nextInt(8) == 0) {
      return file.putLong(0, BORDERS[random.nextInt(BORDERS.length)] + random.nextInt(3) - 1).array();
    }
    byte[] header = json(new String(valid, HEADER_LENGTH, length, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
    int rest = valid.length - HEADER_LENGTH - length;
    return ByteBuffer.allocate(HEADER_LENGTH + header.length + rest)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(valid, HEADER_LENGTH + length, rest)
        .array();
  }

  /** Writes other numbers in place of bytes, most of which are tags and lengths near the beginning of messages. */
  private byte[] protobuf(byte[] valid) {
    byte[] file = valid;
    for (int changes = random.nextInt(1, 4); changes > 0 && file.length > 0; changes--) {
      int at = random.nextInt(file.length);
      byte[] number = varint(random.nextBoolean() ? random.nextInt(300) : BORDERS[random.nextInt(BORDERS.length)]);
      file = random.nextBoolean() ? with(file, at, number[0]) : join(join(file, at, number, 0), at + number.length, file, at + 1);
    }
    return file;
  }

  /** Damages the header or the rows, and writes the right checksum behind them. */
  private byte[] cachedRows(byte[] valid) {
    ByteBuffer file = ByteBuffer.wrap(valid.clone()).order(ByteOrder.LITTLE_ENDIAN);
    int headerEnd = CACHE_HEADER + file.getInt(CACHE_HEADER - Integer.BYTES);
    boolean header = random.nextInt(4) != 0;
    int begin = header ? CACHE_HEADER : headerEnd + Integer.BYTES;
    int end = header ? headerEnd : valid.length - Integer.BYTES;
    for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
      int at = begin + random.nextInt((end - begin) / Integer.BYTES) * Integer.BYTES;
      int near = file.getInt(at) + random.nextInt(-2, 3);
      file.putInt(at, random.nextBoolean() ? near : (int) BORDERS[random.nextInt(BORDERS.length)]);
    }
    CRC32C checksum = new CRC32C();
    checksum.update(file.array(), begin, end - begin);
    return file.putInt(end, (int) checksum.getValue()).array();
  }

  /** A number as protobuf writes it. */
  static byte[] varint(long number) {
    byte[] bytes = new byte[10];
    int count = 0;
    long left = number;
    do {
      bytes[count] = (byte) (left & 0x7f);
      left >>>= 7;
      bytes[count++] |= (byte) (left == 0 ? 0 : 0x80);
    } while (left != 0);
    return Arrays.copyOf(bytes, count);
  }

  private static byte[] with(byte[] file, int at, int value) {
    byte[] changed = file.clone();
    changed[at] = (byte) value;
    return changed;
  }

  /** The first {@code length} bytes of one, and the other from {@code from} on. */
  private static byte[] join(byte[] one, int length, byte[] other, int from) {
    byte[] joined = Arrays.copyOf(one, length + other.length - from);
    System.arraycopy(other, from, joined, length, other.length - from);
    return joined;
  }
}
