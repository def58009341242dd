package dev.lanewise.kernels.testing;

import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One case of a product rows × inner · inner × columns; a failing test prints its text, which includes the seed.
 *
 * @param seed seed of this case, so that it can be repeated alone
 */
public record Shape(int rows, int columns, int inner, Layout layout, long seed) {
  private static final long SEED = 20261121;

  /** Around the lane counts 4, 8 and 16 and twice these (the widest tile), and primes. */
  private static final int[] SIDES = {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 59};

  private static final int[] INNER = {0, 1, 3, 40, 64, 111};

  /** Around the tile sizes of the SIMD kernels (32 and 128 rows, 1024 inner steps) and the hostile shapes of the design page. */
  private static final int[][] LARGE = {
    {127, 31, 191}, {128, 32, 192}, {129, 33, 193}, {257, 65, 385}, {59, 111, 64}, {111, 59, 40}, {113, 203, 64}, {203, 113, 111},
    {1023, 5, 40}, {1024, 16, 3}, {1025, 17, 64}, {5, 1023, 40}, {4, 1024, 64}, {3, 1025, 111}, {9, 9, 1023}, {8, 8, 1024},
    {7, 7, 1025}, {1025, 1025, 1}, {129, 385, 193}, {17, 384, 385}, {130, 383, 40}, {1, 400, 64}, {131, 401, 0}, {6, 130, 1023},
    {33, 97, 1025}, {41, 33, 2049}
  };

  public RandomGenerator random() {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /** All cases: every combination of small sides and inner sizes, then the large ones; in a thorough run each in all layouts. */
  public static List<Shape> all() {
    List<int[]> sizes = new ArrayList<>();
    for (int rows : SIDES) {
      for (int columns : SIDES) {
        for (int inner : INNER) {
          sizes.add(new int[] {rows, columns, inner, sizes.size()});
        }
      }
    }
    Collections.shuffle(sizes, new Random(SEED)); // so that the layout does not follow from the inner size
    return Stream.concat(inLayouts(sizes), large().stream()).toList();
  }

  /** The large cases only. */
  public static List<Shape> large() {
    return inLayouts(IntStream.range(0, LARGE.length).mapToObj(i -> new int[] {LARGE[i][0], LARGE[i][1], LARGE[i][2], i}).toList())
        .toList();
  }

  /** Cases that fill, cut off and cross tiles, few enough for tests that compute each row again. */
  public static List<Shape> ofRows() {
    return List.of(
        new Shape(5, 7, 3, Layout.TIGHT, SEED + 1),
        new Shape(17, 33, 40, Layout.FRAMED, SEED + 2),
        new Shape(59, 32, 64, Layout.OPEN_END, SEED + 3),
        new Shape(131, 111, 193, Layout.FRAMED, SEED + 4),
        new Shape(131, 399, 40, Layout.FRAMED, SEED + 5),
        new Shape(9, 385, 193, Layout.TIGHT, SEED + 6));
  }

  /** Cases for tests that repeat each with every activation: small cases with partial tiles, and large ones. */
  public static List<Shape> activated() {
    return Stream.concat(ofRows().stream(), large().stream()).filter(shape -> shape.columns() < 1000 || shape.rows() < 1000).toList();
  }

  /** About eight indexes of rows and columns, an odd step apart so that they are in different lanes. Tests put NaN and infinity there. */
  public IntStream probes() {
    int sides = Math.min(rows, columns);
    return IntStream.iterate(0, i -> i < sides, i -> i + (sides / 8 | 1));
  }

  /** Sizes, each with its number, in layouts. The seed of a case depends on the case, not on the sample that it is in. */
  private static Stream<Shape> inLayouts(List<int[]> sizes) {
    int layouts = Layout.values().length;
    return Sample.pairs(
        sizes,
        List.of(Layout.values()),
        (size, layout) -> new Shape(size[0], size[1], size[2], layout, SEED + (long) size[3] * layouts + layout.ordinal()));
  }
}
