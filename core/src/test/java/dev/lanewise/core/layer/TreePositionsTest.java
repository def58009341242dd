package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.InputPositions;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.position.RotaryScaling;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The position of a tree node is its depth: every path of a tree has the same result as a plain causal sequence. */
@Tag("twice")
class TreePositionsTest {
  private static final long SEED = Problem.SEED;
  private static final int WIDTH = 48;
  private static final int HEAD_DIM = 8;
  private static final LayerShape SHAPE = LayerShape.of(WIDTH, 6).grouped(2).valueDim(5);
  private static final int[] SMALL = {-1, 0, 0, 1, 2, -1, 1, 5, 3};

  /** A tree whose nodes are far apart in rows, but near in depth; it has more nodes than a word has bits. */
  private static final int[] LARGE = randomTree(90);

  private static int[] randomTree(int nodes) {
    Random random = new Random(SEED);
    int[] parents = new int[nodes];
    Arrays.setAll(parents, node -> node == 0 || random.nextInt(12) == 0 ? -1 : random.nextInt(node));
    return parents;
  }

  static List<LayerPositions> kinds() {
    Rotary rotary = Rotary.of(HEAD_DIM);
    float[] table = Views.randomArray(12 * 6, 1, SEED + 1);
    return List.of(
        Positions.none(),
        rotary,
        rotary.withForm(RotaryTable.Form.INTERLEAVED),
        Rotary.of(HEAD_DIM, 4).withBase(100),
        rotary.withScaling(RotaryScaling.linear(4)),
        rotary.withScaling(RotaryScaling.llama3(8, 1, 4, 64)),
        rotary.withScaling(RotaryScaling.dynamicNtk(2, 64, 200)),
        rotary.withScaling(RotaryScaling.yarn(4, 64)),
        Positions.alibi(6),
        Positions.relativeBuckets(table, 12, 20, true),
        Positions.relativeBuckets(table, 12, 20, false));
  }

  private static SequenceBatch input(int batch, int rows) {
    return Views.randomSequences(Layout.DENSE, batch, rows, WIDTH, SEED + rows);
  }

  /** The rows before the tree, followed by the nodes from the root to this one. */
  private static int[] path(int before, int[] parents, int node) {
    List<Integer> nodes = new ArrayList<>();
    for (int n = node; n >= 0; n = parents[n]) {
      nodes.add(0, before + n);
    }
    int[] rows = new int[before + nodes.size()];
    Arrays.setAll(rows, i -> i < before ? i : nodes.get(i - before));
    return rows;
  }

  private static SequenceBatch rows(SequenceBatch x, int b, int[] rows) {
    SequenceBatch chosen = SequenceBatch.zeros(1, rows.length, WIDTH);
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(x.data(), x.index(b, rows[i]), chosen.data(), i * WIDTH, WIDTH);
    }
    return chosen;
  }

  /** Checks that row {@code row} of {@code actual} is the last row of a causal layer over these rows. */
  private static void assertIsLast(MultiHeadAttention causal, SequenceBatch alone, SequenceBatch actual, int b, int row, Object what) {
    SequenceBatch expected = SequenceBatch.zeros(1, alone.rows(), WIDTH);
    causal.forward(alone, expected);
    for (int c = 0; c < WIDTH; c++) {
      assertThat(actual.get(b, row, c))
          .as("%s: column %d of row %d of %d, seed %d", what, c, row, b, SEED)
          .isCloseTo(expected.get(0, alone.rows() - 1, c), within(4e-6f));
    }
  }

  private static MultiHeadAttention causal(LayerPositions positions) {
    return SHAPE.layer().withPositions(positions).withMask(Mask.causal());
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void positionsOfDenseNodesAreDepths(LayerPositions positions) {
    for (int[] parents : List.of(SMALL, LARGE)) {
      int before = 7;
      SequenceBatch x = input(2, before + parents.length);
      SequenceBatch output = SequenceBatch.zeros(2, x.rows(), WIDTH);
      MultiHeadAttention layer = causal(positions).withMask(Mask.causal().and(Mask.tree(parents))).withThreads(2);
      layer.forward(x, output);
      SequenceBatch nodes = SequenceBatch.zeros(1, parents.length, WIDTH);
      layer.forward(
          x.batch(1, 2).rows(before, before + parents.length), x.batch(1, 2).rows(0, x.rows()), x.batch(1, 2).rows(0, x.rows()), nodes);
      assertIsLast(causal(positions), rows(x, 1, path(4, parents, -1)), output, 1, 3, positions + ", before the tree");
      for (int node = 0; node < parents.length; node++) {
        SequenceBatch alone = rows(x, 1, path(before, parents, node));
        assertIsLast(causal(positions), alone, output, 1, before + node, positions);
        assertIsLast(causal(positions), alone, nodes, 0, node, positions + ", the queries of the tree alone");
      }
    }
  }

  /** The caches of two sequences have different numbers of rows; a few queries are decoded, many use the fused kernel. */
  @ParameterizedTest
  @MethodSource("kinds")
  void positionsOfCachedNodesAreDepths(LayerPositions positions) {
    for (int[] parents : List.of(SMALL, LARGE)) {
      int[] before = {37, 0};
      SequenceBatch x = input(2, 37 + parents.length);
      MultiHeadAttention layer = causal(positions);
      List<KeyValueCache> caches = List.of(layer.cache().capacity(200).build(), layer.cache().capacity(200).build());
      layer.forward(x.batch(0, 1).rows(0, 37), caches.subList(0, 1), SequenceBatch.zeros(1, 37, WIDTH));
      SequenceBatch tree = new SequenceBatch(x.data(), x.index(0, 37), 2, parents.length, WIDTH, x.index(1, 0) - x.index(0, 37), WIDTH);
      SequenceBatch output = SequenceBatch.zeros(2, parents.length, WIDTH);
      layer.withMask(Mask.tree(parents)).forward(tree, caches, output);
      for (int b = 0; b < 2; b++) {
        for (int node = 0; node < parents.length; node++) {
          assertIsLast(layer, rows(x, b, path(before[b], parents, node)), output, b, node, positions);
        }
      }
      caches.forEach(KeyValueCache::close);
    }
  }

  /** A window of a mask or a cache that counts positions shows each node what it sees in a sequence of its path alone. */
  @ParameterizedTest
  @CsvSource({"3, 0", "3, 2", "12, 0", "12, 4", "60, 1"})
  void windowsOfNodesCountPositions(int window, int sinks) {
    for (int[] parents : List.of(SMALL, LARGE)) {
      for (int before : new int[] {37, 1}) {
        SequenceBatch x = input(1, before + parents.length);
        Mask rows = Mask.window(window - 1, 0).withSinks(sinks);
        Mask tree = Mask.tree(parents).withWindowsByPosition();
        MultiHeadAttention layer = causal(Rotary.of(HEAD_DIM));
        SequenceBatch nodes = x.rows(before, before + parents.length);
        SequenceBatch output = SequenceBatch.zeros(1, parents.length, WIDTH);
        for (boolean ofCache : new boolean[] {true, false}) {
          KeyValueCache.Builder builder = layer.cache();
          KeyValueCache cache = (ofCache ? builder.window(window, sinks) : builder.capacity(200)).build();
          layer.withMask(rows).forward(x.rows(0, before), List.of(cache), SequenceBatch.zeros(1, before, WIDTH));
          layer.withMask(ofCache ? tree : rows.and(tree)).forward(nodes, List.of(cache), output);
          for (int node = 0; node < parents.length; node++) {
            assertIsLast(layer.withMask(rows), rows(x, 0, path(before, parents, node)), output, 0, node, window + " and " + sinks);
          }
          cache.close();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void positionsOfPackedNodesAreDepths(LayerPositions positions) {
    int[] starts = {0, 9, 29, 58};
    SequenceBatch x = input(1, 58);
    SequenceBatch output = SequenceBatch.zeros(1, 58, WIDTH);
    causal(positions).withMask(Mask.tree(SMALL)).withPackedSequences(PackedSequences.of(starts)).forward(x, output);
    for (int s = 0; s < 3; s++) {
      int rows = starts[s + 1] - starts[s];
      for (int node = 0; node < SMALL.length; node++) {
        int[] path = path(rows - SMALL.length, SMALL, node);
        SequenceBatch alone = rows(x.batch(0, 1).rows(starts[s], starts[s] + rows), 0, path);
        assertIsLast(causal(positions), alone, output, 0, starts[s + 1] - SMALL.length + node, positions);
      }
    }
  }

  /** A stack verifies drafted tokens after a prompt. */
  @ParameterizedTest
  @MethodSource("kinds")
  void aDecoderFollowsATree(LayerPositions positions) {
    LayerParts parts = new LayerParts(SHAPE, 60, Activation.RELU, false, false, Norm.Placement.PRE);
    TransformerStack decoder = TransformerStack.of(List.of(parts.decoderLayer(), parts.decoderLayer()), null).withPositions(positions);
    SequenceBatch memory = input(1, 6);
    SequenceBatch x = input(1, 20 + SMALL.length);
    SequenceBatch output = SequenceBatch.zeros(1, SMALL.length, WIDTH);
    try (StackState state = decoder.start(memory, 40)) {
      decoder.forward(x.batch(0, 1).rows(0, 20), state, SequenceBatch.zeros(1, 20, WIDTH));
      decoder.withMask(Mask.tree(SMALL)).forward(x.batch(0, 1).rows(20, 20 + SMALL.length), state, output);
    }
    for (int node = 0; node < SMALL.length; node++) {
      SequenceBatch alone = rows(x, 0, path(20, SMALL, node));
      SequenceBatch expected = SequenceBatch.zeros(1, alone.rows(), WIDTH);
      decoder.forward(alone, memory, expected);
      for (int c = 0; c < WIDTH; c++) {
        float last = expected.get(0, alone.rows() - 1, c);
        assertThat(output.get(0, node, c)).as("%s: %d of node %d", positions, c, node).isCloseTo(last, within(1e-5f));
      }
    }
  }

  @Test
  void inputPositionsTakeTheDepths() {
    int[] positions = Positions.ofTree(20, SMALL);
    assertThat(positions).containsExactly(20, 21, 21, 22, 22, 20, 22, 21, 23);
    SequenceBatch x = input(1, SMALL.length);
    float[] table = Views.randomArray(30 * WIDTH, 1, SEED + 2);
    for (InputPositions kind : List.of(Positions.sinusoidal(WIDTH), Positions.learned(table, 30, WIDTH))) {
      SequenceBatch together = rows(x, 0, path(SMALL.length, SMALL, -1));
      kind.apply(together, positions);
      for (int node = 0; node < SMALL.length; node++) {
        SequenceBatch alone = rows(x, 0, path(0, SMALL, node));
        kind.apply(alone, 20);
        float[] last = Views.dense(alone.rows(alone.rows() - 1, alone.rows()));
        Views.assertSameBits(Views.dense(together.batch(0, 1).rows(node, node + 1)), last, kind + ", node " + node);
      }
    }
  }

  @Test
  void errorsNameWhatDoesNotFit() {
    SequenceBatch x = input(1, 3);
    InputPositions learned = Positions.learned(new float[4 * WIDTH], 4, WIDTH);
    Wrong.argument(
            "no such position",
            out -> learned.apply(SequenceBatch.of(out, 1, 2, WIDTH), new int[] {3, 4}),
            "positions[1]",
            "4",
            "maxPositions")
        .verify();
    Wrong.argument("too few", out -> learned.apply(SequenceBatch.of(out, 1, 2, WIDTH), new int[1]), "positions.length", "1", "2").verify();
    Wrong.argument("a parent behind", out -> Positions.ofTree(0, 0), "parents[0]", "0", "-1").verify();
    Wrong.argument("a negative position", out -> Positions.ofTree(-1, -1), "firstPosition", "-1", "0").verify();
    for (LayerPositions positions : kinds().subList(1, kinds().size())) {
      MultiHeadAttention layer = SHAPE.layer().withPositions(positions);
      Mask two = Mask.tree(-1, 0, 0).and(Mask.tree(-1, -1, 0));
      assertThatThrownBy(() -> layer.withMask(two).forward(x, SequenceBatch.zeros(1, 3, WIDTH)))
          .as("%s", positions)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("two trees", "[-1, 0, 0]", "[-1, -1, 0]");
      Wrong.argument(
              "a tree of more than the rows",
              out -> layer.withMask(Mask.tree(SMALL)).forward(x, SequenceBatch.of(out, 1, 3, WIDTH)),
              "parents.length",
              "9",
              "3")
          .verify();
      try (KeyValueCache cache = layer.cache().capacity(9).build()) {
        Wrong.argument(
                "a tree of more than the new rows",
                out -> layer.withMask(Mask.tree(SMALL)).forward(x, List.of(cache), SequenceBatch.of(out, 1, 3, WIDTH)),
                "parents.length",
                "9",
                "3")
            .verify();
        assertThat(cache.rows()).isZero();
      }
    }
  }
}
