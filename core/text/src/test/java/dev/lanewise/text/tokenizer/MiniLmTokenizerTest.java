package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the tokenizer of MiniLM, without its truncation, with Hugging Face's native one. */
class MiniLmTokenizerTest {
  private static final int SENTENCES = Depth.texts(3000);
  private static final int SEED = 7;

  private static NativeTokenizer expected;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    expected = NativeTokenizer.load();
    byte[] json = NativeTokenizer.miniLm().getBytes(StandardCharsets.UTF_8);
    tokenizer = Tokenizer.read(new ByteArrayInputStream(json), "tokenizer.json").withoutTruncation();
  }

  @AfterAll
  static void close() {
    expected.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\u0000",
        "x",
        "The law will never be perfect, but its application should be just.",
        "[CLS] is not [CLS], nor is [mask] [MASK]; [CLS][SEP]x[PAD]y[UNK]z[[MASK]]",
        "ΌΔΥΣΣΕΎΣ İI ıi ß ẞ ǅ K Å Ω",
        "e\u0301e\u200d\u0301e\u0000\u0301 o\u0323\u0302 \u0301\u0302 か\u3099가\u11a8",
        "\u1734 \u166d \ud805\udf1e \ud804\uddc9 𫠠𫤠𬺡 \ud83e\udee0 \u1ac1 \u2e5d",
        "don't stop -- believing...!!! ¡¿?! 'tis “quoted” (a)[b]{c}<d> a/b\\c `d` ~e^f_g|h",
      })
  void agreesOnChosenTexts(String text) {
    assertAgree(text);
  }

  @Test
  void agreesOnSeededTexts() {
    OddTexts texts = new OddTexts(SEED);
    for (int i = 0; i < SENTENCES; i++) {
      assertAgree(texts.sentence());
    }
  }

  /**
   * The code points that {@link Depth} tells of the planes that have letters: alone, within a word, and under an accent. {@code
   * BertCharactersTest} tests the code points of the other planes, which are private or unassigned.
   */
  @ParameterizedTest
  @CsvSource({"0, ' ', ' '", "1, a, b", "2, e, \u0301"})
  void agreesOnEveryCodePoint(int place, String before, String after) {
    int atOnce = 256;
    for (int first = 0; first < 0x34000; first += atOnce) {
      if (!Depth.compares(first, place)) {
        continue;
      }
      StringBuilder text = new StringBuilder();
      IntStream.range(first, first + atOnce)
          .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
          .forEach(c -> text.append(before).appendCodePoint(c).append(after).append(" [MASK] "));
      assertAgree(text.toString());
    }
  }

  /** A word may have 100 code points after normalisation. */
  @ParameterizedTest
  @CsvSource({"x, 0", "é, 0", "E\u0301, 0", "가, 0", "각, 0", "𝓦, 1", "ａ, 0", "漢, 0", "!, 0", "\u0301, 0", "\u200b, 0"})
  void agreesOnLongWords(String letter, int more) {
    for (int count : new int[] {33, 34, 49, 50, 51, 99, 100, 101, 200, 201, 10_000}) {
      assertAgree(letter.repeat(count));
      assertAgree("the" + letter.repeat(count + more) + "ing of");
    }
    assertAgree("unbelievabl".repeat(9) + "y");
    assertAgree("[MASK]" + letter.repeat(101) + "[MASK]" + letter.repeat(100));
  }

  @Test
  void agreesOnLongTexts() {
    OddTexts texts = new OddTexts(SEED + 1);
    StringBuilder text = new StringBuilder();
    while (text.length() < 100_000) {
      text.append(texts.sentence()).append(' ');
    }
    assertAgree(text.toString());
    assertThat(tokenizer.encode("law ".repeat(600)).length()).isEqualTo(602);
  }

  /** The native tokenizer drops an unpaired surrogate, too. It damages pairs in the same text, which its interface cannot encode. */
  @Test
  void unpairedSurrogatesAreDropped() {
    assertAgree("a\ud800b");
    assertAgree("\udc00");
    assertAgree("e\ud83d\u0301 中\udfff文 end\ud800");
    assertThat(tokenizer.encode("a\ud800b \ud83d\ude00\ud83d c\udc00").tokens()).containsExactly("[CLS]", "ab", "[UNK]", "c", "[SEP]");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 7, 128, 256, 512})
  void cutsAsTheNativeTokenizerDoes(int maxTokens) throws IOException {
    OddTexts texts = new OddTexts(maxTokens);
    int count = Depth.texts(200);
    // It treats a length of 2 as no limit.
    try (NativeTokenizer cutting = maxTokens == 2 ? null : NativeTokenizer.load(maxTokens)) {
      for (int i = 0; i < count; i++) {
        String text = texts.sentence() + texts.sentence() + texts.sentence() + texts.sentence();
        Encoding cut = tokenizer.withMaxTokens(maxTokens).encode(text);
        Encoding whole = tokenizer.encode(text);
        assertThat(cut.length()).isEqualTo(Math.min(whole.length(), maxTokens));
        assertSame(cut, cutting == null ? expected.encode("", true) : cutting.encode(text, true), text);
      }
    }
  }

  @Test
  void maxTokensHasRoomForTheFrame() {
    assertThat(tokenizer.withMaxTokens(2).encode("law").tokens()).containsExactly("[CLS]", "[SEP]");
    assertThatThrownBy(() -> tokenizer.withMaxTokens(1).encode("law"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxTokens is 1");
  }

  /** Runs without white space that are decomposed in parts: at every position around a cut, and with spaces and marks there. */
  @Test
  void longRunsEqualUndividedOnes() {
    for (String part : List.of("é", "\ud83d\ude00é", "e\u0323\u0301", "\u0302", "가\u11a8", "x!", "漢")) {
      for (int before = 505; before < 520; before++) {
        assertAgree("á".repeat(before) + part.repeat(4) + "b");
        assertAgree("á!".repeat(before / 2) + part + " " + part);
        assertAgree("!".repeat(before) + "e" + "\u0301\u0323".repeat(200) + "e");
      }
    }
    assertAgree("\u0301".repeat(2000) + " x");
    assertAgree("x" + "\u0301".repeat(3000) + "y");
  }

  /** Ordering all marks at once takes quadratic time: minutes for this text. */
  @Test
  @Timeout(60)
  void aTextOfMarksTakesNoMoreTimeThanAnother() {
    assertThat(tokenizer.withMaxTokens(256).encode("a" + "\u0301\u0323".repeat(250_000) + " b").tokens())
        .containsExactly("[CLS]", "a", "b", "[SEP]");
  }

  @Test
  void threadsShareIt() {
    OddTexts texts = new OddTexts(SEED + 2);
    List<String> sentences = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      sentences.add(texts.sentence());
    }
    List<int[]> alone = sentences.stream().map(text -> tokenizer.encode(text).ids()).toList();
    List<int[]> together = sentences.parallelStream().map(text -> tokenizer.encode(text).ids()).toList();
    for (int i = 0; i < alone.size(); i++) {
      assertThat(together.get(i)).isEqualTo(alone.get(i));
    }
  }

  private static void assertAgree(String text) {
    assertSame(tokenizer.encode(text), expected.encode(text, true), text);
  }

  private static void assertSame(Encoding actual, NativeTokenizer.Native wanted, String text) {
    if (!Arrays.equals(actual.ids(), wanted.ids()) || !actual.tokens().equals(wanted.tokens())) {
      int from = Arrays.mismatch(actual.ids(), wanted.ids());
      String start = text.substring(0, Math.min(text.length(), 300));
      assertThat(actual.tokens())
          .as("from token %d on, of %s", from, start.chars().mapToObj(Integer::toHexString).toList())
          .isEqualTo(wanted.tokens());
      assertThat(actual.ids()).isEqualTo(wanted.ids());
    }
  }
}
