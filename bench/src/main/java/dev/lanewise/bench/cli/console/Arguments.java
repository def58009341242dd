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
 * The arguments as the shell gave them. Java decodes arguments and file names by the locale; without one (LC_ALL=C) every byte beyond ASCII
 * is lost. Linux keeps the bytes in {@code /proc}, and a JVM with a UTF-8 locale reads file names.
 */
public final class Arguments {
  /** Tells a JVM of {@link Utf8Jvm} whose arguments it takes, and how many: {@code pid:count}. */
  static final String FROM_PROPERTY = "lanewise.argumentsOf";

  /** What Java puts in place of a byte that it cannot decode. */
  static final char LOST = '\ufffd';

  private static final Charset OF_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

  private Arguments() {}

  /** Whether this JVM can spell every file's name. */
  public static boolean namesAreUtf8() {
    return OF_NAMES.equals(StandardCharsets.UTF_8);
  }

  /** Whether this JVM stands in for one without a locale. */
  static boolean isStandIn() {
    String from = System.getProperty(FROM_PROPERTY, "");
    // Whoever starts other JVMs with the flags of this one passes the property on, but not to children of that process.
    return from.startsWith(ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(-1L) + ":");
  }

  /**
   * What the shell gave.
   *
   * @param decoded what Java made of it
   * @throws IOException if that is not to be found out, or is no text, with what to do
   */
  public static String[] recover(String[] decoded) throws IOException {
    if (isStandIn()) {
      String[] from = System.getProperty(FROM_PROPERTY, "").split(":", 2);
      List<byte[]> raw = raw(Path.of("/proc", from[0], "cmdline"), Integer.parseInt(from[1]));
      return recover(new @Nullable String[raw.size()], raw);
    }
    return recover(decoded, raw(Path.of("/proc/self/cmdline"), decoded.length));
  }

  /** Of what Java decoded and the bytes behind it; null in {@code decoded} where nothing did. */
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

  /** UTF-8 if it can be; otherwise what the locale made of it, if that lost nothing. */
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

  /** Without what is no ASCII, which is all that a locale can leave of a text. */
  private static String ascii(String text) {
    return text.chars().filter(c -> c < 0x80).collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
  }

  /** The last arguments of a process; none where the system does not tell. */
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
