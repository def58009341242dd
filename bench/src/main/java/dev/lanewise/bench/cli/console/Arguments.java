package dev.lanewise.bench.cli.console;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recovers the arguments as the shell passed them. Java decodes arguments and file names by the locale; without a locale (LC_ALL=C) it
 * loses every byte beyond ASCII. Linux keeps the bytes in {@code /proc}, and a JVM with a UTF-8 locale can read file names.
 */
public final class Arguments {
  /** Tells a JVM of {@link Utf8Jvm} which process has its arguments, and how many: {@code pid:count}. */
  static final String FROM_PROPERTY = "lanewise.argumentsOf";

  /** The character that replaces a byte that Java cannot decode. */
  static final char LOST = '\ufffd';

  private static final Charset OF_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

  private Arguments() {}

  /** Whether this JVM can write every file name. */
  public static boolean namesAreUtf8() {
    return OF_NAMES.equals(StandardCharsets.UTF_8);
  }

  /** Whether this JVM replaces one without a locale. */
  static boolean isStandIn() {
    String from = System.getProperty(FROM_PROPERTY, "");
    // Another JVM that is started with the flags of this one inherits the property, but its parent is another process.
    return from.startsWith(ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(-1L) + ":");
  }

  /**
   * Returns the arguments as the shell passed them.
   *
   * @param decoded the arguments as Java decoded them
   * @throws IOException if an argument cannot be recovered or is not text; the message says what to do
   */
  public static String[] recover(String[] decoded) throws IOException {
    if (isStandIn()) {
      String[] from = System.getProperty(FROM_PROPERTY, "").split(":", 2);
      List<byte[]> raw = raw(Path.of("/proc", from[0], "cmdline"), Integer.parseInt(from[1]));
      return recover(new @Nullable String[raw.size()], raw);
    }
    return recover(decoded, raw(Path.of("/proc/self/cmdline"), decoded.length));
  }

  /** Recovers arguments from what Java decoded and from their bytes; an element of {@code decoded} is null where nothing was decoded. */
  static String[] recover(@Nullable String[] decoded, List<byte[]> raw) throws IOException {
    boolean known = raw.size() == decoded.length;
    for (int i = 0; known && i < decoded.length; i++) {
      String text = decoded[i];
      known = text == null || ascii(text).equals(ascii(new String(raw.get(i), StandardCharsets.ISO_8859_1)));
    }
    String[] result = new String[decoded.length];
    for (int i = 0; i < result.length; i++) {
      String text = decoded[i];
      boolean lost = text == null || text.indexOf(LOST) >= 0;
      if (known && (lost || !namesAreUtf8())) {
        result[i] = text(raw.get(i), text, i);
      } else if (text == null || lost) {
        throw new IOException("argument " + (i + 1) + " cannot be read: start with LC_ALL=C.UTF-8, or with another UTF-8 locale");
      } else {
        result[i] = text;
      }
    }
    return result;
  }

  /** Decodes UTF-8; if the bytes are not UTF-8, the result is what the locale made of them, provided that it lost nothing. */
  private static String text(byte[] raw, @Nullable String decoded, int index) throws IOException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
    } catch (CharacterCodingException e) {
      if (decoded != null && decoded.indexOf(LOST) < 0) {
        return decoded;
      }
      throw new IOException("argument " + (index + 1) + " is not UTF-8", e);
    }
  }

  /** The ASCII characters of a text, the only ones that every locale keeps. */
  private static String ascii(String text) {
    return text.chars().filter(c -> c < 0x80).collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
  }

  /** The last arguments of a process; empty on systems that do not show them. */
  private static List<byte[]> raw(Path commandLine, int count) {
    List<byte[]> all = new ArrayList<>();
    try {
      byte[] bytes = Files.readAllBytes(commandLine);
      for (int from = 0, at = 0; at < bytes.length; at++) {
        if (bytes[at] == 0) {
          all.add(Arrays.copyOfRange(bytes, from, at));
          from = at + 1;
        }
      }
    } catch (IOException e) {
      return List.of();
    }
    return all.size() < count ? List.of() : all.subList(all.size() - count, all.size());
  }
}
