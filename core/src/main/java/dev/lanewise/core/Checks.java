package dev.lanewise.core;

/** Argument checks whose messages name the argument and carry both numbers. */
final class Checks {
  private Checks() {}

  static void atLeast(String name, long actual, long least) {
    if (actual < least) {
      throw new IllegalArgumentException(name + " is " + actual + ", must be at least " + least);
    }
  }

  static void atMost(String name, long actual, String otherName, long most) {
    if (actual > most) {
      throw new IllegalArgumentException(name + " is " + actual + ", but " + otherName + " is " + most);
    }
  }

  static void same(String name, long actual, String otherName, long expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(name + " is " + actual + ", but " + otherName + " is " + expected);
    }
  }

  static void fits(String name, long length, long needed) {
    if (needed > length) {
      throw new IllegalArgumentException(name + " has " + length + " elements, but the view needs " + needed);
    }
  }

  /** A product of two sizes, refused when it passes the largest array index. */
  static int product(String name, int x, String otherName, int y) {
    long product = (long) x * y;
    if (x < 0 || y < 0 || product > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          name + " is " + x + " and " + otherName + " is " + y + ": their product must lie in 0.." + Integer.MAX_VALUE);
    }
    return (int) product;
  }
}
