package dev.lanewise.core.mask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.testing.MaskCases;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The keys that each mask shows by its definition, and in attention. */
class MaskTest {
  private static final int MAX = Integer.MAX_VALUE;

  @Test
  void visibleIsAsDrawn() {
    assertDrawn(Mask.none(), 2, 3, "###", "###");
    assertDrawn(Mask.causal(), 2, 4, "###.", "####");
    assertDrawn(Mask.causal(), 4, 2, "..", "..", "#.", "##");
    assertDrawn(Mask.causal(Mask.Alignment.topLeft()), 2, 4, "#...", "##..");
    assertDrawn(Mask.causal(Mask.Alignment.topLeft()), 4, 2, "#.", "##", "##", "##");
    assertDrawn(Mask.causal(Mask.Alignment.offsets(9, 1)), 3, 4, "##..", "###.", "####");
    assertDrawn(Mask.causal(Mask.Alignment.offsets(9, -2)), 3, 4, "....", "....", "#...");
    assertDrawn(Mask.causal(Mask.Alignment.offsets(0, MAX)), 2, 3, "###", "###");
    assertDrawn(Mask.causal(Mask.Alignment.offsets(0, Integer.MIN_VALUE)), 2, 3, "...", "...");
    assertDrawn(Mask.window(1, 0), 3, 5, ".##..", "..##.", "...##");
    assertDrawn(Mask.window(0, 1), 4, 2, "..", "#.", "##", ".#");
    assertDrawn(Mask.windowUpTo(1), 2, 5, "#####", "#####");
    assertDrawn(Mask.windowFrom(1), 2, 5, "..###", "...##");
    assertDrawn(Mask.window(1, 0).withSinks(2), 6, 6, "#.....", "##....", "###...", "####..", "##.##.", "##..##");
    assertDrawn(Mask.window(0, 1).withSinks(1), 4, 2, "..", "#.", "##", "##");
    assertDrawn(Mask.windowFrom(1).withSinks(1), 2, 5, "#.###", "#..##");
    assertDrawn(Mask.causal().or(Mask.keyLengths(4, 2)), 3, 3, "##.", "##.", "###");
    assertDrawn(Mask.window(0, 0).or(Mask.tree(-1, -1)).and(Mask.queryLengths(9, 3)), 4, 4, "#...", "##..", "###.", "....");
    assertDrawn(Mask.window(1, 0).withAlignment(Mask.Alignment.topLeft()), 3, 5, "#....", "##...", ".##..");
    assertDrawn(Mask.window(1, 0).withAlignment(Mask.Alignment.bottomRight()), 3, 5, ".##..", "..##.", "...##");
    assertDrawn(Mask.window(1, 1).withAlignment(Mask.Alignment.offsets(0, 1)), 3, 5, "###..", ".###.", "..###");
    assertDrawn(Mask.window(0, 1).withAlignment(Mask.Alignment.offsets(5, -1)), 3, 4, "#...", "##..", ".##.");
    assertDrawn(Mask.windowFrom(1).withAlignment(Mask.Alignment.offsets(0, 3)), 3, 5, "..###", "...##", "....#");
    assertDrawn(Mask.windowUpTo(1).withAlignment(Mask.Alignment.offsets(0, -2)), 4, 3, "...", "#..", "##.", "###");
    assertDrawn(Mask.window(0, 0).withSinks(1).withAlignment(Mask.Alignment.offsets(0, 1)), 3, 4, "##..", "#.#.", "#..#");
    assertDrawn(Mask.window(0, 0).withAlignment(Mask.Alignment.offsets(0, -2)).withSinks(2), 4, 3, "...", "...", "#..", "##.");
    assertDrawn(Mask.window(0, 0).withAlignment(Mask.Alignment.topLeft()).or(Mask.causal()), 3, 4, "##..", "###.", "####");
    assertDrawn(Mask.window(MAX, MAX).withAlignment(Mask.Alignment.offsets(0, Integer.MIN_VALUE)), 2, 3, "...", "#..");
    assertDrawn(Mask.window(MAX - 1, 0).withAlignment(Mask.Alignment.offsets(0, MAX)), 2, 3, ".##", "..#");
    assertDrawn(Mask.windowFrom(0).withAlignment(Mask.Alignment.offsets(0, MAX)), 2, 3, "...", "...");
    assertDrawn(Mask.keyLengths(4, 1), 2, 4, "#...", "#...");
    assertDrawn(Mask.queryLengths(3, 1), 3, 2, "##", "..", "..");
    assertDrawn(Mask.prefix(0, 2), 4, 4, "##..", "##..", "###.", "####");
    assertDrawn(Mask.documents(2, new int[] {9, 9, 9, 7, 5, 8}, new int[] {9, 9, 9, 9, 7, 5, 7, 6}), 3, 4, "#.#.", ".#..", "....");
    assertDrawn(Mask.tree(-1, 0, 0, 2, -1), 5, 7, "###....", "####...", "###.#..", "###.##.", "##....#");
    Mask drafts = Mask.tree(-1, 0, 0, 2, -1);
    assertDrawn(Mask.window(1, 0).and(drafts), 5, 7, ".##....", "..##...", "....#..", "....##.", "......#");
    Mask byPosition = Mask.tree(-1, 0, 0, 2, -1).withWindowsByPosition();
    assertDrawn(Mask.window(1, 0).and(byPosition), 5, 7, ".##....", "..##...", "..#.#..", "....##.", ".#....#");
    assertDrawn(byPosition.and(Mask.window(0, 0).withSinks(1)), 5, 7, "#.#....", "#..#...", "#...#..", "#....#.", "#.....#");
    assertDrawn(Mask.tree(-1, -1), 4, 3, "...", "#..", "##.", "#.#");
    assertDrawn(Mask.matrix(new boolean[] {true, false, false, false, true, true}, 2, 3), 2, 3, "#..", ".##");
    assertDrawn(Mask.evaluate((b, h, i, j) -> b == 1 && h == 1 && i < j, 2, 2, 2, 3), 2, 3, ".##", "..#");
    assertDrawn(Mask.causal().and(Mask.window(1, 1)).and(Mask.keyLengths(3, 2)), 3, 3, "#..", "##.", ".#.");
  }

  /** Compares the keys that head 1 of batch entry 1 sees with a drawing. */
  private static void assertDrawn(Mask mask, int queries, int keys, String... rows) {
    List<String> drawn = new ArrayList<>();
    for (int i = 0; i < queries; i++) {
      StringBuilder row = new StringBuilder();
      for (int j = 0; j < keys; j++) {
        row.append(mask.visible(1, 1, i, j, queries, keys) ? '#' : '.');
      }
      drawn.add(row.toString());
    }
    assertThat(drawn).as(mask.toString()).containsExactly(rows);
  }

  /** A matrix is read at its own batch entry, head, query and key; a stride of 0 is the same for all. */
  @Test
  void matrixReadsByItsStrides() {
    boolean[] data = new boolean[200];
    data[7 + 100 + 2 * 20 + 3 * 4 + 2] = true;
    Mask mask = Mask.matrix(data, 7, 100, 20, 4, 2);
    assertThat(mask.visible(1, 2, 3, 1, 5, 2)).isTrue();
    assertThat(mask.visible(0, 2, 3, 1, 5, 2)).isFalse();
    assertThat(mask.visible(1, 1, 3, 1, 5, 2)).isFalse();
    assertThat(mask.visible(1, 2, 2, 1, 5, 2)).isFalse();
    assertThat(mask.visible(1, 2, 3, 0, 5, 2)).isFalse();
    Mask ofHeads = Mask.matrix(new boolean[] {false, true}, 0, 0, 1, 0, 0);
    assertThat(ofHeads.visible(5, 1, 6, 7, 8, 9)).isTrue();
    assertThat(ofHeads.visible(5, 0, 6, 7, 8, 9)).isFalse();
  }

  /**
   * Later changes of the caller's arrays do not affect a mask, except a matrix, as documented; a predicate is called once for each element.
   */
  @Test
  void arraysAreCopied() {
    int[] numbers = {1, 1};
    int[] parents = {-1, 0};
    List<Mask> masks =
        List.of(
            Mask.keyLengths(numbers),
            Mask.queryLengths(numbers),
            Mask.prefix(numbers),
            Mask.causal(Mask.Alignment.offsets(numbers)),
            Mask.window(1, 0).withAlignment(Mask.Alignment.offsets(numbers)),
            Mask.documents(2, new int[] {1, 1}, numbers),
            Mask.documents(2, numbers, new int[] {1, 1}),
            Mask.tree(parents));
    List<Boolean> before = masks.stream().map(mask -> mask.visible(1, 0, 0, 0, 1, 1)).toList();
    numbers[1] = -5;
    parents[1] = -1;
    assertThat(before).containsOnly(true);
    assertThat(masks).allMatch(mask -> mask.visible(1, 0, 0, 0, 1, 1));
    assertThat(masks.getLast().visible(0, 0, 1, 0, 2, 2)).isTrue();

    boolean[] data = {false};
    Mask matrix = Mask.matrix(data, 1);
    int[] asked = {0};
    Mask map = Mask.evaluate((b, h, i, j) -> asked[0]++ < 0 || data[0], 1, 1, 1, 1);
    data[0] = true;
    assertThat(matrix.visible(0, 0, 0, 0, 1, 1)).isTrue();
    assertThat(map.visible(0, 0, 0, 0, 1, 1)).isFalse();
    assertThat(asked).containsExactly(1);
  }

  static Stream<Mask> masks() {
    CallShape shape = CallShape.of(Heads.zeros(3, 2, 70, 1), Heads.zeros(3, 1, 133, 1), null);
    return Stream.concat(MaskCases.ranges(shape, Problem.SEED).stream(), MaskCases.withHoles(shape, Problem.SEED).stream());
  }

  @ParameterizedTest
  @MethodSource("masks")
  void attentionFollowsTheMask(Mask mask) {
    Problem.of(70, 133).batch(3).heads(2, 1).mask(mask).verify();
  }

  /** 64 hidden keys between visible ones: the bits of the word before them must not remain. */
  @Test
  void wholeWordsOfHiddenKeysStayHidden() {
    int keys = 192;
    boolean[] seen = new boolean[keys];
    Arrays.fill(seen, 0, 51, true);
    Arrays.fill(seen, 130, 140, true);
    Heads weights = Heads.zeros(1, 1, 3, keys);
    Attention.standard()
        .withMask(Mask.matrix(seen, 0, 0, 0, 0, 1))
        .compute(Heads.zeros(1, 1, 3, 2), Heads.zeros(1, 1, keys, 2), Results.of().withWeights(weights));
    for (int j = 0; j < keys; j++) {
      assertThat(weights.get(0, 0, 2, j) > 0).as("key %d is seen", j).isEqualTo(seen[j]);
    }
  }
}
