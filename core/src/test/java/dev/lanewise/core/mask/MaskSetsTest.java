package dev.lanewise.core.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sets of keys with holes at any place, masks in words, and matrices whose index arithmetic overflows a long. */
class MaskSetsTest {

  /** A set keeps the words from its first key to its last key, which may be anywhere. */
  @Test
  void holesBehindTheFirstWords() {
    int queries = 40;
    int keys = 400;
    Mask.Predicate predicate = (b, h, i, j) -> j >= 7 * i && j < 300 + i && j % 3 != 0 && (j < 150 || j > 290);
    Mask mask = Mask.evaluate(predicate, 1, 1, queries, keys);
    Visibility lowered = mask.lower(CallShape.of(Heads.zeros(1, 1, queries, 1), Heads.zeros(1, 1, keys, 1), null));
    for (int i = 0; i < queries; i++) {
      for (int j = 0; j < keys; j++) {
        boolean expected = predicate.visible(0, 0, i, j);
        assertThat(mask.visible(0, 0, i, j, queries, keys)).as("query %s, key %s", i, j).isEqualTo(expected);
        boolean inside = j >= lowered.firstKey(0, 0, i) && j < lowered.endKey(0, 0, i);
        assertThat(inside && (lowered.keys64(0, 0, i, j / 64) >>> j & 1) != 0).as("query %s, key %s", i, j).isEqualTo(expected);
      }
    }
  }

  @Test
  void masksSayWhatTheyAre() {
    assertThat(
            List.of(
                Mask.causal(Mask.Alignment.offsets(3, -4)),
                Mask.windowFrom(5).withSinks(2).withAlignment(Mask.Alignment.topLeft()),
                Mask.none().or(Mask.windowUpTo(1).and(Mask.tree())),
                Mask.keyLengths(5, 6),
                Mask.queryLengths(7, 8),
                Mask.prefix(9),
                Mask.documents(1, new int[2], new int[3]),
                Mask.tree(-1, 0),
                Mask.matrix(new boolean[9], 0, 0, 0, 3, 1),
                Mask.evaluate((b, h, i, j) -> true, 1, 2, 3, 4)))
        .map(Object::toString)
        .containsExactly(
            "Window[open, 0, 0, offsets[3, -4]]",
            "Window[5, open, 2, topLeft]",
            "(Window[open, open, 0, bottomRight] or (Window[open, 1, 0, bottomRight] and Tree[]))",
            "keyLengths[5, 6]",
            "queryLengths[7, 8]",
            "prefix[9]",
            "Documents[1, 2, 3]",
            "Tree[-1, 0]",
            "Matrix[0, 0, 3, 1]",
            "Map[1, 2, 3, 4]");
  }

  /** Positions of a call follow the one tree of its mask. */
  @Test
  void pairsHaveTheDepthsOfTheirTree() {
    Mask tree = Mask.tree(-1, 0, 0);
    assertThat(Mask.none().and(Mask.causal()).depths()).isNull();
    assertThat(Mask.causal().and(tree).depths()).containsExactly(0, 1, 1);
    assertThat(tree.or(Mask.causal()).depths()).containsExactly(0, 1, 1);
    assertThat(tree.and(Mask.tree(-1, 0, 0)).depths()).containsExactly(0, 1, 1);
    Mask two = tree.and(Mask.tree(-1, -1, 0));
    assertThatThrownBy(two::depths)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("two trees", "[-1, 0, 0]", "[-1, -1, 0]");
  }

  /** A view that repeats its rows may have very many: the sum of four products of ints overflows a long, which must be detected. */
  @Test
  void matricesBeyondALong() {
    int max = Integer.MAX_VALUE;
    Heads many = new Heads(new float[1], 0, 46340, 46340, max - 1023, 1, 0, 0, 0, 0); // the largest call
    CallShape shape = CallShape.of(many, many, null);
    boolean[] data = new boolean[100];
    assertTooLarge(Mask.matrix(data, max, max, max, max, max), shape);
    assertTooLarge(Mask.matrix(data, 0, max, max, max, 0), shape);
    assertTooLarge(Mask.matrix(data, 0, 0, max, max, max), shape);
    assertTooLarge(Mask.matrix(data, 0, 0, 0, 0, max), shape);
    assertTooLarge(Mask.matrix(data, 0, max, 0, 0, 0), shape);
    assertTooLarge(Mask.matrix(data, 100, 0, 0, 0, 0), shape);
    Mask.matrix(data, 99, 0, 0, 0, 0).check(shape);
  }

  private static void assertTooLarge(Mask mask, CallShape shape) {
    assertThatThrownBy(() -> mask.check(shape))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("matrix.data has 100 elements, but the view needs ");
  }
}
