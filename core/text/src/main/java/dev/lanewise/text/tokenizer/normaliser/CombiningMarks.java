package dev.lanewise.text.tokenizer.normaliser;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The marks that Hugging Face's tokenizers know: those of an old Unicode version. They are listed in a file of this module, which a test
 * derives again from the native tokenizer.
 */
final class CombiningMarks {
  private static final String FILE = "combining-marks.txt";
  private static final int FIRST = 0x300;
  private static final CombiningMarks INSTANCE = load();

  /** First and last code points of ranges, ascending. */
  private final int[] firsts;

  private final int[] lasts;

  private CombiningMarks(List<String> lines) {
    firsts = lines.stream().mapToInt(line -> Integer.parseInt(line, 0, line.indexOf('.'), 16)).toArray();
    lasts = lines.stream().mapToInt(line -> Integer.parseInt(line, line.indexOf('.') + 2, line.length(), 16)).toArray();
  }

  /** Tells whether a code point is a mark: spacing, non-spacing or enclosing. */
  static boolean contains(int codePoint) {
    if (codePoint < FIRST) {
      return false;
    }
    int index = Arrays.binarySearch(INSTANCE.firsts, codePoint);
    return index >= 0 || (index < -1 && codePoint <= INSTANCE.lasts[-index - 2]);
  }

  private static CombiningMarks load() {
    try (InputStream file = CombiningMarks.class.getResourceAsStream(FILE)) {
      if (file == null) {
        throw new IllegalStateException(FILE + " is missing from the module");
      }
      return new CombiningMarks(new BufferedReader(new InputStreamReader(file, StandardCharsets.US_ASCII)).lines().toList());
    } catch (IOException e) {
      throw new IllegalStateException(FILE + " cannot be read", e);
    }
  }
}
