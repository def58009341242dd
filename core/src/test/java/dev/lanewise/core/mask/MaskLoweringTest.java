package dev.lanewise.core.mask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.testing.MaskCases;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The lowered mask for the kernels shows the keys that the mask shows by its definition, element by element. */
@Tag("once")
class MaskLoweringTest {
  private static final int ROW_STEP = Sample.extent() == Sample.Extent.THOROUGH ? 1 : 5;

  private int turn;

  static Stream<CallShape> shape() {
    return Stream.of(
        padded(3, 0),
        padded(0, 3),
        padded(1, 1),
        padded(1, 64),
        padded(7, 3),
        padded(3, 7),
        padded(5, 130),
        padded(70, 65),
        padded(66, 129),
        packed(new int[] {0, 3, 10, 11}, new int[] {0, 5, 8, 9}),
        packed(new int[] {0, 0, 2, 5}, new int[] {0, 70, 70, 200}),
        packed(new int[] {0, 66, 67, 70}, new int[] {0, 66, 200, 270}));
  }

  private static CallShape padded(int queries, int keys) {
    return CallShape.of(Heads.zeros(3, 2, queries, 1), Heads.zeros(3, 1, keys, 1), null);
  }

  private static CallShape packed(int[] queryStarts, int[] keyStarts) {
    return CallShape.of(
        Heads.zeros(1, 2, queryStarts[3], 1), Heads.zeros(1, 1, keyStarts[3], 1), PackedSequences.of(queryStarts, keyStarts));
  }

  @ParameterizedTest
  @MethodSource("shape")
  void rangesAreTightAndWithoutHoles(CallShape shape) {
    List<Mask> masks = MaskCases.ranges(shape, Problem.SEED);
    for (Mask mask : masks) {
      assertLowered(mask, shape, true);
      assertThat(lowered(mask, shape).hasHoles()).as(mask.toString()).isFalse();
    }
    Sample.pairs(masks, MaskCases.ranges(shape, Problem.SEED + 1), (mask, other) -> List.of(mask.and(other), other.and(mask)))
        .flatMap(List::stream)
        .forEach(
            mask -> {
              assertSomeRows(mask, shape, true);
              assertThat(lowered(mask, shape).hasHoles()).as(mask.toString()).isFalse();
            });
  }

  @ParameterizedTest
  @MethodSource("shape")
  void holesAreThoseOfTheDefinition(CallShape shape) {
    List<Mask> all = new ArrayList<>(MaskCases.ranges(shape, Problem.SEED + 2));
    all.addAll(MaskCases.withHoles(shape, Problem.SEED + 3));
    List<Mask> masks = MaskCases.withHoles(shape, Problem.SEED);
    for (Mask mask : masks) {
      // For a sequence shorter than the longest, the end of its documents, matrix or map is cut off.
      boolean composed = mask instanceof Masks.Pair;
      assertLowered(mask, shape, !composed && (!shape.isUneven() || mask instanceof TreeMask));
    }
    Sample.pairs(masks, all, (mask, other) -> List.of(mask.and(other), other.and(mask), mask.or(other)))
        .flatMap(List::stream)
        .forEach(mask -> assertSomeRows(mask, shape, false));
  }

  @ParameterizedTest
  @MethodSource("shape")
  void unionsOfRangesShowBoth(CallShape shape) {
    Sample.pairs(MaskCases.ranges(shape, Problem.SEED), MaskCases.ranges(shape, Problem.SEED + 1), Mask::or)
        .flatMap(mask -> Stream.of(mask, mask.and(Mask.causal()).or(Mask.window(0, 0))))
        .forEach(mask -> assertSomeRows(mask, shape, false));
  }

  /** Kernels skip a hole in one step, however large it is. */
  @Test
  void theHoleBehindTheSinksIsSkipped() {
    Visibility visibility = lowered(Mask.window(9, 0).withSinks(4).and(Mask.causal()), padded(3, 1_000_000));
    assertThat(visibility.firstKey(0, 0, 1)).isZero();
    assertThat(visibility.nextKey(0, 0, 1, 4)).isEqualTo(999_998 - 9);
    assertThat(visibility.nextKey(0, 0, 1, 999_999)).isGreaterThanOrEqualTo(999_999);
  }

  /** A mask with holes is distinguished from one without: the kernels request bits only if there are holes. */
  @Test
  void holesAreFoundWhereThereAreAny() {
    CallShape shape = padded(4, 4);
    assertThat(lowered(Mask.tree(-1, 0, 1), shape).hasHoles()).isFalse();
    assertThat(lowered(Mask.tree(-1, 0, 0), shape).hasHoles()).isTrue();
    assertThat(lowered(Mask.evaluate((b, h, i, j) -> j >= i, 1, 1, 4, 4), shape).hasHoles()).isFalse();
    assertThat(lowered(Mask.evaluate((b, h, i, j) -> j != 2, 1, 1, 4, 4).and(Mask.causal()), shape).hasHoles()).isTrue();
    assertThat(lowered(Mask.causal().and(Mask.matrix(new boolean[] {true, false, true, true}, 0, 0, 0, 0, 1)), shape).hasHoles()).isTrue();
  }

  /** Kernels do not look at single rows of a batch entry of which every query sees every key. */
  @Test
  void entriesThatShowEverythingAreKnown() {
    CallShape shape = padded(4, 5); // three entries
    Mask even = Mask.evaluate((b, h, i, j) -> true, 1, 1, 4, 5);
    assertThat(lowered(Mask.none(), shape).showsAll(1)).isTrue();
    assertThat(lowered(Mask.keyLengths(5, 4, 5), shape).showsAll(0)).isTrue();
    List<Mask> others =
        List.of(
            Mask.keyLengths(5, 4, 5),
            Mask.queryLengths(4, 3, 4),
            Mask.prefix(0, 1, 0),
            Mask.window(2, 9),
            Mask.causal(),
            Mask.keyLengths(5, 4, 5).and(even),
            even.and(Mask.tree(-1, 0, 0)));
    for (Mask mask : others) {
      assertThat(lowered(mask, shape).showsAll(1)).as(mask.toString()).isFalse();
    }
  }

  /** A path of a tree of more than 64 nodes takes two words. */
  @Test
  void treesOfManyNodesShowTheirPaths() {
    int[] parents = new int[150];
    for (int node = 0; node < parents.length; node++) {
      parents[node] = node % 50 == 0 ? -1 : Math.max(node / 50 * 50, node - 1 - node % 3);
    }
    assertLowered(Mask.tree(parents), padded(150, 150), true);
    assertLowered(Mask.tree(parents), padded(152, 231), true);
  }

  private static Visibility lowered(Mask mask, CallShape shape) {
    mask.check(shape);
    return mask.lower(shape);
  }

  private static void assertLowered(Mask mask, CallShape shape, boolean tight) {
    assertRows(mask, shape, tight, 0, 1);
  }

  /** Looks at some rows if there are many queries, and at others for the next mask. */
  private void assertSomeRows(Mask mask, CallShape shape, boolean tight) {
    int step = shape.mostQueries() > 16 ? ROW_STEP : 1;
    assertRows(mask, shape, tight, turn++ % step, step);
  }

  private static void assertRows(Mask mask, CallShape shape, boolean tight, int from, int step) {
    Visibility visibility = lowered(mask, shape);
    for (int b = 0; b < shape.batch(); b++) {
      for (int h = 0; h < shape.queryHeads(); h++) {
        for (int i = from; i < shape.queries(b); i += step) {
          assertRow(mask, visibility, shape, new Row(b, h, i, tight));
        }
      }
    }
  }

  private static void assertRow(Mask mask, Visibility visibility, CallShape shape, Row row) {
    int keys = shape.keys(row.batchEntry);
    int first = visibility.firstKey(row.batchEntry, row.queryHead, row.query);
    int end = visibility.endKey(row.batchEntry, row.queryHead, row.query);
    int firstSeen = keys;
    int endSeen = 0;
    long word = -1;
    for (int j = 0; j < keys; j++) {
      if (j % Long.SIZE == 0 && visibility.hasHoles()) {
        word = visibility.keys64(row.batchEntry, row.queryHead, row.query, j / Long.SIZE);
      }
      boolean bit = (word >>> j & 1) != 0;
      boolean seen = mask.visible(row.batchEntry, row.queryHead, row.query, j, shape.queries(row.batchEntry), keys);
      if ((j >= first && j < end && bit) != seen) {
        throw new AssertionError(
            mask + " shows key " + j + ": " + seen + "; lowered [" + first + ", " + end + "), " + bit + "; " + row + " of " + shape);
      }
      if (seen) {
        int next = visibility.nextKey(row.batchEntry, row.queryHead, row.query, Math.max(first, endSeen));
        if (next > j) {
          throw new AssertionError(mask + " shows key " + j + ", skipped to " + next + "; " + row + " of " + shape);
        }
        firstSeen = Math.min(firstSeen, j);
        endSeen = j + 1;
      }
    }
    boolean tight = !row.tight || (endSeen == 0 ? first == end : first == firstSeen && end == endSeen);
    if (first < 0 || first > end || end > keys || !tight) {
      throw new AssertionError(
          mask + " shows [" + firstSeen + ", " + endSeen + "); lowered [" + first + ", " + end + "); " + row + " of " + shape);
    }
  }

  private record Row(int batchEntry, int queryHead, int query, boolean tight) {}
}
