package dev.lanewise.bench.cli.learn.claim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final Comparison BETTER = Comparison.better("a", "b", Measure.ACCURACY);
  private static final Comparison AS_GOOD = Comparison.asGood("a", "b", Measure.ACCURACY);

  private static Spread of(double... values) {
    return new Spread(values);
  }

  @Test
  void theIntervalIsWelchs() {
    Comparison.Difference difference = Comparison.difference(of(0.9, 0.95, 0.97, 0.92), of(0.7, 0.75, 0.9));
    assertThat(difference.difference()).isCloseTo(0.1516667, within(1e-6));
    double a = (0.035 * 0.035 + 0.015 * 0.015 + 0.035 * 0.035 + 0.015 * 0.015) / 3 / 4;
    double m = 2.35 / 3;
    double b = ((0.7 - m) * (0.7 - m) + (0.75 - m) * (0.75 - m) + (0.9 - m) * (0.9 - m)) / 2 / 3;
    assertThat((a + b) * (a + b) / (a * a / 3 + b * b / 2)).isBetween(2.0, 3.0); // two degrees of freedom, rounded down
    assertThat(difference.halfWidth()).isCloseTo(4.303 * Math.sqrt(a + b), within(1e-9));
  }

  @Test
  void aClearDifferenceHolds() {
    assertThat(BETTER.verdict(of(0.99, 0.98, 0.99), of(0.3, 0.31, 0.29))).isEqualTo(Verdict.HOLDS);
    assertThat(AS_GOOD.verdict(of(0.99, 0.98, 0.99), of(0.3, 0.31, 0.29))).isEqualTo(Verdict.HOLDS);
  }

  @Test
  void theOppositeAndNoDifferenceDoNotHold() {
    assertThat(BETTER.verdict(of(0.3, 0.31, 0.29), of(0.99, 0.98, 0.99))).isEqualTo(Verdict.DOES_NOT_HOLD);
    assertThat(BETTER.verdict(of(0.99, 0.985, 0.99), of(0.99, 0.99, 0.985))).isEqualTo(Verdict.DOES_NOT_HOLD);
    assertThat(AS_GOOD.verdict(of(0.99, 0.985, 0.99), of(0.99, 0.99, 0.985))).isEqualTo(Verdict.HOLDS);
    assertThat(AS_GOOD.verdict(of(0.3, 0.31, 0.29), of(0.99, 0.98, 0.99))).isEqualTo(Verdict.DOES_NOT_HOLD);
  }

  @Test
  void aWideSpreadIsUndecided() {
    assertThat(BETTER.verdict(of(0.99, 0.4, 0.9), of(0.5, 0.6, 0.3))).isEqualTo(Verdict.UNDECIDED);
    assertThat(AS_GOOD.verdict(of(0.99, 0.4, 0.9), of(0.5, 0.6, 0.9))).isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  void withoutSpreadTheMeansDecide() {
    assertThat(BETTER.verdict(of(1, 1), of(0.5, 0.5))).isEqualTo(Verdict.HOLDS);
    assertThat(BETTER.verdict(of(1, 1), of(1, 1))).isEqualTo(Verdict.DOES_NOT_HOLD);
  }

  @Test
  void oneSeedOrNoneIsUndecided() {
    assertThat(BETTER.verdict(of(1), of(0))).isEqualTo(Verdict.UNDECIDED);
    assertThat(BETTER.verdict(of(), of())).isEqualTo(Verdict.UNDECIDED);
    assertThat(BETTER.verdict(of(1, 1, 1), of(Double.NaN, 0, 0))).isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  void allPartsOfAClaimMustHold() {
    assertThat(Verdict.ofAll(List.of(Verdict.HOLDS, Verdict.HOLDS))).isEqualTo(Verdict.HOLDS);
    assertThat(Verdict.ofAll(List.of(Verdict.HOLDS, Verdict.UNDECIDED))).isEqualTo(Verdict.UNDECIDED);
    assertThat(Verdict.ofAll(List.of(Verdict.UNDECIDED, Verdict.DOES_NOT_HOLD))).isEqualTo(Verdict.DOES_NOT_HOLD);
    assertThat(Verdict.ofAll(List.of())).isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  void theStatementInWordsHasItsThreshold() {
    assertThat(BETTER.text()).isEqualTo("right answers: a − b > +0.05");
    assertThat(AS_GOOD.text()).isEqualTo("right answers: a − b > −0.05");
    assertThat(Comparison.keepsBeyond("a").text()).isEqualTo("a: right answers beyond the trained length − right answers > −0.05");
  }
}
