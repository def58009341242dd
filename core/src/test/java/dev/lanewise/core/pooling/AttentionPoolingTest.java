package dev.lanewise.core.pooling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.TestedKernels;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One learned query for each head, with keys and values of different sources, compared with the formula in double. */
@Tag("twice")
class AttentionPoolingTest {
  private static final long SEED = Problem.SEED;

  @Test
  void equalsItsFormula() {
    for (int[] shape : new int[][] {{1, 1, 1, 1, 1}, {2, 5, 1, 8, 3}, {3, 33, 4, 6, 10}, {2, 150, 3, 16, 16}}) {
      int heads = shape[2];
      int headDim = shape[3];
      int valueDim = shape[4];
      float[] query = Views.randomArray(heads * headDim, 1, SEED);
      SequenceBatch keys = Views.randomSequences(Layout.GAPS, shape[0], shape[1], heads * headDim, SEED + 1);
      SequenceBatch values = Views.randomSequences(Layout.GAPS, shape[0], shape[1], heads * valueDim, SEED + 2);
      for (Kernels kernels : TestedKernels.all()) {
        SequenceBatch output = Views.emptySequences(Layout.GAPS, shape[0], 1, heads * valueDim);
        Heads weights = Heads.zeros(shape[0], heads, 1, shape[1]);
        AttentionPooling pooling = AttentionPooling.of(query, heads, headDim).withScale(0.7f).withKernels(kernels);
        pooling.forward(keys, values, output);
        pooling.forward(keys, keys, Results.of().withWeights(weights));
        Heads queries = new Heads(query, 0, shape[0], heads, 1, headDim, 0, headDim, headDim);
        ReferenceAttention expected =
            ReferenceAttention.of(Attention.standard().withScale(0.7f), queries, keys.split(heads), values.split(heads));
        assertClose(weights, expected.weights(), 1e-6);
        assertClose(output.split(heads), expected.output(), 2e-6);
        Views.assertOnlyTheViewWritten(output.split(1), pooling);
      }
    }
  }

  private static void assertClose(Heads actual, double[] expected, double tolerance) {
    float[] elements = Views.dense(actual);
    assertThat(elements).hasSameSizeAs(expected);
    for (int n = 0; n < expected.length; n++) {
      assertThat((double) elements[n]).as("element %d", n).isCloseTo(expected[n], within(tolerance));
    }
  }

  /** Two sources, padded and packed: results and weights are those of each sequence alone. */
  @Test
  void paddedAndPackedEqualSingleSequences() {
    AttentionPooling pooling = AttentionPooling.of(Views.randomArray(12, 1, SEED), 3, 4);
    SequenceBatch keys = Views.randomSequences(Layout.DENSE, 2, 9, 12, SEED + 1);
    SequenceBatch values = Views.randomSequences(Layout.DENSE, 2, 9, 6, SEED + 2);
    int[] lengths = {4, 9};
    SequenceBatch padded = SequenceBatch.zeros(2, 1, 6);
    Heads paddedWeights = Heads.zeros(2, 3, 1, 9);
    pooling.withLengths(lengths).forward(keys, values, padded);
    pooling.withLengths(lengths).forward(keys, keys, Results.of().withWeights(paddedWeights));

    float[] packedKeys = new float[13 * 12];
    float[] packedValues = new float[13 * 6];
    System.arraycopy(keys.data(), 0, packedKeys, 0, 4 * 12);
    System.arraycopy(keys.data(), 9 * 12, packedKeys, 4 * 12, 9 * 12);
    System.arraycopy(values.data(), 0, packedValues, 0, 4 * 6);
    System.arraycopy(values.data(), 9 * 6, packedValues, 4 * 6, 9 * 6);
    SequenceBatch packed = SequenceBatch.zeros(2, 1, 6);
    Heads packedWeights = Heads.zeros(1, 3, 2, 9);
    PackedSequences starts = PackedSequences.of(0, 4, 13);
    pooling.withPackedSequences(starts).forward(SequenceBatch.of(packedKeys, 1, 13, 12), SequenceBatch.of(packedValues, 1, 13, 6), packed);
    pooling
        .withPackedSequences(starts)
        .forward(SequenceBatch.of(packedKeys, 1, 13, 12), SequenceBatch.of(packedKeys, 1, 13, 12), Results.of().withWeights(packedWeights));

    for (int b = 0; b < 2; b++) {
      SequenceBatch ownKeys = keys.batch(b, b + 1).rows(0, lengths[b]);
      SequenceBatch alone = SequenceBatch.zeros(1, 1, 6);
      pooling.forward(ownKeys, values.batch(b, b + 1).rows(0, lengths[b]), alone);
      Heads aloneWeights = Heads.zeros(1, 3, 1, lengths[b]);
      pooling.forward(ownKeys, ownKeys, Results.of().withWeights(aloneWeights));
      for (int i = 0; i < 6; i++) {
        assertThat(packed.get(b, 0, i)).isEqualTo(alone.get(0, 0, i));
        assertThat(padded.get(b, 0, i)).isCloseTo(alone.get(0, 0, i), within(1e-6f));
      }
      for (int row = 0; row < 9; row++) {
        float expected = row < lengths[b] ? aloneWeights.get(0, 1, 0, row) : 0;
        assertThat(paddedWeights.get(b, 1, 0, row)).isCloseTo(expected, within(1e-6f));
        assertThat(packedWeights.get(0, 1, b, row)).isEqualTo(expected);
      }
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    AttentionPooling pooling = AttentionPooling.of(new float[12], 3, 4);
    SequenceBatch keys = SequenceBatch.zeros(2, 5, 12);
    List.of(
            Wrong.argument("query", out -> AttentionPooling.of(new float[11], 3, 4), "query.length", "11", "12"),
            Wrong.argument("heads", out -> AttentionPooling.of(new float[11], 0, 4), "numHeads", "0", "1"),
            Wrong.argument("headDim", out -> AttentionPooling.of(new float[11], 3, 0), "headDim", "0", "1"),
            Wrong.isNull("query", out -> AttentionPooling.of(Wrong.nothing(), 3, 4)),
            Wrong.argument(
                "key", out -> pooling.forward(SequenceBatch.zeros(2, 5, 9), SequenceBatch.of(out, 2, 1, 9)), "x.width", "9", "12"),
            Wrong.argument(
                "value",
                out -> pooling.forward(keys, SequenceBatch.zeros(2, 5, 8), SequenceBatch.of(out, 2, 1, 8)),
                "value.width",
                "8",
                "numHeads",
                "3"),
            Wrong.argument(
                "rows",
                out -> pooling.forward(keys, SequenceBatch.zeros(2, 4, 6), SequenceBatch.of(out, 2, 1, 6)),
                "value.rows",
                "4",
                "key.rows",
                "5"),
            Wrong.argument(
                "weights",
                out -> pooling.forward(keys, keys, Results.of().withWeights(Heads.of(out, 2, 3, 1, 4))),
                "weights.width",
                "4",
                "5"))
        .forEach(Wrong::verify);
  }
}
