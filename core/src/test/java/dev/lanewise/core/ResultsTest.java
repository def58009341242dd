package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Stage;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Views of weights and scores of any width, and weights of chosen queries beside other results. */
class ResultsTest {
  private final Heads query = Views.random(Views.Layout.GAPS, 2, 4, 5, 8, 1);
  private final Heads key = Views.random(Views.Layout.DENSE, 2, 2, 7, 8, 2);
  private final Heads value = Views.random(Views.Layout.DENSE, 2, 2, 7, 3, 3);

  private static Heads weights(Attention attention, Heads query, Heads key, int width) {
    Heads weights = Heads.zeros(query.batch(), query.heads(), query.rows(), width);
    attention.compute(query, key, Results.of().withWeights(weights));
    return weights;
  }

  private static void assertSameRows(Heads wide, Heads expected, int columns, float rest) {
    for (int n = 0; n < wide.batch() * wide.heads() * wide.rows(); n++) {
      for (int j = 0; j < wide.width(); j++) {
        float element = wide.data()[n * wide.width() + j];
        assertThat(element).isEqualTo(j < columns ? expected.data()[n * expected.width() + j] : rest);
      }
    }
  }

  @Test
  void widerViewsEndWithZerosAndNarrowerOnesLeaveOutMaskedKeys() {
    Attention attention = Attention.standard().withMask(Mask.keyLengths(4, 3));
    Heads exact = weights(attention, query, key, 7);
    assertSameRows(weights(attention, query, key, 11), exact, 7, 0);
    assertSameRows(weights(attention, query, key, 4), exact, 4, 0);
    assertThatThrownBy(() -> weights(attention, query, key, 3)).hasMessageContaining("weights.width is 3, but key.rows is 7");
    Heads raw = Heads.zeros(2, 4, 5, 7);
    Heads narrow = Heads.zeros(2, 4, 5, 4);
    Heads wide = Heads.zeros(2, 4, 5, 9);
    attention.compute(query, key, Results.of().withScores(Stage.RAW, raw).withScores(Stage.RAW, narrow).withScores(Stage.RAW, wide));
    assertSameRows(narrow, raw, 4, 0);
    assertSameRows(wide, raw, 7, Float.NEGATIVE_INFINITY);
  }

  @Test
  void weightsOverCachesAreAsWideAsTheCallerLikes() {
    KeyValueCache cache = KeyValueCache.builder(2, 8).valueDim(3).capacity(16).build();
    cache.append(key.batch(0, 1), value.batch(0, 1));
    Heads own = query.batch(0, 1);
    Heads wide = Heads.zeros(1, 4, 5, 64);
    Heads exact = Heads.zeros(1, 4, 5, 7);
    Attention causal = Attention.standard().withMask(Mask.causal());
    causal.compute(own, List.of(cache), Results.of().withWeights(wide));
    causal.compute(own, List.of(cache), Results.of().withWeights(exact));
    assertSameRows(wide, exact, 7, 0);
  }

  @Test
  void chosenQueriesHaveTheirRowsBesideOtherResults() {
    int[] rows = {1, 4};
    Heads all = weights(Attention.standard(), query, key, 7);
    Heads alone = Heads.zeros(2, 4, 2, 7);
    Attention.standard().compute(query, key, Results.of().withWeights(rows, alone));
    Heads beside = Heads.zeros(2, 4, 2, 7);
    Heads output = Heads.zeros(2, 4, 5, 3);
    Heads expected = Heads.zeros(2, 4, 5, 3);
    Attention.standard().compute(query, key, value, expected);
    Attention.standard().compute(query, key, value, Results.of().withWeights(rows, beside).withOutput(output));
    for (int n = 0; n < 2 * 4 * 2; n++) {
      for (int j = 0; j < 7; j++) {
        assertThat(alone.data()[n * 7 + j]).isEqualTo(all.data()[(n / 2 * 5 + rows[n % 2]) * 7 + j]);
        assertThat(beside.data()[n * 7 + j]).isEqualTo(alone.data()[n * 7 + j]);
      }
    }
    assertThat(Views.dense(output)).hasSize(120);
  }

  @Test
  void chosenQueriesNeedOnlyTheKeysThatTheySee() {
    Attention causal = Attention.standard().withMask(Mask.causal(Mask.Alignment.topLeft()));
    Heads narrow = Heads.zeros(2, 4, 2, 3);
    causal.compute(query, key, Results.of().withWeights(new int[] {0, 2}, narrow));
    Heads wide = Heads.zeros(2, 4, 2, 7);
    causal.compute(query, key, Results.of().withWeights(new int[] {0, 2}, wide));
    assertSameRows(narrow, wide, 3, 0);
    assertThatThrownBy(() -> causal.compute(query, key, Results.of().withWeights(new int[] {0, 3}, narrow)))
        .hasMessage("weights.width is 3, but key.rows is 7 and a query sees key 3");
  }

  @Test
  void chosenQueriesOfPackedSequencesAreRowsOfTheWholeView() {
    Heads packedQuery = Views.random(Views.Layout.DENSE, 1, 4, 5, 8, 4);
    Heads packedKey = Views.random(Views.Layout.DENSE, 1, 2, 7, 8, 5);
    Attention packed = Attention.standard().withPackedSequences(PackedSequences.of(new int[] {0, 2, 5}, new int[] {0, 4, 7}));
    Heads all = weights(packed, packedQuery, packedKey, 4);
    Heads chosen = Heads.zeros(1, 4, 2, 4);
    packed.compute(packedQuery, packedKey, Results.of().withWeights(new int[] {0, 3}, chosen));
    for (int head = 0; head < 4; head++) {
      for (int j = 0; j < 4; j++) {
        assertThat(chosen.get(0, head, 0, j)).isEqualTo(all.get(0, head, 0, j));
        assertThat(chosen.get(0, head, 1, j)).isEqualTo(all.get(0, head, 3, j));
      }
    }
  }

  @Test
  void resultsAreImmutable() {
    Results none = Results.of();
    none.withOutput(value);
    assertThatThrownBy(() -> Attention.standard().compute(query, key, none)).hasMessageContaining("requests nothing");
  }
}
