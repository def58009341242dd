package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Activation;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps of decoders compared with one pass, and the state after a failure. */
@Tag("twice")
class DecoderTest {
  private static final int BATCH = 2;
  private static final int ROWS = 60;
  private static final int WIDTH = 48;
  private static final LayerParts POST =
      new LayerParts(LayerShape.of(WIDTH, 6).grouped(2), 96, Activation.RELU, false, false, Norm.Placement.POST);
  private static final LayerParts PRE = new LayerParts(LayerShape.of(WIDTH, 4), 96, Activation.SILU, true, true, Norm.Placement.PRE);
  private static final SequenceBatch X = Views.randomSequences(Layout.DENSE, BATCH, ROWS, WIDTH, Problem.SEED);
  private static final SequenceBatch MEMORY = Views.randomSequences(Layout.DENSE, BATCH, 37, WIDTH, Problem.SEED + 1);

  private static TransformerStack decoder() {
    return TransformerStack.of(List.of(POST.decoderLayer(), PRE.decoderLayer()), PRE.norm(1)).withThreads(2);
  }

  private static SequenceBatch rows(SequenceBatch x, int from, int count) {
    return new SequenceBatch(x.data(), x.offset() + from * x.rowStride(), x.batch(), count, x.width(), x.batchStride(), x.rowStride());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 25, 60})
  void callsHaveTheBitsOfOnePass(int size) {
    SequenceBatch whole = SequenceBatch.zeros(BATCH, ROWS, WIDTH);
    decoder().forward(X, MEMORY, whole);
    SequenceBatch steps = SequenceBatch.zeros(BATCH, ROWS, WIDTH);
    try (StackState state = decoder().start(MEMORY, ROWS)) {
      for (int row = 0; row < ROWS; row += size) {
        int count = Math.min(size, ROWS - row);
        decoder().forward(rows(X, row, count), state, rows(steps, row, count));
        assertThat(state.rows(0)).isEqualTo(row + count);
        assertThat(state.rows(1)).isEqualTo(row + count);
      }
    }
    Views.assertSameBits(steps.data(), whole.data(), "calls of " + size);
  }

  @Test
  void aFullStateDoesNotChange() {
    try (StackState state = decoder().start(MEMORY, 5)) {
      SequenceBatch output = SequenceBatch.zeros(BATCH, 4, WIDTH);
      decoder().forward(rows(X, 0, 4), state, output);
      float[] before = output.data().clone();
      assertThatThrownBy(() -> decoder().forward(rows(X, 4, 2), state, rows(output, 0, 2)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("5");
      assertThat(output.data()).isEqualTo(before);
      assertThat(state.rows(0)).isEqualTo(4);
      assertThat(state.rows(1)).isEqualTo(4);
    }
  }

  @Test
  void aFailureInALaterLayerUndoesTheEarlierOnes() {
    TransformerStack failing =
        TransformerStack.of(
            List.of(
                POST.decoderLayer(),
                PRE.decoderLayer()
                    .withCross(
                        attention ->
                            attention.withAttention(
                                inner ->
                                    inner.withScoreFunction(
                                        (row, offset, length, b, head, query, firstKey) -> {
                                          throw new IllegalStateException("halfway");
                                        })))),
            PRE.norm(1));
    SequenceBatch whole = SequenceBatch.zeros(BATCH, 8, WIDTH);
    SequenceBatch steps = SequenceBatch.zeros(BATCH, 8, WIDTH);
    decoder().forward(rows(X, 0, 8), MEMORY, whole);
    try (StackState state = decoder().start(MEMORY, 8)) {
      decoder().forward(rows(X, 0, 4), state, rows(steps, 0, 4));
      assertThatThrownBy(() -> failing.forward(rows(X, 4, 4), state, rows(steps, 4, 4))).hasMessageContaining("halfway");
      assertThat(state.rows(0)).isEqualTo(4);
      assertThat(state.rows(1)).isEqualTo(4);
      for (int layer = 0; layer < 2; layer++) {
        for (KeyValueCache cache : state.caches(layer)) {
          assertThat(cache.rows()).isEqualTo(4);
        }
      }
      decoder().forward(rows(X, 4, 4), state, rows(steps, 4, 4));
    }
    Views.assertSameBits(steps.data(), whole.data(), "after the failure");
  }

  @Test
  void aClosedStateAndAnotherBatchAreRefused() {
    StackState state = decoder().start(MEMORY, 5);
    assertThatThrownBy(() -> decoder().forward(rows(X, 0, 1).batch(0, 1).rows(0, 1), state, SequenceBatch.zeros(1, 1, WIDTH)))
        .hasMessageContaining("x.batch is 1")
        .hasMessageContaining("2");
    TransformerStack one = TransformerStack.of(List.of(POST.decoderLayer()), null);
    assertThatThrownBy(() -> one.forward(rows(X, 0, 1), state, SequenceBatch.zeros(BATCH, 1, WIDTH)))
        .hasMessageContaining("self-attentions of state is 2");
    state.close();
    state.close();
    assertThatThrownBy(() -> decoder().forward(rows(X, 0, 1), state, SequenceBatch.zeros(BATCH, 1, WIDTH)))
        .isInstanceOf(IllegalStateException.class);
  }
}
