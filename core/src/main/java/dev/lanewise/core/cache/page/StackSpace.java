package dev.lanewise.core.cache.page;

/**
 * Checks that enough stack is left to finish or to undo a change of a cache. A {@link StackOverflowError} is then thrown before the change,
 * or by the caller's code above it, but never in the middle of the change.
 */
public final class StackSpace {
  /** Depth of nested calls. Compiled, with the smallest possible frame, they still need 8 kB. */
  private static final int DEPTH = 256;

  private StackSpace() {}

  /**
   * Throws if too little stack is left. It costs a fraction of a microsecond.
   *
   * @throws StackOverflowError if there is not enough
   */
  public static void check() {
    if (descend(DEPTH, 1, 2, 3) == 0) {
      throw new AssertionError(); // the result is used, so the compiler cannot remove the call
    }
  }

  private static long descend(int depth, long a, long b, long c) {
    return depth == 0 ? a | b | c : descend(depth - 1, b + 1, c + 2, a + 3) | 1;
  }
}
