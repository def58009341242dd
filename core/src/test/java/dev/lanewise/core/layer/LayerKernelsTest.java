package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Other kernels for a layer reach each of its parts: the layer then has the bits of a layer that was built from parts on those kernels. */
class LayerKernelsTest {
  private static final LayerParts PARTS = new LayerParts(LayerShape.of(40, 2), 72, Activation.SILU, true, false, Norm.Placement.POST);
  private static final Kernels SCALAR = Kernels.scalar();
  private static final SequenceBatch X = Views.randomSequences(Layout.DENSE, 2, 7, 40, Problem.SEED + 61);
  private static final SequenceBatch MEMORY = Views.randomSequences(Layout.DENSE, 2, 5, 40, Problem.SEED + 62);

  private static Linear linear(LayerShape.Weights weights) {
    return Linear.of(weights.weight(), weights.bias(), weights.inputs(), weights.outputs());
  }

  private static FeedForward scalarFeedForward() {
    return FeedForward.gated(
        linear(PARTS.gate()).withKernels(SCALAR),
        linear(PARTS.up()).withKernels(SCALAR),
        linear(PARTS.down()).withKernels(SCALAR),
        Activation.SILU);
  }

  private static Norm scalarNorm(int which) {
    return PARTS.norm(which).withKernels(SCALAR);
  }

  private static TransformerLayer scalarEncoderLayer() {
    MultiHeadAttention attention = PARTS.attention().layer().withKernels(SCALAR);
    return TransformerLayer.encoder(attention, scalarNorm(0), scalarFeedForward(), scalarNorm(1), PARTS.placement());
  }

  private static TransformerLayer scalarDecoderLayer() {
    MultiHeadAttention self = PARTS.attention().layer().withKernels(SCALAR);
    MultiHeadAttention cross = PARTS.cross().layer().withKernels(SCALAR);
    return TransformerLayer.decoder(self, scalarNorm(0), cross, scalarNorm(2), scalarFeedForward(), scalarNorm(1), PARTS.placement());
  }

  private interface Call {
    void run(SequenceBatch output);
  }

  private static void assertSame(String what, Call expected, Call actual) {
    SequenceBatch first = SequenceBatch.zeros(2, 7, 40);
    SequenceBatch second = SequenceBatch.zeros(2, 7, 40);
    expected.run(first);
    actual.run(second);
    Views.assertSameBits(second.data(), first.data(), what);
  }

  @Test
  void linearPacksItsWeightAgain() {
    LayerShape.Weights weights = LayerShape.Weights.of(205, 40, 63);
    Matrix weight = Matrix.of(weights.weight(), 205, 40);
    SequenceBatch output = SequenceBatch.zeros(2, 7, 205);
    for (Kernels kernels : List.of(SCALAR, Kernels.selected())) {
      Matrix expected = Matrix.zeros(14, 205);
      kernels.product(Matrix.of(X.data(), 14, 40), kernels.packTransposed(weight), weights.bias(), Activation.SILU, expected);
      for (int threads = 1; threads <= 2; threads++) {
        Linear there = linear(weights).withThreads(threads).withActivation(Activation.SILU).withKernels(SCALAR);
        there.withKernels(kernels).forward(X, output);
        Views.assertSameBits(output.data(), expected.data(), kernels.path() + " on " + threads + " threads");
      }
    }
  }

  @Test
  void kernelsReachEachPart() {
    TransformerStack encoder = TransformerStack.of(List.of(scalarEncoderLayer()), scalarNorm(3));
    TransformerStack decoder = TransformerStack.of(List.of(scalarDecoderLayer()), scalarNorm(3));
    FeedForward changed = PARTS.feedForward().withKernels(SCALAR);
    TransformerLayer changedLayer = PARTS.encoderLayer().withKernels(SCALAR);
    TransformerLayer changedDecoderLayer = PARTS.decoderLayer().withKernels(SCALAR);
    TransformerStack changedEncoder = TransformerStack.of(List.of(PARTS.encoderLayer()), PARTS.norm(3)).withKernels(SCALAR);
    TransformerStack changedDecoder = TransformerStack.of(List.of(PARTS.decoderLayer()), PARTS.norm(3)).withKernels(SCALAR);
    Transformer changedBoth =
        Transformer.of(
                TransformerStack.of(List.of(PARTS.encoderLayer()), PARTS.norm(3)),
                TransformerStack.of(List.of(PARTS.decoderLayer()), PARTS.norm(3)))
            .withKernels(SCALAR);
    assertSame("feed-forward", y -> scalarFeedForward().forward(X, y), y -> changed.forward(X, y));
    assertSame("encoder layer", y -> scalarEncoderLayer().forward(X, y), y -> changedLayer.forward(X, y));
    assertSame("decoder layer", y -> scalarDecoderLayer().forward(X, MEMORY, y), y -> changedDecoderLayer.forward(X, MEMORY, y));
    assertSame("encoder", y -> encoder.forward(X, y), y -> changedEncoder.forward(X, y));
    assertSame("decoder", y -> decoder.forward(X, MEMORY, y), y -> changedDecoder.forward(X, MEMORY, y));
    assertSame("transformer", y -> Transformer.of(encoder, decoder).forward(MEMORY, X, y), y -> changedBoth.forward(MEMORY, X, y));
  }
}
