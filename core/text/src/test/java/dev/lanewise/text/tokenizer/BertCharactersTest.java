package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Derives the file of code points from the results of the native tokenizer for each of them between two letters. */
class BertCharactersTest {
  private static final int AT_ONCE = 1024;
  private static final String SEPARATOR = "[MASK]";

  @Test
  void theFileEqualsTheNativeTokenizer() throws IOException {
    String derived = derive();
    Path copy = Files.createDirectories(Path.of("target")).resolve("bert-characters.txt");
    Files.writeString(copy, derived);
    try (InputStream file = Objects.requireNonNull(BertCharacters.class.getResourceAsStream("bert-characters.txt"))) {
      String stored = new String(file.readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(stored).as("the file; %s is as it should be", copy).isEqualTo(derived);
    }
  }

  @Test
  void rangesAreRead() {
    assertThat(BertCharacters.kind('a')).isEqualTo(BertCharacters.LETTER);
    assertThat(BertCharacters.kind(' ')).isEqualTo(BertCharacters.SPACE);
    assertThat(BertCharacters.kind(0)).isEqualTo(BertCharacters.NOTHING);
    assertThat(BertCharacters.kind('!')).isEqualTo(BertCharacters.APART);
    assertThat(BertCharacters.kind(0x2ff)).isEqualTo(BertCharacters.LETTER);
    assertThat(BertCharacters.kind(0x300)).isEqualTo(BertCharacters.NOTHING);
    assertThat(BertCharacters.kind(0x36f)).isEqualTo(BertCharacters.NOTHING);
    assertThat(BertCharacters.kind(0x370)).isEqualTo(BertCharacters.LETTER);
    assertThat(BertCharacters.kind(0x4e00)).isEqualTo(BertCharacters.APART);
    assertThat(BertCharacters.kind(0xdfff)).isEqualTo(BertCharacters.NOTHING);
    assertThat(BertCharacters.kind(0x10ffff)).isEqualTo(BertCharacters.LETTER);
  }

  private static String derive() throws IOException {
    List<String> lines = new ArrayList<>();
    String kind = "";
    int begin = 0;
    List<String> kinds = kinds();
    for (int c = 0; c <= kinds.size(); c++) {
      String next = c < kinds.size() ? kinds.get(c) : "";
      if (!next.equals(kind)) {
        if (!kind.isEmpty()) {
          lines.add(String.format("%x..%x %s", begin, c - 1, kind));
        }
        kind = next;
        begin = c;
      }
    }
    return String.join("\n", lines) + "\n";
  }

  /** The name of each code point's kind. It is empty for letters and for code points that decompose, which are tested only as spaces. */
  private static List<String> kinds() throws IOException {
    List<String> kinds = new ArrayList<>(Character.MAX_CODE_POINT + 1);
    try (NativeTokenizer tokenizer = NativeTokenizer.load()) {
      for (int first = 0; first <= Character.MAX_CODE_POINT; first += AT_ONCE) {
        StringBuilder text = new StringBuilder();
        for (int c = first; c < first + AT_ONCE; c++) {
          // Correctly encoded text has U+FFFD in place of an unpaired surrogate.
          text.append('a').appendCodePoint(isHalf(c) ? 0xfffd : c).append('b').append(SEPARATOR);
        }
        List<String> tokens = tokenizer.encode(text.toString()).texts();
        int begin = 1;
        for (int c = first; c < first + AT_ONCE; c++) {
          int end = begin + tokens.subList(begin, tokens.size()).indexOf(SEPARATOR);
          String letter = Character.toString(c);
          String kind = kind(tokens.subList(begin, end));
          boolean stable = isHalf(c) || Normalizer.isNormalized(letter, Normalizer.Form.NFD);
          kinds.add(stable || kind.equals("space") ? kind : "");
          begin = end + 1;
        }
      }
    }
    return kinds;
  }

  private static boolean isHalf(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }

  private static String kind(List<String> tokens) {
    if (tokens.equals(List.of("ab"))) {
      return "nothing";
    }
    if (!tokens.getFirst().equals("a") || !tokens.getLast().equals("b")) {
      return "";
    }
    return tokens.size() == 2 ? "space" : "apart";
  }
}
