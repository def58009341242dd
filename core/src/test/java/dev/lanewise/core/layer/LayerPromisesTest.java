package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Promises of the public Javadoc of layers: values, limits and exceptions. */
@Tag("twice")
class LayerPromisesTest {
  private static final float HUGE = 3e38f;
  private static final int WIDTH = 8;

  private static Linear linear(int inputs, int outputs) {
    return Linear.of(Views.randomArray(inputs * outputs, 0.5, Problem.SEED + inputs), null, inputs, outputs);
  }

  private static Norm norm() {
    return Norm.rms(Views.randomArray(WIDTH, 1, Problem.SEED + 2), 1e-5f);
  }

  private static MultiHeadAttention attention(int keyInputDim, int valueInputDim) {
    return MultiHeadAttention.builder(WIDTH, 2)
        .sources(keyInputDim, valueInputDim)
        .query(Views.randomArray(WIDTH * WIDTH, 0.3, Problem.SEED + 3), null)
        .key(Views.randomArray(WIDTH * keyInputDim, 0.3, Problem.SEED + 4), null)
        .value(Views.randomArray(WIDTH * valueInputDim, 0.3, Problem.SEED + 5), null)
        .output(Views.randomArray(WIDTH * WIDTH, 0.3, Problem.SEED + 6), null)
        .build();
  }

  private static FeedForward feedForward() {
    return FeedForward.of(linear(WIDTH, 6), linear(6, WIDTH), Activation.RELU);
  }

  private static TransformerLayer encoderLayer(Norm.Placement placement) {
    return TransformerLayer.encoder(attention(WIDTH, WIDTH), norm(), feedForward(), norm(), placement);
  }

  private static TransformerLayer decoderLayer(int keyInputDim, int valueInputDim) {
    return TransformerLayer.decoder(
        attention(WIDTH, WIDTH), norm(), attention(keyInputDim, valueInputDim), norm(), feedForward(), norm(), Norm.Placement.PRE);
  }

  private static TransformerStack decoder(int keyInputDim, int valueInputDim) {
    return TransformerStack.of(List.of(decoderLayer(keyInputDim, keyInputDim), decoderLayer(keyInputDim, valueInputDim)), null);
  }

  @Test
  void normsOfHugeRows() {
    SequenceBatch x = SequenceBatch.of(new float[] {HUGE, HUGE, -HUGE, -HUGE}, 1, 1, 4);
    SequenceBatch out = SequenceBatch.zeros(1, 1, 4);
    float[] ones = {1, 1, 1, 1};
    Norm.rms(ones, 0).forward(x, out);
    assertThat(out.data()).containsExactly(1, 1, -1, -1);
    Norm.layer(ones, null, 1e-5f).forward(x, out);
    assertThat(out.data()).containsExactly(1, 1, -1, -1);
  }

  @Test
  void defaultsAreThoseOfTheJavadoc() {
    assertThat(attention(WIDTH, WIDTH).cache().capacity(3).build().capacity()).isEqualTo(3);
  }

  @Test
  void aStateOfNoSequencesKeepsItsPromises() {
    assertThatThrownBy(() -> decoder(WIDTH, WIDTH).start(SequenceBatch.zeros(0, 2, WIDTH), 0))
        .hasMessage("capacity is 0, must be at least 1");
    TransformerStack decoder = decoder(WIDTH, WIDTH);
    StackState state = decoder.start(SequenceBatch.zeros(0, 2, WIDTH), 4);
    SequenceBatch none = SequenceBatch.zeros(0, 1, WIDTH);
    decoder.forward(none, state, none);
    assertThat(state.batch()).isZero();
    assertThat(state.select().batch()).isZero();
    state.fork().close();
    for (int sequence : new int[] {-1, 0}) {
      for (Consumer<StackState> call : List.<Consumer<StackState>>of(s -> s.rows(sequence), s -> s.truncate(sequence, 0))) {
        assertThatThrownBy(() -> call.accept(state))
            .isExactlyInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("sequence is " + sequence);
      }
    }
    state.close();
    state.close();
    assertThatThrownBy(() -> state.truncate(0, 0)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    assertThatThrownBy(() -> decoder.forward(none, state, none)).isExactlyInstanceOf(IllegalStateException.class);
  }

  @Test
  void aStateTruncatesAllOrNothing() {
    TransformerStack decoder = decoder(WIDTH, WIDTH);
    StackState state = decoder.start(SequenceBatch.zeros(2, 0, WIDTH), 4);
    decoder.forward(SequenceBatch.zeros(2, 3, WIDTH), state, SequenceBatch.zeros(2, 3, WIDTH));
    for (int rows : new int[] {-1, 4, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      for (int sequence : new int[] {0, 1}) {
        assertThatThrownBy(() -> state.truncate(sequence, rows))
            .isExactlyInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("rows is " + rows)
            .hasMessageContaining("3");
      }
    }
    assertRows(state, 3);
    SequenceBatch two = SequenceBatch.zeros(2, 2, WIDTH);
    assertThatThrownBy(() -> decoder.forward(two, state, two)).isExactlyInstanceOf(IllegalStateException.class);
    assertRows(state, 3);
    state.truncate(0, 2);
    state.truncate(1, 2);
    decoder.forward(two, state, two);
    assertRows(state, 4);
    state.close();
    for (Consumer<StackState> call :
        List.<Consumer<StackState>>of(
            s -> s.rows(0), s -> s.truncate(0, 0), s -> s.select(0), s -> s.fork(0), s -> decoder.forward(two, s, two))) {
      assertThatThrownBy(() -> call.accept(state)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }
  }

  private static void assertRows(StackState state, int rows) {
    assertThat(state.rows(0)).isEqualTo(rows);
    assertThat(state.rows(1)).isEqualTo(rows);
  }

  @ParameterizedTest
  @MethodSource({"layers", "names"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  private static SequenceBatch memory() {
    return SequenceBatch.zeros(2, 3, WIDTH);
  }

  static List<Wrong> layers() {
    TransformerStack decoder = decoder(WIDTH, WIDTH);
    TransformerStack encoder = TransformerStack.of(List.of(encoderLayer(Norm.Placement.PRE)), null);
    TransformerStack uneven = decoder(WIDTH, 5);
    TransformerStack second = TransformerStack.of(List.of(decoderLayer(WIDTH, WIDTH), decoderLayer(5, 5)), null);
    return List.of(
        Wrong.argument(
            "values of the memory",
            out -> Transformer.of(encoder, uneven),
            "decoder.layers[1].cross.valueInputDim",
            "5",
            "encoder.embedDim",
            "8"),
        Wrong.argument("second layer", out -> Transformer.of(encoder, second), "decoder.layers[1].cross.keyInputDim", "5", "8"),
        Wrong.argument("capacity", out -> decoder.start(memory(), -3).close(), "capacity", "-3", "1"),
        Wrong.argument("memory", out -> decoder.start(SequenceBatch.zeros(0, 3, 5), 3).close(), "memory.width", "5", "8"),
        Wrong.argument("negative epsilon", out -> Norm.rms(new float[3], -1), "epsilon", "-1.0", "0"),
        Wrong.argument("embedding overflow", out -> Embedding.of(new float[3], 1 << 20, 1 << 20), "table.length", "3", "1099511627776"),
        Wrong.argument("no tokens", out -> Embedding.of(new float[0], 0, 3), "vocabulary", "0", "1"));
  }

  /** Messages name arguments as the caller does, whatever the layer does with them. */
  static List<Wrong> names() {
    MultiHeadAttention layer = attention(WIDTH, WIDTH);
    TransformerLayer encoder = encoderLayer(Norm.Placement.POST);
    TransformerLayer decoder = decoderLayer(WIDTH, WIDTH);
    SequenceBatch x = SequenceBatch.zeros(2, 3, WIDTH);
    SequenceBatch wide = SequenceBatch.zeros(2, 3, 9);
    SequenceBatch one = SequenceBatch.zeros(1, 3, WIDTH);
    MultiHeadAttention packed = layer.withPackedSequences(PackedSequences.of(0, 1, 3));
    List<KeyValueCache> none = List.of();
    return List.of(
        Wrong.isNull("x", out -> layer.forward(Wrong.nothing(), to(out))),
        Wrong.argument("self", out -> layer.forward(wide, to(out)), "x.width", "9", "8"),
        Wrong.argument("self", out -> layer.forward(x, SequenceBatch.of(out, 2, 4, WIDTH)), "output.rows", "4", "x.rows", "3"),
        Wrong.overlap("output", "x", 0, out -> layer.forward(to(out), to(out))),
        Wrong.argument("cached self", out -> layer.forward(wide, none, to(out)), "x.width", "9", "8"),
        Wrong.argument(
            "cached cross", out -> layer.forwardCross(x, none, SequenceBatch.of(out, 2, 4, WIDTH)), "output.rows", "4", "x.rows", "3"),
        Wrong.argument("caches of cross", out -> layer.forwardCross(x, none, to(out)), "memory", "0", "x.batch", "2"),
        Wrong.argument(
            "weights",
            out -> layer.forward(x, x, x, Views.zerosLike(x), Results.of().withWeights(Heads.of(out, 2, 3, 3, 3))),
            "weights.heads",
            "3",
            "query.heads",
            "2"),
        Wrong.argument(
            "longest",
            out -> packed.forward(one, one, one, Views.zerosLike(one), Results.of().withWeights(Heads.of(out, 1, 2, 3, 1))),
            "weights.width",
            "1",
            "longest",
            "2"),
        Wrong.argument(
            "encoder",
            out -> encoder.forward(x, Views.zerosLike(x), Views.weights(List.of(Heads.of(out, 1, 2, 3, 3)))),
            "weights.batch",
            "1",
            "query.batch",
            "2"),
        Wrong.argument(
            "self weights",
            out ->
                decoder.forward(
                    x, x, SequenceBatch.zeros(2, 3, WIDTH), Views.weights(List.of(Heads.of(out, 2, 2, 3, 2), Heads.zeros(2, 2, 3, 3)))),
            "weights.width",
            "2",
            "key.rows",
            "3"),
        Wrong.argument(
            "cross weights",
            out ->
                decoder.forward(
                    x, x, SequenceBatch.zeros(2, 3, WIDTH), Views.weights(List.of(Heads.zeros(2, 2, 3, 3), Heads.of(out, 2, 2, 3, 2)))),
            "weights.width",
            "2",
            "key.rows",
            "3"));
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 3, WIDTH);
  }

  /** A batch or sequence without rows is no error. */
  @Test
  void emptyIsNoError() {
    for (int[] shape : new int[][] {{0, 3}, {2, 0}, {0, 0}}) {
      SequenceBatch x = SequenceBatch.zeros(shape[0], shape[1], WIDTH);
      SequenceBatch out = SequenceBatch.zeros(shape[0], shape[1], WIDTH);
      for (int threads : new int[] {1, 3}) {
        linear(WIDTH, WIDTH).withThreads(threads).forward(x, out);
        feedForward().withThreads(threads).forward(x, out);
        norm().withThreads(threads).forward(x, out);
        norm().withThreads(threads).forward(x, x, out, out);
        attention(WIDTH, WIDTH).withThreads(threads).forward(x, out);
        for (Norm.Placement placement : Norm.Placement.values()) {
          encoderLayer(placement).withThreads(threads).forward(x, out);
        }
        decoder(WIDTH, WIDTH).withThreads(threads).forward(x, x, out);
      }
    }
  }
}
