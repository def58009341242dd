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
        "(?!a)(?<!b|)~2",
        "(?>|)(?<=a)~2",
        "(?:$){3}~6",
        "(?:$){2,5}?~10",
        "(?:a){0}~1",
        "(?:a|b){2,}~0",
        "(?:\\x61?|b?)~2",
        "(?:\\x{1F600}?|b?)~2",
        "(?:\\u0061?|b?)~2",
        "(?:\\uD83D\\uDE00?|b?)~2",
        "(?:\\uD83D\\uD83D?|b?)~1",
        "(?:\\061?|b?)~2",
        "(?:\\0377?|b?)~2",
        "(?:\\0477?|b?)~1",
        "(?:\\pL?|b?)~2",
        "(?:😀?|b?)~2",
        "(?:\\😀?|b?)~2",
        "(?:[😀\\]]?|b?)~2",
        "()()()()()()()()()()\\10?~2",
        "()\\10?~1",
        "()\\19{2}b~0",
        "(?<n>)(?<=a)()\\22?~1",
        "(?<=abc|d)~3",
        "(?<=(?!).{0,999})~1000",
        "(?<=(?:a?|b{2,3})c)~4",
        "(?<!x(?<=a{1,4}|bcdef)\\R)y~10",
        "(?<=a{3}[bc](?=d{0,9}))~1",
      })
  void waysAreCounted(String regex, double ways) {
    assertThat(Pattern.compile(regex)).isNotNull();
    assertThat(EmptyMatches.count(regex)).isEqualTo(ways);
  }

  /** Ways times the length, or the elements that take no look. */
  @ParameterizedTest
  @CsvSource({"(?:|)x,12", "ab|c,0", "ab|c?,1", "()^\\b(?=a),4", "a{0}(?:b*),3"})
  void stepsAreCounted(String regex, double steps) {
    assertThat(EmptyMatches.steps(regex)).isEqualTo(steps);
  }
}
