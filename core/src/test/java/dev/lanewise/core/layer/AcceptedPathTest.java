package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** After a tree of drafts, the cache that keeps the accepted path has the bits of a cache that never had the other drafts. */
@Tag("twice")
class AcceptedPathTest {
  private static final int WIDTH = 48;
  private static final int BEFORE = 21;
  private static final LayerShape SHAPE = LayerShape.of(WIDTH, 6).grouped(2);
  private static final int[] PARENTS = {-1, -1, 1, 0, 2, 2, 5};
  private static final int[] PATH = {1, 2, 5, 6};

  private static SequenceBatch input(int rows, int seed) {
    return SequenceBatch.of(Views.randomArray(rows * WIDTH, 1, seed), 1, rows, WIDTH);
  }

  private static Heads[] rows(KeyValueCache cache) {
    Heads key = Heads.zeros(1, cache.keyValueHeads(), cache.rows(), cache.headDim());
    Heads value = Heads.zeros(1, cache.keyValueHeads(), cache.rows(), cache.valueDim());
    cache.copyTo(0, key, value);
    return new Heads[] {key, value};
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void keptPathsEqualPlainSteps(KeyValueFormat format) {
    for (LayerPositions positions : List.of(Positions.none(), Rotary.of(SHAPE.headDim()))) {
      MultiHeadAttention layer = SHAPE.layer().withPositions(positions).withMask(Mask.causal());
      try (KeyValueCache tree = layer.cache().format(format).capacity(100).build();
          KeyValueCache plain = layer.cache().format(format).capacity(100).build()) {
        SequenceBatch prompt = input(BEFORE, 1);
        layer.forward(prompt, List.of(tree), SequenceBatch.zeros(1, BEFORE, WIDTH));
        layer.forward(prompt, List.of(plain), SequenceBatch.zeros(1, BEFORE, WIDTH));
        SequenceBatch drafts = input(PARENTS.length, 2);
        SequenceBatch output = SequenceBatch.zeros(1, PARENTS.length, WIDTH);
        layer.withMask(Mask.causal().and(Mask.tree(PARENTS))).forward(drafts, List.of(tree), output);
        for (int node : PATH) {
          layer.forward(drafts.rows(node, node + 1), List.of(plain), SequenceBatch.zeros(1, 1, WIDTH));
        }
        tree.keep(BEFORE, BEFORE + PATH[0], BEFORE + PATH[1], BEFORE + PATH[2], BEFORE + PATH[3]);
        assertThat(tree.rows()).isEqualTo(plain.rows());
        Views.assertSameBits(rows(tree)[0].data(), rows(plain)[0].data(), "keys of " + positions);
        Views.assertSameBits(rows(tree)[1].data(), rows(plain)[1].data(), "values of " + positions);
        SequenceBatch next = input(1, 3);
        SequenceBatch actual = SequenceBatch.zeros(1, 1, WIDTH);
        SequenceBatch expected = SequenceBatch.zeros(1, 1, WIDTH);
        layer.forward(next, List.of(tree), actual);
        layer.forward(next, List.of(plain), expected);
        Views.assertSameBits(actual.data(), expected.data(), "the next step of " + positions);
      }
    }
  }
}
