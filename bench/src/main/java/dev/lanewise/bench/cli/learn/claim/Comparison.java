package dev.lanewise.bench.cli.learn.claim;

import java.util.Locale;

/**
 * A statement about two figures: the figure of one variant is above that of another by more than a threshold. With a negative threshold it
 * says "about as good, or better".
 *
 * <p>The rule: of the difference of both means there is an interval of 95 % (Welch's: both variances, Student's t). The statement holds if
 * the whole interval is above the threshold, does not hold if the whole interval is below it, and is undecided otherwise. It is also
 * undecided with fewer than two seeds.
 *
 * <p>Two variants are compared by the same measure, or one variant by two measures.
 *
 * @param first name of the variant that is said to be better
 * @param firstMeasure its figure
 * @param second name of the other variant, which may be the same one with another measure
 * @param secondMeasure the figure of that variant
 * @param threshold what the difference must be above
 */
public record Comparison(String first, Measure firstMeasure, String second, Measure secondMeasure, double threshold) {
  /** The smallest difference that counts. */
  public static final double MARGIN = 0.05;

  /** The first variant is better, by more than the margin. */
  static Comparison better(String first, String second, Measure measure) {
    return new Comparison(first, measure, second, measure, MARGIN);
  }

  /** The first variant is not worse than the second by more than the margin. */
  static Comparison asGood(String first, String second, Measure measure) {
    return new Comparison(first, measure, second, measure, -MARGIN);
  }

  /** A variant loses no more than the margin on longer sequences. */
  static Comparison keepsBeyond(String variant) {
    return new Comparison(variant, Measure.BEYOND, variant, Measure.ACCURACY, -MARGIN);
  }

  /** A variant loses more than the margin on longer sequences. */
  static Comparison losesBeyond(String variant) {
    return new Comparison(variant, Measure.ACCURACY, variant, Measure.BEYOND, MARGIN);
  }

  /**
   * The difference of two means.
   *
   * @param difference first less second
   * @param halfWidth half of the interval of 95 %; NaN if there are fewer than two seeds
   */
  public record Difference(double difference, double halfWidth) {}

  /** The difference of two figures, with its interval. */
  static Difference difference(Spread first, Spread second) {
    double difference = first.mean() - second.mean();
    double a = first.variance() / first.count();
    double b = second.variance() / second.count();
    if (!(a + b > 0)) {
      return new Difference(difference, a + b);
    }
    double degrees = (a + b) * (a + b) / (a * a / (first.count() - 1) + b * b / (second.count() - 1));
    return new Difference(difference, StudentT.halfWidth(degrees) * Math.sqrt(a + b));
  }

  /** The verdict on two figures. */
  Verdict verdict(Spread firstFigure, Spread secondFigure) {
    Difference difference = difference(firstFigure, secondFigure);
    if (difference.difference() - difference.halfWidth() > threshold) {
      return Verdict.HOLDS;
    }
    return difference.difference() + difference.halfWidth() < threshold ? Verdict.DOES_NOT_HOLD : Verdict.UNDECIDED;
  }

  /** The statement in words. */
  public String text() {
    String limit = String.format(Locale.ROOT, "%+.2f", threshold).replace('-', '−');
    return first.equals(second)
        ? first + ": " + firstMeasure.text() + " − " + secondMeasure.text() + " > " + limit
        : firstMeasure.text() + ": " + first + " − " + second + " > " + limit;
  }
}
