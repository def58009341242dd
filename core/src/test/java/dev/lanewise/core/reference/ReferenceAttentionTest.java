package dev.lanewise.core.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Parts of the reference that golden values do not test: strides, functions of the caller, column sums, wrong calls. */
@Tag("once")
class ReferenceAttentionTest {
  private static final int HEADS = 4;
  private static final int QUERIES = 3;
  private static final int KEYS = 5;
  private static final int WIDTH = 2;

  private final Heads query = Views.random(Views.Layout.DENSE, 2, HEADS, QUERIES, WIDTH, 1);
  private final Heads key = Views.random(Views.Layout.DENSE, 2, 2, KEYS, WIDTH, 2);
  private final Heads value = Views.random(Views.Layout.DENSE, 2, 2, KEYS, 3, 3);

  /** The same elements with a column stride of three. */
  private static Heads apart(Heads view) {
    float[] data = new float[3 * view.data().length];
    for (int i = 0; i < view.data().length; i++) {
      data[3 * i] = view.data()[i];
    }
    return new Heads(
        data,
        0,
        view.batch(),
        view.heads(),
        view.rows(),
        view.width(),
        3 * view.batchStride(),
        3 * view.headStride(),
        3 * view.rowStride(),
        3);
  }

  private static final Attention CAUSAL = Attention.standard().withMask(Mask.causal());

  private ReferenceAttention dense() {
    return dense(CAUSAL);
  }

  private ReferenceAttention dense(Attention attention) {
    return ReferenceAttention.of(attention, query, key, value);
  }

  @Test
  void aRowOfTheOutputIsTheSameAlone() {
    double[] all = dense().output();
    double[] row = dense().output(1, 2, 1);
    assertThat(row).hasSize(3).containsExactly(Arrays.copyOfRange(all, 3 * ((HEADS + 2) * QUERIES + 1), 3 * ((HEADS + 2) * QUERIES + 2)));
    assertThatThrownBy(() -> dense().output(1, 2, QUERIES)).isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("query");
    assertThatThrownBy(() -> dense().output(1, HEADS, 2)).isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("head");
    assertThatThrownBy(() -> dense().output(2, 2, 2)).isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("b is 2");
    assertThatThrownBy(() -> ReferenceAttention.of(CAUSAL, query, key).output(0, 0, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aRowOfAPackedSequenceCountsItsQueriesFromTheFirst() {
    Attention packed = CAUSAL.withPackedSequences(PackedSequences.of(new int[] {0, 1, QUERIES}, new int[] {0, 2, KEYS}));
    Heads one = query.batch(0, 1);
    ReferenceAttention reference = ReferenceAttention.of(packed, one, key.batch(0, 1), value.batch(0, 1));
    assertThat(reference.output(1, 3, 1))
        .containsExactly(Arrays.copyOfRange(reference.output(), 3 * (3 * QUERIES + 2), 3 * (3 * QUERIES + 3)));
  }

  @Test
  void stridesMakeNoDifference() {
    float[] vector = {0.5f, -2};
    for (Similarity similarity : List.of(Similarity.dot(), Similarity.cosine(), Similarity.additive(vector))) {
      ReferenceAttention there =
          ReferenceAttention.of(
              Attention.standard().withMask(Mask.causal()).withSimilarity(similarity), apart(query), apart(key), apart(value));
      assertThat(there.output()).isEqualTo(dense(CAUSAL.withSimilarity(similarity)).output());
    }
  }

  @Test
  void columnSumsAreThoseOfTheWeights() {
    double[] weights = dense().weights();
    double[] expected = new double[2 * HEADS * KEYS];
    for (int i = 0; i < weights.length; i++) {
      expected[i / (QUERIES * KEYS) * KEYS + i % KEYS] += weights[i];
    }
    double[] sums = dense().columnSums();
    assertThat(sums).hasSameSizeAs(expected);
    for (int i = 0; i < sums.length; i++) {
      assertThat(sums[i]).isCloseTo(expected[i], within(1e-15));
    }
  }

  /** Column sums of packed sequences are indexed by the key row among the rows of all sequences. */
  @Test
  void columnSumsOfSequences() {
    Heads queries = Views.random(Views.Layout.DENSE, 1, 1, 4, WIDTH, 4);
    Heads keys = Views.random(Views.Layout.DENSE, 1, 1, 6, WIDTH, 5);
    PackedSequences starts = PackedSequences.of(new int[] {0, 1, 4}, new int[] {0, 2, 6});
    double[] sums = ReferenceAttention.of(Attention.standard().withPackedSequences(starts), queries, keys).columnSums();
    double[] first = ReferenceAttention.of(Attention.standard(), queries.rows(0, 1), keys.rows(0, 2)).columnSums();
    double[] second = ReferenceAttention.of(Attention.standard(), queries.rows(1, 4), keys.rows(2, 6)).columnSums();
    assertThat(sums).containsExactly(first[0], first[1], second[0], second[1], second[2], second[3]);
  }

  /** A function receives the indexes of its row, and its results are used; it does not see a masked key. */
  @Test
  void functionsOfTheCaller() {
    RowFunction places =
        (row, offset, length, b, head, i, first) -> {
          assertThat(offset + length).isLessThanOrEqualTo(row.length);
          for (int j = 0; j < length; j++) {
            row[offset + j] = 1000 * b + 100 * head + 10 * i + first + j;
          }
        };
    double[] scores = dense(CAUSAL.withScoreFunction(places)).scores(Stage.CHANGED);
    double[] weights = dense(CAUSAL.withWeightFunction(places)).weights();
    double[] raw = dense().scores(Stage.CHANGED);
    double[] function = dense(CAUSAL.withScoreFunction((row, offset, length, b, head, i, first) -> {})).scores(Stage.CHANGED);
    for (int n = 0; n < scores.length; n++) {
      int i = n / KEYS % QUERIES;
      int j = n % KEYS;
      int place = 1000 * (n / (HEADS * QUERIES * KEYS)) + 100 * (n / (QUERIES * KEYS) % HEADS) + 10 * i + j;
      boolean visible = j <= i + KEYS - QUERIES;
      assertThat(scores[n]).isEqualTo(visible ? place : raw[n]);
      assertThat(weights[n]).isEqualTo(visible ? place : 0);
      assertThat(function[n]).isEqualTo(visible ? (float) raw[n] : raw[n]);
    }
    assertThat(dense(CAUSAL.withNormaliser(Normaliser.softmax())).output()).isEqualTo(dense().output());
  }

  /** A function is called once for consecutive visible keys, here those before and after a key that is masked. */
  @Test
  void aFunctionOfTheCallerSeesWholeSegments() {
    List<List<Integer>> segments = new ArrayList<>();
    RowFunction record = (row, offset, length, b, head, i, first) -> segments.add(List.of(b, head, i, first, length));
    dense(Attention.standard().withMask(Mask.evaluate((b, head, i, j) -> j != 2, 2, HEADS, QUERIES, KEYS)).withWeightFunction(record))
        .weights();
    List<List<Integer>> expected = new ArrayList<>();
    for (int row = 0; row < 2 * HEADS * QUERIES; row++) {
      expected.add(List.of(row / (HEADS * QUERIES), row / QUERIES % HEADS, row % QUERIES, 0, 2));
      expected.add(List.of(row / (HEADS * QUERIES), row / QUERIES % HEADS, row % QUERIES, 3, 2));
    }
    assertThat(segments).isEqualTo(expected);
  }

  /** A bias of ALiBi is the slope times the distance of positions: rows, or the depths of a tree, or the numbers of the caller. */
  @Test
  void distancesOfAlibi() {
    float[] slopes = {0.5f, 1, 2, 3};
    int[] rows = {0, 1, 2, 3, 4};
    assertDistances(CAUSAL.withAlibi(slopes), slopes, new int[] {2, 3, 4}, new int[] {2, 3, 4}, rows);
    assertDistances(CAUSAL.withAlibi(slopes, 7, 1), slopes, new int[] {7, 8, 9}, new int[] {1, 2, 3}, rows);
    Attention tree = Attention.standard().withMask(Mask.tree(-1, 0, 0)).withAlibi(slopes);
    int[] positions = {2, 3, 3};
    assertDistances(tree, slopes, positions, positions, new int[] {0, 1, 2, 3, 3});
  }

  private void assertDistances(Attention attention, float[] slopes, int[] first, int[] second, int[] keys) {
    double[] raw = dense(Attention.standard()).scores(Stage.CHANGED);
    double[] scores = dense(attention).scores(Stage.CHANGED);
    for (int n = 0; n < scores.length; n++) {
      int own = (n < scores.length / 2 ? first : second)[n / KEYS % QUERIES];
      double distance = Math.abs(own - keys[n % KEYS]);
      assertThat(scores[n]).as("score %d", n).isCloseTo(raw[n] - slopes[n / (QUERIES * KEYS) % HEADS] * distance, within(1e-12));
    }
  }

  /** Dropout multiplies the weight of each key by its factor. */
  @Test
  void dropoutOfWeights() {
    Dropout dropout = new Dropout(0.4f, 5, 6);
    double[] weights = dense().weights();
    double[] kept = dense(CAUSAL.withDropout(dropout.rate(), dropout.seed(), dropout.call())).weights();
    float[] factors = new float[KEYS];
    int dropped = 0;
    for (int n = 0; n < weights.length; n++) {
      if (n % KEYS == 0) {
        dropout.factors(n / (QUERIES * KEYS), n / KEYS % QUERIES, 0, KEYS, new int[4], factors, 0);
      }
      float factor = factors[n % KEYS];
      dropped += factor == 0 ? 1 : 0;
      assertThat(kept[n]).as("weight %d", n).isCloseTo(weights[n] * factor, within(1e-6));
    }
    assertThat(dropped).isBetween(1, weights.length - 1);
  }

  @Test
  void wrongCallsAreRefused() {
    assertRefused(
        () -> ReferenceAttention.of(Attention.standard(), query, key, Heads.zeros(1, 2, KEYS, 3)), "value.batch is 1, but key.batch is 2");
    assertRefused(
        () -> ReferenceAttention.of(Attention.standard(), query, key, Heads.zeros(2, 1, KEYS, 3)), "value.heads is 1, but key.heads is 2");
    assertRefused(
        () -> ReferenceAttention.of(Attention.standard(), query, key, Heads.zeros(2, 2, 7, 3)), "value.rows is 7, but key.rows is 5");
    assertRefused(
        () -> ReferenceAttention.of(Attention.standard(), query, Heads.zeros(2, 3, KEYS, WIDTH), Heads.zeros(2, 3, KEYS, 3)), "heads");
    assertRefused(() -> dense(CAUSAL.withMask(Mask.keyLengths(5, 6))), "keyLengths[1] is 6, but keys is 5");
    assertRefused(() -> dense(CAUSAL.withAlibi(1, 2)), "slopes");
    assertRefused(() -> dense(CAUSAL.withPackedSequences(PackedSequences.of(0, 3))), "batch");
  }

  private static void assertRefused(ThrowingCallable wrong, String message) {
    assertThatThrownBy(wrong).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
  }
}
