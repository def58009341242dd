package dev.lanewise.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.Shape;
import dev.lanewise.testing.Sample.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the parts of a sample have, and what they have together. */
@Tag("once")
class SampleTest {
  private static List<List<Integer>> pairs(int first, int second, Extent extent, int part) {
    return Sample.pairs(first, second, extent, part).map(place -> List.of(place[0], place[1])).toList();
  }

  @Test
  void threePathsComputeEveryCase() {
    List<Integer> cases = IntStream.range(0, 100).boxed().toList();
    List<Integer> computed = new ArrayList<>();
    for (int part = 0; part < 3; part++) {
      List<Integer> some = Sample.of(cases, Extent.DAILY, part);
      assertThat(some).hasSizeBetween(33, 34).isSorted();
      computed.addAll(some);
    }
    assertThat(computed).containsExactlyInAnyOrderElementsOf(cases);
    assertThat(Sample.of(cases, Extent.THOROUGH, 2)).isEqualTo(cases);
    assertThat(Sample.of(cases, Extent.QUICK, 0)).hasSize(9);
  }

  @Test
  void everyValueOfEitherSideIsInEveryPart() {
    for (int[] sizes : new int[][] {{13, 28}, {3, 28}, {28, 2}, {1, 5}, {26, 3}, {7, 7}}) {
      List<List<Integer>> all = pairs(sizes[0], sizes[1], Extent.THOROUGH, 1);
      assertThat(all).hasSize(sizes[0] * sizes[1]).doesNotHaveDuplicates();
      List<List<Integer>> computed = new ArrayList<>();
      for (int part = 0; part < 3; part++) {
        for (Extent extent : List.of(Extent.QUICK, Extent.DAILY)) {
          List<List<Integer>> some = pairs(sizes[0], sizes[1], extent, part);
          assertThat(some.stream().map(List::getFirst).distinct()).hasSize(sizes[0]);
          assertThat(some.stream().map(List::getLast).distinct()).hasSize(sizes[1]);
        }
        computed.addAll(pairs(sizes[0], sizes[1], Extent.DAILY, part));
      }
      assertThat(computed).containsAll(all);
    }
    assertThat(pairs(0, 5, Extent.DAILY, 0)).isEmpty();
  }

  /** A day's shapes of products have each size of a side in each layout. */
  @Test
  void everySizeOfASideIsInEveryLayout() {
    List<Shape> shapes = Shape.all();
    for (Function<Shape, Integer> side : List.<Function<Shape, Integer>>of(Shape::rows, Shape::columns, Shape::inner)) {
      for (int size : new int[] {0, 1, 3, 40, 64, 111}) {
        if (shapes.stream().filter(shape -> side.apply(shape) == size).count() > 20) {
          assertThat(shapes.stream().filter(shape -> side.apply(shape) == size).map(Shape::layout).distinct())
              .as("layouts of size %d", size)
              .hasSize(Layout.values().length);
        }
      }
    }
  }
}
