package dev.lanewise.text.tokenizer.normaliser;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What each code point is for a BERT tokenizer. The ranges are listed in a file of this module, and not taken from {@link Character}:
 * Hugging Face's tokenizer uses the tables of an old Unicode version, and the JDK's tables change with its version. A test derives the file
 * again from that tokenizer, over all code points.
 */
public final class BertCharacters {
  /** White space, which separates words. */
  public static final byte SPACE = 1;

  /** Control characters, formats, private use, U+FFFD and halves of surrogate pairs, which a clean text does not have. */
  public static final byte CONTROL = 2;

  /** Non-spacing marks, which are stripped as accents. */
  public static final byte MARK = 4;

  /** The ideographs of Chinese and Japanese, each a word of its own. */
  public static final byte IDEOGRAPH = 8;

  /** Punctuation, each a word of its own. */
  public static final byte PUNCTUATION = 16;

  private static final String FILE = "bert-characters.txt";
  private static final int ASCII = 128;
  private static final BertCharacters INSTANCE = load();

  private final byte[] ascii = new byte[ASCII];

  /** First code points of ranges, ascending. Each range ends before the next one. */
  private final int[] firsts;

  private final byte[] kinds;

  private BertCharacters(SortedMap<Integer, Byte> ranges) {
    firsts = ranges.keySet().stream().mapToInt(Integer::intValue).toArray();
    kinds = new byte[firsts.length];
    for (int i = 0; i < kinds.length; i++) {
      kinds[i] = ranges.getOrDefault(firsts[i], (byte) 0);
    }
    for (int c = 0; c < ASCII; c++) {
      ascii[c] = kinds[indexOf(c)];
    }
  }

  /** The constants above that hold for a code point, or-ed; 0 for a letter. */
  public static byte kind(int codePoint) {
    return codePoint < ASCII ? INSTANCE.ascii[codePoint] : INSTANCE.kinds[INSTANCE.indexOf(codePoint)];
  }

  /** Tells whether a code point is of a kind. */
  public static boolean is(int codePoint, byte kind) {
    return (kind(codePoint) & kind) != 0;
  }

  private int indexOf(int codePoint) {
    int index = Arrays.binarySearch(firsts, codePoint);
    return index >= 0 ? index : -index - 2;
  }

  private static BertCharacters load() {
    try (InputStream file = BertCharacters.class.getResourceAsStream(FILE)) {
      if (file == null) {
        throw new IllegalStateException(FILE + " is missing from the module");
      }
      return new BertCharacters(read(new BufferedReader(new InputStreamReader(file, StandardCharsets.US_ASCII))));
    } catch (IOException e) {
      throw new IllegalStateException(FILE + " cannot be read", e);
    }
  }

  /**
   * Reads the ranges. Each line is a range and its kinds, as {@code 300..36f mark}; ranges ascend, and code points between them are
   * letters.
   */
  private static SortedMap<Integer, Byte> read(BufferedReader lines) throws IOException {
    SortedMap<Integer, Byte> ranges = new TreeMap<>();
    ranges.put(0, (byte) 0);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int dots = line.indexOf("..");
      int blank = line.indexOf(' ');
      byte kinds = 0;
      for (int begin = blank + 1; begin < line.length(); ) {
        int end = line.indexOf(' ', begin) < 0 ? line.length() : line.indexOf(' ', begin);
        kinds |= named(line.substring(begin, end));
        begin = end + 1;
      }
      ranges.put(Integer.parseInt(line, 0, dots, 16), kinds);
      ranges.put(Integer.parseInt(line, dots + 2, blank, 16) + 1, (byte) 0);
    }
    return ranges;
  }

  private static byte named(String kind) throws IOException {
    return switch (kind) {
      case "space" -> SPACE;
      case "control" -> CONTROL;
      case "mark" -> MARK;
      case "ideograph" -> IDEOGRAPH;
      case "punctuation" -> PUNCTUATION;
      default -> throw new IOException(kind + " is no kind of character");
    };
  }
}
