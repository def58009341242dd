package dev.lanewise.kernels.runtime;

/** Checks of numbers, whose messages name the argument and carry both numbers. For the modules of Lanewise only. */
public final class Checks {
  private Checks() {}

  public static void atLeast(String name, long actual, long least) {
    if (actual < least) {
      throw new IllegalArgumentException(name + " is " + actual + ", must be at least " + least);
    }
  }

  public static void same(String name, long actual, String otherName, long expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(name + " is " + actual + ", but " + otherName + " is " + expected);
    }
  }

  /** Checks a part of two arguments, such as {@code .rows}. Names are joined for a message only: such checks run in every call. */
  public static void same(String name, String otherName, String part, long actual, long expected) {
    if (actual != expected) {
      same(name + part, actual, otherName + part, expected);
    }
  }

  /** A product of two sizes (each below 2³¹ + 64, so that a long holds it), refused when it is no array length. */
  public static int product(String name, long x, String otherName, long y) {
    if (x < 0 || y < 0 || x * y > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          name + " is " + x + " and " + otherName + " is " + y + ": their product must be in 0.." + Integer.MAX_VALUE);
    }
    return (int) (x * y);
  }

  /**
   * Checks that a view fits its array. A sum of an offset and four products of ints, which a view needs, is below 2⁶⁴.
   *
   * @param needed number of elements, unsigned
   */
  public static void fits(String name, int length, long needed) {
    if (Long.compareUnsigned(needed, length) > 0) {
      throw new IllegalArgumentException(name + " has " + length + " elements, but the view needs " + Long.toUnsignedString(needed));
    }
  }

  /** Checks an index into {@code length} elements. */
  public static void index(String name, int index, int length) {
    if (index < 0 || index >= length) {
      throw new IndexOutOfBoundsException(name + " is " + index + ", out of bounds for length " + length);
    }
  }

  /** Checks a range of {@code length} elements, from {@code from} (inclusive) to {@code to} (exclusive). */
  public static void range(String name, int from, int to, int length) {
    if (from < 0 || from > to || to > length) {
      throw new IndexOutOfBoundsException(name + " [" + from + ", " + to + ") are out of bounds for length " + length);
    }
  }

  public static void atMost(String name, long actual, String otherName, long most) {
    if (actual > most) {
      throw new IllegalArgumentException(name + " is " + actual + ", but " + otherName + " is " + most);
    }
  }

  public static void multiple(String name, long actual, String otherName, long divisor) {
    if (actual % divisor != 0) {
      throw new IllegalArgumentException(name + " is " + actual + ", which is not a multiple of " + otherName + " " + divisor);
    }
  }

  /** Checks the epsilon that is added to a variance. */
  public static void epsilon(float epsilon) {
    if (!(epsilon >= 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("epsilon is " + epsilon + ", must be at least 0 and finite");
    }
  }
}
