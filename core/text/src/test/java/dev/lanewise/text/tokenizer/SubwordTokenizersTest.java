package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares with Hugging Face's native tokenizer: ids, ranges and decoded text. */
class SubwordTokenizersTest {
  private static final int AT_ONCE = 256;
  private static final int TEXTS = Depth.texts(500);
  private static final int DECODED = Depth.texts(500);

  /**
   * Texts that begin with characters that SentencePiece's table removes. Hugging Face's code forgets these characters: all ranges behind
   * them are too far left there.
   */
  private static final Pattern FORGOTTEN = Pattern.compile("(^|>)([\\x01-\\x1f\\u00ad\\ufeff]|y\\u0301)");

  /** Shapes of files, and how many texts are compared. */
  enum Shape {
    GPT_2(SubwordFiles.gpt2(false, true)),
    GPT_2_PREFIX_SPACE(SubwordFiles.gpt2(true, true)),
    LLAMA_3(SubwordFiles.split(SubwordFiles.LLAMA_3, false, true)),
    QWEN_2(SubwordFiles.split(SubwordFiles.QWEN, true, false)),
    GPT_4O(SubwordFiles.split(SubwordFiles.GPT_4O, false, false)),
    LLAMA_2(SubwordFiles.llama2()),
    GEMMA(SubwordFiles.gemma()),
    XLM_R(SubwordFiles.xlmRoberta(false, "always", true)),
    XLM_R_BYTES(SubwordFiles.xlmRoberta(true, "first", true)),
    XLM_R_WHOLE(SubwordFiles.xlmRoberta(false, "never", false));

    private final String json;

    Shape(String json) {
      this.json = json;
    }

    Tokenizer tokenizer() throws IOException {
      return Tokenizer.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "tokenizer.json");
    }

    NativeTokenizer expected() {
      return NativeTokenizer.of(json);
    }

    boolean forgets(String text) {
      return name().startsWith("XLM") && FORGOTTEN.matcher(text).find();
    }
  }

  @ParameterizedTest
  @EnumSource
  void agreesOnSeededTexts(Shape shape) throws IOException {
    OddTexts texts = new OddTexts(shape.ordinal() + 100L);
    Random random = new Random(shape.ordinal());
    Tokenizer tokenizer = shape.tokenizer();
    try (NativeTokenizer expected = shape.expected()) {
      for (int i = 0; i < TEXTS; i++) {
        String text = texts.sentence();
        if (random.nextInt(4) == 0) {
          text = text.replace(" ", random.nextBoolean() ? "  " : " \n").replace("[MASK]", "<mask>").replace("[CLS]", "<|endoftext|>");
        }
        assertAgree(shape, tokenizer, expected, text);
      }
    }
  }

  /**
   * Qwen's shape composes (NFC). Hugging Face's code does not order marks there that are newer than Unicode 9, so there are no two marks
   * beside one another.
   */
  @ParameterizedTest
  @EnumSource
  void agreesOnEveryCodePoint(Shape shape) throws IOException {
    Tokenizer tokenizer = shape.tokenizer();
    List<String> forms = List.of(shape == Shape.QWEN_2 ? "x%sy 1%s " : "x%sy 1%s\u0301 ", "'%s %s ").subList(0, Depth.isWhole() ? 2 : 1);
    try (NativeTokenizer expected = shape.expected()) {
      for (String form : forms) {
        for (int first = 0; first <= Character.MAX_CODE_POINT; first += AT_ONCE) {
          boolean assigned = first < 0x34000 || (first >= 0xe0000 && first < 0xe0200) || first >= 0x10ff00;
          if (assigned && Depth.compares(first, shape.ordinal())) {
            String text = "a " + text(form, first);
            // Ranges take most of the time: where a build samples, all blocks have their ids compared, and some their ranges.
            if (Depth.isWhole() || first / AT_ONCE % 8 == 0 || !Arrays.equals(tokenizer.encode(text).ids(), expected.ids(text, true))) {
              assertAgree(shape, tokenizer, expected, text);
            }
          }
        }
      }
    }
  }

  private static String text(String form, int first) {
    return IntStream.range(first, first + AT_ONCE)
        .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
        .mapToObj(c -> form.replace("%s", Character.toString(c)))
        .collect(Collectors.joining());
  }

  @ParameterizedTest
  @EnumSource
  void decodesRandomIds(Shape shape) throws IOException {
    Random random = new Random(shape.ordinal() + 7L);
    Tokenizer tokenizer = shape.tokenizer();
    int vocabulary = tokenizer.vocabulary();
    try (NativeTokenizer expected = shape.expected()) {
      for (int i = 0; i < DECODED; i++) {
        // Low ids are bytes: half of them make damaged characters.
        int[] ids = random.ints(1 + random.nextInt(20), 0, random.nextBoolean() ? vocabulary : Math.min(vocabulary, 260)).toArray();
        boolean skips = random.nextBoolean();
        assertThat(tokenizer.decode(skips, ids)).as("%s", Arrays.toString(ids)).isEqualTo(expected.decode(ids, skips));
        StreamingDecoder decoder = tokenizer.streamingDecoder();
        StringBuilder streamed = new StringBuilder();
        for (int id : ids) {
          streamed.append(decoder.append(id));
        }
        assertThat(streamed.append(decoder.finish()).toString()).isEqualTo(tokenizer.decode(true, ids));
      }
    }
  }

  private static void assertAgree(Shape shape, Tokenizer tokenizer, NativeTokenizer expected, String text) {
    Encoding actual = tokenizer.encode(text);
    NativeTokenizer.Native wanted = expected.encode(text, true);
    int wrong = Arrays.mismatch(actual.ids(), wanted.ids());
    if (wrong >= 0) {
      assertThat(shown(tokenizer, actual.ids(), wrong))
          .as("from token %d on, near %s", wrong, near(text, wrong < wanted.ids().length ? wanted.starts()[wrong] : text.length()))
          .isEqualTo(shown(tokenizer, wanted.ids(), wrong));
    }
    if (!shape.forgets(text)) {
      assertRanges("starts", actual::start, wanted.starts(), actual, text);
      assertRanges("ends", actual::end, wanted.ends(), actual, text);
    }
    String decoded = tokenizer.decode(wanted.ids());
    String right = expected.decode(wanted.ids(), false);
    if (!decoded.equals(right)) {
      assertThat(decoded).isEqualTo(right);
    }
  }

  private static void assertRanges(String name, IntUnaryOperator actual, int[] wanted, Encoding encoding, String text) {
    for (int i = 0; i < wanted.length; i++) {
      if (actual.applyAsInt(i) != wanted[i]) {
        assertThat(actual.applyAsInt(i))
            .as("%s of token %d %s, near %s", name, i, encoding.tokens().get(i), near(text, wanted[i]))
            .isEqualTo(wanted[i]);
      }
    }
  }

  private static String near(String text, int at) {
    String near = text.substring(Math.max(0, at - 10), Math.min(text.length(), at + 20));
    return near + ": " + near.codePoints().mapToObj(Integer::toHexString).collect(Collectors.joining(" "));
  }

  private static String shown(Tokenizer tokenizer, int[] ids, int from) {
    return Arrays.stream(ids).skip(from).limit(12).mapToObj(tokenizer::token).collect(Collectors.joining(" | "));
  }
}
