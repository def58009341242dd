package dev.lanewise.bench.cli.files;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Recognises kinds of files by their first bytes. */
final class Content {
  /** Signatures that no text begins with, in hexadecimal. */
  private static final Map<String, String> SIGNATURES = new LinkedHashMap<>();

  static {
    SIGNATURES.put("fffe0000", "UTF-32 text");
    SIGNATURES.put("0000feff", "UTF-32 text");
    SIGNATURES.put("fffe", "UTF-16 text");
    SIGNATURES.put("feff", "UTF-16 text");
    SIGNATURES.put("1f8b", "gzip");
    SIGNATURES.put("1f9d", "compress (.Z)");
    SIGNATURES.put("504b0304", "zip");
    SIGNATURES.put("504b0506", "zip");
    SIGNATURES.put("28b52ffd", "zstd");
    SIGNATURES.put("fd377a585a00", "xz");
    SIGNATURES.put("04224d18", "lz4");
    SIGNATURES.put("377abcaf271c", "7z");
    SIGNATURES.put("526172211a07", "rar");
    SIGNATURES.put("894c5a4f", "lzop");
    SIGNATURES.put("255044462d", "PDF");
    SIGNATURES.put("89504e47", "a PNG image");
    SIGNATURES.put("ffd8ff", "a JPEG image");
    SIGNATURES.put("474946383761", "a GIF image");
    SIGNATURES.put("474946383961", "a GIF image");
    SIGNATURES.put("7f454c46", "a program (ELF)");
    SIGNATURES.put("d0cf11e0a1b11ae1", "an old Office document");
    SIGNATURES.put("934e554d5059", "a NumPy array (.npy)");
    SIGNATURES.put("53514c69746520666f726d6174203300", "an SQLite database");
  }

  private Content() {}

  static boolean startsWith(byte[] bytes, byte[] signature) {
    return bytes.length >= signature.length && Arrays.equals(bytes, 0, signature.length, signature, 0, signature.length);
  }

  /** The kind of a file that does not look like UTF-8 text, to follow “looks like” in a message; empty for text. */
  static Optional<String> otherThanText(byte[] beginning) {
    for (Map.Entry<String, String> signature : SIGNATURES.entrySet()) {
      if (startsWith(beginning, HexFormat.of().parseHex(signature.getKey()))) {
        return Optional.of(signature.getValue());
      }
    }
    if (new String(beginning, StandardCharsets.ISO_8859_1).matches("(?s)BZh[1-9](1AY&SY|\u0017rE8P\u0090).*")) {
      return Optional.of("bzip2");
    }
    if (beginning.length > 8 && beginning[8] == '{' && beginning[5] == 0 && beginning[6] == 0 && beginning[7] == 0) {
      return Optional.of("safetensors");
    }
    return utf16(beginning) ? Optional.of("UTF-16 text") : isBinary(beginning) ? Optional.of("binary data") : Optional.empty();
  }

  /** Whether about every other byte is zero, as in Latin text without a byte order mark. */
  private static boolean utf16(byte[] bytes) {
    int[] zeros = new int[2];
    for (int i = 0; i < bytes.length; i++) {
      zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
    }
    int most = Math.max(zeros[0], zeros[1]);
    return bytes.length > 3 && most * 4 > bytes.length && Math.min(zeros[0], zeros[1]) * 20 < most;
  }

  /**
   * Whether this is no text. A text may have a stray zero or control character, and text in another encoding has many bytes that are not
   * UTF-8, which is reported line by line. Binary data has both, or many of the former.
   */
  private static boolean isBinary(byte[] bytes) {
    int zeros = 0;
    int controls = 0;
    for (byte b : bytes) {
      zeros += b == 0 ? 1 : 0;
      controls += (b >= 0 && b < ' ' && "\t\n\r\f\b\u001b".indexOf(b) < 0) || b == 0x7f ? 1 : 0;
    }
    long malformed = new String(bytes, StandardCharsets.UTF_8).chars().filter(c -> c == '\ufffd').count();
    return zeros * 10L > bytes.length || (zeros > 0 && malformed > 1) || (controls * 50L > bytes.length && malformed * 10 > bytes.length);
  }
}
