package dev.lanewise.text.tokenizer.normaliser;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmptyMatchesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '"',
      value = {
        "ab|c~0",
        "(?:|)~2",
        "(?:|)(?:|)x~4",
        "(?:|)(?:(?:|)(?:(?:|)a)b)~8",
        "(?:|)a|b|(?:|)c~4",
        "(?:a|b|)~1",
        "(?:a?|b?)~2",
        "(x*)*~2",
        "((x*)*)*~3",
        "$?~2",
        "(?i)$?~2",
        "(?i:^)*+~2",
        "[|()?$]~0",
        "[\\]|[^a]]*$~1",
        "\\p{L}*~1",
        "\\|\\(\\$~0",
        "(?<n>a|)\\k<n>\\1~1",
        "(?=a|b|)~1",
        "(?!a)(?<!b|)~1",
        "(?>|)(?<=a)~2",
        "(?:$){3}~6",
        "(?:$){2,5}?~10",
        "(?:a){0}~1",
        "(?:a|b){2,}~0",
      })
  void waysAreCounted(String regex, double ways) {
    assertThat(Pattern.compile(regex)).isNotNull();
    assertThat(EmptyMatches.count(regex)).isEqualTo(ways);
  }
}
