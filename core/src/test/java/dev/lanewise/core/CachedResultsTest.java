package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.layer.Transformer;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.TorchWeights;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every result of a call is the same for cached keys, and objects report the values that they were made from. */
class CachedResultsTest {
  private static final int ROWS = 37;

  @Test
  void columnSumsAndTopKeysOfCachedKeys() {
    Heads query = Views.random(Views.Layout.DENSE, 1, 4, 5, 8, 1);
    Heads key = Views.random(Views.Layout.DENSE, 1, 2, ROWS, 8, 2);
    Heads value = Views.random(Views.Layout.DENSE, 1, 2, ROWS, 8, 3);
    Attention attention = Attention.standard().withMask(Mask.causal());
    try (KeyValueCache cache = KeyValueCache.builder(2, 8).capacity(ROWS).build()) {
      cache.append(key, value);
      float[] sums = new float[4 * ROWS];
      TopKeys top = TopKeys.of(3, 1, 4, 5);
      Heads output = Heads.zeros(1, 4, 5, 8);
      attention.compute(query, List.of(cache), Results.of().withOutput(output).withColumnSums(sums).withTopKeys(top));

      double[] weights = ReferenceAttention.of(Attention.standard().withMask(Mask.causal()), query, key).weights();
      double[] expected = ReferenceAttention.of(Attention.standard().withMask(Mask.causal()), query, key).columnSums();
      for (int n = 0; n < sums.length; n++) {
        assertThat(Math.abs(sums[n] - expected[n])).as("sum %s", n).isLessThan(1e-5);
      }
      for (int head = 0; head < 4; head++) {
        for (int i = 0; i < 5; i++) {
          for (int place = 0; place < 3; place++) {
            double weight = weights[(head * 5 + i) * ROWS + top.key(0, head, i, place)];
            assertThat(Math.abs(top.weight(0, head, i, place) - weight)).isLessThan(1e-6);
          }
        }
      }
      Heads alone = Heads.zeros(1, 4, 5, 8);
      Heads listed = Heads.zeros(1, 4, 5, 8);
      attention.compute(query, cache, alone);
      attention.compute(query, List.of(cache), listed);
      Views.assertSameBits(alone.data(), listed.data(), "one cache, not a list of it");

      assertThatThrownBy(() -> attention.compute(query, List.of(cache), Results.of().withColumnSums(new float[147])))
          .hasMessageContaining("columnSums.length is 147")
          .hasMessageContaining("148");
      TopKeys other = TopKeys.of(3, 1, 4, 6);
      assertThatThrownBy(() -> attention.compute(query, List.of(cache), Results.of().withTopKeys(other))).hasMessageContaining("topKeys");
    }
  }

  @Test
  void onlySoftmaxHasALogSumExp() {
    Heads rows = Heads.zeros(1, 1, 2, 4);
    assertThatThrownBy(() -> ReferenceAttention.of(Attention.standard().withNormaliser(Normaliser.relu()), rows, rows).logSumExp())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void nothingIsComputedOfNothing() {
    SequenceBatch none = SequenceBatch.zeros(2, 3, 0);
    Pooling.mean().forward(none, SequenceBatch.zeros(2, 1, 0));
    AttentionWeights.rollout(List.of(Heads.zeros(1, 2, 0, 0)), SequenceBatch.zeros(1, 0, 0));
    assertThat(none.data()).isEmpty();
  }

  @Test
  void objectsReportTheirSettings() {
    NamedTensors tensors = Initialisation.xavier(1).transformer(6, 12, 2, 1);
    Transformer transformer = TorchWeights.of(tensors, 3).transformer("");
    assertThat(transformer.encoder().layers()).hasSize(2);
    assertThat(transformer.decoder().layers()).hasSize(1);
    SequenceBatch source = Views.randomSequences(Views.Layout.DENSE, 1, 4, 6, 1);
    SequenceBatch one = SequenceBatch.zeros(1, 4, 6);
    SequenceBatch two = SequenceBatch.zeros(1, 4, 6);
    transformer.forward(source, source, one);
    transformer.withThreads(2).forward(source, source, two);
    Views.assertSameBits(two.data(), one.data(), "two threads");
    assertThat(tensors.under("encoder.")).hasToString(tensors + " under \"encoder.\"");
    assertThat(PackedSequences.of(0, 4).count()).isEqualTo(1);
    try (KeyValuePool pool = KeyValuePool.builder(2, 4).valueDim(3).pageRows(32).pages(1).build()) {
      assertThat(pool.valueDim()).isEqualTo(3);
      assertThat(pool.pageRows()).isEqualTo(32);
    }
  }
}
