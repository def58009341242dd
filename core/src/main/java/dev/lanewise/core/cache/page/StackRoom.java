package dev.lanewise.core.cache.page;

/**
 * Makes sure of the stack that it takes to end a change of a cache or to take it back: a {@link StackOverflowError} is then thrown before
 * the change, or by what runs on top of it, and never half-way through.
 */
public final class StackRoom {
  /** Calls one inside the other: compiled, with the least frame there is, they still take 8 kB. */
  private static final int DEPTH = 256;

  private StackRoom() {}

  /**
   * Costs a fraction of a microsecond.
   *
   * @throws StackOverflowError if there is not enough
   */
  public static void check() {
    if (descend(DEPTH, 1, 2, 3) == 0) {
      throw new AssertionError(); // a result that is used cannot be left out
    }
  }

  private static long descend(int depth, long a, long b, long c) {
    return depth == 0 ? a | b | c : descend(depth - 1, b + 1, c + 2, a + 3) | 1;
  }
}
