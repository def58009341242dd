package dev.lanewise.text.tokenizer.normaliser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
      })
  void meansTheSame(String regex, String text, String match) {
    var matcher = OnigurumaPattern.compile(regex).matcher(text.replace("\\n", "\n"));
    assertThat(matcher.find()).isTrue();
    assertThat(matcher.group()).isEqualTo(match.replace("\\n", "\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\K", "\\g<a>", "\\p{Nonsense}", "(?~a)", "(?a:b)", "a{1,2}+", "[[:nonsense:]]", "(?(1)a|b)", "\\y", "\\"})
  void refusesWhatJavaCannotExpress(String regex) {
    assertThatThrownBy(() -> OnigurumaPattern.compile("x" + regex))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not supported")
        .hasMessageMatching(".* at [12], .*");
  }

  @Test
  void refusesWhatIsNoExpression() {
    assertThatThrownBy(() -> OnigurumaPattern.compile("(a")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("(a");
  }
}
