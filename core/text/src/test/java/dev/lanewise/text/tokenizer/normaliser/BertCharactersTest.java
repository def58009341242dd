package dev.lanewise.text.tokenizer.normaliser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.text.tokenizer.NativeTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Derives the file of code points from the results of the native tokenizer for each of them between two letters. */
class BertCharactersTest {
  private static final int AT_ONCE = 1024;
  private static final String SEPARATOR = "[MASK]";

  /** A tokenizer with one switch of the normaliser. */
  private static final String JSON =
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[
      {"id":0,"special":true,"content":"[MASK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false}],
      "normalizer":{"type":"BertNormalizer","clean_text":CLEAN,"handle_chinese_chars":CHINESE,"strip_accents":STRIP,"lowercase":false},
      "pre_tokenizer":{"type":"SPLITTER"},"post_processor":null,"decoder":null,
      "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
      "vocab":{"[MASK]":0,"[UNK]":1,"a":2,"b":3,"##b":4}}}
      """;

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
    assertThat(BertCharacters.kind('a')).isEqualTo((byte) 0);
    assertThat(BertCharacters.kind(' ')).isEqualTo(BertCharacters.SPACE);
    assertThat(BertCharacters.kind('\n')).isEqualTo(BertCharacters.SPACE);
    assertThat(BertCharacters.kind(11)).isEqualTo((byte) (BertCharacters.SPACE | BertCharacters.CONTROL));
    assertThat(BertCharacters.kind(0)).isEqualTo(BertCharacters.CONTROL);
    assertThat(BertCharacters.kind('!')).isEqualTo(BertCharacters.PUNCTUATION);
    assertThat(BertCharacters.kind(0x2ff)).isEqualTo((byte) 0);
    assertThat(BertCharacters.kind(0x300)).isEqualTo(BertCharacters.MARK);
    assertThat(BertCharacters.kind(0x36f)).isEqualTo(BertCharacters.MARK);
    assertThat(BertCharacters.kind(0x370)).isEqualTo((byte) 0);
    assertThat(BertCharacters.kind(0x4e00)).isEqualTo(BertCharacters.IDEOGRAPH);
    assertThat(BertCharacters.kind(0xdfff)).isEqualTo(BertCharacters.CONTROL);
    assertThat(BertCharacters.kind(0x10ffff)).isEqualTo((byte) 0);
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

  /** The names of each code point's kinds, empty for letters. */
  private static List<String> kinds() {
    List<List<String>> cleaned = tokens("true", "false", "false", "WhitespaceSplit");
    List<List<String>> stripped = tokens("false", "false", "true", "WhitespaceSplit");
    List<List<String>> separated = tokens("false", "true", "false", "WhitespaceSplit");
    List<List<String>> split = tokens("false", "false", "false", "BertPreTokenizer");
    List<String> kinds = new ArrayList<>();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      List<String> names = new ArrayList<>();
      names.add(split.get(c).equals(List.of("a", "b")) ? "space" : "");
      names.add(cleaned.get(c).equals(List.of("a", "##b")) ? "control" : "");
      names.add(stripped.get(c).equals(List.of("a", "##b")) ? "mark" : "");
      names.add(separated.get(c).size() == 3 && separated.get(c).getLast().equals("b") ? "ideograph" : "");
      names.add(split.get(c).size() == 3 && split.get(c).getLast().equals("b") ? "punctuation" : "");
      kinds.add(String.join(" ", names.stream().filter(name -> !name.isEmpty()).toList()));
    }
    return kinds;
  }

  /** The tokens of each code point between a and b. */
  private static List<List<String>> tokens(String clean, String chinese, String strip, String splitter) {
    String json = JSON.replace("CLEAN", clean).replace("CHINESE", chinese).replace("STRIP", strip).replace("SPLITTER", splitter);
    List<List<String>> all = new ArrayList<>();
    try (NativeTokenizer tokenizer = NativeTokenizer.of(json)) {
      for (int first = 0; first <= Character.MAX_CODE_POINT; first += AT_ONCE) {
        StringBuilder text = new StringBuilder();
        for (int c = first; c < first + AT_ONCE; c++) {
          // Correctly encoded text has U+FFFD in place of an unpaired surrogate.
          text.append('a').appendCodePoint(isHalf(c) ? 0xfffd : c).append('b').append(SEPARATOR);
        }
        List<String> tokens = tokenizer.tokens(text.toString());
        int begin = 0;
        for (int c = first; c < first + AT_ONCE; c++) {
          int end = begin + tokens.subList(begin, tokens.size()).indexOf(SEPARATOR);
          all.add(List.copyOf(tokens.subList(begin, end)));
          begin = end + 1;
        }
      }
    }
    return all;
  }

  private static boolean isHalf(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
