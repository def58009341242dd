package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.PlainTransformer;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers of encoders and decoders compared with plain double code; packed, padded, in place and with threads, compared with each other. */
@Tag("twice")
class TransformerLayerTest {
  private static final LayerParts BERT = parts(48, 4, 100, Activation.GELU_TANH, false, false, Norm.Placement.POST);
  private static final LayerParts LLAMA =
      new LayerParts(LayerShape.of(60, 6).grouped(2).valueDim(20), 130, Activation.SILU, true, true, Norm.Placement.PRE);

  private static LayerParts parts(
      int embedDim, int numHeads, int hidden, Activation activation, boolean gated, boolean rms, Norm.Placement placement) {
    return new LayerParts(LayerShape.of(embedDim, numHeads), hidden, activation, gated, rms, placement);
  }

  static Stream<LayerParts> kinds() {
    return Stream.of(
        BERT,
        LLAMA,
        parts(33, 3, 65, Activation.RELU, false, false, Norm.Placement.PRE),
        parts(16, 1, 1, Activation.RELU, false, true, Norm.Placement.POST),
        parts(20, 5, 37, Activation.SILU, true, false, Norm.Placement.POST),
        parts(7, 1, 19, Activation.NONE, false, false, Norm.Placement.PRE));
  }

  private static SequenceBatch input(int batch, int rows, int width) {
    return Views.randomSequences(Layout.DENSE, batch, rows, width, Problem.SEED + rows);
  }

  private static void assertBudget(double[][] expected, double[][] plain, SequenceBatch actual, int b, String what) {
    double largest = 0;
    double error = 0;
    for (int row = 0; row < expected.length; row++) {
      for (int c = 0; c < expected[row].length; c++) {
        largest = Math.max(largest, Math.abs(expected[row][c]));
        error = Math.max(error, Math.abs(expected[row][c] - plain[row][c]));
      }
    }
    for (int row = 0; row < expected.length; row++) {
      for (int c = 0; c < expected[row].length; c++) {
        assertThat(Math.abs(actual.get(b, row, c) - expected[row][c]))
            .as("%s: batch entry %d, row %d, column %d", what, b, row, c)
            .isLessThanOrEqualTo(2 * error + 1e-6 * largest);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void anEncoderLayerEqualsPlainCode(LayerParts parts) {
    for (int rows : new int[] {1, 2, 17, 70}) {
      SequenceBatch x = input(2, rows, parts.embedDim());
      SequenceBatch output = SequenceBatch.zeros(2, rows, parts.embedDim());
      parts.encoderLayer().withThreads(2).withMask(Mask.window(5, 3)).forward(x, output);
      for (int b = 0; b < 2; b++) {
        double[][] in = ReferenceLayers.rows(x, b);
        double[][] expected = PlainTransformer.inDouble().encoderLayer(parts, in, (i, j) -> j >= i - 5 && j <= i + 3);
        double[][] plain = PlainTransformer.inFloat().encoderLayer(parts, in, (i, j) -> j >= i - 5 && j <= i + 3);
        assertBudget(expected, plain, output, b, parts + " of " + rows);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aDecoderLayerEqualsPlainCode(LayerParts parts) {
    for (int rows : new int[] {1, 9, 40}) {
      SequenceBatch x = input(2, rows, parts.embedDim());
      SequenceBatch memory = input(2, 23, parts.embedDim());
      SequenceBatch output = SequenceBatch.zeros(2, rows, parts.embedDim());
      parts.decoderLayer().forward(x, memory, output);
      for (int b = 0; b < 2; b++) {
        double[][] in = ReferenceLayers.rows(x, b);
        double[][] remembered = ReferenceLayers.rows(memory, b);
        double[][] expected = PlainTransformer.inDouble().decoderLayer(parts, in, remembered);
        double[][] plain = PlainTransformer.inFloat().decoderLayer(parts, in, remembered);
        assertBudget(expected, plain, output, b, parts + " of " + rows);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aPackedBatchHasTheBitsOfSingleSequences(LayerParts parts) {
    int[] starts = {0, 1, 18, 18, 20, 90, 131};
    int width = parts.embedDim();
    SequenceBatch packed = input(1, 131, width);
    TransformerLayer layer = parts.encoderLayer();
    if (parts.attention().headDim() % 2 == 0) {
      layer = layer.withSelf(attention -> attention.withPositions(Rotary.of(parts.attention().headDim())));
    }
    TransformerStack encoder = TransformerStack.of(List.of(layer, layer), parts.norm(1));
    SequenceBatch together = SequenceBatch.zeros(1, 131, width);
    encoder.withThreads(2).withPackedSequences(PackedSequences.of(starts)).forward(packed, together);
    for (int s = 0; s + 1 < starts.length; s++) {
      int rows = starts[s + 1] - starts[s];
      SequenceBatch alone = SequenceBatch.zeros(1, rows, width);
      encoder.forward(packed.batch(0, 1).rows(starts[s], starts[s] + rows), alone);
      SequenceBatch part = together.batch(0, 1).rows(starts[s], starts[s] + rows);
      for (int row = 0; row < rows; row++) {
        for (int c = 0; c < width; c++) {
          assertThat(part.get(0, row, c)).as("sequence %d, row %d, column %d", s, row, c).isEqualTo(alone.get(0, row, c));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aPaddedBatchHasTheBitsOfSingleSequences(LayerParts parts) {
    int width = parts.embedDim();
    SequenceBatch padded = input(3, 30, width);
    int[] lengths = {30, 7, 1};
    SequenceBatch together = SequenceBatch.zeros(3, 30, width);
    parts.encoderLayer().withThreads(3).withMask(Mask.keyLengths(lengths)).forward(padded, together);
    for (int b = 0; b < 3; b++) {
      SequenceBatch alone = SequenceBatch.zeros(1, lengths[b], width);
      parts.encoderLayer().forward(padded.batch(b, b + 1).rows(0, lengths[b]), alone);
      for (int row = 0; row < lengths[b]; row++) {
        for (int c = 0; c < width; c++) {
          assertThat(together.get(b, row, c)).isEqualTo(alone.get(0, row, c));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void outputMayBeTheInput(LayerParts parts) {
    SequenceBatch x = input(2, 33, parts.embedDim());
    SequenceBatch apart = SequenceBatch.zeros(2, 33, parts.embedDim());
    SequenceBatch memory = input(2, 5, parts.embedDim());
    parts.encoderLayer().forward(x, apart);
    SequenceBatch inPlace = SequenceBatch.of(x.data().clone(), 2, 33, parts.embedDim());
    parts.encoderLayer().forward(inPlace, inPlace);
    Views.assertSameBits(inPlace.data(), apart.data(), "encoder layer");
    parts.decoderLayer().forward(x, memory, apart);
    SequenceBatch again = SequenceBatch.of(x.data().clone(), 2, 33, parts.embedDim());
    parts.decoderLayer().forward(again, memory, again);
    Views.assertSameBits(again.data(), apart.data(), "decoder layer");
  }

  @Test
  void weightsAreThoseOfTheAttentionInside() {
    for (LayerParts parts : List.of(BERT, LLAMA)) {
      SequenceBatch x = input(2, 12, parts.embedDim());
      TransformerStack encoder = TransformerStack.of(List.of(parts.encoderLayer(), parts.encoderLayer()), null).withMask(Mask.causal());
      int heads = parts.attention().numHeads();
      List<Heads> weights = List.of(Heads.zeros(2, heads, 12, 12), Heads.zeros(2, heads, 12, 12));
      SequenceBatch output = SequenceBatch.zeros(2, 12, parts.embedDim());
      SequenceBatch without = SequenceBatch.zeros(2, 12, parts.embedDim());
      encoder.forward(x, output, Views.weights(weights));
      encoder.forward(x, without);
      Views.assertSameBits(output.data(), without.data(), "output beside weights");
      SequenceBatch middle = SequenceBatch.zeros(2, 12, parts.embedDim());
      parts.encoderLayer().withMask(Mask.causal()).forward(x, middle);
      for (int layer = 0; layer < 2; layer++) {
        SequenceBatch from = layer == 0 ? x : middle;
        if (parts.placement() == Norm.Placement.PRE) {
          SequenceBatch normed = SequenceBatch.zeros(2, 12, parts.embedDim());
          parts.norm(0).forward(from, normed);
          from = normed;
        }
        Heads expected = Heads.zeros(2, heads, 12, 12);
        parts
            .attention()
            .layer()
            .withMask(Mask.causal())
            .forward(from, from, from, Views.zerosLike(from), Results.of().withWeights(expected));
        Views.assertSameBits(weights.get(layer).data(), expected.data(), "weights of layer " + layer);
      }
    }
  }

  @Test
  void weightsOfADecoderLayerAreThoseOfItsTwoAttentions() {
    for (LayerParts parts : List.of(BERT, LLAMA)) {
      SequenceBatch x = input(2, 12, parts.embedDim());
      SequenceBatch memory = Views.randomSequences(Views.Layout.DENSE, 2, 7, parts.embedDim(), Problem.SEED + 5);
      int heads = parts.attention().numHeads();
      Heads self = Heads.zeros(2, heads, 12, 12);
      Heads cross = Heads.zeros(2, parts.cross().numHeads(), 12, 7);
      SequenceBatch output = SequenceBatch.zeros(2, 12, parts.embedDim());
      SequenceBatch without = SequenceBatch.zeros(2, 12, parts.embedDim());
      parts.decoderLayer().forward(x, memory, output, Views.weights(List.of(self, cross)));
      parts.decoderLayer().forward(x, memory, without);
      Views.assertSameBits(output.data(), without.data(), "output beside weights");

      boolean pre = parts.placement() == Norm.Placement.PRE;
      SequenceBatch from = pre ? normed(parts, 0, x) : x;
      Heads expected = Heads.zeros(2, heads, 12, 12);
      parts
          .attention()
          .layer()
          .withMask(Mask.causal())
          .forward(from, from, from, Views.zerosLike(from), Results.of().withWeights(expected));
      Views.assertSameBits(self.data(), expected.data(), "self-attention");
      SequenceBatch y = SequenceBatch.zeros(2, 12, parts.embedDim());
      parts.attention().layer().withMask(Mask.causal()).forward(from, y);
      for (int i = 0; i < y.data().length; i++) {
        y.data()[i] += x.data()[i];
      }
      Heads expectedCross = Heads.zeros(2, parts.cross().numHeads(), 12, 7);
      parts
          .cross()
          .layer()
          .forward(
              normed(parts, pre ? 2 : 0, y),
              memory,
              memory,
              Views.zerosLike(normed(parts, pre ? 2 : 0, y)),
              Results.of().withWeights(expectedCross));
      for (int i = 0; i < expectedCross.data().length; i++) {
        assertThat(cross.data()[i]).isCloseTo(expectedCross.data()[i], within(1e-6f));
      }
      assertThatThrownBy(() -> parts.decoderLayer().forward(x, memory, output, Views.weights(List.of(self, self))))
          .hasMessageContaining("results[1]");
    }
  }

  private static SequenceBatch normed(LayerParts parts, int which, SequenceBatch x) {
    SequenceBatch result = SequenceBatch.zeros(x.batch(), x.rows(), x.width());
    parts.norm(which).forward(x, result);
    return result;
  }

  @Test
  void wrongCallsNameTheArgument() {
    TransformerLayer layer = BERT.encoderLayer();
    SequenceBatch x = input(1, 4, 48);
    assertThatThrownBy(() -> layer.forward(input(1, 4, 47), SequenceBatch.zeros(1, 4, 47)))
        .hasMessageContaining("x.width is 47")
        .hasMessageContaining("48");
    assertThatThrownBy(() -> layer.forward(x, SequenceBatch.zeros(1, 5, 48)))
        .hasMessageContaining("output.rows is 5")
        .hasMessageContaining("4");
    SequenceBatch shifted = new SequenceBatch(x.data(), 48, 1, 3, 48, 0, 48);
    assertThatThrownBy(() -> layer.forward(x.batch(0, 1).rows(0, 3), shifted)).hasMessageContaining("output");
    Norm narrow = Norm.layer(new float[47], null, 1e-5f);
    assertThatThrownBy(
            () -> TransformerLayer.encoder(BERT.attention().layer(), BERT.norm(0), BERT.feedForward(), narrow, Norm.Placement.POST))
        .hasMessageContaining("feedForwardNorm.width is 47")
        .hasMessageContaining("48");
    assertThatThrownBy(() -> TransformerStack.of(List.of(), null)).hasMessageContaining("layers");
    assertThatThrownBy(() -> TransformerStack.of(List.of(layer, LLAMA.encoderLayer()), null))
        .hasMessageContaining("layers[1].embedDim is 60")
        .hasMessageContaining("48");
    assertThatThrownBy(() -> Norm.rms(new float[4], -1)).hasMessageContaining("epsilon is -1");
    assertThatThrownBy(() -> BERT.decoderLayer().forward(x, input(2, 4, 48), SequenceBatch.zeros(1, 4, 48)))
        .hasMessageContaining("memory.batch is 2")
        .hasMessageContaining("1");
    Linear up = Linear.of(new float[6], null, 2, 3);
    assertThatThrownBy(() -> FeedForward.of(up, up, Activation.RELU)).hasMessageContaining("down.inputs is 2").hasMessageContaining("3");
  }
}
