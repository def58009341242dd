package dev.lanewise.text.tokenizer.normaliser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.Sample;
import dev.lanewise.text.tokenizer.NativeTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Compares the file of code points with the native tokenizer, over all of them. A thorough run, and one in which they differ, derives the
 * file from the results of the native tokenizer for each code point between two letters.
 */
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
    String stored = stored();
    assertThat(stored)
        .as("ranges as they are written")
        .isEqualTo(file(IntStream.rangeClosed(0, Character.MAX_CODE_POINT).mapToObj(BertCharactersTest::names).toList()));
    boolean agree =
        agree(true, false, false, "WhitespaceSplit", BertCharacters.CONTROL)
            && agree(false, false, true, "WhitespaceSplit", BertCharacters.MARK)
            && agree(false, true, false, "WhitespaceSplit", BertCharacters.IDEOGRAPH)
            && agree(false, false, false, "BertPreTokenizer", BertCharacters.PUNCTUATION);
    if (agree && Sample.extent() != Sample.Extent.THOROUGH) {
      return;
    }
    String derived = file(kinds());
    Path copy = Files.createDirectories(Path.of("target")).resolve("bert-characters.txt");
    Files.writeString(copy, derived);
    assertThat(stored).as("the file; %s is as it should be", copy).isEqualTo(derived);
    assertThat(agree).as("blocks agree as each code point does").isTrue();
  }

  private static String stored() throws IOException {
    try (InputStream file = Objects.requireNonNull(BertCharacters.class.getResourceAsStream("bert-characters.txt"))) {
      return new String(file.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  /**
   * Tells whether a tokenizer with one switch of the normaliser, or none, shows the code points of a kind, and white space, as the file
   * says.
   */
  private static boolean agree(boolean clean, boolean chinese, boolean strip, String splitter, byte kind) {
    String normaliser =
        "{\"type\":\"BertNormalizer\",\"clean_text\":%s,\"handle_chinese_chars\":%s,\"strip_accents\":%s,\"lowercase\":false}"
            .formatted(clean, chinese, strip);
    BlockWords.Fate shown = clean || strip ? BlockWords.Fate.REMOVED : BlockWords.Fate.WORD;
    BertNormaliser own = new BertNormaliser(false, false, true, false);
    return BlockWords.agree(
        normaliser,
        splitter,
        Character.MAX_CODE_POINT + 1,
        c -> BertCharacters.is(c, kind) ? shown : BertCharacters.is(c, BertCharacters.SPACE) ? BlockWords.Fate.SPACE : BlockWords.Fate.KEPT,
        c -> {
          String given = BlockWords.written(c);
          if (!strip || Decomposition.NFD.of(c) == null) {
            return given;
          }
          String kept = own.apply(AlignedText.of(given, 0, given.length(), new TextBudget())).text();
          // A text that loses this code point must not equal the expected word.
          return kept.isEmpty() ? given : kept;
        });
  }

  /** The names of a code point's kinds in the file, empty for letters. */
  private static String names(int c) {
    List<String> names = new ArrayList<>();
    names.add(BertCharacters.is(c, BertCharacters.SPACE) ? "space" : "");
    names.add(BertCharacters.is(c, BertCharacters.CONTROL) ? "control" : "");
    names.add(BertCharacters.is(c, BertCharacters.MARK) ? "mark" : "");
    names.add(BertCharacters.is(c, BertCharacters.IDEOGRAPH) ? "ideograph" : "");
    names.add(BertCharacters.is(c, BertCharacters.PUNCTUATION) ? "punctuation" : "");
    return joined(names);
  }

  private static String joined(List<String> names) {
    return String.join(" ", names.stream().filter(name -> !name.isEmpty()).toList());
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

  /** The file for the kinds of all code points. */
  private static String file(List<String> kinds) {
    List<String> lines = new ArrayList<>();
    String kind = "";
    int begin = 0;
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
      kinds.add(joined(names));
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
          text.append('a').append(BlockWords.written(c)).append('b').append(SEPARATOR);
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
}
