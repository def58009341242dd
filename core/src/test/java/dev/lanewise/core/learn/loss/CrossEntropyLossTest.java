package dev.lanewise.core.learn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.testing.ReadmeBlocks;
import dev.lanewise.testing.TestedKernels;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cross-entropy compared with plain double code, which finite differences confirm. */
@Tag("twice")
class CrossEntropyLossTest {
  private static int[] targets(long seed, int rows, int classes, int ignored) {
    Random random = new Random(seed);
    int[] targets = random.ints(rows, 0, classes).toArray();
    for (int row = 1; row < rows; row++) {
      targets[row] = random.nextInt(4) == 0 ? ignored : targets[row];
    }
    return targets;
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,0", "1,1,2,0.3", "2,5,7,0", "3,4,9,0.1", "2,3,33,1", "4,9,1000,0", "4,9,1000,0.05", "1,3,70001,0.1"})
  void lossAndGradient(int batch, int rows, int classes, double smoothing) {
    int ignored = 3 % classes; // a class that does not count is allowed, too
    float[] logits = PlainLoss.random(1, batch * rows * classes);
    for (int i = 0; i < logits.length; i++) {
      logits[i] *= 3;
    }
    int[] targets = targets(2, batch * rows, classes, ignored);
    targets[0] = classes == 1 ? 0 : (ignored + 1) % classes;
    CrossEntropy loss = CrossEntropy.standard().withIgnored(classes == 1 ? -1 : ignored).withLabelSmoothing(smoothing);
    int skipped = classes == 1 ? -1 : ignored;
    int counted = (int) Arrays.stream(targets).filter(target -> target != skipped).count();
    assertThat(loss.counted(targets)).isEqualTo(counted);
    double[] z = PlainLoss.doubles(logits);
    double[] exact = new double[z.length];
    double[] plain = new double[z.length];
    double expected = PlainLoss.EXACT.classes(z, targets, skipped, smoothing, counted, exact);
    PlainLoss.PLAIN.classes(z, targets, skipped, smoothing, counted, plain);
    if (z.length < 200) {
      double[] unused = new double[z.length];
      Differences.confirm(z, exact, x -> PlainLoss.EXACT.classes(x, targets, skipped, smoothing, counted, unused));
    }
    for (Kernels kernels : TestedKernels.all()) {
      SequenceBatch x = SequenceBatch.of(logits.clone(), batch, rows, classes);
      SequenceBatch gradient = SequenceBatch.zeros(batch, rows, classes);
      double value = loss.withKernels(kernels).compute(x, targets, gradient);
      assertThat(value).isCloseTo(expected, within(1e-6 * (1 + expected)));
      Budget.assertWithin("gradient", gradient.data(), plain, exact);
      assertSame(loss.withKernels(kernels), x, targets, value, gradient);
    }
  }

  /** The same bits without a gradient, on more threads, over views with gaps, and in place. */
  private static void assertSame(CrossEntropy loss, SequenceBatch x, int[] targets, double value, SequenceBatch gradient) {
    assertThat(loss.compute(x, targets, null)).isEqualTo(value);
    for (int threads = 2; threads <= 4; threads++) {
      SequenceBatch again = SequenceBatch.zeros(x.batch(), x.rows(), x.width());
      assertThat(loss.withThreads(threads).compute(x, targets, again)).isEqualTo(value);
      Views.assertSameBits(again.data(), gradient.data(), threads + " threads");
    }
    SequenceBatch gaps = SequenceBatch.zeros(x.batch(), x.rows() + 1, x.width() + 2).rows(0, x.rows()).columns(1, x.width() + 1);
    assertThat(loss.compute(x, targets, gaps)).isCloseTo(value, within(1e-15 * (1 + value)));
    SequenceBatch dense = SequenceBatch.zeros(x.batch(), x.rows(), x.width());
    gaps.copyTo(dense);
    Views.assertSameBits(dense.data(), gradient.data(), "the gradient with gaps");
    assertThat(loss.compute(x, targets, x)).isEqualTo(value);
    Views.assertSameBits(x.data(), gradient.data(), "the gradient in place");
  }

  @Test
  void ignoredRowsHaveNoGradientWhateverTheyHold() {
    SequenceBatch logits = SequenceBatch.of(new float[] {Float.NaN, 1, 2, 3, Float.POSITIVE_INFINITY, 0}, 1, 3, 2);
    SequenceBatch gradient = SequenceBatch.of(new float[] {9, 9, 9, 9, 9, 9}, 1, 3, 2);
    double loss = CrossEntropy.standard().compute(logits, new int[] {-100, 1, -100}, gradient);
    assertThat(loss).isCloseTo(Math.log1p(Math.exp(-1)), within(1e-7));
    assertThat(gradient.get(0, 0, 0)).isZero();
    assertThat(gradient.get(0, 2, 1)).isZero();
    assertThat(gradient.get(0, 1, 0)).isPositive();
    assertThat(CrossEntropy.standard().compute(logits, new int[] {-100, -100, -100}, gradient)).isZero();
    assertThat(gradient.data()).containsOnly(0);
    assertThat(CrossEntropy.standard().compute(logits, new int[] {1, 1, -100}, gradient)).isNaN();
  }

  @Test
  void partsOfABatchShareADivisor() {
    int classes = 11;
    SequenceBatch logits = SequenceBatch.of(PlainLoss.random(5, 8 * classes), 1, 8, classes);
    int[] targets = {1, -100, 3, 4, 5, -100, -100, 8};
    SequenceBatch whole = SequenceBatch.zeros(1, 8, classes);
    double loss = CrossEntropy.standard().compute(logits, targets, whole);
    SequenceBatch parts = SequenceBatch.zeros(1, 8, classes);
    CrossEntropy part = CrossEntropy.standard().withDivisor(CrossEntropy.standard().counted(targets));
    double sum =
        part.compute(logits.rows(0, 5), Arrays.copyOfRange(targets, 0, 5), parts.rows(0, 5))
            + part.compute(logits.rows(5, 8), Arrays.copyOfRange(targets, 5, 8), parts.rows(5, 8));
    assertThat(sum).isCloseTo(loss, within(1e-12));
    Views.assertSameBits(parts.data(), whole.data(), "the gradient of both parts");
  }

  @Test
  void farLogitsStayFinite() {
    SequenceBatch logits = SequenceBatch.of(new float[] {3e38f, -3e38f, 0, 100, Float.NEGATIVE_INFINITY, 101}, 1, 2, 3);
    SequenceBatch gradient = SequenceBatch.zeros(1, 2, 3);
    double loss = CrossEntropy.standard().compute(logits, new int[] {0, 2}, gradient);
    assertThat(loss).isCloseTo(Math.log1p(Math.exp(-1)) / 2, within(1e-7));
    assertThat(gradient.get(0, 0, 0)).isZero();
    assertThat(gradient.get(0, 1, 1)).isZero();
  }

  @Test
  void wrongArguments() {
    CrossEntropy loss = CrossEntropy.standard();
    SequenceBatch x = SequenceBatch.zeros(1, 3, 5);
    int[] targets = {0, 4, -100};
    List.of(
            Wrong.argument("targets", t -> loss.compute(x, new int[2], SequenceBatch.of(t, 1, 3, 5)), "targets.length", "2", "3"),
            Wrong.argument("a class", t -> loss.compute(x, new int[] {0, 5, 1}, SequenceBatch.of(t, 1, 3, 5)), "targets[1]", "5", "4"),
            Wrong.argument("a class", t -> loss.compute(x, new int[] {0, 4, -1}, SequenceBatch.of(t, 1, 3, 5)), "targets[2]", "-1", "-100"),
            Wrong.argument("gradient", t -> loss.compute(x, targets, SequenceBatch.of(t, 1, 3, 4)), "gradient.width", "4", "5"),
            Wrong.overlap(
                "gradient", "logits", 0, t -> loss.compute(SequenceBatch.of(t, 1, 3, 5), targets, new SequenceBatch(t, 1, 1, 3, 5, 15, 5))),
            Wrong.argument("smoothing", t -> loss.withLabelSmoothing(1.5), "smoothing", "1.5", "1"),
            Wrong.argument("smoothing", t -> loss.withLabelSmoothing(Double.NaN), "smoothing", "NaN"),
            Wrong.argument("divisor", t -> loss.withDivisor(0), "divisor", "0.0"),
            Wrong.argument("divisor", t -> loss.withDivisor(Double.POSITIVE_INFINITY), "divisor", "Infinity"),
            Wrong.argument("threads", t -> loss.withThreads(0), "threads", "0", "1"),
            Wrong.isNull("logits", t -> loss.compute(Wrong.nothing(), targets, SequenceBatch.of(t, 1, 3, 5))),
            Wrong.isNull("targets", t -> loss.compute(x, Wrong.nothing(), SequenceBatch.of(t, 1, 3, 5))))
        .forEach(Wrong::verify);
  }

  @Test
  void example() throws IOException {
    assertThat(LossExamples.blocks()).containsAll(ReadmeBlocks.shownInJavadoc("CrossEntropy.java"));
    assertThat(LossExamples.classes(SequenceBatch.zeros(1, 2, 3), new int[] {1, -100})).isCloseTo(Math.log(3), within(1e-7));
  }
}
