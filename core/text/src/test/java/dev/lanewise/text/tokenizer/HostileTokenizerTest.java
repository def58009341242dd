package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tokenizer.json that is made to take endless time or memory is refused, when it is read or when a text is divided. */
@Timeout(120)
class HostileTokenizerTest {
  private static final String REGEX = "{\"type\":\"Replace\",\"pattern\":{\"Regex\":%s},\"content\":\"b\"}";
  private static final String DOUBLING = "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aa\"}";

  /** Finds nothing in {@link #PART}, and needs some 70 000 looks for that. */
  private static final String SLOW = "\".*.*.*.*.*=\"";

  private static final String PART = "x".repeat(16);
  private static final String BYTES = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}";

  private static Tokenizer read(String json) throws IOException {
    return Tokenizer.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "tokenizer.json");
  }

  private static Tokenizer normalising(String normaliser) throws IOException {
    return read(SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null"));
  }

  private static void assertRefused(String json, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(IOException.class)
        .message()
        .startsWith("tokenizer.json")
        .contains(message)
        .doesNotContain("\n")
        .hasSizeLessThan(400);
  }

  private static void assertNormaliserRefused(String normaliser, String message) {
    assertRefused(SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null"), message);
  }

  private static String sequence(String field, String step, int count) {
    return "{\"type\":\"Sequence\",\"" + field + "\":[" + String.join(",", Collections.nCopies(count, step)) + "]}";
  }

  /** Expressions that backtrack, of exponential and of polynomial time. */
  @ParameterizedTest
  @ValueSource(strings = {"(x+x+)+y", "(x|xx)+y", "(.*)*=", "(x*)*(x*)*(x*)*y", ".*.*.*.*.*=", "(?:(?:x+)+)+z", "x*x*x*x*x*$y"})
  void expressionsThatBacktrack(String regex) throws IOException {
    Tokenizer tokenizer = normalising(REGEX.formatted(SmallFiles.quoted(regex)));
    String text = "x".repeat(5000);
    assertThatThrownBy(() -> tokenizer.encode(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("(?s)text .*(takes too long|is too long).*");
    assertThat(tokenizer.encode("x").length()).isEqualTo(3);
  }

  /** All searches of a text share one budget: a few of its parts may be slow, but not all. */
  @Test
  void searchesOfManyPartsOfOneText() throws IOException {
    String slow = "{\"type\":\"Split\",\"pattern\":{\"Regex\":" + SLOW + "},\"behavior\":\"Isolated\"}";
    String splitter = "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"}," + slow + "]}";
    assertTakesTooLong(read(SmallFiles.wordPiece("null", splitter, SmallFiles.BERT_TEMPLATE, "null")), PART + " ");
    assertTakesTooLong(normalising(REGEX.formatted(SLOW)), PART + "[SEP]");
  }

  private static void assertTakesTooLong(Tokenizer tokenizer, String part) {
    assertThat(tokenizer.encode(part).length()).isPositive();
    assertThatThrownBy(() -> tokenizer.encode(part.repeat(1000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("takes too long to search");
  }

  @Test
  void searchesOfManyTokensOfOneText() throws IOException {
    String steps = sequence("decoders", REGEX.formatted(SLOW), 3);
    String file = SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, steps, "null", added(0, false));
    Tokenizer tokenizer = read(file);
    int[] ids = new int[1000];
    Arrays.fill(ids, 5000);
    assertThat(tokenizer.decode(5000)).isEqualTo(PART + "0");
    assertThatThrownBy(() -> tokenizer.decode(ids))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("takes too long to search");
    StreamingDecoder stream = tokenizer.streamingDecoder();
    assertThat(stream.append(5000)).isEqualTo(PART + "0");
    assertThatThrownBy(
            () -> {
              for (int id : ids) {
                stream.append(id);
              }
            })
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("takes too long to search");
  }

  private static String added(int number, boolean normalized) {
    return "{\"id\":%d,\"special\":false,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":%b},"
        .formatted(5000 + number, PART + number, normalized);
  }

  @Test
  void searchesOfManyAddedTokens() {
    StringBuilder added = new StringBuilder();
    for (int i = 0; i < 1000; i++) {
      added.append(added(i, true));
    }
    assertRefused(
        SmallFiles.wordPiece(REGEX.formatted(SLOW), SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null", "null", added.toString()),
        "added_tokens: text of");
  }

  /** A text that is refused shows only the beginning of the expression. */
  @Test
  void longExpressionsAreShortInMessages() throws IOException {
    for (String regex : new String[] {"(x|xx)+y", "(x+x+)+y"}) {
      Tokenizer tokenizer = normalising(REGEX.formatted(SmallFiles.quoted(regex + "z".repeat(5000))));
      assertThatThrownBy(() -> tokenizer.encode("x".repeat(5000)))
          .isInstanceOf(IllegalArgumentException.class)
          .message()
          .hasSizeLessThan(250);
    }
  }

  /** The text of an added token is normalised when the file is read. */
  @Test
  void expressionsThatBacktrackInAnAddedToken() {
    String added =
        "{\"id\":5000,\"special\":false,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":true},"
            .formatted("x".repeat(900));
    String normaliser = REGEX.formatted("\".*.*.*.*.*=\"");
    assertRefused(
        SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null", "null", added), "added_tokens");
  }

  @Test
  void expressionsOfPublishedTokenizersAreFast() throws IOException {
    String words =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r"
            + "\\n"
            + "]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+";
    String splitter = "{\"type\":\"Split\",\"pattern\":{\"Regex\":" + SmallFiles.quoted(words) + "},\"behavior\":\"Isolated\"}";
    Tokenizer tokenizer = read(SmallFiles.wordPiece("null", splitter, SmallFiles.BERT_TEMPLATE, "null"));
    for (String part : new String[] {" ", "a", "1", "!", "\n", " \n", "中", "'", "a ", "\t \r"}) {
      assertThat(tokenizer.encode(part.repeat(100_000 / part.length())).length()).as(part).isPositive();
    }
  }

  @Test
  void expressionsThatAreDeepOrRepeatWithoutALook() {
    assertNormaliserRefused(REGEX.formatted("\"" + "(".repeat(4900) + "a" + ")".repeat(4900) + "\""), "regular expression ((((");
    assertNormaliserRefused(REGEX.formatted("\"(?:){2000000000}\""), "has {2000000000} at 4");
    assertNormaliserRefused(REGEX.formatted("\"(?:(?:(?:){999}){999}){999}\""), "repetitions");
  }

  /** A search tries all ways to match nothing without a look at the text, which is what the limit for searches counts. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?:|)",
        "(?:a?|b?)",
        "$?",
        "\\\\b*",
        "(?=)?",
        "(a*)*",
        "()?",
        "(?:^|\\\\G)",
        "(?:a?)??",
        "(?i:b|c?|)",
        "$(?:\\\\x61?|b?)",
        "$(?:\\\\x{62}?|b?)",
        "$(?:\\\\u0061?|b?)",
        "$(?:\\\\061?|b?)",
        "$(?:\\\\pL?|b?)",
        "$(?:😀?|b?)"
      })
  void expressionsThatMatchNothingInManyWays(String part) throws IOException {
    for (String end : new String[] {"(?!)", "c", ""}) {
      assertNormaliserRefused(REGEX.formatted("\"" + part.repeat(40) + end + "\""), "too many ways to match nothing");
    }
    assertThat(normalising(REGEX.formatted("\"" + part.repeat(3) + "(?!)\"")).encode("xx").length()).isEqualTo(4);
  }

  @Test
  void expressionsThatMatchNothingManyTimesOrInOneWay() throws IOException {
    assertNormaliserRefused(REGEX.formatted("\"(?:){900000}(?!)\""), "too many ways to match nothing");
    String nested = "(?:|)(?:".repeat(40) + "a" + ")".repeat(40);
    assertNormaliserRefused(REGEX.formatted("\"" + nested + "\""), "too many ways to match nothing");
    for (String part : new String[] {"(?:a|)", "(?:a|b|)", "a?", "[b\\\\]]*", "(?:a+)?", "(?!c)", "\\\\b", "(?:a|b){0,1}", "\\\\p{L}*"}) {
      assertThat(normalising(REGEX.formatted("\"" + part.repeat(100) + "(?!)\"")).encode("xx").length()).as(part).isEqualTo(4);
    }
  }

  /** Just below the limit for one search, which takes its steps at each index of a text. */
  @ParameterizedTest
  @ValueSource(strings = {"7 (?:|)", "1000 ()", "1 (?<=(?!)a{0,150})"})
  void searchesWithoutALook(String part) throws IOException {
    int space = part.indexOf(' ');
    String regex = part.substring(space + 1).repeat(Integer.parseInt(part.substring(0, space))) + "(?!)";
    Tokenizer tokenizer = normalising(sequence("normalizers", REGEX.formatted("\"" + regex + "\""), 100));
    assertThat(tokenizer.encode("x").length()).isEqualTo(3);
    String text = "x".repeat(5_000);
    assertThatThrownBy(() -> tokenizer.encode(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("takes too long to search");
  }

  @Test
  void textsThatDoubleAgainAndAgain() throws IOException {
    Tokenizer tokenizer = normalising(sequence("normalizers", DOUBLING, 60));
    assertThatThrownBy(() -> tokenizer.encode("aaa")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("characters");
    assertNormaliserRefused(sequence("normalizers", DOUBLING, 101), "more than 100 steps");
    assertNormaliserRefused(sequence("normalizers", sequence("normalizers", DOUBLING, 60), 2), "more than 100 steps");
    assertNormaliserRefused("{\"type\":\"Prepend\",\"prepend\":\"" + "x".repeat(1001) + "\"}", "at most 1000");
  }

  @Test
  void wordsThatGrowAgainAndAgain() {
    String twice = "{\"type\":\"Sequence\",\"pretokenizers\":[" + BYTES + "," + BYTES + "]}";
    assertRefused(SmallFiles.wordPiece("null", twice, SmallFiles.BERT_TEMPLATE, "null"), "second time");
    String many = sequence("pretokenizers", "{\"type\":\"Metaspace\",\"replacement\":\"_\"}", 17);
    assertRefused(SmallFiles.wordPiece("null", many, SmallFiles.BERT_TEMPLATE, "null"), "more than 16 steps");
  }

  @Test
  void decodedTextsThatDoubleAgainAndAgain() throws IOException {
    Tokenizer tokenizer =
        read(SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, sequence("decoders", DOUBLING, 60)));
    int[] ids = tokenizer.encode("a").ids();
    assertThatThrownBy(() -> tokenizer.decode(ids)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("more than");
    String suffix = sequence("decoders", "{\"type\":\"BPEDecoder\",\"suffix\":\"\"}", 60);
    assertRefused(SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, suffix), "suffix");
  }

  @Test
  void templatesOfManyTokens() {
    String ids = String.join(",", Collections.nCopies(1000, "1"));
    String template =
        """
        {"type":"TemplateProcessing","single":[%s{"Sequence":{"id":"A","type_id":0}}],"pair":[],
        "special_tokens":{"x":{"id":"x","ids":[%s],"tokens":[]}}}\
        """
            .formatted("{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}},".repeat(2), ids);
    assertRefused(SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, template, "null"), "2000 special tokens");
    assertRefused(SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, template.replace("[1,", "[1,1,"), "null"), "1001 elements");
    String copies =
        "{\"type\":\"TemplateProcessing\",\"single\":["
            + "{\"Sequence\":{\"id\":\"A\"}},".repeat(5).replaceAll(",$", "")
            + "],\"special_tokens\":{}}";
    assertRefused(SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, copies, "null"), "more than 4 times");
  }

  @Test
  void namesThatOccurTwice() {
    String file = SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null");
    assertRefused(file.replace("\"type\":\"BertPreTokenizer\"", "\"type\":\"BertPreTokenizer\",\"type\":\"Whitespace\""), "twice");
    assertRefused(file.replace("\"[UNK]\":0", "\"[UNK]\":0,\"[UNK]\":4900"), "twice");
    assertRefused(file.replace("\"normalizer\":null", "\"normalizer\":null,\"normalizer\":null"), "twice");
  }

  /** The JDK orders a run of marks in quadratic time: minutes for this text. */
  @ParameterizedTest
  @ValueSource(strings = {"NFC", "NFD", "NFKC", "NFKD"})
  void textsOfMarks(String form) throws IOException {
    Tokenizer tokenizer = normalising("{\"type\":\"" + form + "\"}");
    assertThat(tokenizer.encode("\u0301\u0316".repeat(500_000)).length()).isPositive();
  }

  /** The largest id plus one is no int. */
  @Test
  void theLargestId() {
    String file = SmallFiles.wordPiece("null", SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null");
    assertRefused(file.replace("\"[UNK]\":0", "\"[UNK]\":2147483647"), "is 2147483647, too large for");
  }

  /** A replacement without an end would be put in for each character. */
  @Test
  void charsmapsOfLongReplacements() {
    byte[] table = new byte[4 + 4 + 3000];
    table[0] = 4;
    Arrays.fill(table, 8, table.length, (byte) 'x');
    String charsmap = Base64.getEncoder().encodeToString(table);
    assertNormaliserRefused("{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"" + charsmap + "\"}", "more than 256 bytes");
  }
}
