package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.probe.Probe;
import dev.lanewise.kernels.testing.AttentionCall;
import dev.lanewise.kernels.testing.StoredElement;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls that the Javadoc of the public types forbids are refused, with the caller's names and numbers; calls at the limits pass. */
@Tag("once")
class JavadocRefusalsTest {
  private static final int MAX = Integer.MAX_VALUE;
  private static final float[] TEN = new float[10];
  private static final Heads VIEW = new Heads(new float[200], 7, 2, 3, 4, 5, 100, 30, 6);
  private static final Heads QUERY = Heads.zeros(2, 4, 3, 8);
  private static final Heads KEY = Heads.zeros(2, 2, 7, 8);

  record Wrong(String message, ThrowingCallable call, Class<? extends Exception> type) {
    @Override
    public String toString() {
      return message;
    }
  }

  private static Wrong argument(ThrowingCallable call, String message) {
    return new Wrong(message, call, IllegalArgumentException.class);
  }

  private static Wrong index(ThrowingCallable call, String message) {
    return new Wrong(message, call, IndexOutOfBoundsException.class);
  }

  private static Wrong isNull(ThrowingCallable call, String name) {
    return new Wrong(name, call, NullPointerException.class);
  }

  @ParameterizedTest
  @MethodSource({"views", "indexes", "weightsAndPositions", "caches", "problems", "cachedProblems", "nulls"})
  void aForbiddenCallIsRefused(Wrong wrong) {
    assertThatThrownBy(wrong.call).isInstanceOf(wrong.type).hasMessage(wrong.message);
  }

  static List<Wrong> views() {
    return List.of(
        argument(() -> new Heads(TEN, 0, 2, 2, 2, 10, 100, 50, 10), "data has 10 elements, but the view needs 170"),
        argument(
            () -> new Heads(TEN, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX),
            "data has 10 elements, but the view needs 18446744050087231496"),
        argument(() -> new Heads(TEN, 0, MAX, MAX, MAX, 1, MAX, MAX, MAX), "data has 10 elements, but the view needs 13835058035954810887"),
        argument(() -> Heads.of(TEN, 2, 1, 1, 5).broadcast(3), "batch is 2, but that of a view to broadcast is 1"),
        argument(() -> Heads.of(TEN, 1, 1, 2, 5).broadcast(-3), "newBatch is -3, must be at least 0"),
        argument(() -> new Matrix(TEN, 1, 2, 3, 5, 3), "data has 10 elements, but the view needs 13"),
        argument(() -> new Matrix(TEN, 1, 2, 3, 5, -3), "columnStride is -3, must be at least 0"),
        argument(() -> Bias.of(TEN), "bias.shape.length is 0, must be at least 1"),
        argument(() -> Bias.of(TEN, 1, 1, 1, 1, 10), "bias.shape.length is 5, but the number of axes of scores is 4"),
        argument(
            () -> Bias.of(TEN, 2, -3),
            "bias.shape[1] is -3 and the size of the axes after it is 1: their product must be in 0..2147483647"),
        argument(
            () -> Bias.of(TEN, 65536, 1, 65536),
            "bias.shape[0] is 65536 and the size of the axes after it is 65536: their product must be in 0..2147483647"),
        argument(() -> Bias.of(TEN, 3, 3), "bias.data.length is 10, but the size of the shape is 9"),
        argument(() -> biased(Bias.of(new float[18], 3, 1, 1, 6)).build(), "bias.batch is 3, but the call's number of batch entries is 2"),
        argument(() -> biased(Bias.of(new float[9], 3, 3, 1)).build(), "bias.heads is 3, but the call's number of query heads is 4"),
        argument(() -> biased(Bias.of(TEN, 10, 1)).build(), "bias.queries is 10, but the call's number of queries is 3"),
        argument(() -> biased(Bias.of(TEN, 10)).build(), "bias.keys is 10, but the call's number of keys is 7"),
        argument(() -> biased(new Bias(TEN, 1, 20, 5, 2, 1)).build(), "bias.data has 10 elements, but the view needs 47"),
        argument(() -> biased(new Bias(TEN, MAX, MAX, MAX, MAX, MAX)).build(), "bias.data has 10 elements, but the view needs 27917287412"),
        argument(
            () -> AttentionCall.of(QUERY, KEY).positionBias(Bias.of(new float[7], 7)).bias(Bias.of(new float[6], 6)).build(),
            "bias.keys is 6, but the call's number of keys is 7"),
        argument(
            () -> AttentionCall.of(QUERY, KEY).positionBias(Bias.of(new float[6], 6)).build(),
            "positionBias.keys is 6, but the call's number of keys is 7"),
        argument(() -> PackedSequences.of(0, 3, 2), "starts[2] is 2, must be at least 3"),
        argument(() -> PackedSequences.of(1, 3), "starts[0] is 1, but the first row is 0"),
        argument(PackedSequences::of, "starts.length is 0, must be at least 1"),
        argument(() -> PackedSequences.of(new int[1], new int[] {0, -1}), "keyStarts[1] is -1, must be at least 0"),
        argument(() -> PackedSequences.of(new int[2], new int[1]), "keyStarts.length is 1, but queryStarts.length is 2"));
  }

  private static AttentionCall biased(Bias bias) {
    return AttentionCall.of(QUERY, KEY).bias(bias);
  }

  static List<Wrong> indexes() {
    Matrix matrix = Matrix.of(new float[8], 2, 4);
    PackedMatrix packed = Kernels.scalar().pack(Matrix.zeros(3, 200));
    return List.of(
        index(() -> matrix.get(2, 0), "row is 2, out of bounds for length 2"),
        index(() -> matrix.get(0, -1), "column is -1, out of bounds for length 4"),
        index(() -> matrix.rows(1, 3), "rows [1, 3) are out of bounds for length 2"),
        index(() -> matrix.rows(MAX, Integer.MIN_VALUE), "rows [2147483647, -2147483648) are out of bounds for length 2"),
        index(() -> VIEW.get(2, 0, 0, 0), "b is 2, out of bounds for length 2"),
        index(() -> VIEW.get(0, -1, 0, 0), "head is -1, out of bounds for length 3"),
        index(() -> VIEW.get(0, 0, 4, 0), "row is 4, out of bounds for length 4"),
        index(() -> VIEW.get(0, 0, 0, 5), "column is 5, out of bounds for length 5"),
        index(() -> VIEW.heads(2, 4), "heads [2, 4) are out of bounds for length 3"),
        index(() -> VIEW.matrix(2, 0, 0, 1), "b is 2, out of bounds for length 2"),
        index(() -> VIEW.matrix(0, 3, 0, 1), "head is 3, out of bounds for length 3"),
        index(() -> VIEW.matrix(0, 0, 3, 5), "rows [3, 5) are out of bounds for length 4"),
        index(() -> VIEW.matrix(0, 0, 2, 1), "rows [2, 1) are out of bounds for length 4"),
        index(() -> packed.outputs(64, 201), "outputs [64, 201) are out of bounds for length 200"),
        argument(() -> packed.outputs(65, 200), "from is 65, which is not a multiple of the widest panel, 64"),
        argument(() -> packed.outputs(200, 200), "from is 200, which is not a multiple of the widest panel, 64"),
        index(() -> Probe.fastest().readBandwidth(TEN, 1, 11), "data [1, 11) are out of bounds for length 10"),
        argument(() -> Probe.fastest().fmaPeak(-1), "steps is -1, must be at least 0"));
  }

  static List<Wrong> weightsAndPositions() {
    Kernels kernels = Kernels.scalar();
    double[] far = {1, 1e300};
    return List.of(
        argument(
            () -> kernels.pack(new Matrix(TEN, 0, MAX, 9, 0)),
            "weight.rows is 2147483647 and weight.columns is 9: packed in panels of 8 they need 34359738352 elements, an array has at most"
                + " 2147483647"),
        argument(
            () -> kernels.packTransposed(new Matrix(TEN, 0, MAX, 1, 0)),
            "weight.rows is 2147483647 and weight.columns is 1: packed in panels of 8 they need 2147483648 elements, an array has at most"
                + " 2147483647"),
        argument(
            () -> kernels.rotate(QUERY, QUERY, RotaryTable.of(RotaryTable.Form.HALF, new double[1], 1), MAX - 1),
            "firstPosition is 2147483646 and input.rows is 3: the last position must be at most 2147483647"),
        argument(
            () -> RotaryTable.of(RotaryTable.Form.HALF, far, 1),
            "frequencies[1] is 1.0E300, its angle at position 2147483647 must be finite"),
        argument(() -> Normaliser.softmaxWithSinks(0, Float.NaN), "sinks[1] is NaN, must be finite, or −∞ for none"),
        new Wrong(
            "softmax divides by its own sum, not by the number of keys",
            () -> Normaliser.softmaxWithSinks(0).dividedByKeys(),
            IllegalStateException.class));
  }

  static List<Wrong> caches() {
    KeyValueLayout small = new KeyValueLayout(KeyValueFormat.INT8, 2, 4, 4);
    KeyValueLayout huge = new KeyValueLayout(KeyValueFormat.F32, 1 << 9, 1 << 16, 1 << 17);
    float[] tiny = new float[8];
    Arrays.fill(tiny, Float.MIN_VALUE);
    return List.of(
        argument(() -> new KeyValueLayout(KeyValueFormat.F32, 0, 1, 1), "heads is 0, must be at least 1"),
        argument(() -> new KeyValueLayout(KeyValueFormat.F32, 1, (1 << 22) + 1, 1), "keyWidth is 4194305, but the maximum is 4194304"),
        argument(() -> new KeyValueLayout(KeyValueFormat.F32, 1, 1, MAX), "valueWidth is 2147483647, but the maximum is 4194304"),
        argument(
            () -> new KeyValueLayout(KeyValueFormat.F32, 100, 1 << 22, 1),
            "heads is 100, keyWidth is 4194304 and valueWidth is 1: a block of 16 rows has 6710912272 elements, an array at most"
                + " 2147483583"),
        argument(
            () -> new KeyValueLayout(KeyValueFormat.F32, MAX, 1 << 22, 1 << 22),
            "heads is 2147483647, keyWidth is 4194304 and valueWidth is 4194304: a block of 16 rows has 288230376017494288 elements, an"
                + " array at most 2147483583"),
        argument(() -> KeyValueMemory.heap(small, 0, null), "blocks is 0, must be at least 1"),
        argument(() -> KeyValueMemory.heap(small, MAX, null), "blocks is 2147483647, but the most that an array can hold is 3355443"),
        argument(
            () -> KeyValueMemory.offHeap(small, 1 << 25, null, Arena.ofAuto()),
            "blocks is 33554432, but the most whose scales an array can hold is 33554431"),
        argument(() -> KeyValueMemory.heap(small, 1, tiny), "keyChannels[0] is 1.4E-45, must be finite and at least 1.1754944E-38"),
        argument(() -> KeyValueMemory.heap(small, 1, new float[7]), "keyChannels.length is 7, but heads * keyWidth is 8"),
        argument(() -> KeyValueMemory.heap(huge, 1, new float[1]), "keyChannels are for INT8, format is F32"));
  }

  static List<Wrong> problems() {
    Heads value = Heads.zeros(2, 2, 7, 5);
    Heads output = Heads.zeros(2, 4, 3, 5);
    float[] bias = new float[120];
    Heads many = new Heads(TEN, 0, 1, 1 << 30, 1, 1, 0, 0, 0);
    Heads packed = Heads.zeros(1, 4, 3, 8);
    Heads packedKey = Heads.zeros(1, 4, 7, 8);
    PackedSequences three = PackedSequences.of(new int[] {0, 3}, new int[] {0, 7});
    return List.of(
        argument(
            () -> AttentionCall.of(QUERY, Heads.zeros(2, 3, 7, 8)).build(), "query.heads is 4, which is not a multiple of key.heads 3"),
        argument(() -> AttentionCall.of(QUERY, KEY).output(output).build(), "output is given without value"),
        argument(
            () -> AttentionCall.of(QUERY, KEY).logSumExp(new float[23]).build(),
            "logSumExp.length is 23, but query.batch * query.heads * query.rows is 24"),
        argument(
            () -> AttentionCall.of(QUERY, KEY).positionBias(new Bias(bias, 9, 0, 0, 0, 0)).logSumExp(bias).build(),
            "logSumExp.length is 120, but query.batch * query.heads * query.rows is 24"),
        argument(
            () ->
                AttentionCall.of(QUERY, KEY).positionBias(new Bias(bias, 9, 0, 0, 0, 0)).output(value, Heads.of(bias, 2, 4, 3, 5)).build(),
            "output [0, 120) overlaps positionBias [0, 120) in the same array"),
        argument(
            () -> AttentionCall.of(packed, packedKey).sequences(PackedSequences.of(0, 2)).build(),
            "queryStarts[last] is 2, but query.rows is 3"),
        argument(
            () -> AttentionCall.of(packed, packedKey).sequences(PackedSequences.of(0, 3)).build(),
            "keyStarts[last] is 3, but key.rows is 7"),
        argument(
            () -> AttentionCall.of(packed, packedKey).sequences(PackedSequences.of(new int[] {0, 3}, new int[] {0, 6})).build(),
            "keyStarts[last] is 6, but key.rows is 7"),
        argument(() -> AttentionCall.of(QUERY, KEY).sequences(three).build(), "query.batch is 2, but the batch of packed sequences is 1"),
        argument(
            () -> AttentionCall.of(many, many).sequences(PackedSequences.of(0, 0, 0, 0, 1)).build(),
            "the number of sequences is 4 and query.heads is 1073741824: their product must be in 0..2147483647"),
        argument(() -> AttentionCall.of(QUERY, KEY).treeDepths(new int[] {0, -1}).build(), "treeDepths[1] is -1, must be at least 0"),
        argument(
            () -> AttentionCall.of(QUERY, KEY).treeDepths(new int[8]).build(),
            "treeDepths.length is 8, but the number of keys of batch entry 0 is 7"),
        argument(() -> AttentionCall.of(QUERY, KEY).rows(new int[] {3}).build(), "queries[0] is 3, but the last query is 2"),
        argument(() -> AttentionCall.of(QUERY, KEY).rows(new int[] {1, 1}).build(), "queries[1] is 1, must be at least 2"),
        argument(() -> AttentionCall.of(QUERY, KEY).scale(Float.NaN).build(), "scale is NaN, must be finite"),
        argument(() -> AttentionCall.of(QUERY, KEY).softcap(-1).build(), "softcap is -1.0, must be positive and finite, or 0 for none"),
        argument(
            () -> AttentionCall.of(QUERY, KEY).normaliser(Normaliser.relu()).logSumExp(new float[24]).build(),
            "logSumExp is asked for, but only softmax has one"),
        argument(() -> Kernels.scalar().plan(AttentionCall.of(QUERY, KEY).build(), 0), "threads is 0, must be at least 1"));
  }

  /** A cache of 7 rows in each batch entry. */
  private static CachedSequence[] rows(int count, KeyValueLayout layout) {
    KeyValueMemory memory = KeyValueMemory.heap(layout, 1, null);
    CachedSequence[] rows = new CachedSequence[count];
    Arrays.fill(rows, new CachedRow(layout, memory));
    return rows;
  }

  private record CachedRow(KeyValueLayout layout, KeyValueMemory only) implements CachedSequence {
    @Override
    public int rows() {
      return 7;
    }

    @Override
    public KeyValueMemory memory(int block) {
      return only;
    }

    @Override
    public int physicalBlock(int block) {
      return 0;
    }
  }

  static List<Wrong> cachedProblems() {
    KeyValueLayout layout = new KeyValueLayout(KeyValueFormat.F32, 2, 8, 5);
    KeyValueLayout narrow = new KeyValueLayout(KeyValueFormat.F32, 2, 7, 5);
    KeyValueLayout three = new KeyValueLayout(KeyValueFormat.F32, 3, 8, 5);
    CachedSequence[] two = rows(2, layout);
    CachedSequence[] mixed = {two[0], rows(1, narrow)[0]};
    Heads output = Heads.zeros(2, 4, 3, 5);
    return List.of(
        argument(() -> AttentionCall.of(QUERY, new CachedSequence[0]).build(), "caches.length is 0, must be at least 1"),
        argument(() -> AttentionCall.of(QUERY, rows(3, layout)).build(), "caches is 3, but query.batch is 2"),
        argument(() -> AttentionCall.of(QUERY, rows(2, narrow)).build(), "keyWidth of the caches is 7, but query.width is 8"),
        argument(
            () -> AttentionCall.of(QUERY, rows(2, three)).build(), "query.heads is 4, which is not a multiple of heads of the caches 3"),
        argument(() -> AttentionCall.of(QUERY, mixed).build(), "caches[1] has " + narrow + ", caches[0] has " + layout),
        argument(
            () -> AttentionCall.of(QUERY, two).output(Heads.zeros(2, 4, 3, 6)).build(),
            "output.width is 6, but valueWidth of the caches is 5"),
        argument(
            () -> AttentionCall.of(QUERY, two).output(Heads.zeros(2, 2, 7, 5), output).build(),
            "value is given, but the values of this call are cached"),
        argument(
            () -> AttentionCall.of(QUERY, two).treeDepths(new int[8]).build(),
            "treeDepths.length is 8, but the number of keys of batch entry 0 is 7"));
  }

  static List<Wrong> nulls() {
    KeyValueLayout layout = new KeyValueLayout(KeyValueFormat.F32, 2, 8, 5);
    Kernels kernels = Kernels.scalar();
    return List.of(
        isNull(() -> AttentionCall.of(absent(), KEY).build(), "query"),
        isNull(() -> AttentionCall.of(QUERY, JavadocRefusalsTest.<Heads>absent()).build(), "key"),
        isNull(() -> AttentionCall.of(QUERY, JavadocRefusalsTest.<CachedSequence[]>absent()).build(), "caches"),
        isNull(() -> AttentionCall.of(QUERY, new CachedSequence[] {absent(), absent()}).build(), "caches[0]"),
        isNull(() -> AttentionCall.of(QUERY, new CachedSequence[] {rows(1, layout)[0], absent()}).build(), "caches[1]"),
        isNull(() -> KeyValueMemory.heap(absent(), 1, null), "layout"),
        isNull(() -> KeyValueMemory.offHeap(absent(), 1, null, Arena.ofAuto()), "layout"),
        isNull(() -> KeyValueMemory.offHeap(layout, 1, null, absent()), "arena"),
        isNull(() -> KeyValueMemory.mostHeapBlocks(absent()), "layout"),
        isNull(() -> KeyValueMemory.checkChannels(absent(), null), "layout"),
        isNull(() -> new KeyValueLayout(absent(), 1, 1, 1), "format"),
        isNull(() -> Probe.of(absent()), "kernels"),
        isNull(() -> Probe.fastest().readBandwidth(absent(), 0, 0), "data"),
        isNull(() -> Bias.of(absent(), 3), "bias.data"),
        isNull(() -> Normaliser.softmaxWithSinks(JavadocRefusalsTest.<float[]>absent()), "sinks"),
        isNull(() -> Similarity.additive(JavadocRefusalsTest.<float[]>absent()), "vector"),
        isNull(() -> PackedSequences.of(JavadocRefusalsTest.<int[]>absent()), "starts"),
        isNull(() -> PackedSequences.of(new int[1], absent()), "keyStarts"),
        isNull(() -> kernels.plan(absent(), 1), "problem"));
  }

  /** Calls at the limits pass. */
  @Test
  void callsAtTheLimitsPass() {
    assertThat(new KeyValueLayout(KeyValueFormat.INT8, 1, 1 << 22, 1 << 22).rowBytes()).isEqualTo((1 << 23) + 8);
    KeyValueLayout layout = new KeyValueLayout(KeyValueFormat.F32, 16, 1 << 22, 1 << 21);
    int most = KeyValueMemory.mostHeapBlocks(layout);
    assertThat(most).isEqualTo((int) ((MAX - 72L) / (16L * 16 * 3 * (1 << 21) + 272)));
    assertThatThrownBy(() -> KeyValueMemory.heap(layout, most + 1, null)).hasMessageContaining("blocks is " + (most + 1));
    KeyValueLayout small = new KeyValueLayout(KeyValueFormat.BF16, 1, 1, 1);
    KeyValueMemory memory = KeyValueMemory.heap(small, 1000, null);
    memory.write(999, 15, Heads.of(new float[] {3}, 1, 1, 1, 1), Heads.of(new float[] {4}, 1, 1, 1, 1), 0, 0);
    assertThat(StoredElement.key(memory, 999, 0, 15, 0)).isEqualTo(3);
    assertThat(StoredElement.value(memory, 999, 0, 15, 0)).isEqualTo(4);
    Heads empty = new Heads(TEN, 0, MAX, MAX, MAX, 0, MAX, MAX, MAX);
    assertThat(empty.matrix(MAX - 1, MAX - 1, 5, 7)).isEqualTo(new Matrix(TEN, 0, 2, 0, MAX));
    assertThat(VIEW.matrix(1, 2, 4, 4).rows()).isZero();
    assertThat(AttentionCall.of(QUERY, KEY).treeDepths(new int[7]).build().shape.batch()).isEqualTo(2);
    RotaryTable fast = RotaryTable.of(RotaryTable.Form.HALF, new double[] {8e298}, 1);
    Heads row = Heads.of(new float[] {1, 0}, 1, 1, 1, 2);
    Kernels.scalar().rotate(row, row, fast, MAX);
    assertThat(Math.hypot(row.data()[0], row.data()[1])).isBetween(0.999999, 1.000001);
  }

  /** Starts and rows are copied before they are checked. */
  @Test
  void settingsAreCopied() {
    int[] starts = {0, 3};
    PackedSequences sequences = PackedSequences.of(starts);
    float[] sinks = {1, 2};
    Normaliser normaliser = Normaliser.softmaxWithSinks(sinks);
    float[] vector = {1, 2};
    Similarity similarity = Similarity.additive(vector);
    Consumer<float[]> clear = array -> Arrays.fill(array, 9);
    starts[1] = 9;
    clear.accept(sinks);
    clear.accept(vector);
    float[] inside = similarity.vector();
    assertThat(inside).containsExactly(1, 2);
    clear.accept(inside);
    assertThat(similarity.vector()).containsExactly(1, 2);
    assertThat(sequences.queries(0)).isEqualTo(3);
    assertThat(normaliser.sink(1)).isEqualTo(2);
    assertThat(Normaliser.softmax().sink(77)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @SuppressWarnings("NullAway")
  private static <T> T absent() {
    return null;
  }
}
