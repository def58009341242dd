package dev.lanewise.text.tokenizer.normaliser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnigurumaPatternTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\\h+|xF0g|F0",
        "a{,2}b|xaaab|aab",
        "(?m:a.b)|a\\nb|a\\nb",
        "(?i:é)|É|É",
        "[[:alpha:]]+|1né2|né",
        "[^[:space:]]+|  né |né",
        "\\p{^L}+|ab12c|12",
        "\\p{Han}+|a漢字b|漢字",
        "\\p{Lu}\\p{lowercase_letter}+|xAbcD|Abc",
        "[]a]+|x]ab|]a",
        "a{x|ba{xx|a{x",
        "(?#comment)b|ab|b",
        "\\s+(?!\\S)|a  b|\" \"",
        "a+?b|aab|aab",
        "a++b|aab|aab",
        "a{1,2}?|aa|a",
        "(?:a{2}){3}|aaaaaaa|aaaaaa",
        "a+{x|aa{x|aa{x",
        "a?\\{2}|a{2}|a{2}",
        "(?i:){2}a?+{|A{|{",
        "aaa\\x{1F600}{2}|aaa😀😀😀|aaa😀😀",
        "[ab]{,2}c|xababc|abc",
        "a][[:digit:]]|xa]7|a]7",
        "[:ab:]+|x:ba:|:ba:",
        "[^]a]+|]ab]|b",
        "[]a{,2}]+|x0]a,x|]a,",
        "\\w+|-é½_\u200da|é½_",
        "\\W+|é½_\u200d-a|\u200d-",
        "(b)\\1\\v|\"bb\u000b\"|\"bb\u000b\"",
        "a\\t|\"a\tb\"|\"a\t\"",
        "\\é+|éé|éé",
        "a\\ {2}[\\ b]|\"a a   b\"|\"a   \"",
      })
  void meansTheSame(String regex, String text, String match) {
    var matcher = OnigurumaPattern.compile(regex).matcher(text.replace("\\n", "\n"));
    assertThat(matcher.find()).isTrue();
    assertThat(matcher.group()).isEqualTo(match.replace("\\n", "\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\K",
        "\\g<a>",
        "\\p{Nonsense}",
        "(?~a)",
        "(?a:b)",
        "a{1,2}+",
        "[[:nonsense:]]",
        "(?(1)a|b)",
        "\\y",
        "\\",
        "\\x{2g}",
        "(?i",
        "(?",
        "a{1234567}"
      })
  void refusesWhatJavaCannotExpress(String regex) {
    assertThatThrownBy(() -> OnigurumaPattern.compile("x" + regex))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .satisfies(message -> assertNamesItsPlace(message, "x" + regex));
  }

  /** The message shows what is refused, and where it is. */
  private static void assertNamesItsPlace(String message, String regex) {
    Matcher parts = Pattern.compile("regular expression \\Q" + regex + "\\E has (.+) at (\\d+), which is not supported").matcher(message);
    assertThat(parts.matches()).as(message).isTrue();
    int at = Integer.parseInt(parts.group(2));
    assertThat(regex.substring(at)).startsWith(parts.group(1));
    assertThat(parts.group(1).length()).isGreaterThanOrEqualTo(Math.min(2, regex.length() - at));
  }

  /** The limit counts repetitions within each other and one after another. */
  @Test
  void limitsTheProductOfRepetitions() {
    assertThat(OnigurumaPattern.compile("(?:a{100}){100}b{,100}").matcher("a".repeat(10_000)).matches()).isTrue();
    for (String regex : new String[] {"(?:a{100}){100}b{,101}", "(?:a{,1000}){1001}", "a{999999}b{2}"}) {
      assertThatThrownBy(() -> OnigurumaPattern.compile(regex))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("repetitions of more than 1000000 times altogether");
    }
  }

  /** Java repeats nothing there: Oniguruma finds six letters with a{2}{3}, Java two. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a{1}{900000}",
        "a+{900000}",
        "a*{2}",
        "a?{,3}",
        "a+?{2}",
        "a{1}?{2}",
        "a(?i){900000}",
        "a(?#){2}(?#){3}",
        "(?-i)(?#x){2,}"
      })
  void refusesAnIntervalBehindAQuantifierOrFlags(String regex) {
    assertThatThrownBy(() -> OnigurumaPattern.compile(regex))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(".* has \\{[\\d,]+} behind a quantifier or flags at \\d+, which is not supported");
  }

  /** The length of an expression matters only if parts of it match nothing in several ways. */
  @Test
  void longExpressionsMayMatchNothingInOneWay() {
    String regex = "some word|".repeat(900);
    assertThat(SearchPattern.ofRegex(regex + "a?").ranges("some word", new TextBudget()))
        .containsExactly(new SearchPattern.Range(0, 9, true));
    assertThatThrownBy(() -> SearchPattern.ofRegex(regex + "a?|b?"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("too many ways to match nothing");
  }

  @Test
  void refusesALookbehindOfManyLengths() {
    for (String length : new String[] {"{0,999999}", "{0,999}", "?a".repeat(200)}) {
      assertThatThrownBy(() -> SearchPattern.ofRegex("(?<=(?!)a" + length + ")"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("too many ways to match nothing");
    }
    assertThat(SearchPattern.ofRegex("(?<=a{900})b").ranges("a".repeat(900) + "b", new TextBudget()))
        .containsExactly(new SearchPattern.Range(0, 900, false), new SearchPattern.Range(900, 901, true));
  }

  @Test
  void refusesWhatIsNoExpression() {
    assertThatThrownBy(() -> OnigurumaPattern.compile("(a")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("(a");
  }
}
