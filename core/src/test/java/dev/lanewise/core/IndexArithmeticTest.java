package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sizes at which an int overflows, in views that repeat one element or row and so need no memory. */
@Tag("twice")
class IndexArithmeticTest {
  private static final int MAX = Integer.MAX_VALUE;

  /** Maximum number of keys, and of rows of a group of heads: the sum of it and a tile still fits an int. */
  private static final int BORDER = MAX - 1023;

  private static final int WIDEST = 1 << 22;
  private static final Attention ATTENTION = Attention.standard();

  /** A view in which every element is the same array element. */
  private static Heads repeated(float x, int batch, int heads, int rows, int width) {
    return new Heads(new float[] {x}, 0, batch, heads, rows, width, 0, 0, 0, 0);
  }

  private static Heads keys(int rows) {
    return repeated(1, 1, 1, rows, 1);
  }

  static List<Wrong> refused() {
    Heads one = keys(1);
    SequenceBatch many = new SequenceBatch(new float[1], 0, 65536, 65536, 1, 0, 0);
    return List.of(
        Wrong.argument("a key too many", out -> compute(one, keys(BORDER + 1), out), "key.rows", "2147482625", "2147482624"),
        Wrong.argument("the most keys", out -> compute(one, keys(MAX), out), "key.rows", "2147483647", "2147482624"),
        Wrong.argument(
            "a query too many",
            out -> ATTENTION.compute(keys(BORDER + 1), one, Results.of().withWeights(new int[] {5}, Heads.of(out, 4096, 1, 1, 1))),
            "query.rows",
            "2147482625",
            "2147482624"),
        Wrong.argument(
            "rows of a group",
            out -> ATTENTION.compute(repeated(1, 1, 4, 1 << 29, 1), one, Results.of().withLogSumExp(out)),
            "query.heads",
            "4",
            "query.rows",
            "536870912"),
        Wrong.argument(
            "heads of a batch",
            out -> ATTENTION.compute(repeated(1, 65536, 65536, 1, 1), repeated(1, 65536, 65536, 1, 1), Results.of().withLogSumExp(out)),
            "query.batch",
            "query.heads",
            "65536"),
        Wrong.argument(
            "heads of a batch without a column",
            out ->
                ATTENTION.compute(
                    repeated(1, 65536, 65536, 1, 1),
                    repeated(1, 65536, 65536, 1, 1),
                    repeated(1, 65536, 65536, 1, 0),
                    new Heads(out, 0, 65536, 65536, 1, 0, 0, 0, 0)),
            "query.batch",
            "query.heads",
            "65536"),
        Wrong.argument(
            "headDim", out -> compute(repeated(1, 1, 1, 1, WIDEST + 1), repeated(1, 1, 1, 1, WIDEST + 1), out), "query.width", "4194305"),
        Wrong.argument("the most headDim", out -> compute(repeated(1, 1, 1, 1, MAX), repeated(1, 1, 1, 1, MAX), out), "query.width"),
        Wrong.argument(
            "logSumExp past an int",
            out -> ATTENTION.compute(repeated(1, 46341, 1, 46341, 1), repeated(1, 46341, 1, 1, 1), Results.of().withLogSumExp(out)),
            "logSumExp.length",
            "4096",
            "2147488281"),
        Wrong.argument(
            "column sums past an int",
            out -> ATTENTION.compute(repeated(1, 46341, 1, 1, 1), repeated(1, 46341, 1, 46341, 1), Results.of().withColumnSums(out)),
            "columnSums.length",
            "4096",
            "2147488281"),
        Wrong.argument(
            "bias past an int",
            out -> compute(ATTENTION.withBias(new Bias(new float[3], 0, 0, 0, 0, 2)), one, keys(1 << 30), out),
            "bias.data",
            "3",
            "2147483647"),
        Wrong.argument("top keys past an int", out -> TopKeys.of(2, 1, 1, 1 << 30), "count", "2", "queries", "1073741824"),
        Wrong.argument("channels", out -> KeyValueCache.channelScales(repeated(1, 1, 65536, 0, 65536)), "key.heads", "key.width", "65536"),
        Wrong.argument(
            "elements of a cache's block",
            out -> KeyValueCache.builder(65536, 65536).capacity(1).build(),
            "keyValueHeads",
            "65536",
            "137438953744"),
        Wrong.argument("embedding's table", out -> Embedding.of(new float[0], 65536, 65536), "table.length", "4294967296"),
        Wrong.argument("embedded ids", out -> Embedding.of(new float[1], 1, 1).forward(new int[0], many), "ids.length", "4294967296"),
        Wrong.argument("linear", out -> Linear.of(new float[0], null, 65536, 65536), "weight.length", "4294967296"),
        Wrong.argument("linear over repeated rows", out -> linear().forward(many, many), "output.rowStride", "0", "1"),
        Wrong.argument(
            "feed-forward over repeated rows",
            out -> FeedForward.of(linear(), linear(), Activation.NONE).forward(many, many),
            "output.rowStride",
            "0",
            "1"),
        Wrong.argument(
            "merge", out -> Merge.into(repeated(1, 65536, 65536, 1, 1), out, repeated(1, 65536, 65536, 1, 1), out), "4294967296"),
        Wrong.incomplete("appended to five rows", out -> appendTooMany(false), "2147483652", "40"),
        Wrong.incomplete("appended to five rows of a window", out -> appendTooMany(true), "2147483652", "2147483647"));
  }

  private static Linear linear() {
    return Linear.of(new float[] {1}, null, 1, 1);
  }

  private static void compute(Heads query, Heads key, float[] out) {
    compute(ATTENTION, query, key, out);
  }

  private static void compute(Attention attention, Heads query, Heads key, float[] out) {
    attention.compute(query, key, repeated(1, 1, 1, key.rows(), 1), Heads.of(out, 1, 1, 1, 1));
  }

  private static void appendTooMany(boolean window) {
    KeyValueCache.Builder builder = KeyValueCache.builder(1, 1).format(KeyValueFormat.F32);
    try (KeyValueCache cache = (window ? builder.window(16, 0) : builder.capacity(40)).build()) {
      cache.append(keys(5), keys(5));
      try {
        cache.append(keys(MAX), keys(MAX));
      } finally {
        assertThat(cache.rows()).isEqualTo(5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("refused")
  void sizesBeyondAnIntAreRefused(Wrong wrong) {
    wrong.verify();
  }

  /** A window at the end of two thousand million keys. Not for plain Java, which would need 8 GB for a row of scores. */
  @Test
  void theMostKeys() {
    assumeTrue(!Kernels.selected().path().equals("scalar"));
    Heads query = keys(1);
    Attention window = ATTENTION.withMask(Mask.window(700, 0)).withAlibi(0.5f);
    float[] logSumExp = new float[1];
    Heads output = Heads.zeros(1, 1, 1, 2);
    Heads value = new Heads(new float[] {3, 4}, 0, 1, 1, BORDER, 2, 0, 0, 0, 1);
    window.compute(query, keys(BORDER), value, Results.of().withOutput(output).withLogSumExp(logSumExp));
    assertThat(output.data()[0]).isCloseTo(3, within(1e-5f));
    assertThat(output.data()[1]).isCloseTo(4, within(1e-5f));
    TopKeys top = TopKeys.of(2, 1, 1, 1);
    ATTENTION.withMask(Mask.window(1, 0)).compute(query, keys(BORDER), Results.of().withTopKeys(top));
    assertThat(List.of(top.key(0, 0, 0, 0), top.key(0, 0, 0, 1))).containsExactly(BORDER - 2, BORDER - 1);
    PackedSequences sequences = PackedSequences.of(new int[] {0, 1}, new int[] {0, BORDER});
    Heads packed = Heads.zeros(1, 1, 1, 2);
    ATTENTION.withPackedSequences(sequences).withMask(Mask.window(3, 0)).compute(query, keys(BORDER), value, packed);
    assertThat(packed.data()[1]).isEqualTo(4);
  }

  @Test
  void theLastOfTheMostQueries() {
    Heads weights = Heads.zeros(1, 1, 2, 4);
    ATTENTION.withMask(Mask.causal()).compute(keys(BORDER), keys(4), Results.of().withWeights(new int[] {BORDER - 3, BORDER - 1}, weights));
    assertThat(weights.data()).containsExactly(0.5f, 0.5f, 0, 0, 0.25f, 0.25f, 0.25f, 0.25f);
  }

  @Test
  void viewsReachTheLastElementOfHugeShapes() {
    Heads heads = new Heads(new float[] {1, 2, 3, 4}, 0, MAX, MAX, MAX, 4, 0, 0, 0, 1);
    assertThat(heads.get(MAX - 1, MAX - 1, MAX - 1, 3)).isEqualTo(4);
    assertThat(heads.matrix(MAX - 1, MAX - 1, 0, MAX).rows()).isEqualTo(MAX);
    assertThat(new Heads(new float[4], 0, 1, 3, 0, 4, 0, MAX, 0, 1).heads(2, 3).isEmpty()).isTrue();
    assertThat(new SequenceBatch(new float[4], 0, 3, 2, 0, MAX, MAX).batch(2, 3).rows(1, 2).width()).isZero();
  }

  /** If there are no rows, batch entries or heads, products of the other sizes may overflow. */
  @Test
  void noRowsOfAnyNumber() {
    Heads output = new Heads(new float[0], 0, 1000, 1000, 0, 1, 0, 0, 0);
    ATTENTION.compute(repeated(1, 1000, 1000, 0, 1), repeated(1, 1000, 1000, 1 << 30, 1), repeated(1, 1000, 1000, 1 << 30, 1), output);
    FeedForward.of(linear(), linear(), Activation.NONE)
        .forward(new SequenceBatch(new float[0], 0, 65536, 0, 1, 0, 0), new SequenceBatch(new float[0], 0, 65536, 0, 1, 0, 0));
  }
}
