package dev.lanewise.kernels;

/** Argument checks whose messages name the argument and carry both numbers. */
final class Checks {
  private Checks() {}

  static void atLeast(String name, long actual, long least) {
    if (actual < least) {
      throw new IllegalArgumentException(name + " is " + actual + ", must be at least " + least);
    }
  }

  static void same(String name, long actual, String otherName, long expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(name + " is " + actual + ", but " + otherName + " is " + expected);
    }
  }

  /** A product of two sizes (each below 2³¹ + 64, so that a long holds it), refused when it is no array length. */
  static int product(String name, long x, String otherName, long y) {
    if (x < 0 || y < 0 || x * y > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          name + " is " + x + " and " + otherName + " is " + y + ": their product must lie in 0.." + Integer.MAX_VALUE);
    }
    return (int) (x * y);
  }

  static void fits(String name, long length, long needed) {
    if (needed > length) {
      throw new IllegalArgumentException(name + " has " + length + " elements, but the view needs " + needed);
    }
  }

  /** Rows that are written must not lie on top of each other. */
  static void writable(String name, Matrix matrix) {
    if (matrix.rows() > 1 && matrix.rowStride() < matrix.columns()) {
      throw new IllegalArgumentException(
          name + ".rowStride is " + matrix.rowStride() + ", but rows that are written need at least " + matrix.columns());
    }
  }

  /** A written view must not share elements with a view that is read. */
  static void disjoint(String name, Matrix written, String otherName, Matrix read) {
    if (written.data() != read.data() || written.isEmpty() || read.isEmpty()) {
      return;
    }
    if (written.offset() < read.end() && read.offset() < written.end() && !interleaved(written, read)) {
      throw new IllegalArgumentException(name + " [" + written.offset() + ", " + written.end() + ") overlaps " + otherName
          + " [" + read.offset() + ", " + read.end() + ") in the same array");
    }
  }

  /** Column blocks of one wider matrix: the same row stride, and columns that do not meet. */
  private static boolean interleaved(Matrix x, Matrix y) {
    int stride = x.rowStride();
    if (stride != y.rowStride() || stride == 0) {
      return false;
    }
    int distance = Math.floorMod(y.offset() - x.offset(), stride);
    return distance >= x.columns() && distance <= stride - y.columns();
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
