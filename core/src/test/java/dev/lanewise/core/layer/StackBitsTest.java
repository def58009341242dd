package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.Sample;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The rows of a stack have the same bits row by row, in calls of a few rows, in chunks, and in one pass: over caches of any format but
 * INT8, and over caches in F32 also those of a pass without caches. The sequence is longer than a span of keys.
 */
@Tag("twice")
class StackBitsTest {
  private static final int WIDTH = 40;
  private static final int HEADS = 4;
  private static final int ROWS = 650;
  private static final int[][] CALLS = {{1}, {16}, {17}, {600, 1}, {3, 300, 1, 16, 40}};
  private static final LayerParts PARTS =
      new LayerParts(LayerShape.of(WIDTH, HEADS).grouped(2), 50, Activation.SILU, true, true, Norm.Placement.PRE);
  private static final LayerParts POST =
      new LayerParts(LayerShape.of(WIDTH, HEADS), 50, Activation.GELU, false, false, Norm.Placement.POST);
  private static final SequenceBatch X = Views.randomSequences(Layout.DENSE, 1, ROWS, WIDTH, Problem.SEED);

  private static TransformerStack decoderOnly() {
    return TransformerStack.of(List.of(decoderOnly(PARTS), decoderOnly(POST)), PARTS.norm(2));
  }

  private static TransformerLayer decoderOnly(LayerParts parts) {
    return TransformerLayer.decoderOnly(parts.attention().layer(), parts.norm(0), parts.feedForward(), parts.norm(1), parts.placement());
  }

  static Stream<LayerPositions> positions() {
    LayerPositions buckets = Positions.relativeBuckets(Views.randomArray(8 * HEADS, 1, Problem.SEED + 9), 8, 20, false);
    return Stream.of(Positions.none(), Rotary.of(WIDTH / HEADS), Positions.alibi(HEADS), buckets);
  }

  /** All rows in calls of the given sizes; the last size is repeated. */
  private static float[] inCalls(TransformerStack stack, StackState state, int... sizes) {
    SequenceBatch output = SequenceBatch.zeros(1, ROWS, WIDTH);
    int done = 0;
    for (int i = 0; done < ROWS; i++) {
      int to = done + Math.min(sizes[Math.min(i, sizes.length - 1)], ROWS - done);
      stack.forward(X.rows(done, to), state, output.rows(done, to));
      done = to;
    }
    state.close();
    return output.data();
  }

  /** A stack with the caches of its calls, and the rows that they must have. */
  private record Case(String name, TransformerStack stack, StackState.Builder states, Supplier<float[]> expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Arguments> cases() {
    Stream<Case> formats =
        Stream.of(KeyValueFormat.values()).filter(format -> format != KeyValueFormat.INT8).map(StackBitsTest::callsOverNarrowCaches);
    List<Case> all =
        Stream.of(positions().map(StackBitsTest::callsAndOnePass), formats, Stream.of(besideAMemory())).flatMap(each -> each).toList();
    return Sample.pairs(all, List.of(CALLS), Arguments::of);
  }

  private static Case callsAndOnePass(LayerPositions positions) {
    TransformerStack stack = decoderOnly().withPositions(positions);
    return new Case(positions.toString(), stack, stack.state().capacity(ROWS), () -> pass(output -> stack.forward(X, output)));
  }

  private static Case callsOverNarrowCaches(KeyValueFormat format) {
    TransformerStack stack = decoderOnly().withPositions(Rotary.of(WIDTH / HEADS));
    StackState.Builder states = stack.state().pages(2 * ROWS).format(format);
    return new Case(format.toString(), stack, states, () -> inCalls(stack, states.build(), ROWS));
  }

  private static Case besideAMemory() {
    TransformerStack stack = TransformerStack.of(List.of(PARTS.decoderLayer(), POST.decoderLayer()), null).withPositions(Rotary.of(10));
    SequenceBatch memory = Views.randomSequences(Layout.DENSE, 1, 37, WIDTH, Problem.SEED + 1);
    StackState.Builder states = stack.state().memory(memory).capacity(ROWS);
    return new Case("beside a memory", stack, states, () -> pass(output -> stack.forward(X, memory, output)));
  }

  private static float[] pass(Consumer<SequenceBatch> pass) {
    SequenceBatch output = SequenceBatch.zeros(1, ROWS, WIDTH);
    pass.accept(output);
    return output.data();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void callsHaveTheBitsOfOnePass(Case each, int[] calls) {
    float[] rows = inCalls(each.stack.withThreads(2 - calls[0] % 2), each.states.build(), calls);
    Views.assertSameBits(rows, each.expected.get(), each + ", calls of " + calls[0] + " rows");
  }
}
