package dev.lanewise.text.tokenizer.normaliser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.Sample;
import dev.lanewise.text.tokenizer.NativeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/** Derives from the native tokenizer which marks and which decompositions of the JDK it does not know. */
class UnicodeTablesTest {
  private static final int END = 0xe0200;
  private static final int AT_ONCE = 512;

  private static final String JSON =
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[
      {"id":0,"special":true,"content":"[MASK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false}],
      "normalizer":{"type":"KIND"},"pre_tokenizer":null,"post_processor":null,"decoder":null,
      "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"","max_input_chars_per_word":100,
      "vocab":{"[MASK]":0,"[UNK]":1VOCABULARY}}}
      """;

  /** The tokens of each of these code points alone; none for the others. */
  private static List<List<String>> tokens(String json, IntPredicate asked) {
    List<List<String>> all = new ArrayList<>();
    try (NativeTokenizer tokenizer = NativeTokenizer.of(json)) {
      for (int first = 0; first < END; first += AT_ONCE) {
        StringBuilder text = new StringBuilder();
        for (int c = first; c < first + AT_ONCE; c++) {
          if (asked.test(c)) {
            text.appendCodePoint(BlockWords.isHalf(c) ? 'x' : c).append("[MASK]");
          }
        }
        List<String> tokens = text.isEmpty() ? List.of() : tokenizer.tokens(text.toString());
        int begin = 0;
        for (int c = first; c < first + AT_ONCE; c++) {
          if (!asked.test(c)) {
            all.add(List.of());
            continue;
          }
          int end = begin + tokens.subList(begin, tokens.size()).indexOf("[MASK]");
          all.add(List.copyOf(tokens.subList(begin, end)));
          begin = end + 1;
        }
      }
    }
    return all;
  }

  private static String ranges(IntPredicate holds) {
    StringBuilder ranges = new StringBuilder();
    for (int c = 0; c < END; c++) {
      int begin = c;
      while (c < END && holds.test(c)) {
        c++;
      }
      if (c > begin) {
        ranges.append(String.format("%x..%x\n", begin, c - 1));
      }
    }
    return ranges.toString();
  }

  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK || type == Character.ENCLOSING_MARK;
  }

  /** A thorough run, and one in which blocks differ, asks for each code point alone. */
  @Test
  void marksAreThoseOfTheNativeTokenizer() throws IOException {
    boolean agree =
        BlockWords.agree(
            "{\"type\":\"StripAccents\"}",
            "WhitespaceSplit",
            END,
            c ->
                CodePoints.isMark(c)
                    ? BlockWords.Fate.REMOVED
                    : BertCharacters.is(c, BertCharacters.SPACE) ? BlockWords.Fate.SPACE : BlockWords.Fate.KEPT,
            BlockWords::written);
    if (agree && Sample.extent() != Sample.Extent.THOROUGH) {
      return;
    }
    List<List<String>> stripped = tokens(JSON.replace("KIND", "StripAccents").replace("VOCABULARY", ""), c -> true);
    String removed = ranges(c -> stripped.get(c).isEmpty());
    Files.writeString(Files.createDirectories(Path.of("target")).resolve("marks.txt"), removed);
    Files.writeString(
        Files.createDirectories(Path.of("target")).resolve("newer-marks.txt"), ranges(c -> isMark(c) != stripped.get(c).isEmpty()));
    assertThat(ranges(CodePoints::isMark)).isEqualTo(removed);
    assertThat(agree).as("blocks agree as each code point does").isTrue();
  }

  @Test
  void decompositionsAreThoseOfTheNativeTokenizer() throws IOException {
    StringBuilder vocabulary = new StringBuilder();
    IntPredicate changes = c -> !BlockWords.isHalf(c) && !Normalizer.isNormalized(Character.toString(c), Normalizer.Form.NFKD);
    int id = 2;
    for (int c = 0x80; c < END; c++) {
      if (changes.test(c)) {
        vocabulary.append(",\"").append(Character.toString(c)).append("\":").append(id++);
      }
    }
    for (Decomposition decomposition : List.of(Decomposition.NFD, Decomposition.NFKD)) {
      String kind = decomposition.form().name();
      List<List<String>> tokens = tokens(JSON.replace("KIND", kind).replace("VOCABULARY", vocabulary), changes);
      IntPredicate decomposes = c -> changes.test(c) && !tokens.get(c).equals(List.of(Character.toString(c)));
      String expected = ranges(decomposes);
      Files.writeString(
          Files.createDirectories(Path.of("target")).resolve("newer-" + kind + ".txt"),
          ranges(c -> decomposes.test(c) != !Normalizer.isNormalized(Character.toString(c), decomposition.form())));
      assertThat(ranges(c -> decomposition.of(c) != null)).isEqualTo(expected);
    }
  }
}
