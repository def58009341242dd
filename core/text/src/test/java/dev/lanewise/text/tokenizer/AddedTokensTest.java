package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Added tokens, truncation and windows on a small vocabulary, held against Hugging Face's tokenizer. */
class AddedTokensTest {
  private static final int SEED = 23;
  private static final int TEXTS = Depth.texts(1000);

  /** One token of each switch; the ids are those that Hugging Face's tokenizer gives: those after the vocabulary. */
  private static String added(int first) {
    List<String> contents = List.of("<a>", "<ab>", "<AB>", "lone", "<l>", "<r>", "<b> x", "É!");
    List<String> switches =
        List.of(
            "", "", "normalized special", "single_word", "lstrip", "rstrip special", "normalized lstrip rstrip", "normalized single_word");
    StringBuilder added = new StringBuilder();
    for (int i = 0; i < contents.size(); i++) {
      added.append("{\"id\":").append(first + i).append(",\"content\":").append(SmallFiles.quoted(contents.get(i)));
      for (String name : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
        added.append(",\"").append(name).append("\":").append(switches.get(i).contains(name));
      }
      added.append("},\n");
    }
    return added.toString();
  }

  private static String file(String normaliser, String truncation) throws IOException {
    String decoder = "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}";
    String plain = SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, decoder);
    int size = tokenizer(plain).vocabulary();
    return SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, decoder, truncation, added(size));
  }

  private static Tokenizer tokenizer(String json) throws IOException {
    return Tokenizer.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "tokenizer.json");
  }

  /** Parts of added tokens, white space and words, in any order. */
  private static String text(Random random) {
    List<String> parts =
        List.of(
            "<a>",
            "<ab>",
            "<AB>",
            "lone",
            "<l>",
            "<r>",
            "<b> x",
            "É!",
            "é!",
            "<B>",
            "E\u0301!",
            " ",
            " ",
            "\u3000",
            "\n",
            "a",
            "x",
            "<",
            "lo",
            "ne",
            ">",
            "[SEP]",
            "[MASK]",
            "[MAS",
            "\u0301",
            "_",
            "\u200d",
            "½",
            "中");
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(12); i >= 0; i--) {
      text.append(parts.get(random.nextInt(parts.size())));
    }
    return text.toString();
  }

  @Test
  void agree() throws IOException {
    for (String normaliser : List.of("null", SmallFiles.CASED, SmallFiles.UNCASED)) {
      Random random = new Random(SEED);
      try (Agreement agreement = Agreement.of("added, seed " + SEED + " " + normaliser, file(normaliser, "null"))) {
        for (int i = 0; i < TEXTS; i++) {
          agreement.on(text(random));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"LongestFirst, Right", "LongestFirst, Left", "OnlyFirst, Right", "OnlyFirst, Left", "OnlySecond, Right", "OnlySecond, Left"})
  void truncationAgrees(String strategy, String direction) throws IOException {
    OddTexts texts = new OddTexts(SEED);
    for (int length : new int[] {3, 4, 5, 8, 9, 30}) {
      String truncation =
          "{\"direction\":\"%s\",\"max_length\":%d,\"strategy\":\"%s\",\"stride\":0}".formatted(direction, length, strategy);
      Random random = new Random(SEED);
      try (Agreement agreement = Agreement.of(truncation, file(SmallFiles.UNCASED, truncation))) {
        for (int i = 0; i < TEXTS / 20; i++) {
          if (strategy.equals("LongestFirst")) {
            agreement.on(texts.sentence());
            agreement.on(text(random), text(random));
            agreement.on(texts.sentence(), text(random));
          } else {
            // What is not cut must be short, or nothing can be cut off.
            agreement.on(strategy.equals("OnlyFirst") ? texts.sentence() : "", strategy.equals("OnlyFirst") ? "" : texts.sentence());
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void windowsAgree(int overlap) throws IOException {
    OddTexts texts = new OddTexts(SEED);
    String truncation = "{\"direction\":\"Right\",\"max_length\":10,\"strategy\":\"LongestFirst\",\"stride\":" + overlap + "}";
    String json = file(SmallFiles.UNCASED, truncation);
    try (Agreement agreement = Agreement.of("windows", json);
        NativeTokenizer expected = NativeTokenizer.of(json)) {
      for (int i = 0; i < TEXTS / 10; i++) {
        String text = i == 0 ? "" : texts.sentence();
        List<Encoding> windows = agreement.tokenizer().windows(text, 10, overlap);
        List<NativeTokenizer.Native> wanted = expected.encodeWithOverflow(text);
        assertThat(windows).as(text).hasSameSizeAs(wanted);
        for (int k = 0; k < windows.size(); k++) {
          agreement.same(windows.get(k), wanted.get(k), text);
        }
      }
    }
  }

  @Test
  void longTextsAreReadInPartsThatChangeNothing() throws IOException {
    OddTexts texts = new OddTexts(SEED);
    StringBuilder text = new StringBuilder();
    while (text.length() < 50_000) {
      text.append(texts.sentence()).append(' ');
    }
    for (String normaliser : List.of(SmallFiles.CASED, SmallFiles.UNCASED, "{\"type\":\"NFKC\"}", "{\"type\":\"Lowercase\"}")) {
      String json = SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null");
      try (Agreement agreement = Agreement.of(normaliser, json)) {
        agreement.on(text.toString());
      }
    }
  }

  @Test
  void specialTokensInTextAreASwitch() throws IOException {
    Tokenizer tokenizer = tokenizer(file(SmallFiles.UNCASED, "null"));
    assertThat(tokenizer.encode("a [SEP] <a>").tokens()).containsExactly("[CLS]", "a", "[SEP]", "<a>", "[SEP]");
    assertThat(tokenizer.withSpecialTokensInText(false).encode("a[SEP]<a>").tokens())
        .containsExactly("[CLS]", "a", "[", "s", "##e", "##p", "]", "<a>", "[SEP]");
  }

  @Test
  void wrongArgumentsAreNamed() throws IOException {
    Tokenizer tokenizer = tokenizer(file(SmallFiles.UNCASED, "null"));
    assertThatThrownBy(() -> tokenizer.withMaxTokens(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxTokens is 1");
    assertThatThrownBy(() -> tokenizer.windows("x", 2, 0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("least 3");
    assertThatThrownBy(() -> tokenizer.windows("x", 5, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("overlap is 3");
    assertThatThrownBy(() -> tokenizer.token(-1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("id is -1");
    assertThatThrownBy(() -> tokenizer.withMaxTokens(2).encode("x", "y"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxTokens is 2, must be at least 3");
  }
}
