package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
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
import dev.lanewise.kernels.data.RotaryTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers with given positions of rows, given cosines and sines, and sections, compared with plain double code. */
@Tag("twice")
class RotaryInLayersTest {
  private static final long SEED = Problem.SEED + 40;
  private static final LayerShape SHAPE = LayerShape.of(48, 6).grouped(2).valueDim(5);
  private static final int HEAD_DIM = 8;
  private static final int MAX_POSITIONS = 70;
  private static final float[] COSINES = Views.randomArray(MAX_POSITIONS * 3, 1, SEED + 1);
  private static final float[] SINES = Views.randomArray(MAX_POSITIONS * 3, 1, SEED + 2);

  /** The cosine and the sine of a pair at a position. */
  private interface Angle {
    double[] at(int position, int pair);
  }

  /** A rotary embedding, and its formula: the angles, and which of a row's positions each pair uses. */
  private record Kind(String name, Rotary rotary, Angle angle, int... sectionOf) {
    int sections() {
      return 1 + Arrays.stream(sectionOf).max().getAsInt();
    }

    /** Random positions of batch × rows. */
    int[] positions(int rows, long seed) {
      return new SplittableRandom(seed).ints(sections() * (long) rows, 0, MAX_POSITIONS).toArray();
    }

    /** A row of a head at index {@code row} of all rows of the positions. */
    double[] rotated(double[] x, int[] positions, int row) {
      int pairs = sectionOf.length;
      boolean half = rotary.table().form() == RotaryTable.Form.HALF;
      double[] result = x.clone();
      for (int pair = 0; pair < pairs; pair++) {
        int left = half ? pair : 2 * pair;
        int right = half ? pair + pairs : 2 * pair + 1;
        double[] turn = angle.at(positions[sectionOf[pair] * (positions.length / sections()) + row], pair);
        result[left] = x[left] * turn[0] - x[right] * turn[1];
        result[right] = x[right] * turn[0] + x[left] * turn[1];
      }
      return result;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static double[] formula(int position, int pair) {
    double angle = position * Math.pow(10_000, -2.0 * pair / HEAD_DIM);
    return new double[] {Math.cos(angle), Math.sin(angle)};
  }

  static List<Kind> kinds() {
    Angle given = (position, pair) -> new double[] {COSINES[position * 3 + pair], SINES[position * 3 + pair]};
    Rotary rotary = Rotary.of(HEAD_DIM);
    return List.of(
        new Kind("one position", rotary, RotaryInLayersTest::formula, 0, 0, 0, 0),
        new Kind("sections", rotary.withSections(1, 2, 1), RotaryInLayersTest::formula, 0, 1, 1, 2),
        new Kind(
            "sections in turn",
            rotary.withForm(RotaryTable.Form.INTERLEAVED).withInterleavedSections(2, 1, 1),
            RotaryInLayersTest::formula,
            0,
            1,
            2,
            0),
        new Kind("given numbers", Rotary.of(HEAD_DIM, given(RotaryTable.Form.INTERLEAVED)), given, 0, 0, 0),
        new Kind("given numbers, sections", Rotary.of(HEAD_DIM, given(RotaryTable.Form.HALF).withSections(2, 1)), given, 0, 0, 1));
  }

  private static RotaryTable given(RotaryTable.Form form) {
    return RotaryTable.of(form, COSINES, SINES, MAX_POSITIONS, 3);
  }

  /** The rows of a batch entry, which begins at index {@code first} of all rows of the positions. */
  private static double[][] plain(Kind kind, double[][] x, int[] positions, int first, boolean causal) {
    return ScoredLayer.output(
        SHAPE,
        x,
        x,
        (q, k, head, i, j) -> {
          if (causal && j > i) {
            return Double.NEGATIVE_INFINITY;
          }
          double[] query = kind.rotated(q, positions, first + i);
          double[] key = kind.rotated(k, positions, first + j);
          double sum = 0;
          for (int d = 0; d < HEAD_DIM; d++) {
            sum += query[d] * key[d];
          }
          return sum / Math.sqrt(HEAD_DIM);
        });
  }

  private static void assertClose(Kind kind, double[][] expected, int from, SequenceBatch actual, int b) {
    for (int row = 0; row < actual.rows(); row++) {
      for (int c = 0; c < 48; c++) {
        assertThat((double) actual.get(b, row, c))
            .as("%s: %d of row %d of %d", kind, c, from + row, b)
            .isCloseTo(expected[from + row][c], within(4e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aLayerRotatesRowsByGivenPositions(Kind kind) {
    for (int rows : new int[] {1, 9, 40}) {
      SequenceBatch x = Views.randomSequences(Layout.GAPS, 2, rows, 48, SEED);
      SequenceBatch output = Views.emptySequences(Layout.GAPS, 2, rows, 48);
      int[] positions = kind.positions(2 * rows, SEED + rows);
      SHAPE.layer().withThreads(2).withPositions(kind.rotary.at(positions)).forward(x, output);
      for (int b = 0; b < 2; b++) {
        assertClose(kind, plain(kind, ReferenceLayers.rows(x, b), positions, b * rows, false), 0, output, b);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void packedSequencesHaveGivenPositions(Kind kind) {
    int[] starts = {0, 1, 34, 34, 60};
    int[] positions = kind.positions(60, SEED + 3);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 60, 48, SEED + 4);
    SequenceBatch output = SequenceBatch.zeros(1, 60, 48);
    SHAPE.layer().withPackedSequences(PackedSequences.of(starts)).withPositions(kind.rotary.at(positions)).forward(x, output);
    for (int s = 0; s < 4; s++) {
      double[][] rows = ReferenceLayers.rows(x.rows(starts[s], starts[s + 1]), 0);
      if (rows.length > 0) {
        assertClose(kind, plain(kind, rows, positions, starts[s], false), 0, output.rows(starts[s], starts[s + 1]), 0);
      }
    }
  }

  /** A prompt and steps: each call has the positions of its new rows. */
  @ParameterizedTest
  @MethodSource("kinds")
  void newRowsOverCachesHaveGivenPositions(Kind kind) {
    MultiHeadAttention layer = SHAPE.layer().withMask(Mask.causal());
    List<KeyValueCache> caches = List.of(layer.cache().capacity(64).build(), layer.cache().capacity(64).build());
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 30, 48, SEED + 5);
    int[] positions = kind.positions(60, SEED + 6);
    double[][][] expected = new double[2][][];
    Arrays.setAll(expected, b -> plain(kind, ReferenceLayers.rows(x, b), positions, b * 30, true));
    int done = 0;
    for (int count : new int[] {20, 1, 1, 4, 3, 1}) {
      int from = done;
      int[] ofCall = new int[kind.sections() * 2 * count];
      Arrays.setAll(ofCall, n -> positions[n / count * 30 + from + n % count]);
      SequenceBatch output = Views.emptySequences(Layout.GAPS, 2, count, 48);
      layer.withPositions(kind.rotary.at(ofCall)).forward(x.rows(done, done + count), caches, output);
      for (int b = 0; b < 2; b++) {
        assertClose(kind, expected[b], done, output, b);
      }
      done += count;
    }
    caches.forEach(KeyValueCache::close);
  }

  /** The positions that a layer counts itself may as well be given. */
  @ParameterizedTest
  @MethodSource("kinds")
  void countedPositionsHaveTheSameBitsWhenGiven(Kind kind) {
    LayerParts parts = new LayerParts(SHAPE, 60, Activation.RELU, false, false, Norm.Placement.PRE);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 12, 48, SEED + 7);
    SequenceBatch memory = Views.randomSequences(Layout.DENSE, 2, 6, 48, SEED + 8);
    TransformerStack encoder = TransformerStack.of(List.of(parts.encoderLayer(), parts.encoderLayer()), null);
    TransformerStack decoder = TransformerStack.of(List.of(parts.decoderLayer(), parts.decoderLayer()), null);
    int[] rows = Positions.ofRows(12, 0, 0);
    List<float[]> results = new ArrayList<>();
    for (var positions : List.of(kind.rotary, kind.rotary.at(rows))) {
      SequenceBatch encoded = SequenceBatch.zeros(2, 12, 48);
      List<Heads> weights = List.of(Heads.zeros(2, 6, 12, 12), Heads.zeros(2, 6, 12, 12));
      encoder.withPositions(positions).forward(x, encoded, Views.weights(weights));
      SequenceBatch decoded = SequenceBatch.zeros(2, 12, 48);
      decoder.withPositions(positions).forward(x, memory, decoded);
      results.addAll(List.of(encoded.data(), weights.get(1).data(), decoded.data()));
    }
    SequenceBatch packed = Views.randomSequences(Layout.DENSE, 1, 12, 48, SEED + 9);
    TransformerStack sequences = encoder.withPackedSequences(PackedSequences.of(0, 5, 12));
    for (var positions : List.of(kind.rotary, kind.rotary.at(Positions.ofRows(PackedSequences.of(0, 5, 12))))) {
      SequenceBatch encoded = SequenceBatch.zeros(1, 12, 48);
      sequences.withPositions(positions).forward(packed, encoded);
      results.add(encoded.data());
    }
    for (int n = 0; n < 3; n++) {
      Views.assertSameBits(results.get(n + 3), results.get(n), kind + ", " + n);
    }
    Views.assertSameBits(results.get(7), results.get(6), kind + ", packed");
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void decodersTakeStepsWithGivenPositions(Kind kind) {
    LayerParts parts = new LayerParts(SHAPE, 60, Activation.RELU, false, false, Norm.Placement.POST);
    TransformerStack decoder = TransformerStack.of(List.of(parts.decoderLayer(), parts.decoderLayer()), null);
    SequenceBatch memory = Views.randomSequences(Layout.DENSE, 2, 6, 48, SEED + 10);
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 19, 48, SEED + 11);
    SequenceBatch whole = SequenceBatch.zeros(2, 19, 48);
    int[] positions = kind.positions(38, SEED + 12);
    decoder.withPositions(kind.rotary.at(positions)).forward(x, memory, whole);
    try (StackState state = decoder.start(memory, 19)) {
      for (int row = 0; row < 19; row++) {
        int at = row;
        int[] ofStep = new int[kind.sections() * 2];
        Arrays.setAll(ofStep, n -> positions[n * 19 + at]);
        SequenceBatch step = SequenceBatch.zeros(2, 1, 48);
        decoder.withPositions(kind.rotary.at(ofStep)).forward(x.rows(row, row + 1), state, step);
        for (int b = 0; b < 2; b++) {
          for (int c = 0; c < 48; c++) {
            assertThat(step.get(b, 0, c)).as("%s: %d of row %d", kind, c, row).isCloseTo(whole.get(b, row, c), within(1e-5f));
          }
        }
      }
    }
  }

  /** A tree decides what is seen; the given positions are not replaced by its depths. */
  @Test
  void givenPositionsOfATreeAreKept() {
    Rotary rotary = Rotary.of(HEAD_DIM);
    int[] parents = {-1, 0, 0, 1};
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 9, 48, SEED + 13);
    MultiHeadAttention layer = SHAPE.layer().withMask(Mask.tree(parents));
    SequenceBatch counted = SequenceBatch.zeros(1, 9, 48);
    SequenceBatch given = SequenceBatch.zeros(1, 9, 48);
    layer.withPositions(rotary).forward(x, counted);
    layer.withPositions(rotary.at(0, 1, 2, 3, 4, 5, 6, 6, 7)).forward(x, given);
    Views.assertSameBits(given.data(), counted.data(), "depths");
    layer.withPositions(rotary.at(Positions.ofRows(9, 0))).forward(x, given);
    assertThat(given.data()).isNotEqualTo(counted.data());
  }

  @Test
  void positionsThatDoNotFitAreRefusedBeforeAnythingIsWritten() {
    Rotary rotary = Rotary.of(HEAD_DIM);
    Rotary few = Rotary.of(HEAD_DIM, RotaryTable.of(RotaryTable.Form.HALF, new float[20], new float[20], 5, 4));
    MultiHeadAttention layer = SHAPE.layer();
    SequenceBatch x = SequenceBatch.zeros(2, 3, 48);
    SequenceBatch long8 = SequenceBatch.zeros(1, 8, 48);
    SequenceBatch keys = SequenceBatch.zeros(2, 4, 48);
    int[] eight = new int[8];
    Wrong.isNull("positions", out -> rotary.at(Wrong.<int[]>nothing())).verify();
    Wrong.argument(
            "too few", out -> layer.withPositions(rotary.at(eight)).forward(x, to(out)), "positions.length", "8", "batch", "queries", "6")
        .verify();
    Wrong.argument(
            "more keys",
            out -> layer.withPositions(rotary.at(new int[6])).forward(x, keys, keys, to(out)),
            "positions.length",
            "6",
            "batch",
            "keys",
            "8")
        .verify();
    Wrong.argument(
            "sections",
            out -> layer.withPositions(rotary.withSections(2, 2).at(eight)).forward(x, to(out)),
            "positions.length",
            "8",
            "2",
            "12")
        .verify();
    Wrong.argument("past the table", out -> layer.withPositions(few.at(0, 1, 2, 3, 4, 5)).forward(x, to(out)), "positions[5]", "5", "4")
        .verify();
    Wrong.argument(
            "counted past the table",
            out -> layer.withPositions(few).forward(long8, SequenceBatch.of(out, 1, 8, 48)),
            "positions[5]",
            "5",
            "4")
        .verify();
    layer.withPositions(few).withPackedSequences(PackedSequences.of(0, 5, 8)).forward(long8, SequenceBatch.zeros(1, 8, 48));
    LayerParts parts = new LayerParts(SHAPE, 60, Activation.RELU, false, false, Norm.Placement.POST);
    List<TransformerLayer> layers = List.of(parts.encoderLayer(), parts.encoderLayer().withPositions(rotary.at(eight)));
    Wrong.argument("of the second layer", out -> TransformerStack.of(layers, null).forward(x, to(out)), "positions.length", "8", "6")
        .verify();
    List<KeyValueCache> caches = List.of(layer.cache().capacity(9).build(), layer.cache().capacity(9).build());
    layer.withPositions(few).forward(x, caches, SequenceBatch.zeros(2, 3, 48));
    Wrong.argument(
            "cached",
            out -> layer.withPositions(rotary.at(eight)).forward(x, caches, to(out)),
            "positions.length",
            "8",
            "batch",
            "rows",
            "6")
        .verify();
    Wrong.argument("cached past the table", out -> layer.withPositions(few).forward(x, caches, to(out)), "positions[2]", "5", "4").verify();
    assertThat(caches.get(1).rows()).isEqualTo(3);
    layer.withPositions(few.at(4, 4, 4, 0, 0, 0)).forward(x, caches, SequenceBatch.zeros(2, 3, 48));
    caches.forEach(KeyValueCache::close);
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 3, 48);
  }
}
