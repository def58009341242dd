package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.pooling.AttentionPooling;
import dev.lanewise.core.pooling.NeighbourDense;
import dev.lanewise.core.pooling.NeighbourMean;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.pooling.RecurrentAttention;
import dev.lanewise.core.position.InputPositions;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.position.RotaryScaling;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sentences of the public Javadoc of layers, positions and pooling that promise a value, a limit or an exception. */
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

  private static EncoderLayer encoderLayer(NormPlacement placement) {
    return EncoderLayer.of(attention(WIDTH, WIDTH), norm(), feedForward(), norm(), placement);
  }

  private static DecoderLayer decoderLayer(int keyInputDim, int valueInputDim) {
    return DecoderLayer.of(
        attention(WIDTH, WIDTH), norm(), attention(keyInputDim, valueInputDim), norm(), feedForward(), norm(), NormPlacement.PRE);
  }

  private static Decoder decoder(int keyInputDim, int valueInputDim) {
    return Decoder.of(List.of(decoderLayer(keyInputDim, keyInputDim), decoderLayer(keyInputDim, valueInputDim)), null);
  }

  // values

  /** The mean of numbers that are floats is a float, whatever their sum. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 63, 64, 65, 130})
  void meansOfHugeNumbers(int rows) {
    float[] x = new float[rows * 3];
    for (int row = 0; row < rows; row++) {
      x[row * 3] = HUGE;
      x[row * 3 + 1] = row % 2 == 0 ? -HUGE : -Float.MAX_VALUE;
      x[row * 3 + 2] = Float.MIN_VALUE;
    }
    SequenceBatch view = SequenceBatch.of(x, 1, rows, 3);
    SequenceBatch mean = SequenceBatch.zeros(1, 1, 3);
    Pooling.mean().apply(view, mean);
    assertThat(mean.get(0, 0, 0)).isEqualTo(HUGE);
    assertThat(mean.get(0, 0, 1)).isBetween(-Float.MAX_VALUE, -HUGE);
    assertThat(mean.get(0, 0, 2)).isEqualTo(Float.MIN_VALUE);
    SequenceBatch means = SequenceBatch.zeros(1, rows, 3);
    NeighbourMean.of(Mask.UNLIMITED, Integer.MAX_VALUE).apply(view, means);
    assertThat(means.get(0, rows - 1, 0)).isEqualTo(HUGE);
    assertThat(means.get(0, 0, 1)).isBetween(-Float.MAX_VALUE, -HUGE);
  }

  /** What is no number, or infinite, is not made a number by the mean. */
  @Test
  void meansOfInfinitiesAndNaN() {
    float infinity = Float.POSITIVE_INFINITY;
    SequenceBatch mean = SequenceBatch.zeros(1, 1, 3);
    Pooling.mean().apply(SequenceBatch.of(new float[] {infinity, infinity, 1, 1, -infinity, Float.NaN}, 1, 2, 3), mean);
    assertThat(mean.data()).containsExactly(infinity, Float.NaN, Float.NaN);
  }

  @Test
  void normsOfHugeRows() {
    SequenceBatch x = SequenceBatch.of(new float[] {HUGE, HUGE, -HUGE, -HUGE}, 1, 1, 4);
    SequenceBatch out = SequenceBatch.zeros(1, 1, 4);
    float[] ones = {1, 1, 1, 1};
    Norm.rms(ones, 0).apply(x, out, 1);
    assertThat(out.data()).containsExactly(1, 1, -1, -1);
    Norm.layer(ones, null, 1e-5f).apply(x, out, 1);
    assertThat(out.data()).containsExactly(1, 1, -1, -1);
  }

  /** "1 up to originalContext", for any factor and context, and never below. */
  @Test
  void dynamicFactorNeverFallsBelowOne() {
    for (double factor : new double[] {1, 1.1, 2.3, 8, 1e17, 1e300}) {
      for (int context : new int[] {1, 3, 49, 2048, 3000, Integer.MAX_VALUE}) {
        for (int length : new int[] {1, context / 2 + 1, context}) {
          double[] actual = RotaryScaling.dynamicNtk(factor, context, length).frequencies(8, 10_000);
          assertThat(actual).as("%s, %s, %s", factor, context, length).isEqualTo(RotaryScaling.none().frequencies(8, 10_000));
        }
      }
    }
    double[] twice = RotaryScaling.dynamicNtk(2, 100, 300).frequencies(8, 10_000);
    assertThat(twice).usingComparatorWithPrecision(1e-15).containsExactly(RotaryScaling.ntk(5).frequencies(8, 10_000));
  }

  @Test
  void defaultsAreThoseOfTheText() {
    assertThat(RotaryScaling.yarn(4, 4096)).isEqualTo(RotaryScaling.yarn(4, 4096, 32, 1, true, 0.1 * Math.log(4) + 1));
    Rotary rotary = Rotary.of(8);
    assertThat(rotary.rotaryDim()).isEqualTo(8);
    assertThat(rotary.table().form()).isEqualTo(RotaryTable.Form.HALF);
    Heads turned = Heads.zeros(1, 1, 1, 8);
    Heads ones = Heads.of(new float[] {1, 1, 1, 1, 0, 0, 0, 0}, 1, 1, 1, 8);
    rotary.apply(ones, turned, 1);
    assertThat(turned.data()[1]).isEqualTo((float) Math.cos(0.1)); // 10 000^(−2/8)
    SequenceBatch row = SequenceBatch.zeros(1, 1, 4);
    Positions.sinusoidal(4).addTo(row, 1);
    assertThat(row.data()[2]).isEqualTo((float) Math.sin(0.01));
    assertThat(attention(WIDTH, WIDTH).cache().capacity(3).build().capacity()).isEqualTo(3);
    int[][] tokens = writer(0).decode(SequenceBatch.zeros(1, 2, WIDTH));
    assertThat(tokens[0]).hasSize(256).containsOnly(1);
  }

  /** Always writes the first of tokens that are equally likely, which is the second; the bias decides. */
  private static GreedyDecoder writer(int stop) {
    Linear vocabulary = Linear.of(new float[3 * WIDTH], new float[] {0, 1, 1}, WIDTH, 3);
    return GreedyDecoder.of(decoder(WIDTH, WIDTH), Embedding.of(new float[3 * WIDTH], 3, WIDTH), vocabulary, 0, stop);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "17, 17", "2147483647, 0"})
  void greedyDecodingEndsAtMaxLengthOrStop(int maxLength, int length) {
    int stop = length == 0 ? 1 : 2;
    int[][] tokens = writer(stop).withMaxLength(maxLength).decode(SequenceBatch.zeros(2, 0, WIDTH));
    assertThat(tokens).isDeepEqualTo(new int[][] {ones(length), ones(length)});
  }

  private static int[] ones(int length) {
    int[] tokens = new int[length];
    Arrays.fill(tokens, 1);
    return tokens;
  }

  // states

  @Test
  void aStateOfNoSequencesKeepsItsPromises() {
    assertThatThrownBy(() -> decoder(WIDTH, WIDTH).start(SequenceBatch.zeros(0, 2, WIDTH), 0))
        .hasMessage("capacity is 0, must be at least 1");
    Decoder decoder = decoder(WIDTH, WIDTH);
    DecoderState state = decoder.start(SequenceBatch.zeros(0, 2, WIDTH), 4);
    SequenceBatch none = SequenceBatch.zeros(0, 1, WIDTH);
    decoder.forward(none, state, none);
    state.truncate(0);
    assertThat(state.rows()).isZero();
    for (int rows : new int[] {-1, 1}) {
      assertThatThrownBy(() -> state.truncate(rows)).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageContaining("is " + rows);
    }
    state.close();
    state.close();
    assertThatThrownBy(() -> state.truncate(0)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    assertThatThrownBy(() -> decoder.forward(none, state, none)).isExactlyInstanceOf(IllegalStateException.class);
  }

  @Test
  void aStateTruncatesAllOrNothing() {
    Decoder decoder = decoder(WIDTH, WIDTH);
    DecoderState state = decoder.start(SequenceBatch.zeros(2, 0, WIDTH), 4);
    decoder.forward(SequenceBatch.zeros(2, 3, WIDTH), state, SequenceBatch.zeros(2, 3, WIDTH));
    for (int rows : new int[] {-1, 4, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> state.truncate(rows))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rows is " + rows)
          .hasMessageContaining("3");
    }
    assertThat(state.rows()).isEqualTo(3);
    SequenceBatch two = SequenceBatch.zeros(2, 2, WIDTH);
    assertThatThrownBy(() -> decoder.forward(two, state, two)).isExactlyInstanceOf(IllegalStateException.class);
    assertThat(state.rows()).isEqualTo(3);
    state.truncate(2);
    decoder.forward(two, state, two);
    assertThat(state.rows()).isEqualTo(4);
    state.close();
    for (Consumer<DecoderState> call :
        List.<Consumer<DecoderState>>of(DecoderState::rows, s -> s.truncate(0), s -> decoder.forward(two, s, two))) {
      assertThatThrownBy(() -> call.accept(state)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }
  }

  // exceptions

  @ParameterizedTest
  @MethodSource({"positions", "layers", "names", "pooling"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> positions() {
    InputPositions learned = Positions.learned(new float[20], 5, 4);
    Attention tree = Attention.standard().withMask(Mask.tree(-1, 0, 0, 1));
    LayerPositions alibi = Positions.alibi(2);
    LayerPositions buckets = Positions.relativeBuckets(new float[64], 32, 128, true);
    RotaryScaling infinite =
        new RotaryScaling() {
          @Override
          public double[] frequencies(int rotaryDim, double base) {
            return new double[rotaryDim / 2];
          }

          @Override
          public double attentionFactor() {
            return Double.POSITIVE_INFINITY;
          }
        };
    return List.of(
        Wrong.argument("odd headDim", out -> Rotary.of(7), "headDim", "7", "2"),
        Wrong.argument("no headDim", out -> Rotary.of(0), "headDim", "0", "2"),
        Wrong.argument("too wide", out -> Rotary.of(131_074), "headDim", "131074", "131072"),
        Wrong.argument("too wide a part", out -> Rotary.of(Integer.MAX_VALUE, 131_074), "rotaryDim", "131074", "131072"),
        Wrong.argument("attention factor", out -> Rotary.of(8).withScaling(infinite), "attentionFactor", "Infinity"),
        Wrong.argument("grown factor", out -> RotaryScaling.dynamicNtk(1e308, 1, 3), "factor", "1.0E308", "sequenceLength", "3"),
        Wrong.argument("tree, queries", out -> alibi.applyTo(tree, 3, 9), "parents.length", "4", "queries", "3"),
        Wrong.argument("tree, keys", out -> alibi.applyTo(tree, 9, 3), "parents.length", "4", "keys", "3"),
        Wrong.argument("tree, buckets", out -> buckets.applyTo(tree, 3, 9), "parents.length", "4", "queries", "3"),
        Wrong.argument("sizes", out -> alibi.applyTo(tree, 9, -1), "keys", "-1", "0"),
        Wrong.argument("both slopes", out -> alibi.applyTo(Attention.standard().withAlibi(1, 2), 1, 1), "withAlibi", "alibi", "2"),
        Wrong.argument("slopes of no head", out -> Positions.alibi(0), "numHeads", "0", "1"),
        Wrong.argument(
            "behind the table", out -> learned.addTo(SequenceBatch.of(out, 1, 2, 4), 4), "firstPosition", "4", "maxPositions", "5"),
        Wrong.argument(
            "no such row", out -> learned.addAt(SequenceBatch.of(out, 1, 1, 4), new int[] {5}), "positions[0]", "5", "maxPositions"),
        Wrong.argument(
            "longest sequence",
            out -> learned.addTo(SequenceBatch.of(out, 1, 9, 4), PackedSequences.of(0, 2, 9)),
            "longest",
            "7",
            "maxPositions",
            "5"),
        Wrong.argument(
            "maxLength",
            out -> writer(2).withPositions(Positions.learned(new float[40], 5, 8)).decode(memory()),
            "256",
            "maxPositions",
            "5"),
        Wrong.argument("tree behind the last", out -> Positions.ofTree(Integer.MAX_VALUE, -1, 0), "position", "2147483648", "2147483647"));
  }

  private static SequenceBatch memory() {
    return SequenceBatch.zeros(2, 3, WIDTH);
  }

  static List<Wrong> layers() {
    Decoder decoder = decoder(WIDTH, WIDTH);
    Encoder encoder = Encoder.of(List.of(encoderLayer(NormPlacement.PRE)), null);
    Decoder uneven = decoder(WIDTH, 5);
    Decoder second = Decoder.of(List.of(decoderLayer(WIDTH, WIDTH), decoderLayer(5, 5)), null);
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

  /** Whatever a layer does with its arguments, errors call them as the caller does. */
  static List<Wrong> names() {
    MultiHeadAttention layer = attention(WIDTH, WIDTH);
    EncoderLayer encoder = encoderLayer(NormPlacement.POST);
    DecoderLayer decoder = decoderLayer(WIDTH, WIDTH);
    SequenceBatch x = SequenceBatch.zeros(2, 3, WIDTH);
    SequenceBatch wide = SequenceBatch.zeros(2, 3, 9);
    SequenceBatch one = SequenceBatch.zeros(1, 3, WIDTH);
    MultiHeadAttention packed = layer.withPackedSequences(PackedSequences.of(0, 1, 3));
    List<KeyValueCache> none = List.of();
    return List.of(
        Wrong.isNull("x", out -> layer.self(Wrong.nothing(), to(out))),
        Wrong.argument("self", out -> layer.self(wide, to(out)), "x.width", "9", "8"),
        Wrong.argument("self", out -> layer.self(x, SequenceBatch.of(out, 2, 4, WIDTH)), "output.rows", "4", "x.rows", "3"),
        Wrong.overlap("output", "x", 0, out -> layer.self(to(out), to(out))),
        Wrong.argument("cross", out -> layer.cross(wide, x, to(out)), "x.width", "9", "8"),
        Wrong.argument("cross", out -> layer.cross(x, wide, to(out)), "memory.width", "9", "8"),
        Wrong.argument("cross", out -> layer.cross(x, one, to(out)), "memory.batch", "1", "x.batch", "2"),
        Wrong.isNull("memory", out -> layer.cross(x, Wrong.<SequenceBatch>nothing(), to(out))),
        Wrong.overlap("output", "memory", 0, out -> layer.cross(x, to(out), to(out))),
        Wrong.argument("cached self", out -> layer.self(wide, none, to(out)), "x.width", "9", "8"),
        Wrong.argument("cached cross", out -> layer.cross(x, none, SequenceBatch.of(out, 2, 4, WIDTH)), "output.rows", "4", "x.rows", "3"),
        Wrong.argument("caches of cross", out -> layer.cross(x, none, to(out)), "memory", "0", "x.batch", "2"),
        Wrong.isNull("rotary", out -> layer.withRotary(Wrong.nothing())),
        Wrong.argument("weights", out -> layer.weights(x, x, Heads.of(out, 2, 3, 3, 3)), "weights.heads", "3", "numHeads", "2"),
        Wrong.argument("longest", out -> packed.weights(one, one, Heads.of(out, 1, 2, 3, 3)), "weights.width", "3", "longest", "2"),
        Wrong.argument("encoder", out -> encoder.weights(x, Heads.of(out, 1, 2, 3, 3)), "weights.batch", "1", "x.batch", "2"),
        Wrong.argument(
            "self weights",
            out -> decoder.forward(x, x, SequenceBatch.zeros(2, 3, WIDTH), Heads.of(out, 2, 2, 3, 4), Heads.zeros(2, 2, 3, 3)),
            "selfWeights.width",
            "4",
            "x.rows",
            "3"),
        Wrong.argument(
            "cross weights",
            out -> decoder.forward(x, x, SequenceBatch.zeros(2, 3, WIDTH), Heads.zeros(2, 2, 3, 3), Heads.of(out, 2, 2, 3, 4)),
            "crossWeights.width",
            "4",
            "memory.rows",
            "3"));
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 3, WIDTH);
  }

  static List<Wrong> pooling() {
    AttentionPooling pooling = AttentionPooling.of(new float[WIDTH], 2, 4);
    SequenceBatch x = SequenceBatch.zeros(2, 3, WIDTH);
    SequenceBatch value = SequenceBatch.zeros(2, 3, 6);
    PackedSequences two = PackedSequences.of(0, 1, 3);
    Linear window = linear(WIDTH * 3, 5);
    RecurrentAttention recurrent = RecurrentAttention.of(RecurrentAttention.Scores.dot(), x);
    SequenceBatch state = SequenceBatch.zeros(2, 1, WIDTH);
    return List.of(
        Wrong.isNull("x", out -> pooling.apply(Wrong.nothing(), one(out, WIDTH))),
        Wrong.argument("x", out -> pooling.apply(value, one(out, WIDTH)), "x.width", "6", "8"),
        Wrong.argument("batch", out -> pooling.apply(x, SequenceBatch.of(out, 3, 1, WIDTH)), "output.batch", "3", "x.batch", "2"),
        Wrong.argument("rows", out -> pooling.apply(x, SequenceBatch.of(out, 2, 2, WIDTH)), "output.rows", "2", "1"),
        Wrong.argument("width", out -> pooling.apply(x, value, one(out, WIDTH)), "output.width", "8", "value.width", "6"),
        Wrong.argument("value", out -> pooling.apply(x, SequenceBatch.zeros(1, 3, 6), one(out, 6)), "value.batch", "1", "key.batch", "2"),
        Wrong.argument("lengths", out -> pooling.apply(x, new int[] {3, 4}, one(out, WIDTH)), "lengths[1]", "4", "x.rows", "3"),
        Wrong.overlap("output", "x", 0, out -> pooling.apply(to(out), one(out, WIDTH))),
        Wrong.argument("packed", out -> pooling.apply(x, two, one(out, WIDTH)), "x.batch", "2", "1"),
        Wrong.isNull("key", out -> pooling.weights(Wrong.nothing(), new int[2], Heads.of(out, 2, 2, 1, 3))),
        Wrong.isNull("key", out -> pooling.weights(Wrong.nothing(), two, Heads.of(out, 1, 2, 2, 2))),
        Wrong.argument("weights", out -> pooling.weights(x, Heads.of(out, 1, 2, 1, 3)), "weights.batch", "1", "key.batch", "2"),
        Wrong.argument("weights", out -> pooling.weights(x, Heads.of(out, 2, 2, 3, 3)), "weights.rows", "3", "1"),
        Wrong.argument("packed weights", out -> pooling.weights(x, two, Heads.of(out, 1, 2, 2, 2)), "key.batch", "2", "1"),
        Wrong.argument(
            "packed weights",
            out -> pooling.weights(x.rows(0, 0, 3), two, Heads.of(out, 1, 2, 2, 3)),
            "weights.width",
            "3",
            "longest",
            "2"),
        Wrong.argument("dense", out -> NeighbourDense.of(window, 1, 1).apply(x, to(out)), "output.width", "8", "linear.outputs", "5"),
        Wrong.argument("mean", out -> NeighbourMean.of(1, 1).apply(value, to(out)), "output.width", "8", "x.width", "6"),
        Wrong.argument("window", out -> NeighbourDense.of(window, Integer.MAX_VALUE, Integer.MAX_VALUE), "24", "4294967295"),
        Wrong.argument("recurrent", out -> recurrent.weights(state, Heads.of(out, 1, 1, 1, 3)), "weights.batch", "1", "state.batch", "2"),
        Wrong.argument("recurrent", out -> recurrent.weights(state, Heads.of(out, 2, 1, 2, 3)), "weights.rows", "2", "state.rows", "1"),
        Wrong.argument("recurrent", out -> recurrent.weights(state, Heads.of(out, 2, 1, 1, 4)), "weights.width", "4", "states.rows", "3"),
        Wrong.overlap("context", "weights", 0, out -> recurrent.context(state, one(out, WIDTH), Heads.of(out, 2, 1, 1, 3))),
        Wrong.argument(
            "rows that meet",
            out -> recurrent.context(state, new SequenceBatch(out, 0, 2, 1, WIDTH, 7, 8)),
            "context.batchStride",
            "7",
            "8"));
  }

  private static SequenceBatch one(float[] out, int width) {
    return SequenceBatch.of(out, 2, 1, width);
  }

  // what may be empty

  /** Batches and sequences without rows are no error, and write nothing but zeros where a row is due. */
  @Test
  void emptyIsNoError() {
    for (int[] shape : new int[][] {{0, 3}, {2, 0}, {0, 0}}) {
      SequenceBatch x = SequenceBatch.zeros(shape[0], shape[1], WIDTH);
      SequenceBatch out = SequenceBatch.zeros(shape[0], shape[1], WIDTH);
      for (int threads : new int[] {1, 3}) {
        linear(WIDTH, WIDTH).apply(x, out, threads);
        feedForward().apply(x, out, threads);
        norm().apply(x, out, threads);
        norm().applyToSum(x, x, out, out, threads);
        attention(WIDTH, WIDTH).withThreads(threads).self(x, out);
        for (NormPlacement placement : NormPlacement.values()) {
          encoderLayer(placement).withThreads(threads).forward(x, out);
        }
        decoder(WIDTH, WIDTH).withThreads(threads).forward(x, x, out);
      }
      NeighbourMean.of(1, 1).apply(x, out);
      NeighbourDense.of(linear(WIDTH, WIDTH), 0, 0).apply(x, out);
      SequenceBatch pooled = SequenceBatch.zeros(shape[0], 1, WIDTH);
      Arrays.fill(pooled.data(), Float.NaN);
      for (Pooling pooling : List.of(Pooling.mean(), Pooling.firstToken(), AttentionPooling.of(new float[WIDTH], 2, 4))) {
        pooling.apply(x, pooled);
        assertThat(pooled.data()).as("%s", pooling).isEqualTo(new float[shape[0] * WIDTH]);
      }
      RecurrentAttention.of(RecurrentAttention.Scores.dot(), x).context(SequenceBatch.zeros(shape[0], 1, WIDTH), pooled);
      assertThat(writer(2).withMaxLength(1).decode(x)).hasNumberOfRows(shape[0]);
    }
  }
}
