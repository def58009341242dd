package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.GoldenReader;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each kind of positions compared with its formula in plain code. */
@Tag("twice")
class PositionsTest {
  private static final long SEED = Problem.SEED;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64, 111})
  void sinusoidalEqualsItsFormula(int embedDim) {
    for (int first : new int[] {0, 1, 63, 64, 5000, 100_000, Integer.MAX_VALUE - 2}) {
      SequenceBatch x = Views.emptySequences(Views.Layout.GAPS, 2, 3, embedDim);
      clear(x);
      Positions.sinusoidal(embedDim, 500).apply(x, first);
      for (int row = 0; row < 3; row++) {
        for (int i = 0; i < embedDim; i++) {
          double angle = ((double) first + row) / Math.pow(500, (i - i % 2) / (double) embedDim);
          double expected = i % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
          // A rounding error of the angle moves the sine by the same amount.
          assertThat((double) x.get(1, row, i)).as("%d of %d", i, first + row).isCloseTo(expected, within(1e-7 + 1e-15 * angle));
        }
      }
      Views.assertOnlyTheViewWritten(x.split(1), embedDim);
    }
  }

  @Test
  void sinusoidalHasThePapersBase() {
    SequenceBatch x = SequenceBatch.zeros(1, 1, 4);
    Positions.sinusoidal(4).apply(x, 3);
    assertThat(x.data()).containsExactly((float) Math.sin(3), (float) Math.cos(3), (float) Math.sin(0.03), (float) Math.cos(0.03));
  }

  @Test
  void learnedRowsAreAdded() {
    float[] table = Views.randomArray(9 * 5, 1, SEED);
    SequenceBatch x = Views.randomSequences(Views.Layout.GAPS, 2, 4, 5, SEED + 1);
    float[] before = Views.dense(x);
    InputPositions positions = Positions.learned(table, 9, 5);
    float[] kept = table.clone();
    Arrays.fill(table, Float.NaN);
    positions.apply(x, 5);
    float[] after = Views.dense(x);
    for (int i = 0; i < after.length; i++) {
      assertThat(after[i]).isEqualTo(before[i] + kept[25 + i % 20]);
    }
  }

  static List<InputPositions> inputs() {
    return List.of(Positions.sinusoidal(24), Positions.learned(Views.randomArray(40 * 24, 1, SEED), 40, 24));
  }

  /** Rows in one call, step by step, in a batch of different lengths, and packed. */
  @ParameterizedTest
  @MethodSource("inputs")
  void rowsHaveTheSameBitsForAnyDivisionIntoCalls(InputPositions positions) {
    SequenceBatch whole = Views.randomSequences(Views.Layout.DENSE, 1, 40, 24, SEED);
    float[] data = whole.data().clone();
    positions.apply(whole, 0);

    float[] steps = data.clone();
    for (int row = 0; row < 40; row++) {
      positions.apply(new SequenceBatch(steps, row * 24, 1, 1, 24, 0, 24), row);
    }
    Views.assertSameBits(steps, whole.data(), "steps");

    float[] uneven = data.clone(); // rows 3 to 9 and 25 to 31
    positions.apply(new SequenceBatch(uneven, 3 * 24, 2, 7, 24, 22 * 24, 24), Positions.ofRows(7, 3, 25));
    Views.assertSameBits(Arrays.copyOfRange(uneven, 72, 240), Arrays.copyOfRange(whole.data(), 72, 240), "first of a batch");
    Views.assertSameBits(Arrays.copyOfRange(uneven, 600, 768), Arrays.copyOfRange(whole.data(), 600, 768), "second of a batch");
    Views.assertSameBits(Arrays.copyOfRange(uneven, 240, 600), Arrays.copyOfRange(data, 240, 600), "between them");

    float[] packed = new float[10 * 24];
    System.arraycopy(data, 0, packed, 0, 4 * 24);
    System.arraycopy(data, 0, packed, 4 * 24, 6 * 24);
    positions.apply(SequenceBatch.of(packed, 1, 10, 24), Positions.ofRows(PackedSequences.of(0, 4, 4, 10)));
    Views.assertSameBits(Arrays.copyOf(packed, 96), Arrays.copyOf(whole.data(), 96), "first packed");
    Views.assertSameBits(Arrays.copyOfRange(packed, 96, 240), Arrays.copyOf(whole.data(), 144), "last packed");
  }

  @Test
  void rotaryIsOfItsKind() {
    Rotary rotary = Rotary.of(8);
    LayerPositions positions = rotary;
    assertThat(positions).isSameAs(rotary);
    Attention attention = Attention.standard();
    assertThat(positions.apply(attention, 3, 4)).isSameAs(attention);
  }

  @Test
  void alibiFallsWithTheDistance() {
    Heads query = Views.random(Views.Layout.DENSE, 2, 6, 5, 16, SEED);
    Heads key = Views.random(Views.Layout.DENSE, 2, 3, 9, 16, SEED + 1);
    Heads weights = Heads.zeros(2, 6, 5, 9);
    LayerPositions positions = Positions.alibi(6);
    positions.apply(Attention.standard(), 5, 9).compute(query, key, Results.of().withWeights(weights));
    ReferenceAttention expected = ReferenceAttention.of(Attention.standard().withAlibi(Attention.standardSlopes(6)), query, key);
    assertClose(weights.data(), expected.weights());
  }

  static List<GoldenReader> buckets() {
    return GoldenReader.lines("relative.txt").stream().map(line -> new GoldenReader(line, GoldenReader.numbers("relative.txt"))).toList();
  }

  @ParameterizedTest
  @MethodSource("buckets")
  void bucketsAreThoseOfT5(GoldenReader golden) {
    RelativeBuckets buckets = buckets(golden);
    int last = golden.size("last");
    int[] expected = golden.ints("buckets");
    assertThat(expected).hasSize(2 * last + 1);
    for (int distance = -last; distance <= last; distance++) {
      assertThat(buckets.bucket(distance)).as("%s at %d", golden.name, distance).isEqualTo(expected[distance + last]);
    }
  }

  private static RelativeBuckets buckets(GoldenReader golden) {
    return new RelativeBuckets(golden.size("n"), golden.size("max"), golden.size("bidirectional") == 1);
  }

  /** The biases of T5 in the scores, with more keys than queries, fewer, and equally many; and again with the earlier sizes. */
  @ParameterizedTest
  @MethodSource("buckets")
  void relativeBucketsAddTheirBias(GoldenReader golden) {
    int numBuckets = golden.size("n");
    float[] table = Views.randomArray(numBuckets * 4, 1, SEED);
    LayerPositions positions = Positions.relativeBuckets(table, numBuckets, golden.size("max"), golden.size("bidirectional") == 1);
    int[] expected = golden.ints("buckets");
    int last = golden.size("last");
    int most = Math.min(last, 40);
    for (int[] size : new int[][] {{1, most}, {3, 5}, {5, 3}, {most, most}, {most, 1}, {3, 5}, {0, 5}}) {
      int queries = size[0];
      int keys = size[1];
      Heads query = Views.random(Views.Layout.DENSE, 2, 4, queries, 8, SEED + 1);
      Heads key = Views.random(Views.Layout.DENSE, 2, 2, keys, 8, SEED + 2);
      Heads weights = Heads.zeros(2, 4, queries, keys);
      positions.apply(Attention.standard().withScale(1), queries, keys).compute(query, key, Results.of().withWeights(weights));
      ReferenceAttention reference =
          ReferenceAttention.of(
              Attention.standard()
                  .withScale(1)
                  .withScoreFunction(
                      (row, offset, length, b, head, i, firstKey) -> {
                        for (int j = 0; j < length; j++) {
                          int distance = firstKey + j - (i + keys - queries);
                          row[offset + j] += table[expected[distance + last] * 4 + head];
                        }
                      }),
              query,
              key);
      assertClose(weights.data(), reference.weights());
    }
  }

  @Test
  void noneIsNothing() {
    Attention attention = Attention.standard();
    assertThat(Positions.none().apply(attention, 3, 4)).isSameAs(attention);
  }

  @Test
  void exampleCompiles() throws IOException {
    assertThat(ReadmeBlocks.shownInJavadoc("Positions.java")).isEqualTo(ReadmeBlocks.compiled("PositionsExample.java")).hasSize(1);
  }

  @Test
  void exampleRuns() {
    LayerParts parts = new LayerParts(LayerShape.of(8, 2), 12, Activation.RELU, false, false, Norm.Placement.POST);
    TransformerStack encoder = TransformerStack.of(List.of(parts.encoderLayer()), null);
    SequenceBatch x = SequenceBatch.zeros(1, 3, 8);
    SequenceBatch y = SequenceBatch.zeros(1, 3, 8);
    PositionsExample.run(encoder, 2, 4, x, y);
    assertThat(x.data()[1]).isEqualTo(1);
    SequenceBatch expected = SequenceBatch.zeros(1, 3, 8);
    encoder
        .withLayers(layer -> layer.withSelf(attention -> attention.withAttention(inner -> inner.withAlibi(1 / 16f, 1 / 256f))))
        .forward(x, expected);
    Views.assertSameBits(y.data(), expected.data(), "ALiBi");
  }

  private static void clear(SequenceBatch x) {
    Views.forEach(x.split(1), index -> x.data()[index] = 0);
  }

  private static void assertClose(float[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).as("element %d", i).isCloseTo(expected[i], within(2e-6));
    }
  }
}
