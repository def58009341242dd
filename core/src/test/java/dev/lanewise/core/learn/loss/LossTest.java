package dev.lanewise.core.learn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Losses of vectors and numbers: compared with plain double code, which finite differences confirm. */
@Tag("twice")
class LossTest {
  private static float[] floats(double[] x) {
    float[] floats = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      floats[i] = (float) x[i];
    }
    return floats;
  }

  @Test
  void meanSquaredError() {
    int batch = 3;
    int rows = 5;
    int width = 7;
    float[] output = PlainLoss.random(1, batch * rows * width);
    float[] target = PlainLoss.random(2, batch * rows * width);
    double[] exact = new double[output.length];
    double[] plain = new double[output.length];
    double expected = PlainLoss.EXACT.squares(PlainLoss.doubles(output), PlainLoss.doubles(target), exact);
    PlainLoss.PLAIN.squares(PlainLoss.doubles(output), PlainLoss.doubles(target), plain);
    Differences.confirm(PlainLoss.doubles(output), exact, x -> PlainLoss.EXACT.squares(x, PlainLoss.doubles(target), null));
    SequenceBatch gradient = SequenceBatch.zeros(batch, rows, width);
    SequenceBatch x = SequenceBatch.of(output, batch, rows, width);
    SequenceBatch wanted = SequenceBatch.of(target, batch, rows, width);
    double loss = MeanSquaredError.standard().compute(x, wanted, gradient);
    assertThat(loss).isCloseTo(expected, within(1e-12));
    Budget.assertWithin("gradient", gradient.data(), plain, exact);
    assertThat(MeanSquaredError.standard().compute(x, wanted, null)).isEqualTo(loss);
    assertThat(MeanSquaredError.standard().compute(x, wanted, x)).isEqualTo(loss);
    Views.assertSameBits(x.data(), gradient.data(), "the gradient in place");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -0.5, 0.1, 1})
  void cosineLoss(double margin) {
    int pairs = 9;
    int width = 6;
    float[] first = PlainLoss.random(3, pairs * width);
    float[] second = PlainLoss.random(4, pairs * width);
    for (int c = 0; c < width; c++) {
      second[4 * width + c] = 2 * first[4 * width + c]; // a cosine of 1
      first[5 * width + c] *= 1e15f;
    }
    float[] targets = new float[pairs];
    Random random = new Random(5);
    for (int i = 0; i < pairs; i++) {
      targets[i] = Double.isNaN(margin) ? random.nextFloat(-1, 1) : 2 * random.nextInt(2) - 1;
    }
    double[] exactFirst = new double[first.length];
    double[] exactSecond = new double[first.length];
    double[] plainFirst = new double[first.length];
    double[] plainSecond = new double[first.length];
    double[] a = PlainLoss.doubles(first);
    double[] b = PlainLoss.doubles(second);
    double expected = PlainLoss.EXACT.cosines(a, b, targets, margin, exactFirst, exactSecond);
    PlainLoss.PLAIN.cosines(a, b, targets, margin, plainFirst, plainSecond);
    double[] unused = new double[first.length];
    Differences.confirm(b, exactSecond, y -> PlainLoss.EXACT.cosines(a, y, targets, margin, unused, unused));
    CosineLoss loss = Double.isNaN(margin) ? CosineLoss.scores() : CosineLoss.labels(margin);
    SequenceBatch x = SequenceBatch.of(first, pairs, 1, width);
    SequenceBatch y = SequenceBatch.of(second, pairs, 1, width);
    SequenceBatch dx = SequenceBatch.zeros(pairs, 1, width);
    SequenceBatch dy = SequenceBatch.zeros(pairs, 1, width);
    assertThat(loss.compute(x, y, targets, dx, dy)).isCloseTo(expected, within(1e-7));
    Budget.assertWithin("first", dx.data(), plainFirst, exactFirst);
    Budget.assertWithin("second", dy.data(), plainSecond, exactSecond);
    assertThat(loss.compute(x, y, targets, null, null)).isEqualTo(loss.compute(x, y, targets, x, y));
    Views.assertSameBits(first, dx.data(), "the gradient of first in place");
    Views.assertSameBits(second, dy.data(), "the gradient of second in place");
  }

  @ParameterizedTest
  @CsvSource({"1,1,3,1,false", "5,5,8,0.05,false", "5,5,8,0.05,true", "7,12,16,0.2,false", "7,12,16,0.2,true", "33,33,65,0.02,true"})
  void infoNce(int n, int m, int width, double temperature, boolean symmetric) {
    float[] queries = PlainLoss.random(6, n * width);
    float[] documents = PlainLoss.random(7, m * width);
    for (int i = 0; i < n * width; i++) {
      documents[i] += 0.3f * queries[i]; // own documents are similar, as in a model that has learned something
    }
    double[] x = PlainLoss.doubles(queries);
    double[] y = PlainLoss.doubles(documents);
    double[][] exact = {new double[x.length], new double[y.length]};
    double[][] plain = {new double[x.length], new double[y.length]};
    double expected = PlainLoss.EXACT.contrast(x, y, width, temperature, symmetric, exact[0], exact[1]);
    PlainLoss.PLAIN.contrast(x, y, width, temperature, symmetric, plain[0], plain[1]);
    if (n * width < 100) {
      double[] unused = new double[Math.max(x.length, y.length)];
      Differences.confirm(x, exact[0], v -> PlainLoss.EXACT.contrast(v, y, width, temperature, symmetric, unused, unused));
      Differences.confirm(y, exact[1], v -> PlainLoss.EXACT.contrast(x, v, width, temperature, symmetric, unused, unused));
    }
    InfoNce loss = symmetric ? InfoNce.of(temperature).symmetric() : InfoNce.of(temperature);
    SequenceBatch query = SequenceBatch.of(queries, n, 1, width);
    SequenceBatch document = SequenceBatch.of(documents, 1, m, width);
    SequenceBatch queryGradient = SequenceBatch.zeros(n, 1, width);
    SequenceBatch documentGradient = SequenceBatch.zeros(1, m, width);
    double value = loss.compute(query, document, queryGradient, documentGradient);
    assertThat(value).isCloseTo(expected, within(1e-12 * (1 + 1 / temperature)));
    Budget.assertWithin("queries", queryGradient.data(), plain[0], exact[0]);
    Budget.assertWithin("documents", documentGradient.data(), plain[1], exact[1]);
    assertThat(loss.compute(query, document, null, null)).isEqualTo(value);
  }

  /** Only the written columns of wider arrays change, and padding is not read. */
  @Test
  void stridedViews() {
    SequenceBatch wide = SequenceBatch.of(floats(new Random(8).doubles(3 * 4 * 9).toArray()), 3, 4, 9);
    SequenceBatch other = SequenceBatch.of(floats(new Random(9).doubles(3 * 4 * 9).toArray()), 3, 4, 9);
    SequenceBatch dense = SequenceBatch.zeros(3, 4, 5);
    SequenceBatch denseOther = SequenceBatch.zeros(3, 4, 5);
    wide.columns(2, 7).copyTo(dense);
    other.columns(1, 6).copyTo(denseOther);
    SequenceBatch[] gradients = {SequenceBatch.zeros(3, 4, 5), SequenceBatch.zeros(3, 4, 5)};
    SequenceBatch written = SequenceBatch.zeros(3, 4, 12);
    double loss = InfoNce.of(0.3).compute(dense, denseOther, gradients[0], gradients[1]);
    double same = InfoNce.of(0.3).compute(wide.columns(2, 7), other.columns(1, 6), written.columns(0, 5), written.columns(6, 11));
    assertThat(same).isEqualTo(loss);
    for (int b = 0; b < 3; b++) {
      for (int row = 0; row < 4; row++) {
        for (int c = 0; c < 5; c++) {
          assertThat(written.get(b, row, c)).isEqualTo(gradients[0].get(b, row, c));
          assertThat(written.get(b, row, 6 + c)).isEqualTo(gradients[1].get(b, row, c));
        }
        assertThat(written.get(b, row, 5)).isZero();
        assertThat(written.get(b, row, 11)).isZero();
      }
    }
  }

  @Test
  void vectorsOfLengthZeroHaveNoGradient() {
    SequenceBatch zero = SequenceBatch.zeros(2, 1, 3);
    SequenceBatch ones = SequenceBatch.of(new float[] {1, 1, 1, 1, 1, 1}, 2, 1, 3);
    SequenceBatch first = SequenceBatch.of(new float[] {9, 9, 9, 9, 9, 9}, 2, 1, 3);
    SequenceBatch second = SequenceBatch.of(new float[] {9, 9, 9, 9, 9, 9}, 2, 1, 3);
    assertThat(CosineLoss.scores().compute(zero, ones, new float[] {1, 0}, first, second)).isEqualTo(0.5);
    assertThat(first.data()).usingComparatorWithPrecision(0f).containsOnly(0);
    assertThat(second.data()).usingComparatorWithPrecision(0f).containsOnly(0);
    assertThat(InfoNce.of(0.1).symmetric().compute(zero, ones, first, second)).isCloseTo(Math.log(2), within(1e-12));
    assertThat(first.data()).usingComparatorWithPrecision(0f).containsOnly(0);
    assertThat(second.data()).usingComparatorWithPrecision(0f).containsOnly(0);
  }

  @Test
  void nothingHasTheLossZero() {
    SequenceBatch none = SequenceBatch.zeros(0, 1, 3);
    assertThat(MeanSquaredError.standard().compute(none, none, null)).isZero();
    assertThat(CosineLoss.scores().compute(none, none, new float[0], null, null)).isZero();
    assertThat(InfoNce.of(1).symmetric().compute(none, SequenceBatch.zeros(2, 1, 3), null, SequenceBatch.zeros(2, 1, 3))).isZero();
  }

  @Test
  void aNanReachesTheLoss() {
    SequenceBatch x = SequenceBatch.of(new float[] {1, Float.NaN, 3, 4}, 2, 1, 2);
    SequenceBatch y = SequenceBatch.of(new float[] {1, 2, 3, 4}, 2, 1, 2);
    assertThat(MeanSquaredError.standard().compute(x, y, null)).isNaN();
    assertThat(CosineLoss.scores().compute(x, y, new float[] {1, 1}, null, null)).isNaN();
    assertThat(InfoNce.of(1).compute(x, y, null, null)).isNaN();
  }

  @Test
  void wrongArguments() {
    SequenceBatch x = SequenceBatch.zeros(4, 1, 6);
    SequenceBatch y = SequenceBatch.zeros(4, 1, 6);
    SequenceBatch small = SequenceBatch.zeros(3, 1, 6);
    SequenceBatch narrow = SequenceBatch.zeros(4, 1, 5);
    SequenceBatch tall = SequenceBatch.zeros(4, 2, 6);
    MeanSquaredError squares = MeanSquaredError.standard();
    CosineLoss cosine = CosineLoss.scores();
    InfoNce contrast = InfoNce.of(0.1);
    float[] targets = {1, 1, -1, 1};
    List.of(
            Wrong.argument("target", t -> squares.compute(x, small, view(t, 0)), "output.batch", "4", "target.batch", "3"),
            Wrong.argument("gradient", t -> squares.compute(x, y, SequenceBatch.of(t, 4, 1, 5)), "gradient.width", "5", "6"),
            Wrong.overlap("gradient", "target", 0, t -> squares.compute(x, view(t, 0), view(t, 3))),
            Wrong.overlap("gradient", "output", 0, t -> squares.compute(view(t, 0), y, view(t, 3))),
            Wrong.isNull("output", t -> squares.compute(Wrong.nothing(), y, view(t, 0))),
            Wrong.argument("margin", t -> CosineLoss.labels(1.5), "margin", "1.5", "-1", "1"),
            Wrong.argument("margin", t -> CosineLoss.labels(Double.NaN), "margin", "NaN"),
            Wrong.argument("targets", t -> cosine.compute(x, y, new float[3], view(t, 0), null), "targets.length", "3", "4"),
            Wrong.argument(
                "a label",
                t -> CosineLoss.labels(0).compute(x, y, new float[] {1, 1, 0.5f, 1}, view(t, 0), null),
                "targets[2]",
                "0.5",
                "-1"),
            Wrong.argument("a score", t -> cosine.compute(x, y, new float[] {1, Float.NaN, 0, 1}, view(t, 0), null), "targets[1]", "NaN"),
            Wrong.overlap("firstGradient", "second", 0, t -> cosine.compute(x, view(t, 0), targets, view(t, 3), null)),
            Wrong.overlap("firstGradient", "secondGradient", 6, t -> cosine.compute(x, y, targets, view(t, 3), view(t, 6))),
            Wrong.overlap("secondGradient", "first", 0, t -> cosine.compute(view(t, 0), y, targets, null, view(t, 3))),
            Wrong.argument("rows", t -> cosine.compute(x, tall, targets, null, null), "first.rows", "1", "second.rows", "2"),
            Wrong.argument("gradient", t -> cosine.compute(x, y, targets, view(t, 0).batch(0, 3), null), "firstGradient.batch", "3", "4"),
            Wrong.argument("gradient", t -> cosine.compute(x, y, targets, null, view(t, 0).batch(0, 3)), "secondGradient.batch", "3", "4"),
            Wrong.argument("temperature", t -> InfoNce.of(0), "temperature", "0.0"),
            Wrong.argument("temperature", t -> InfoNce.of(Double.NaN), "temperature", "NaN"),
            Wrong.argument("temperature", t -> InfoNce.of(Double.POSITIVE_INFINITY), "temperature", "Infinity"),
            Wrong.argument("documents", t -> contrast.compute(x, small, view(t, 0), null), "documents.batch", "3", "4"),
            Wrong.argument("documents", t -> contrast.compute(x, narrow, view(t, 0), null), "queries.width", "6", "5"),
            Wrong.argument("gradient", t -> contrast.compute(x, y, view(t, 0).batch(0, 3), null), "queryGradient.batch", "3", "4"),
            Wrong.overlap("queryGradient", "queries", 0, t -> contrast.compute(view(t, 0), y, view(t, 0), null)),
            Wrong.overlap("documentGradient", "queries", 0, t -> contrast.compute(view(t, 0), y, null, view(t, 3))),
            Wrong.argument("gradient", t -> contrast.compute(x, y, null, view(t, 0).batch(0, 3)), "documentGradient.batch", "3", "4"),
            Wrong.overlap("queryGradient", "documents", 0, t -> contrast.compute(x, view(t, 0), view(t, 3), null)),
            Wrong.overlap("documentGradient", "documents", 0, t -> contrast.compute(x, view(t, 0), null, view(t, 3))),
            Wrong.overlap("queryGradient", "documentGradient", 6, t -> contrast.compute(x, y, view(t, 3), view(t, 6))),
            Wrong.isNull("documents", t -> contrast.compute(x, Wrong.nothing(), view(t, 0), null)))
        .forEach(Wrong::verify);
  }

  private static SequenceBatch view(float[] data, int offset) {
    return new SequenceBatch(data, offset, 4, 1, 6, 6, 6);
  }

  @Test
  void examples() throws IOException {
    for (String type : List.of("MeanSquaredError", "CosineLoss", "InfoNce")) {
      assertThat(LossExamples.blocks()).as(type).containsAll(ReadmeBlocks.shownInJavadoc(type + ".java"));
    }
    SequenceBatch x = SequenceBatch.of(PlainLoss.random(1, 12), 4, 1, 3);
    SequenceBatch y = SequenceBatch.of(PlainLoss.random(2, 12), 4, 1, 3);
    assertThat(LossExamples.run(x, y, SequenceBatch.zeros(4, 1, 3), SequenceBatch.zeros(4, 1, 3))).isPositive();
  }
}
