package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.HelperSource;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Promises of the Javadoc of attention, its results and its masks; messages name what the caller gave. */
@Tag("twice")
class AttentionPromisesTest {
  private static final Attention ATTENTION = Attention.standard();
  private static final int MAX = Integer.MAX_VALUE;

  @ParameterizedTest
  @MethodSource({"settings", "cached", "packed", "masks", "indices", "reference"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> settings() {
    return List.of(
        Wrong.isNull("slopes", out -> ATTENTION.withAlibi((float[]) Wrong.nothing())),
        Wrong.argument("slope NaN", out -> ATTENTION.withAlibi(1, Float.NaN), "slopes[1]", "NaN", "finite"),
        Wrong.isNull("function", out -> ATTENTION.withScoreFunction(Wrong.nothing())),
        Wrong.isNull("function", out -> ATTENTION.withWeightFunction(Wrong.nothing())),
        Wrong.isNull(
            "logSumExp",
            out -> ATTENTION.compute(rows(1), rows(1), rows(1), Results.of().withOutput(rows(1)).withLogSumExp(Wrong.nothing()))),
        Wrong.isNull("queries", out -> ATTENTION.compute(rows(1), rows(1), Results.of().withWeights(Wrong.nothing(), rows(1)))),
        Wrong.isNull("stage", out -> Results.of().withScores(Wrong.nothing(), rows(1))),
        Wrong.isNull("executor", out -> Helpers.from(Wrong.nothing(), () -> {})),
        Wrong.isNull("calls", out -> Helpers.from(Runnable::run, Wrong.nothing())),
        Wrong.isNull("entropy", out -> AttentionWeights.entropy(rows(1), Wrong.nothing())),
        Wrong.argument("entropies", out -> AttentionWeights.entropy(Heads.zeros(1, 2, 3, 4), new float[5]), "entropy.length", "5", "6"),
        Wrong.overlap("entropy", "weights", 0, out -> AttentionWeights.entropy(new Heads(out, 0, 1, 1, 4096, 1, 0, 0, 1), out)),
        Wrong.argument("no layer", out -> AttentionWeights.rollout(List.of(), SequenceBatch.zeros(1, 2, 2)), "layers.size", "0", "1"));
  }

  private static Heads rows(int rows) {
    return Heads.zeros(1, 1, rows, 4);
  }

  /** Five rows in each cache of two heads, two queries. */
  static List<Wrong> cached() {
    Heads query = Heads.zeros(2, 2, 2, 4);
    Heads one = Heads.zeros(1, 2, 2, 4);
    return List.of(
        Wrong.isNull("caches", out -> ATTENTION.compute(query, Wrong.<List<KeyValueCache>>nothing(), query)),
        Wrong.isNull("cache", out -> ATTENTION.compute(one, Wrong.<KeyValueCache>nothing(), one)),
        cached("width", caches -> ATTENTION.compute(Heads.zeros(2, 2, 2, 3), caches, query), "query.width", "3", "caches", "4"),
        cached("heads", caches -> ATTENTION.compute(Heads.zeros(2, 3, 2, 4), caches, query), "query.heads", "3", "caches", "2"),
        cached("valueDim", caches -> ATTENTION.compute(query, caches, Heads.zeros(2, 2, 2, 4)), "output.width", "4", "caches", "3"),
        cached(
            "weights",
            caches -> computeCached(caches, Results.of().withWeights(Heads.zeros(2, 2, 2, 4))),
            "weights.width",
            "4",
            "longest",
            "5"),
        cached(
            "scores",
            caches -> computeCached(caches, Results.of().withScores(Stage.RAW, Heads.zeros(2, 2, 2, 4))),
            "scores.width",
            "4",
            "longest",
            "5"),
        cached(
            "sums",
            caches -> computeCached(caches, Results.of().withColumnSums(new float[19])),
            "columnSums.length",
            "19",
            "longest",
            "20"));
  }

  private static void computeCached(List<KeyValueCache> caches, Results results) {
    ATTENTION.compute(Heads.zeros(2, 2, 2, 4), caches, results);
  }

  /** The message never names a key, since the caller has not given one. */
  private static Wrong cached(String call, Consumer<List<KeyValueCache>> action, String... words) {
    return Wrong.argument(
        call,
        out -> {
          KeyValueCache.Builder builder = KeyValueCache.builder(2, 4).valueDim(3).capacity(5);
          List<KeyValueCache> caches = List.of(builder.build(), builder.build());
          caches.forEach(cache -> cache.append(Heads.zeros(1, 2, 5, 4), Heads.zeros(1, 2, 5, 3)));
          try {
            action.accept(caches);
          } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageNotContaining("key.");
            throw e;
          }
        },
        words);
  }

  /** Three packed sequences of one, three and two rows, which the caller gave as one batch entry. */
  static List<Wrong> packed() {
    return List.of(
        packed("offsets", attention -> attention.withMask(Mask.causal(Mask.Alignment.offsets(1))), "offsets.length", "1", "sequences", "3"),
        packed("lengths", attention -> attention.withMask(Mask.keyLengths(1)), "keyLengths.length", "1", "sequences", "3"),
        packed("query lengths", attention -> attention.withMask(Mask.queryLengths(1)), "queryLengths.length", "1", "sequences", "3"),
        packed("prefix", attention -> attention.withMask(Mask.prefix(1)), "prefix.length", "1", "sequences", "3"),
        packed(
            "documents",
            attention -> attention.withMask(Mask.documents(1, new int[3], new int[3])),
            "documents.batch",
            "1",
            "sequences",
            "3"),
        packed(
            "a map",
            attention -> attention.withMask(Mask.evaluate((b, h, i, j) -> true, 2, 1, 3, 3)),
            "evaluate.batch",
            "2",
            "sequences",
            "3"),
        packed(
            "keys of a map",
            attention -> attention.withMask(Mask.evaluate((b, h, i, j) -> true, 1, 1, 3, 6)),
            "evaluate.keys",
            "6",
            "longest",
            "3"),
        Wrong.argument(
            "weights",
            out -> packed(ATTENTION, Results.of().withWeights(Heads.zeros(1, 1, 6, 2))),
            "weights.width",
            "2",
            "longest",
            "sequence",
            "3"));
  }

  private static Wrong packed(String call, UnaryOperator<Attention> change, String... words) {
    return Wrong.argument(call, out -> packed(change.apply(ATTENTION), Results.of().withOutput(rows(6))), words);
  }

  private static void packed(Attention attention, Results results) {
    attention.withPackedSequences(PackedSequences.of(0, 1, 4, 6)).compute(rows(6), rows(6), rows(6), results);
  }

  /** Masks that do not fit a call of 2 queries and 5 keys. */
  static List<Wrong> masks() {
    boolean[] twelve = new boolean[12];
    return List.of(
        Wrong.isNull("matrix.data", out -> Mask.matrix(Wrong.nothing(), 1)),
        Wrong.argument("negative keys", out -> Mask.matrix(twelve, 3, -4), "matrix.shape[1]", "-4", "0"),
        Wrong.argument("sinks", out -> Mask.window(1, 1).withSinks(-2), "window.sinks", "-2", "0"),
        masked("rows of four keys", Mask.matrix(new boolean[8], 2, 4), "matrix.keys", "4", "keys", "5"),
        masked("rows of six keys", Mask.matrix(twelve, 2, 6), "matrix.keys", "6", "keys", "5"),
        masked("a row too many", Mask.matrix(new boolean[15], 3, 5), "matrix.queries", "3", "2"),
        masked("query ids", Mask.documents(1, new int[3], new int[5]), "queryIds.length", "3", "2"),
        masked("key ids", Mask.documents(1, new int[2], new int[6]), "keyIds.length", "6", "5"));
  }

  private static Wrong masked(String call, Mask mask, String... words) {
    return Wrong.argument(call, out -> ATTENTION.withMask(mask).compute(rows(2), rows(5), rows(5), Heads.of(out, 1, 1, 2, 4)), words);
  }

  static List<Wrong> indices() {
    TopKeys top = TopKeys.of(2, 1, 3, 4);
    SequenceBatch view = SequenceBatch.zeros(2, 3, 4);
    return List.of(
        index("rank", out -> top.key(0, 0, 0, 2), "rank", "2"),
        index("batch entry", out -> top.weight(-1, 0, 0, 0), "batchEntry", "-1", "1"),
        index("head", out -> top.key(0, 3, 0, 0), "head", "3"),
        index("query", out -> top.weight(0, 0, MAX, 0), "query", "2147483647", "4"),
        index("b", out -> view.get(2, 0, 0), "b", "2"),
        index("row", out -> view.get(0, 3, 0), "row", "3"),
        index("column", out -> view.get(0, 0, -1), "column", "-1", "4"),
        index("rows", out -> view.rows(2, 4), "rows", "[2", "4", "3"),
        index("far", out -> view.rows(MAX, MAX), "rows", "2147483647", "3"),
        index("columns", out -> view.columns(3, 5), "columns", "[3", "5", "4"),
        index("entry", out -> view.batch(2, 3), "batch", "2", "3"));
  }

  private static Wrong index(String call, Consumer<float[]> action, String... words) {
    return new Wrong(call, action, IndexOutOfBoundsException.class, List.of(words));
  }

  static List<Wrong> reference() {
    ReferenceAttention call = ReferenceAttention.of(Attention.standard(), rows(2), rows(3), rows(3));
    return List.of(
        Wrong.isNull("query", out -> ReferenceAttention.of(Attention.standard(), Wrong.nothing(), rows(3))),
        Wrong.isNull("key", out -> ReferenceAttention.of(Attention.standard(), rows(3), Wrong.nothing())),
        Wrong.isNull("value", out -> ReferenceAttention.of(Attention.standard(), rows(2), rows(3), Wrong.nothing())),
        Wrong.isNull("stage", out -> call.scores(Wrong.nothing())),
        Wrong.isNull("attention", out -> ReferenceAttention.of(Wrong.nothing(), rows(2), rows(3))),
        Wrong.incomplete("no value", out -> ReferenceAttention.of(Attention.standard(), rows(2), rows(3)).output(), "value"),
        Wrong.incomplete(
            "log-sum-exp",
            out -> ReferenceAttention.of(Attention.standard().withNormaliser(Normaliser.relu()), rows(2), rows(3)).logSumExp(),
            "logSumExp",
            "softmax"));
  }

  @Test
  void theReferenceTakesAnyFiniteScaleAndSoftcap() {
    assertThat(ReferenceAttention.of(Attention.standard().withScale(1e38f), rows(2), rows(4)).weights()).containsOnly(0.25);
    assertThat(ReferenceAttention.of(Attention.standard().withSoftcap(1e38f), rows(2), rows(4)).weights()).containsOnly(0.25);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 20})
  void anyNumberOfThreads(int queries) {
    Heads query = Views.random(Views.Layout.DENSE, 2, 4, queries, 8, 1);
    Heads key = Views.random(Views.Layout.DENSE, 1, 2, 300, 8, 2);
    KeyValueCache cache = KeyValueCache.builder(2, 8).capacity(300).build();
    cache.append(key, key);
    List<KeyValueCache> caches = List.of(cache, cache);
    Heads dense = key.broadcast(2);
    Heads expected = Heads.zeros(2, 4, queries, 8);
    Heads expectedDense = Heads.zeros(2, 4, queries, 8);
    ATTENTION.compute(query, caches, expected);
    ATTENTION.compute(query, dense, dense, expectedDense);
    for (int threads : new int[] {3, 1 << 28, 1 << 29, 1 << 30, MAX}) {
      Heads output = Heads.zeros(2, 4, queries, 8);
      ATTENTION.withThreads(threads).compute(query, caches, output);
      Views.assertSameBits(output.data(), expected.data(), threads + " threads, cached");
      ATTENTION.withThreads(threads).compute(query, dense, dense, output);
      Views.assertSameBits(output.data(), expectedDense.data(), threads + " threads");
    }
  }

  /** With equal weights, fewer keys than ranks, and a NaN row: a rank without a key has key −1 and weight 0. */
  @Test
  void topKeysAreOrderedAndRanksWithoutAKeyAreMarked() {
    Heads query = Heads.of(new float[] {0, Float.NaN, 1}, 1, 1, 3, 1);
    Heads key = Heads.of(new float[] {0, 2, 2, 1}, 1, 1, 4, 1);
    TopKeys top = TopKeys.of(5, 1, 1, 3);
    ATTENTION.withMask(Mask.keyLengths(3)).compute(query, key, Results.of().withTopKeys(top));
    int[][] expected = {{0, 1, 2, -1, -1}, {-1, -1, -1, -1, -1}, {1, 2, 0, -1, -1}};
    for (int row = 0; row < 3; row++) {
      for (int place = 0; place < 5; place++) {
        assertThat(top.key(0, 0, row, place)).as("row %s, place %s", row, place).isEqualTo(expected[row][place]);
        assertThat(top.weight(0, 0, row, place) != 0).isEqualTo(expected[row][place] >= 0);
      }
    }
  }

  @Test
  void theLargestWindowsAndOffsetsShowAll() {
    for (Mask mask :
        List.of(
            Mask.window(MAX, MAX), Mask.window(MAX, MAX).withSinks(MAX), Mask.causal(Mask.Alignment.offsets(MAX)), Mask.windowFrom(MAX))) {
      assertThat(weights(mask)).as("%s", mask).doesNotContain(0f);
    }
    assertThat(weights(Mask.causal(Mask.Alignment.offsets(Integer.MIN_VALUE)))).containsOnly(0f);
    assertThat(weights(Mask.tree())).isEqualTo(weights(Mask.causal()));
  }

  private static float[] weights(Mask mask) {
    Heads weights = Heads.zeros(1, 1, 2, 5);
    ATTENTION.withMask(mask).compute(rows(2), rows(5), Results.of().withWeights(weights));
    return weights.data();
  }

  @Test
  void entropyOfEdges() {
    float[] rows = {1, 0, 0, 0.5f, 0.5f, 0, 0, 0, 0, Float.NaN, 0, 1, -0.5f, 1.5f, 0};
    float[] entropy = new float[5];
    AttentionWeights.entropy(Heads.of(rows, 1, 1, 5, 3), entropy);
    assertThat(entropy).containsExactly(0, (float) Math.log(2), 0, Float.NaN, Float.NaN);
  }

  @Test
  void rolloutOfAnEmptyBatchIsEmpty() {
    SequenceBatch none = new SequenceBatch(new float[0], 0, 0, 65536, 65536, 0, 0);
    AttentionWeights.rollout(List.of(new Heads(new float[0], 0, 0, 1, 65536, 65536, 0, 0, 0)), none);
    assertThat(none.data()).isEmpty();
  }

  @Test
  void slopesOfTwelveHeads() {
    float[] slopes = Attention.standardSlopes(12);
    float[] eight = Attention.standardSlopes(8);
    float[] sixteen = Attention.standardSlopes(16);
    assertThat(Arrays.copyOf(slopes, 8)).isEqualTo(eight);
    assertThat(Arrays.copyOfRange(slopes, 8, 12)).containsExactly(sixteen[0], sixteen[2], sixteen[4], sixteen[6]);
    assertThat(eight[7]).isEqualTo(1 / 256f);
  }

  @Test
  void aLateHelperDoesNothing() {
    assertThatThrownBy(
            () ->
                Helpers.from(
                    Runnable::run,
                    () -> {
                      throw new IllegalStateException("the caller's");
                    }))
        .hasMessage("the caller's");
    assertThat(HelperSource.current()).isNull();
  }
}
