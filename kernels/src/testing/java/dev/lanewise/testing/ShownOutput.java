package dev.lanewise.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What a document shows as the output of a program. */
public final class ShownOutput {
  private static final Pattern DECIMAL = Pattern.compile("\\d+\\.\\d+");

  private ShownOutput() {}

  /**
   * Asserts that a program printed what a document shows: the same words and whole numbers, and decimals that differ by one unit of the
   * last digit at most, because paths of other lanes round otherwise.
   */
  public static void assertSame(String printed, String shown) {
    assertThat(DECIMAL.matcher(printed).replaceAll("#")).isEqualToNormalizingNewlines(DECIMAL.matcher(shown).replaceAll("#"));
    List<String> numbers = decimals(printed);
    List<String> expected = decimals(shown);
    for (int n = 0; n < numbers.size(); n++) {
      String number = expected.get(n);
      double unit = Math.pow(10, number.indexOf('.') + 1 - number.length());
      assertThat(Double.parseDouble(numbers.get(n))).as(shown).isCloseTo(Double.parseDouble(number), within(1.01 * unit));
    }
  }

  private static List<String> decimals(String text) {
    return DECIMAL.matcher(text).results().map(MatchResult::group).toList();
  }
}
