package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.pooling.Neighbours;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An error in the last layer of a stack is found before the first layer writes or appends to a cache. */
@Tag("once")
class StackChecksTest {
  private static final int WIDTH = 8;
  private static final int ROWS = 5;
  private static final int BATCH = 2;
  private static final LayerShape SHAPE = LayerShape.of(WIDTH, 2);
  private static final LayerParts PARTS = new LayerParts(SHAPE, 12, Activation.RELU, false, false, Norm.Placement.POST);

  /** A change of a layer's attention that does not fit a call, and the words of the message. */
  record Misfit(String what, UnaryOperator<MultiHeadAttention> change, String... words) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static Misfit attention(String what, UnaryOperator<Attention> change, String... words) {
    return new Misfit(what, layer -> layer.withAttention(change), words);
  }

  /** Changes that depend on the shape of a call. */
  static List<Misfit> misfits() {
    float[] three = new float[3];
    return List.of(
        attention("key lengths", attention -> attention.withMask(Mask.keyLengths(5, 6)), "keyLengths[1]", "6", "5"),
        attention("query lengths", attention -> attention.withMask(Mask.queryLengths(5)), "queryLengths.length", "1", "2"),
        attention("a map", attention -> attention.withMask(Mask.evaluate((b, h, i, j) -> true, 1, 1, 4, 4)), "queries", "4", "5"),
        attention("a matrix", attention -> attention.withMask(Mask.matrix(new boolean[7], 7)), "7"),
        attention("a tree", attention -> attention.withMask(Mask.tree(-1, 0, 0, 0, 0, 0)), "parents.length", "6", "5"),
        attention("documents", attention -> attention.withMask(Mask.documents(3, new int[3], new int[3]).and(Mask.causal())), "3", "2"),
        attention("bias", attention -> attention.withBias(Bias.of(three, three.length)), "bias.keys", "3", "5"),
        attention("slopes", attention -> attention.withAlibi(three), "slopes.length", "3", "2"),
        attention("sinks", attention -> attention.withNormaliser(Normaliser.softmaxWithSinks(three)), "sinks.length", "3", "2"),
        attention("similarity", attention -> attention.withSimilarity(Similarity.additive(three)), "3", "4"),
        attention("sequences", attention -> attention.withPackedSequences(PackedSequences.of(0, 5)), "sequences"));
  }

  private static TransformerLayer encoderLayer() {
    return PARTS.encoderLayer();
  }

  private static TransformerStack encoder(Misfit misfit) {
    return TransformerStack.of(List.of(encoderLayer(), encoderLayer(), encoderLayer().withSelf(misfit.change)), null);
  }

  private static SequenceBatch input() {
    return Views.randomSequences(Layout.DENSE, BATCH, ROWS, WIDTH, Problem.SEED);
  }

  private static SequenceBatch in(float[] out) {
    return SequenceBatch.of(out, BATCH, ROWS, WIDTH);
  }

  @ParameterizedTest
  @MethodSource("misfits")
  void anEncoderChecksAllLayers(Misfit misfit) {
    Wrong.argument("into another array", out -> encoder(misfit).forward(input(), in(out)), misfit.words).verify();
    Wrong.argument("in place", out -> encoder(misfit).forward(in(out), in(out)), misfit.words).verify();
  }

  @ParameterizedTest
  @MethodSource("misfits")
  void aDecoderChecksAllLayers(Misfit misfit) {
    for (TransformerLayer last : List.of(PARTS.decoderLayer().withSelf(misfit.change), PARTS.decoderLayer().withCross(misfit.change))) {
      TransformerStack decoder = TransformerStack.of(List.of(PARTS.decoderLayer(), PARTS.decoderLayer(), last), null);
      Wrong.argument("in place", out -> decoder.forward(in(out), input(), in(out)), misfit.words).verify();
      Transformer transformer = Transformer.of(TransformerStack.of(List.of(encoderLayer()), null), decoder);
      Wrong.argument("behind an encoder", out -> transformer.forward(input(), in(out), in(out)), misfit.words).verify();
    }
  }

  /** The state has no earlier rows, so the same changes do not fit as for whole sequences. */
  @ParameterizedTest
  @MethodSource("misfits")
  void aStepOfADecoderChecksAllLayers(Misfit misfit) {
    for (boolean self : new boolean[] {true, false}) {
      TransformerLayer right = PARTS.decoderLayer();
      TransformerStack decoder = TransformerStack.of(List.of(right, right), null);
      TransformerLayer wrong = self ? right.withSelf(misfit.change) : right.withCross(misfit.change);
      TransformerStack last = TransformerStack.of(List.of(right, wrong), null);
      try (StackState state = decoder.start(input(), 20)) {
        Wrong.argument("a step", out -> last.forward(in(out), state, in(out)), misfit.words).verify();
        assertThat(state.rows(0)).isZero();
        assertThat(state.rows(1)).isZero();
        state.caches(0).forEach(cache -> assertThat(cache.rows()).isZero());
      }
    }
  }

  static Stream<Wrong> weights() {
    TransformerStack encoder = TransformerStack.of(List.of(encoderLayer(), encoderLayer()), null);
    Heads right = Heads.zeros(BATCH, 2, ROWS, ROWS);
    int size = BATCH * ROWS * WIDTH;
    return Stream.of(
        Wrong.argument("the width of the second", out -> forward(encoder, out, right, Heads.zeros(BATCH, 2, ROWS, 4)), "4", "5"),
        Wrong.argument("the rows of the second", out -> forward(encoder, out, right, Heads.zeros(BATCH, 2, 4, ROWS)), "4", "5"),
        Wrong.argument("the heads of the second", out -> forward(encoder, out, right, Heads.zeros(BATCH, 3, ROWS, ROWS)), "3", "2"),
        Wrong.argument("the batch of the second", out -> forward(encoder, out, right, Heads.zeros(1, 2, ROWS, ROWS)), "1", "2"),
        Wrong.argument("one for two layers", out -> encoder.forward(in(out), in(out), Views.weights(List.of(right))), "results", "1", "2"),
        Wrong.isNull(
            "results[1]", out -> encoder.forward(in(out), in(out), Arrays.asList(Results.of().withWeights(right), Wrong.nothing()))),
        Wrong.isNull("results", out -> encoder.forward(in(out), in(out), Wrong.<List<Results>>nothing())),
        Wrong.argument("twice the same", out -> forward(encoder, out, right, right), "results[1]", "results[0]", "overlaps"),
        Wrong.argument(
            "in the output",
            out -> forward(encoder, out, right, new Heads(out, size - 1, BATCH, 2, ROWS, ROWS, 50, 25, 5)),
            "results[1]",
            "overlaps"),
        Wrong.argument(
            "in x alone",
            out ->
                encoder.forward(
                    in(out), SequenceBatch.zeros(BATCH, ROWS, WIDTH), Views.weights(List.of(right, Heads.of(out, BATCH, 2, ROWS, ROWS)))),
            "results[1]",
            "overlaps",
            "x"));
  }

  private static void forward(TransformerStack encoder, float[] out, Heads first, Heads second) {
    encoder.forward(in(out), in(out), Views.weights(List.of(first, second)));
  }

  @ParameterizedTest
  @MethodSource("weights")
  void weightsOfAllLayersAreCheckedFirst(Wrong wrong) {
    wrong.verify();
  }

  @Test
  void aPreNormLayerKeepsItsInputFromItsWeights() {
    TransformerLayer layer = new LayerParts(SHAPE, 12, Activation.RELU, false, false, Norm.Placement.PRE).encoderLayer();
    Wrong.overlap(
            "results[0]",
            "x",
            0,
            out -> layer.forward(in(out), Views.zerosLike(in(out)), Views.weights(List.of(Heads.of(out, BATCH, 2, ROWS, ROWS)))))
        .verify();
  }

  /** Only the last layer has another memory width. */
  @Test
  void theMemoryOfEveryLayerIsCheckedFirst() {
    TransformerLayer other =
        TransformerLayer.decoder(
            SHAPE.layer(),
            PARTS.norm(0),
            SHAPE.sources(9, 9).layer(),
            PARTS.norm(1),
            PARTS.feedForward(),
            PARTS.norm(2),
            Norm.Placement.POST);
    TransformerStack decoder = TransformerStack.of(List.of(PARTS.decoderLayer(), other), null);
    Wrong.argument("width", out -> decoder.forward(in(out), input(), in(out)), "memory.width", "8", "9").verify();
    TransformerStack right = TransformerStack.of(List.of(PARTS.decoderLayer(), PARTS.decoderLayer()), null);
    SequenceBatch three = SequenceBatch.zeros(3, ROWS, WIDTH);
    Wrong.argument("batch", out -> right.forward(in(out), three, in(out)), "memory.batch", "3", "2").verify();
    Wrong.argument("the memory", out -> right.forward(input(), in(out), in(out)), "output", "memory", "overlaps").verify();
    Wrong.isNull("memory", out -> right.forward(in(out), Wrong.<SequenceBatch>nothing(), in(out))).verify();
    Wrong.isNull("state", out -> right.forward(in(out), Wrong.<StackState>nothing(), in(out))).verify();
  }

  @Test
  void aSourceIsNotOverwritten() {
    Transformer transformer =
        Transformer.of(TransformerStack.of(List.of(encoderLayer()), null), TransformerStack.of(List.of(PARTS.decoderLayer()), null));
    Wrong.overlap("output", "source", 0, out -> transformer.forward(in(out), input(), in(out))).verify();
  }

  @Test
  void statesAreCheckedFirst() {
    TransformerStack stack = TransformerStack.of(List.of(PARTS.decoderLayer()), null);
    LayerParts narrow = new LayerParts(LayerShape.of(WIDTH, 4), 12, Activation.RELU, false, false, Norm.Placement.POST);
    TransformerLayer narrowSelf = PARTS.decoderLayer().withSelf(attention -> narrow.attention().layer());
    TransformerLayer narrowCross = PARTS.decoderLayer().withCross(attention -> narrow.attention().layer());
    StackState state = stack.start(input(), 9);
    StackState otherSelf = TransformerStack.of(List.of(narrowSelf), null).start(input(), 9);
    StackState otherCross = TransformerStack.of(List.of(narrowCross), null).start(input(), 9);
    StackState withoutMemory = TransformerStack.of(List.of(encoderLayer()), null).start(BATCH, 9);
    StackState closed = stack.start(input(), 9);
    StackState view = closed.select(1, 0);
    closed.close();
    List<Wrong> wrong =
        List.of(
            Wrong.argument("another width", out -> stack.forward(in(out), otherSelf, in(out)), "state.sequences[0].heads", "4", "2"),
            Wrong.argument("another memory", out -> stack.forward(in(out), otherCross, in(out)), "state.memory[0].heads", "4", "2"),
            Wrong.argument("no memory", out -> stack.forward(in(out), withoutMemory, in(out)), "cross-attentions", "state", "0", "1"),
            Wrong.argument("one sequence", out -> stack.forward(in(out), state.select(1), in(out)), "state.sequences", "1", "2"),
            Wrong.argument("one twice", out -> state.select(1, 1), "indices[1]", "1", "indices[0]"),
            Wrong.isNull("indices", out -> state.select(Wrong.nothing())),
            Wrong.isNull("state", out -> stack.forward(in(out), Wrong.<StackState>nothing(), in(out))),
            Wrong.isNull("results", out -> stack.forward(in(out), state, in(out), Wrong.<List<Results>>nothing())),
            Wrong.isNull("memory", out -> stack.start(Wrong.<SequenceBatch>nothing(), 3)),
            Wrong.isNull("memory[1]", out -> stack.state().memory(Arrays.asList(input().batch(0, 1), Wrong.nothing()))),
            Wrong.incomplete("closed", out -> stack.forward(in(out), closed, in(out)), "closed"),
            Wrong.incomplete("a view of a closed state", out -> stack.forward(in(out), view, in(out)), "closed"));
    wrong.forEach(Wrong::verify);
    assertThat(state.rows(0) + state.rows(1)).isZero();
    List.of(state, otherSelf, otherCross, withoutMemory).forEach(StackState::close);
  }

  /**
   * Alternating rows of output and input in one array do not overlap as whole views: the call must not be refused after it has written some
   * rows.
   */
  @Test
  void interleavedRowsAreWrittenWhole() {
    float[] array = Views.randomArray(16 * 6, 1, Problem.SEED + 1);
    float[] copy = array.clone();
    SequenceBatch x = new SequenceBatch(array, 0, 1, 6, 4, 96, 16);
    SequenceBatch output = new SequenceBatch(array, 4, 1, 6, 4, 96, 8);
    SequenceBatch expected = SequenceBatch.zeros(1, 6, 4);
    Neighbours.mean(1, 0).forward(new SequenceBatch(copy, 0, 1, 6, 4, 96, 16), expected);
    Neighbours.mean(1, 0).forward(x, output);
    Views.assertSameBits(Views.dense(output), expected.data(), "neighbours in one array");

    float[] pooled = Views.randomArray(16 * 6, 1, Problem.SEED + 2);
    SequenceBatch rows = new SequenceBatch(pooled, 0, 1, 6, 8, 96, 16);
    PackedSequences starts = PackedSequences.of(0, 2, 6);
    SequenceBatch alone = SequenceBatch.zeros(2, 1, 8);
    Pooling.mean().withPackedSequences(starts).forward(new SequenceBatch(pooled.clone(), 0, 1, 6, 8, 96, 16), alone);
    SequenceBatch results = new SequenceBatch(pooled, 8, 2, 1, 8, 16, 8);
    Pooling.mean().withPackedSequences(starts).forward(rows, results);
    Views.assertSameBits(Views.dense(results), alone.data(), "pooled in one array");
  }

  @Test
  void aSumIsApartFromTheOutput() {
    Norm norm = Norm.layer(new float[WIDTH], null, 1e-5f);
    SequenceBatch x = input();
    Wrong.argument(
            "output in the sum",
            out -> norm.forward(x, x, in(out), new SequenceBatch(out, 4, BATCH, ROWS, WIDTH, 40, 8)),
            "output",
            "overlaps",
            "sum")
        .verify();
  }

  /** The parts of layers, each left out once. */
  @Test
  void missingPartsAreNamed() {
    MultiHeadAttention attention = SHAPE.layer();
    Norm norm = PARTS.norm(0);
    FeedForward feedForward = PARTS.feedForward();
    Norm.Placement post = Norm.Placement.POST;
    Linear up = Linear.of(new float[WIDTH], null, WIDTH, 1);
    Linear down = Linear.of(new float[WIDTH], null, 1, WIDTH);
    TransformerLayer encoderLayer = encoderLayer();
    TransformerLayer decoderLayer = PARTS.decoderLayer();
    TransformerStack encoder = TransformerStack.of(List.of(encoderLayer), null);
    TransformerStack decoder = TransformerStack.of(List.of(decoderLayer), null);
    List<Wrong> all =
        List.of(
            Wrong.isNull("self", out -> TransformerLayer.encoder(Wrong.nothing(), norm, feedForward, norm, post)),
            Wrong.isNull("selfNorm", out -> TransformerLayer.encoder(attention, Wrong.nothing(), feedForward, norm, post)),
            Wrong.isNull("feedForward", out -> TransformerLayer.encoder(attention, norm, Wrong.nothing(), norm, post)),
            Wrong.isNull("feedForwardNorm", out -> TransformerLayer.encoder(attention, norm, feedForward, Wrong.nothing(), post)),
            Wrong.isNull("placement", out -> TransformerLayer.encoder(attention, norm, feedForward, norm, Wrong.nothing())),
            Wrong.isNull("self", out -> TransformerLayer.decoder(Wrong.nothing(), norm, attention, norm, feedForward, norm, post)),
            Wrong.isNull("selfNorm", out -> TransformerLayer.decoder(attention, Wrong.nothing(), attention, norm, feedForward, norm, post)),
            Wrong.isNull("cross", out -> TransformerLayer.decoder(attention, norm, Wrong.nothing(), norm, feedForward, norm, post)),
            Wrong.isNull(
                "crossNorm", out -> TransformerLayer.decoder(attention, norm, attention, Wrong.nothing(), feedForward, norm, post)),
            Wrong.isNull("feedForward", out -> TransformerLayer.decoder(attention, norm, attention, norm, Wrong.nothing(), norm, post)),
            Wrong.isNull(
                "feedForwardNorm", out -> TransformerLayer.decoder(attention, norm, attention, norm, feedForward, Wrong.nothing(), post)),
            Wrong.isNull(
                "placement", out -> TransformerLayer.decoder(attention, norm, attention, norm, feedForward, norm, Wrong.nothing())),
            Wrong.isNull("up", out -> FeedForward.of(Wrong.nothing(), down, Activation.RELU)),
            Wrong.isNull("down", out -> FeedForward.of(up, Wrong.nothing(), Activation.RELU)),
            Wrong.isNull("activation", out -> FeedForward.of(up, down, Wrong.nothing())),
            Wrong.isNull("gate", out -> FeedForward.gated(Wrong.nothing(), up, down, Activation.RELU)),
            Wrong.isNull("up", out -> FeedForward.gated(up, Wrong.nothing(), down, Activation.RELU)),
            Wrong.isNull("down", out -> FeedForward.gated(up, up, Wrong.nothing(), Activation.RELU)),
            Wrong.isNull("weight", out -> Norm.layer(Wrong.nothing(), null, 1)),
            Wrong.isNull("weight", out -> Norm.rms(Wrong.nothing(), 1)),
            Wrong.isNull("kernels", out -> Norm.rms(new float[1], 1).withKernels(Wrong.nothing())),
            Wrong.isNull("layers", out -> TransformerStack.of(Wrong.nothing(), null)),
            Wrong.isNull("layers[1]", out -> TransformerStack.of(Arrays.asList(encoderLayer, Wrong.nothing()), null)),
            Wrong.isNull("layers", out -> TransformerStack.of(Wrong.nothing(), null)),
            Wrong.isNull("layers[0]", out -> TransformerStack.of(Arrays.asList(Wrong.<TransformerLayer>nothing()), null)),
            Wrong.isNull("change", out -> encoder.withLayers(Wrong.nothing())),
            Wrong.isNull("layers[0]", out -> encoder.withLayers(layer -> Wrong.nothing())),
            Wrong.isNull("change", out -> decoder.withLayers(Wrong.nothing())),
            Wrong.isNull("layers[0]", out -> decoder.withLayers(layer -> Wrong.nothing())),
            Wrong.isNull("change", out -> encoderLayer.withSelf(Wrong.nothing())),
            Wrong.isNull("change", out -> decoderLayer.withSelf(Wrong.nothing())),
            Wrong.isNull("change", out -> decoderLayer.withCross(Wrong.nothing())),
            Wrong.isNull("change", out -> attention.withAttention(Wrong.nothing())),
            Wrong.isNull("self", out -> decoderLayer.withSelf(layer -> Wrong.nothing())),
            Wrong.isNull("cross", out -> decoderLayer.withCross(layer -> Wrong.nothing())),
            Wrong.argument("another width", out -> decoderLayer.withSelf(layer -> LayerShape.of(6, 2).layer()), "self.embedDim", "6", "8"),
            Wrong.isNull("encoder", out -> Transformer.of(Wrong.nothing(), decoder)),
            Wrong.isNull("decoder", out -> Transformer.of(encoder, Wrong.nothing())));
    all.forEach(Wrong::verify);
  }
}
