package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.AttentionWeights;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rollout over layers and entropy of rows compared with their formulas in double. */
@Tag("once")
class LookingInsideTest {
  private static final long SEED = Problem.SEED;

  /** Weights as attention computes them; some rows see one key or none. */
  private static Heads weights(int batch, int heads, int rows, long seed) {
    Heads x = Views.random(Layout.DENSE, batch, heads, rows, 8, seed);
    Heads weights = Views.filled(Layout.GAPS, batch, heads, rows, rows, Views.SENTINEL);
    Attention.standard()
        .withScale(2)
        .withMask(Mask.causal().and(Mask.evaluate((b, h, i, j) -> i != 2, 1, 1, rows, rows)))
        .compute(x, x, Results.of().withWeights(weights));
    return weights;
  }

  @Test
  void rolloutIsTheProductOfLayers() {
    for (int rows : new int[] {1, 4, 37}) {
      List<Heads> layers = List.of(weights(2, 3, rows, SEED), weights(2, 1, rows, SEED + 1), weights(2, 4, rows, SEED + 2));
      for (int depth = 1; depth <= 3; depth++) {
        SequenceBatch rollout = Views.emptySequences(Layout.GAPS, 2, rows, rows);
        AttentionWeights.rollout(layers.subList(0, depth), rollout);
        double[][] expected = rollout(layers.subList(0, depth), 1, rows);
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < rows; j++) {
            assertThat((double) rollout.get(1, i, j)).as("%d layers: %d, %d", depth, i, j).isCloseTo(expected[i][j], within(1e-6));
          }
        }
        Views.assertOnlyTheViewWritten(rollout.split(1), "rollout");
      }
    }
  }

  private static double[][] rollout(List<Heads> layers, int b, int rows) {
    double[][] product = new double[rows][rows];
    for (int i = 0; i < rows; i++) {
      product[i][i] = 1;
    }
    for (Heads layer : layers) {
      double[][] next = new double[rows][rows];
      for (int i = 0; i < rows; i++) {
        double[] row = new double[rows];
        double sum = 0;
        for (int j = 0; j < rows; j++) {
          for (int head = 0; head < layer.heads(); head++) {
            row[j] += layer.get(b, head, i, j) / (2.0 * layer.heads());
          }
          row[j] += i == j ? 0.5 : 0;
          sum += row[j];
        }
        for (int j = 0; j < rows; j++) {
          for (int k = 0; k < rows; k++) {
            next[i][k] += row[j] / sum * product[j][k];
          }
        }
      }
      product = next;
    }
    return product;
  }

  /** Two layers by hand: row 1 gives row 0 all its weight, so it keeps half of itself, then a quarter. */
  @Test
  void rolloutByHand() {
    Heads first = Heads.of(new float[] {1, 0, 1, 0}, 1, 1, 2, 2);
    SequenceBatch rollout = SequenceBatch.zeros(1, 2, 2);
    AttentionWeights.rollout(List.of(first, first), rollout);
    assertThat(rollout.data()).containsExactly(1, 0, 0.75f, 0.25f);
  }

  @Test
  void entropyIsInNats() {
    float[] rows = {1, 0, 0, 0, 0.25f, 0.25f, 0.25f, 0.25f, 0, 0.5f, 0.5f, 0, 0, 0, 0, 0};
    float[] entropy = new float[4];
    AttentionWeights.entropy(Heads.of(rows, 1, 2, 2, 4), entropy);
    assertThat(entropy).containsExactly(0, (float) Math.log(4), (float) Math.log(2), 0);
    Heads weights = weights(2, 3, 19, SEED);
    float[] actual = new float[2 * 3 * 19];
    AttentionWeights.entropy(weights, actual);
    for (int element = 0; element < actual.length; element++) {
      double sum = 0;
      for (int j = 0; j < 19; j++) {
        double weight = weights.get(element / 57, element / 19 % 3, element % 19, j);
        sum += weight == 0 ? 0 : -weight * Math.log(weight);
      }
      assertThat((double) actual[element]).isCloseTo(sum, within(1e-6));
    }
    assertThat(actual[2]).isEqualTo(0); // row 2 sees no key
    AttentionWeights.entropy(Heads.of(new float[] {0.5f, Float.NaN}, 1, 1, 1, 2), new float[1]);
  }

  @Test
  void wrongArgumentsAreNamed() {
    Heads weights = Heads.zeros(2, 3, 4, 4);
    List<Heads> one = List.of(weights);
    List.of(
            Wrong.argument("no layer", out -> AttentionWeights.rollout(List.of(), to(out)), "layers.size", "0", "1"),
            Wrong.argument("batch", out -> AttentionWeights.rollout(one, SequenceBatch.of(out, 1, 4, 4)), "layers[0].batch", "2", "1"),
            Wrong.argument("rows", out -> AttentionWeights.rollout(one, SequenceBatch.of(out, 2, 5, 5)), "layers[0].rows", "4", "5"),
            Wrong.argument("square", out -> AttentionWeights.rollout(one, SequenceBatch.of(out, 2, 4, 5)), "rollout.width", "5", "4"),
            Wrong.argument(
                "keys", out -> AttentionWeights.rollout(List.of(weights, Heads.zeros(2, 3, 4, 5)), to(out)), "layers[1].width", "5", "4"),
            Wrong.argument(
                "heads", out -> AttentionWeights.rollout(List.of(Heads.zeros(2, 0, 4, 4)), to(out)), "layers[0].heads", "0", "1"),
            Wrong.argument("overlap", out -> AttentionWeights.rollout(List.of(Heads.of(out, 2, 1, 4, 4)), to(out)), "rollout", "overlaps"),
            Wrong.isNull("layers", out -> AttentionWeights.rollout(Wrong.nothing(), to(out))),
            Wrong.isNull("rollout", out -> AttentionWeights.rollout(one, Wrong.nothing())),
            Wrong.argument("entropy", out -> AttentionWeights.entropy(weights, new float[23]), "entropy.length", "23", "24"),
            Wrong.isNull("weights", out -> AttentionWeights.entropy(Wrong.nothing(), out)),
            Wrong.isNull("entropy", out -> AttentionWeights.entropy(weights, Wrong.nothing())))
        .forEach(Wrong::verify);
    float[] same = new float[6];
    Wrong.argument("same array", out -> AttentionWeights.entropy(Heads.of(same, 1, 6, 1, 1), same), "entropy", "overlaps", "weights")
        .verify();
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 4, 4);
  }

  @Test
  void examplesCompile() throws IOException {
    List<String> shown = ReadmeBlocks.shownInJavadoc("AttentionWeights.java");
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("LookingInsideExample.java")).hasSize(2);
  }

  @Test
  void examplesRun() {
    MultiHeadAttention layer = LayerShape.of(8, 2).layer();
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 5, 8, SEED);
    float[] entropy = new float[10];
    Heads weights = Heads.zeros(1, 2, 5, 5);
    LookingInsideExample.entropy(layer, x, Views.zerosLike(x), weights, entropy);
    for (float nats : entropy) {
      assertThat(nats).isBetween(0.01f, (float) Math.log(5));
    }
    LayerParts parts = new LayerParts(LayerShape.of(8, 2), 12, Activation.RELU, false, false, Norm.Placement.POST);
    TransformerStack encoder = TransformerStack.of(List.of(parts.encoderLayer(), parts.encoderLayer()), null);
    List<Heads> layers = List.of(Heads.zeros(1, 2, 5, 5), Heads.zeros(1, 2, 5, 5));
    SequenceBatch rollout = SequenceBatch.zeros(1, 5, 5);
    LookingInsideExample.rollout(encoder, x, SequenceBatch.zeros(1, 5, 8), layers, rollout);
    Views.assertSameBits(layers.get(0).data(), weights.data(), "the first layer's weights");
    double[][] expected = rollout(layers, 0, 5);
    for (int i = 0; i < 25; i++) {
      assertThat((double) rollout.get(0, i / 5, i % 5)).isCloseTo(expected[i / 5][i % 5], within(1e-6));
    }
  }
}
