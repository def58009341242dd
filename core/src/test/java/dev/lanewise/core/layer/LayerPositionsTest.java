package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.ScoredLayer;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers with positions compared with plain double code; in several calls, packed and stacked, compared with one call. */
@Tag("twice")
class LayerPositionsTest {
  private static final long SEED = Problem.SEED;
  private static final LayerShape SHAPE = LayerShape.of(48, 6).grouped(2).valueDim(5);
  private static final int HEAD_DIM = 8;
  private static final int NUM_BUCKETS = 12;
  private static final int MAX_DISTANCE = 20;
  private static final float[] TABLE = Views.randomArray(NUM_BUCKETS * 6, 1, SEED + 1);

  private static final int ROWS = 60;
  private static final int ALL = -1;

  /** Positions, and their effect on the score of a head's query at i and key at j, whose rows are given. */
  record Kind(LayerPositions positions, ScoredLayer.Score score) {
    @Override
    public String toString() {
      return positions.toString();
    }
  }

  static List<Kind> kinds() {
    return List.of(
        new Kind(Positions.none(), (q, k, head, i, j) -> dot(q, k)),
        new Kind(Rotary.of(HEAD_DIM), (q, k, head, i, j) -> dot(turned(q, i), turned(k, j))),
        new Kind(
            Positions.alibi(6),
            (q, k, head, i, j) ->
                dot(q, k) - new double[] {1 / 4.0, 1 / 16.0, 1 / 64.0, 1 / 256.0, 1 / 2.0, 1 / 8.0}[head] * Math.abs(i - j)),
        new Kind(
            Positions.relativeBuckets(TABLE, NUM_BUCKETS, MAX_DISTANCE, true),
            (q, k, head, i, j) -> dot(q, k) + TABLE[bucket(Math.abs(j - i), 6, j > i ? 6 : 0) * 6 + head]),
        new Kind(
            Positions.relativeBuckets(TABLE, NUM_BUCKETS, MAX_DISTANCE, false),
            (q, k, head, i, j) -> dot(q, k) + TABLE[bucket(Math.max(0, i - j), 12, 0) * 6 + head]));
  }

  private static double dot(double[] q, double[] k) {
    double sum = 0;
    for (int d = 0; d < HEAD_DIM; d++) {
      sum += q[d] * k[d];
    }
    return sum / Math.sqrt(HEAD_DIM);
  }

  private static double[] turned(double[] row, int position) {
    double[] result = new double[HEAD_DIM];
    for (int i = 0; i < HEAD_DIM / 2; i++) {
      double angle = position * Math.pow(10_000, -2.0 * i / HEAD_DIM);
      double left = row[i];
      double right = row[i + HEAD_DIM / 2];
      result[i] = left * Math.cos(angle) - right * Math.sin(angle);
      result[i + HEAD_DIM / 2] = right * Math.cos(angle) + left * Math.sin(angle);
    }
    return result;
  }

  private static int bucket(int apart, int buckets, int first) {
    int exact = buckets / 2;
    double wide = exact + Math.floor(Math.log((double) apart / exact) / Math.log((double) MAX_DISTANCE / exact) * (buckets - exact));
    return first + (apart < exact ? apart : (int) Math.min(wide, buckets - 1));
  }

  /**
   * One batch entry in plain code: queries × embedDim. Query 0 has position firstQuery, key 0 has firstKey; a query sees {@code left} keys
   * before it.
   */
  private static double[][] plain(Kind kind, double[][] x, int firstQuery, double[][] source, int firstKey, int left) {
    return ScoredLayer.output(
        SHAPE,
        x,
        source,
        (q, k, head, i, j) -> {
          int before = firstQuery + i - firstKey - j;
          boolean seen = left < 0 || (before >= 0 && before <= left);
          return seen ? kind.score.of(q, k, head, firstQuery + i, firstKey + j) : Double.NEGATIVE_INFINITY;
        });
  }

  private static void assertClose(Kind kind, double[][] expected, SequenceBatch actual, int b) {
    for (int row = 0; row < expected.length; row++) {
      for (int c = 0; c < 48; c++) {
        assertThat((double) actual.get(b, row, c)).as("%s: %d of row %d", kind, c, row).isCloseTo(expected[row][c], within(4e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aLayerEqualsItsFormula(Kind kind) {
    MultiHeadAttention layer = SHAPE.layer().withPositions(kind.positions).withThreads(2);
    for (int[] size : new int[][] {{1, 1}, {9, 9}, {40, 40}, {3, 30}, {30, 3}}) {
      SequenceBatch x = Views.randomSequences(Layout.GAPS, 2, size[0], 48, SEED);
      SequenceBatch source = Views.randomSequences(Layout.GAPS, 2, size[1], 48, SEED + 2);
      SequenceBatch output = Views.emptySequences(Layout.GAPS, 2, size[0], 48);
      layer.forward(x, source, source, output);
      int firstQuery = Math.max(0, size[1] - size[0]);
      int firstKey = Math.max(0, size[0] - size[1]);
      double[][] expected = plain(kind, ReferenceLayers.rows(x, 1), firstQuery, ReferenceLayers.rows(source, 1), firstKey, ALL);
      assertClose(kind, expected, output, 1);
    }
  }

  /** Two sequences in caches, one of them 7 rows longer, grow by several rows and by single rows. */
  @ParameterizedTest
  @MethodSource("kinds")
  void cachedRowsCountFromTheFirst(Kind kind) {
    MultiHeadAttention layer = SHAPE.layer().withMask(Mask.causal()).withPositions(kind.positions);
    List<KeyValueCache> caches = List.of(layer.cache().capacity(64).build(), layer.cache().capacity(64).build());
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 60, 48, SEED + 3);
    layer.forward(x.batch(1, 2).rows(0, 7), caches.subList(1, 2), SequenceBatch.zeros(1, 7, 48));
    double[][][] expected = new double[2][][];
    for (int b = 0; b < 2; b++) {
      double[][] rows = ReferenceLayers.rows(x, b);
      expected[b] = plain(kind, rows, 0, rows, 0, ROWS);
    }
    int done = 0;
    for (int count : new int[] {20, 1, 1, 4, 17, 1, 9}) {
      // Batch entry 1 is 7 rows ahead.
      SequenceBatch next = new SequenceBatch(x.data(), x.index(0, done), 2, count, 48, x.index(1, 7), 48);
      SequenceBatch output = Views.emptySequences(Layout.GAPS, 2, count, 48);
      layer.forward(next, caches, output);
      for (int b = 0; b < 2; b++) {
        for (int row = 0; row < count; row++) {
          for (int c = 0; c < 48; c++) {
            assertThat((double) output.get(b, row, c))
                .as("%s: %d of row %d of %d", kind, c, done + row, b)
                .isCloseTo(expected[b][done + row + 7 * b][c], within(4e-6));
          }
        }
      }
      done += count;
    }
    caches.forEach(KeyValueCache::close);
  }

  /** Rows that a window has dropped still count. */
  @ParameterizedTest
  @MethodSource("kinds")
  void aWindowOfACacheKeepsPositions(Kind kind) {
    MultiHeadAttention layer = SHAPE.layer().withMask(Mask.window(9, 0)).withPositions(kind.positions);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, ROWS, 48, SEED + 8);
    double[][] rows = ReferenceLayers.rows(x, 0);
    SequenceBatch output = SequenceBatch.zeros(1, ROWS, 48);
    try (KeyValueCache cache = layer.cache().window(10, 0).build()) {
      int done = 0;
      for (int count : new int[] {1, 33, 1, 1, 20, 4}) {
        layer.forward(x.batch(0, 1).rows(done, done + count), List.of(cache), output.batch(0, 1).rows(done, done + count));
        done += count;
      }
    }
    assertClose(kind, plain(kind, rows, 0, rows, 0, 9), output, 0);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void packedSequencesEqualSingleSequences(Kind kind) {
    int[] starts = {0, 1, 34, 34, 60};
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 60, 48, SEED + 4);
    SequenceBatch together = SequenceBatch.zeros(1, 60, 48);
    MultiHeadAttention layer = SHAPE.layer().withPositions(kind.positions);
    layer.withPackedSequences(PackedSequences.of(starts)).forward(x, together);
    for (int s = 0; s < 4; s++) {
      int rows = starts[s + 1] - starts[s];
      SequenceBatch alone = SequenceBatch.zeros(1, rows, 48);
      layer.forward(x.batch(0, 1).rows(starts[s], starts[s] + rows), alone);
      Views.assertSameBits(Views.dense(together.batch(0, 1).rows(starts[s], starts[s] + rows)), alone.data(), kind + ", sequence " + s);
    }
  }

  /** Keys of packed sequences begin at other rows than queries; each sequence has two keys more than queries. */
  @ParameterizedTest
  @MethodSource("kinds")
  void packedSequencesOfTwoSourcesEqualSingleSequences(Kind kind) {
    int[] starts = {0, 3, 20, 31};
    int[] keyStarts = {0, 5, 24, 37};
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 31, 48, SEED + 9);
    SequenceBatch source = Views.randomSequences(Layout.DENSE, 1, 37, 48, SEED + 10);
    SequenceBatch together = SequenceBatch.zeros(1, 31, 48);
    MultiHeadAttention layer = SHAPE.layer().withPositions(kind.positions);
    layer.withPackedSequences(PackedSequences.of(starts, keyStarts)).forward(x, source, source, together);
    for (int s = 0; s < 3; s++) {
      SequenceBatch alone = SequenceBatch.zeros(1, starts[s + 1] - starts[s], 48);
      SequenceBatch keys = source.rows(keyStarts[s], keyStarts[s + 1]);
      layer.forward(x.rows(starts[s], starts[s + 1]), keys, keys, alone);
      Views.assertSameBits(Views.dense(together.rows(starts[s], starts[s + 1])), alone.data(), kind + ", sequence " + s);
    }
  }

  /** Weights and stacks of layers have positions, too; the last positions that are set count. */
  @ParameterizedTest
  @MethodSource("kinds")
  void weightsAndStacksHaveThem(Kind kind) {
    LayerParts parts = new LayerParts(SHAPE, 60, Activation.RELU, false, false, Norm.Placement.POST);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 11, 48, SEED + 5);
    Heads weights = Heads.zeros(1, 6, 11, 11);
    SHAPE.layer().withPositions(kind.positions).forward(x, x, x, Views.zerosLike(x), Results.of().withWeights(weights));
    TransformerStack encoder =
        TransformerStack.of(List.of(parts.encoderLayer(), parts.encoderLayer()), null).withPositions(Positions.alibi(6));
    List<Heads> stacked = new ArrayList<>(List.of(Heads.zeros(1, 6, 11, 11), Heads.zeros(1, 6, 11, 11)));
    SequenceBatch output = SequenceBatch.zeros(1, 11, 48);
    encoder.withPositions(kind.positions).forward(x, output, Views.weights(stacked));
    Views.assertSameBits(stacked.get(0).data(), weights.data(), kind);

    SequenceBatch byHand = SequenceBatch.zeros(1, 11, 48);
    TransformerLayer layer = parts.encoderLayer().withPositions(kind.positions);
    layer.forward(x, byHand);
    layer.forward(byHand, byHand);
    Views.assertSameBits(output.data(), byHand.data(), kind);
    boolean without = kind.positions == Positions.none();
    assertThat(output.data()[0] == once(parts, x)).as("as without positions").isEqualTo(without);
  }

  private static float once(LayerParts parts, SequenceBatch x) {
    SequenceBatch output = SequenceBatch.zeros(1, 11, 48);
    TransformerStack.of(List.of(parts.encoderLayer(), parts.encoderLayer()), null).forward(x, output);
    return output.data()[0];
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void decodersTakeStepsWithThem(Kind kind) {
    LayerParts parts = new LayerParts(SHAPE, 60, Activation.RELU, false, false, Norm.Placement.PRE);
    TransformerStack decoder = TransformerStack.of(List.of(parts.decoderLayer(), parts.decoderLayer()), null).withPositions(kind.positions);
    SequenceBatch memory = Views.randomSequences(Layout.DENSE, 2, 6, 48, SEED + 6);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 19, 48, SEED + 7);
    SequenceBatch whole = SequenceBatch.zeros(2, 19, 48);
    decoder.forward(x, memory, whole);
    try (StackState state = decoder.start(memory, 19)) {
      for (int row = 0; row < 19; row++) {
        SequenceBatch step = SequenceBatch.zeros(2, 1, 48);
        decoder.forward(new SequenceBatch(x.data(), row * 48, 2, 1, 48, 19 * 48, 48), state, step);
        for (int b = 0; b < 2; b++) {
          for (int c = 0; c < 48; c++) {
            assertThat(step.get(b, 0, c)).as("%s: %d of row %d", kind, c, row).isCloseTo(whole.get(b, row, c), within(1e-5f));
          }
        }
      }
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    MultiHeadAttention layer = SHAPE.layer();
    LayerPositions relative = Positions.relativeBuckets(TABLE, NUM_BUCKETS, MAX_DISTANCE, true);
    PackedSequences uneven = PackedSequences.of(new int[] {0, 2, 5}, new int[] {0, 4, 9});
    SequenceBatch x = SequenceBatch.zeros(1, 5, 48);
    SequenceBatch memory = SequenceBatch.zeros(1, 9, 48);
    List<KeyValueCache> caches = List.of(layer.cache().capacity(9).build());
    Wrong.argument("headDim", out -> layer.withPositions(Rotary.of(6)), "positions.headDim", "6", "headDim", "8").verify();
    Wrong.argument("numHeads", out -> layer.withPositions(Positions.alibi(2)), "positions.numHeads", "2", "numHeads", "6").verify();
    Wrong.isNull("positions", out -> layer.withPositions(Wrong.nothing())).verify();
    layer
        .withPositions(relative)
        .withPackedSequences(uneven)
        .forward(x, memory, memory, SequenceBatch.zeros(1, 5, 48)); // each has 2 more keys than queries
    PackedSequences other = PackedSequences.of(new int[] {0, 2, 5}, new int[] {0, 3, 9});
    Wrong.argument(
            "buckets of packed sequences",
            out -> layer.withPositions(relative).withPackedSequences(other).forward(x, memory, memory, SequenceBatch.of(out, 1, 5, 48)),
            "keys",
            "queries",
            "sequence",
            "0",
            "1",
            "3")
        .verify();
    for (Kind kind : kinds().subList(1, 5)) {
      MultiHeadAttention positioned = layer.withPositions(kind.positions);
      Wrong.incomplete("memory in caches", out -> positioned.remember(memory, caches), "positions", "memory").verify();
      Wrong.incomplete("from caches", out -> positioned.forwardCross(x, caches, SequenceBatch.of(out, 1, 5, 48)), "positions", "memory")
          .verify();
    }
    caches.forEach(KeyValueCache::close);
  }
}
