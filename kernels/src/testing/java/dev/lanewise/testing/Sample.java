package dev.lanewise.testing;

import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The part of many like cases that a run computes; {@code -Dlanewise.tests} names it. The lanes of the machine, 256 and 128 bits have each
 * its own, every case together; plain Java has that of 256 bits. No kind of case is left out: where cases are pairs, each value of either
 * side is in every part.
 */
public final class Sample {
  /** How many of the cases are computed. */
  public enum Extent {
    /** A twelfth of them. */
    QUICK(12),
    /** A third of them on each path. */
    DAILY(3),
    /** All of them on every path. */
    THOROUGH(1);

    private final int parts;

    Extent(int parts) {
      this.parts = parts;
    }
  }

  private static final Extent EXTENT = Extent.valueOf(System.getProperty("lanewise.tests", "daily").toUpperCase(java.util.Locale.ROOT));

  private Sample() {}

  /** The extent of this run. */
  public static Extent extent() {
    return EXTENT;
  }

  /** The number of this run's part, which its path determines. */
  private static int part() {
    String path = System.getProperty("lanewise.expectedPath", "preferred");
    return switch (path) {
      case "vector-256", "scalar" -> 1;
      case "vector-128" -> 2;
      default -> 0;
    };
  }

  /** Every n-th of these cases, in their order. */
  public static <T> List<T> of(List<T> cases) {
    return of(cases, EXTENT, part());
  }

  /** Pairs of these values in the order of the first: all of them, or so many that each value of either list is in some. */
  public static <A, B, T> Stream<T> pairs(List<A> first, List<B> second, BiFunction<? super A, ? super B, ? extends T> pair) {
    return pairs(first.size(), second.size(), EXTENT, part()).map(place -> pair.apply(first.get(place[0]), second.get(place[1])));
  }

  /** How many times as many damaged files as usual are read; {@code -Dlanewise.fuzzFactor=100} asks for more. */
  public static int fuzzFactor() {
    return Integer.getInteger("lanewise.fuzzFactor", EXTENT == Extent.THOROUGH ? 10 : 1);
  }

  /** A number of random cases; {@code all} in a thorough run. */
  public static int count(int all) {
    return Math.ceilDiv(all, EXTENT.parts);
  }

  /** So many of {@code all} seeds from the first on as {@link #count} says: each part has its own. */
  public static LongStream seeds(long first, int all) {
    int count = count(all);
    long own = first + part() % EXTENT.parts * (long) count;
    return LongStream.range(own, own + count);
  }

  static <T> List<T> of(List<T> cases, Extent extent, int part) {
    return IntStream.range(0, cases.size()).filter(i -> i % extent.parts == part % extent.parts).mapToObj(cases::get).toList();
  }

  /** The pairs of value i of the first list and value j of the second for which i + j has this part as its remainder. */
  static Stream<int[]> pairs(int first, int second, Extent extent, int part) {
    int parts = Math.min(extent.parts, Math.max(1, Math.min(first, second)));
    return IntStream.range(0, first)
        .boxed()
        .flatMap(i -> IntStream.range(0, second).filter(j -> (i + j) % parts == part % parts).mapToObj(j -> new int[] {i, j}));
  }
}
