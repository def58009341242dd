package dev.lanewise.text.tokenizer.normaliser;

import static org.assertj.core.api.Assertions.assertThat;

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

  private static boolean isHalf(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }

  /** The tokens of each code point alone. */
  private static List<List<String>> tokens(String json) {
    List<List<String>> all = new ArrayList<>();
    try (NativeTokenizer tokenizer = NativeTokenizer.of(json)) {
      for (int first = 0; first < END; first += AT_ONCE) {
        StringBuilder text = new StringBuilder();
        for (int c = first; c < first + AT_ONCE; c++) {
          text.appendCodePoint(isHalf(c) ? 'x' : c).append("[MASK]");
        }
        List<String> tokens = tokenizer.tokens(text.toString());
        int begin = 0;
        for (int c = first; c < first + AT_ONCE; c++) {
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

  @Test
  void marksAreThoseOfTheNativeTokenizer() throws IOException {
    List<List<String>> stripped = tokens(JSON.replace("KIND", "StripAccents").replace("VOCABULARY", ""));
    String removed = ranges(c -> stripped.get(c).isEmpty());
    Files.writeString(Files.createDirectories(Path.of("target")).resolve("marks.txt"), removed);
    Files.writeString(
        Files.createDirectories(Path.of("target")).resolve("newer-marks.txt"), ranges(c -> isMark(c) != stripped.get(c).isEmpty()));
    assertThat(ranges(CodePoints::isMark)).isEqualTo(removed);
  }

  @Test
  void decompositionsAreThoseOfTheNativeTokenizer() throws IOException {
    StringBuilder vocabulary = new StringBuilder();
    int id = 2;
    for (int c = 0x80; c < END; c++) {
      if (!isHalf(c) && !Normalizer.isNormalized(Character.toString(c), Normalizer.Form.NFKD)) {
        vocabulary.append(",\"").append(Character.toString(c)).append("\":").append(id++);
      }
    }
    for (Decomposition decomposition : List.of(Decomposition.NFD, Decomposition.NFKD)) {
      String kind = decomposition.form().name();
      List<List<String>> tokens = tokens(JSON.replace("KIND", kind).replace("VOCABULARY", vocabulary));
      IntPredicate decomposes =
          c ->
              !isHalf(c)
                  && !Normalizer.isNormalized(Character.toString(c), Normalizer.Form.NFKD)
                  && !tokens.get(c).equals(List.of(Character.toString(c)));
      String expected = ranges(decomposes);
      Files.writeString(
          Files.createDirectories(Path.of("target")).resolve("newer-" + kind + ".txt"),
          ranges(c -> decomposes.test(c) != !Normalizer.isNormalized(Character.toString(c), decomposition.form())));
      assertThat(ranges(c -> decomposition.of(c) != null)).isEqualTo(expected);
    }
  }
}
