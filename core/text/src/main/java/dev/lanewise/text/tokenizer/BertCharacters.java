package dev.lanewise.text.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The kind of each code point for a BERT tokenizer. The ranges are listed in a file of this module, and not taken from {@link Character}:
 * Hugging Face's tokenizer uses the tables of an old Unicode version, and the JDK's tables change with its version. A test derives the file
 * again from that tokenizer, over all code points.
 */
final class BertCharacters {
  /** Part of a word. */
  static final byte LETTER = 0;

  /** White space, which separates words. */
  static final byte SPACE = 1;

  /** Removed: control characters, formats, private use, U+FFFD, and combining marks. */
  static final byte NOTHING = 2;

  /** A word of its own: punctuation, and the ideographs of Chinese and Japanese. */
  static final byte APART = 3;

  private static final String FILE = "bert-characters.txt";
  private static final Map<String, Byte> NAMES = Map.of("space", SPACE, "nothing", NOTHING, "apart", APART);
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
      kinds[i] = ranges.getOrDefault(firsts[i], LETTER);
    }
    for (int c = 0; c < ASCII; c++) {
      ascii[c] = kinds[indexOf(c)];
    }
  }

  /** One of the constants above. Before decomposition only white space can be reliably distinguished from letters. */
  static byte kind(int codePoint) {
    return codePoint < ASCII ? INSTANCE.ascii[codePoint] : INSTANCE.kinds[INSTANCE.indexOf(codePoint)];
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
   * Reads the ranges. Each line is a range and its kind, as {@code 300..36f nothing}; ranges ascend, and code points between them are
   * letters.
   */
  private static SortedMap<Integer, Byte> read(BufferedReader lines) throws IOException {
    SortedMap<Integer, Byte> ranges = new TreeMap<>();
    ranges.put(0, LETTER);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int dots = line.indexOf("..");
      int blank = line.indexOf(' ');
      ranges.put(Integer.parseInt(line, 0, dots, 16), NAMES.getOrDefault(line.substring(blank + 1), LETTER));
      ranges.put(Integer.parseInt(line, dots + 2, blank, 16) + 1, LETTER);
    }
    return ranges;
  }
}
