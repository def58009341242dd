package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.GoldenCases;
import dev.lanewise.core.testing.GoldenCases.Layer;
import dev.lanewise.core.testing.GoldenCases.Mha;
import dev.lanewise.core.testing.PlainLayer;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Multi-head attention computes what PyTorch computes in double, within the budget. */
@Tag("twice")
class GoldenMultiHeadTest {
  private static final GoldenCases CASES = GoldenCases.load();

  static List<Mha> mha() {
    return CASES.mha();
  }

  /** Cases with equal widths of query, key and value, for which PyTorch has one in_proj_weight. */
  static List<Mha> packable() {
    return CASES.mha().stream().filter(golden -> widths(golden).distinct().count() == 1).toList();
  }

  @Test
  void thereAreEnoughCases() {
    assertThat(CASES.mha()).hasSizeGreaterThanOrEqualTo(20);
    assertThat(packable()).hasSizeGreaterThanOrEqualTo(16);
  }

  @ParameterizedTest
  @MethodSource("mha")
  void layer(Mha golden) {
    assertLayer(golden, separate(golden));
  }

  @ParameterizedTest
  @MethodSource("packable")
  void layerWithPackedInput(Mha golden) {
    assertLayer(golden, packed(golden));
  }

  private static void assertLayer(Mha golden, MultiHeadAttention layer) {
    SequenceBatch query = golden.sources().query();
    SequenceBatch key = golden.sources().key();
    SequenceBatch output = Views.emptySequences(Views.Layout.DENSE, query.batch(), query.rows(), query.width());
    layer.forward(query, key, golden.sources().value(), output);
    Budget.assertWithin(golden, output.data(), new PlainLayer(golden).output(), golden.output());

    Heads weights = Views.filled(Views.Layout.DENSE, query.batch(), golden.layer().numHeads(), query.rows(), key.rows(), Views.SENTINEL);
    layer.forward(query, key, golden.sources().value(), Views.zerosLike(query), Results.of().withWeights(weights));
    Budget.assertWithin("weights of " + golden, weights.data(), new PlainLayer(golden).weights(), golden.weights());
  }

  private static IntStream widths(Mha golden) {
    return IntStream.of(golden.sources().query().width(), golden.sources().key().width(), golden.sources().value().width());
  }

  private static MultiHeadAttention separate(Mha golden) {
    Layer layer = golden.layer();
    return builder(golden)
        .sources(golden.sources().key().width(), golden.sources().value().width())
        .query(layer.weights()[Layer.QUERY], layer.bias(Layer.QUERY))
        .key(layer.weights()[Layer.KEY], layer.bias(Layer.KEY))
        .value(layer.weights()[Layer.VALUE], layer.bias(Layer.VALUE))
        .build()
        .withMask(golden.mask());
  }

  private static MultiHeadAttention packed(Mha golden) {
    Layer layer = golden.layer();
    float[] weight = joined(layer.weights());
    return builder(golden).packedInput(weight, layer.biases() == null ? null : joined(layer.biases())).build().withMask(golden.mask());
  }

  private static MultiHeadAttention.Builder builder(Mha golden) {
    Layer layer = golden.layer();
    return MultiHeadAttention.builder(golden.sources().query().width(), layer.numHeads())
        .output(layer.weights()[Layer.OUTPUT], layer.bias(Layer.OUTPUT));
  }

  /** The first three arrays, concatenated. */
  private static float[] joined(float[][] parts) {
    int length = parts[Layer.QUERY].length;
    float[] result = Arrays.copyOf(parts[Layer.QUERY], 3 * length);
    System.arraycopy(parts[Layer.KEY], 0, result, length, length);
    System.arraycopy(parts[Layer.VALUE], 0, result, 2 * length, length);
    return result;
  }
}
