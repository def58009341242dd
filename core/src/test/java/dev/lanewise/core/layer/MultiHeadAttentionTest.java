package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Cases that {@link GoldenMultiHeadTest} does not have, since PyTorch's layer has neither grouped heads nor another value width nor
 * strides. A layer is its projections around {@link Attention}, for any layout and number of threads.
 */
@Tag("twice")
class MultiHeadAttentionTest {
  private static final Mask CAUSAL = Mask.causal();

  static Stream<LayerShape> shapes() {
    return Stream.of(
        LayerShape.of(5, 1),
        LayerShape.of(16, 2),
        LayerShape.of(59, 1),
        LayerShape.of(120, 3),
        LayerShape.of(64, 8).grouped(2),
        LayerShape.of(48, 6).grouped(1),
        LayerShape.of(32, 4).valueDim(5),
        LayerShape.of(32, 4).grouped(2).valueDim(24).sources(17, 59),
        LayerShape.of(24, 3).sources(7, 40));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void isProjectionsAroundAttention(LayerShape shape) {
    for (Layout layout : Layout.values()) {
      SequenceBatch query = Views.randomSequences(layout, 2, 17, shape.embedDim(), Problem.SEED + 31);
      SequenceBatch key = Views.randomSequences(layout, 2, 33, shape.keyInputDim(), Problem.SEED + 32);
      SequenceBatch value = Views.randomSequences(layout, 2, 33, shape.valueInputDim(), Problem.SEED + 33);
      Mask mask = CAUSAL.and(Mask.keyLengths(33, 20));
      SequenceBatch output = Views.emptySequences(layout, 2, 17, shape.embedDim());
      shape.layer().withMask(mask).forward(query, key, value, output);
      Views.assertOnlyTheViewWritten(output.split(1), shape);

      Heads queryHeads = shape.query().apply(query).split(shape.numHeads());
      Heads keyHeads = shape.key().apply(key).split(shape.keyValueHeads());
      Heads valueHeads = shape.value().apply(value).split(shape.keyValueHeads());
      SequenceBatch heads = SequenceBatch.zeros(2, 17, shape.numHeads() * shape.valueDim());
      Attention.standard().withMask(mask).compute(queryHeads, keyHeads, valueHeads, heads.split(shape.numHeads()));
      Views.assertSameBits(Views.dense(output), shape.output().apply(heads).data(), what(shape + ", " + layout));

      Heads weights = Views.filled(layout, 2, shape.numHeads(), 17, 33, Views.SENTINEL);
      shape.layer().withMask(mask).forward(query, key, value, Views.zerosLike(query), Results.of().withWeights(weights));
      Views.assertOnlyTheViewWritten(weights, "weights of " + shape);
      Heads expected = Heads.zeros(2, shape.numHeads(), 17, 33);
      Attention.standard().withMask(mask).compute(queryHeads, keyHeads, Results.of().withWeights(expected));
      Views.assertSameBits(Views.dense(weights), expected.data(), what("weights of " + shape + ", " + layout));
    }
  }

  @Test
  void selfAttentionHasOneSource() {
    LayerShape shape = LayerShape.of(48, 4);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 17, 48, Problem.SEED + 31);
    MultiHeadAttention layer = shape.layer();
    SequenceBatch self = SequenceBatch.zeros(2, 17, 48);
    layer.forward(x, self);
    Views.assertSameBits(self.data(), forward(layer, x, x, x), what("self"));
  }

  /** Query heads that share a key/value head have the result of copies of that head. */
  @Test
  void groupedHeadsEqualCopiedWeights() {
    LayerShape grouped = LayerShape.of(48, 6).grouped(2);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 17, 48, Problem.SEED + 31);
    MultiHeadAttention copied =
        MultiHeadAttention.builder(48, 6)
            .query(grouped.query().weight(), grouped.query().bias())
            .key(copied(grouped.key().weight(), 2, 3), copied(grouped.key().bias(), 2, 3))
            .value(copied(grouped.value().weight(), 2, 3), copied(grouped.value().bias(), 2, 3))
            .output(grouped.output().weight(), grouped.output().bias())
            .build();
    Views.assertSameBits(forward(grouped.layer(), x, x, x), forward(copied, x, x, x), what("grouped against copied weights"));
  }

  /** Repeats each of {@code heads} equal parts {@code times} times. */
  private static float[] copied(float[] parts, int heads, int times) {
    int length = parts.length / heads;
    float[] result = new float[parts.length * times];
    for (int copy = 0; copy < heads * times; copy++) {
      System.arraycopy(parts, copy / times * length, result, copy * length, length);
    }
    return result;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6})
  void packedInputEqualsSeparateWeights(int keyValueHeads) {
    LayerShape shape = LayerShape.of(48, 6).grouped(keyValueHeads);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 17, 48, Problem.SEED + 31);
    MultiHeadAttention packed =
        MultiHeadAttention.builder(48, 6)
            .keyValueHeads(keyValueHeads)
            .packedInput(
                joined(shape.query().weight(), shape.key().weight(), shape.value().weight()),
                joined(shape.query().bias(), shape.key().bias(), shape.value().bias()))
            .output(shape.output().weight(), shape.output().bias())
            .build();
    Views.assertSameBits(forward(packed, x, x, x), forward(shape.layer(), x, x, x), what("packed input, " + shape));
  }

  @Test
  void absentBiasesAreZero() {
    LayerShape shape = LayerShape.of(48, 4);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 17, 48, Problem.SEED + 31);
    float[] none = forward(withBiases(shape, null), x, x, x);
    Views.assertSameBits(none, forward(withBiases(shape, new float[48]), x, x, x), what("no biases"));
    float[] packed =
        forward(
            MultiHeadAttention.builder(48, 4)
                .packedInput(joined(shape.query().weight(), shape.key().weight(), shape.value().weight()), null)
                .output(shape.output().weight(), null)
                .build(),
            x,
            x,
            x);
    Views.assertSameBits(packed, none, what("no biases, packed input"));
  }

  private static MultiHeadAttention withBiases(LayerShape shape, float @Nullable [] bias) {
    return MultiHeadAttention.builder(shape.embedDim(), shape.numHeads())
        .query(shape.query().weight(), bias)
        .key(shape.key().weight(), bias)
        .value(shape.value().weight(), bias)
        .output(shape.output().weight(), bias)
        .build();
  }

  @Test
  void weightsOfEachRowSumToOne() {
    LayerShape shape = LayerShape.of(48, 4).grouped(2);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 17, 48, Problem.SEED + 31);
    Heads weights = Heads.zeros(2, 4, 17, 17);
    shape.layer().withMask(CAUSAL).forward(x, x, x, Views.zerosLike(x), Results.of().withWeights(weights));
    for (int n = 0; n < 2 * 4 * 17; n++) {
      double sum = 0;
      for (int j = 0; j < 17; j++) {
        sum += weights.data()[n * 17 + j];
        assertThat(weights.data()[n * 17 + j]).as(what("weight " + j + " of row " + n)).isBetween(0f, j <= n % 17 ? 1f : 0f);
      }
      assertThat(sum).as(what("row " + n)).isCloseTo(1, within(1e-6));
    }
  }

  /** If no key is visible the heads are 0, so the output is the bias of the last projection. */
  @Test
  void queryWithoutKeysGetsTheOutputBias() {
    LayerShape shape = LayerShape.of(48, 4);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 17, 48, Problem.SEED + 31);
    float[] output = forward(shape.layer().withMask(Mask.keyLengths(17, 0)), x, x, x);
    float[] bias = shape.output().bias();
    for (int i = 17 * 48; i < output.length; i++) {
      assertThat(output[i]).as(what("element " + i)).isEqualTo(bias[i % 48]);
    }
    assertThat(output[0]).isNotEqualTo(bias[0]);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7})
  void threadsDoNotChangeBits(int threads) {
    LayerShape shape = LayerShape.of(192, 6).grouped(3);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 113, 192, Problem.SEED + 31);
    MultiHeadAttention layer = shape.layer().withMask(CAUSAL);
    Views.assertSameBits(forward(layer.withThreads(threads), x, x, x), forward(layer, x, x, x), what(threads + " threads"));
    Heads shared = Heads.zeros(2, 6, 113, 113);
    layer.withThreads(threads).forward(x, x, x, Views.zerosLike(x), Results.of().withWeights(shared));
    Heads alone = Heads.zeros(2, 6, 113, 113);
    layer.forward(x, x, x, Views.zerosLike(x), Results.of().withWeights(alone));
    Views.assertSameBits(shared.data(), alone.data(), what("weights, " + threads + " threads"));
  }

  @Test
  void emptySequencesAreNoWork() {
    MultiHeadAttention layer = LayerShape.of(16, 2).layer();
    layer.forward(SequenceBatch.zeros(0, 7, 16), SequenceBatch.zeros(0, 7, 16));
    layer.forward(SequenceBatch.zeros(2, 0, 16), SequenceBatch.zeros(2, 0, 16));
    SequenceBatch output = Views.emptySequences(Layout.GAPS, 1, 3, 16);
    SequenceBatch empty = SequenceBatch.zeros(1, 0, 16);
    layer.forward(SequenceBatch.zeros(1, 3, 16), empty, empty, output);
    Views.assertOnlyTheViewWritten(output.split(1), "no keys");
    float[] bias = LayerShape.of(16, 2).output().bias();
    Views.assertSameBits(Views.dense(output), joined(bias, bias, bias), "no keys");
  }

  /** Layers of all sizes share one pool of buffers: the contents that a larger call has left must have no effect. */
  @Test
  void callsOfOtherSizesBetweenDoNotChangeBits() {
    MultiHeadAttention layer = LayerShape.of(16, 2).layer();
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 3, 16, Problem.SEED + 31);
    float[] first = forward(layer, x, x, x);
    SequenceBatch larger = Views.randomSequences(Layout.DENSE, 2, 59, 48, Problem.SEED + 32);
    forward(LayerShape.of(48, 4).layer(), larger, larger, larger);
    Views.assertSameBits(forward(layer, x, x, x), first, what("a call after a larger one"));
  }

  /** The kernels of the layer compute all four projections and attention. */
  @Test
  void scalarKernelsOnRequest() {
    LayerShape shape = LayerShape.of(40, 2);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 17, 40, Problem.SEED + 31);
    MultiHeadAttention scalar =
        MultiHeadAttention.builder(40, 2)
            .packedInput(joined(shape.query().weight(), shape.key().weight(), shape.value().weight()), null)
            .output(shape.output().weight(), null)
            .build()
            .withKernels(Kernels.scalar());
    SequenceBatch projected = SequenceBatch.zeros(1, 17, 120);
    Linear.of(joined(shape.query().weight(), shape.key().weight(), shape.value().weight()), null, 40, 120)
        .withKernels(Kernels.scalar())
        .forward(x, projected);
    SequenceBatch heads = SequenceBatch.zeros(1, 17, 40);
    Attention.standard()
        .withKernels(Kernels.scalar())
        .compute(columns(projected, 0).split(2), columns(projected, 40).split(2), columns(projected, 80).split(2), heads.split(2));
    SequenceBatch expected = SequenceBatch.zeros(1, 17, 40);
    Linear.of(shape.output().weight(), null, 40, 40).withKernels(Kernels.scalar()).forward(heads, expected);
    Views.assertSameBits(forward(scalar, x, x, x), expected.data(), what("scalar kernels"));
  }

  /** 40 columns of a sequence of width 120. */
  private static SequenceBatch columns(SequenceBatch packed, int from) {
    return new SequenceBatch(packed.data(), from, 1, packed.rows(), 40, packed.batchStride(), packed.rowStride());
  }

  private static float[] forward(MultiHeadAttention layer, SequenceBatch query, SequenceBatch key, SequenceBatch value) {
    SequenceBatch output = Views.emptySequences(Layout.DENSE, query.batch(), query.rows(), query.width());
    layer.forward(query, key, value, output);
    return output.data();
  }

  private static float[] joined(float[]... parts) {
    int length = 0;
    for (float[] part : parts) {
      length += part.length;
    }
    float[] result = new float[length];
    int to = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, result, to, part.length);
      to += part.length;
    }
    return result;
  }

  private static String what(String what) {
    return what + ", seed " + Problem.SEED;
  }
}
