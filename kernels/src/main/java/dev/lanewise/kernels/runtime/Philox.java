package dev.lanewise.kernels.runtime;

/**
 * Philox4x32-10 ("Parallel Random Numbers: As Easy as 1, 2, 3", Salmon et al., 2011): four random words of 32 bits as a function of a
 * counter of four words and a key of two. It has no state, so any words can be computed again, in any order and on any thread.
 */
public final class Philox {
  public static final int ROUNDS = 10;
  public static final int FIRST_FACTOR = 0xD2511F53;
  public static final int SECOND_FACTOR = 0xCD9E8D57;

  /** What each round adds to the first word of the key: the golden ratio. */
  public static final int FIRST_STEP = 0x9E3779B9;

  /** What each round adds to the second word of the key: √3 − 1. */
  public static final int SECOND_STEP = 0xBB67AE85;

  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /** Writes the four words of a counter to {@code words} from index {@code at} on. */
  public static void words(int counter0, int counter1, int counter2, int counter3, int key0, int key1, int[] words, int at) {
    int c0 = counter0;
    int c1 = counter1;
    int c2 = counter2;
    int c3 = counter3;
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < ROUNDS; round++) {
      long first = (c0 & LOW) * (FIRST_FACTOR & LOW);
      long second = (c2 & LOW) * (SECOND_FACTOR & LOW);
      c0 = (int) (second >>> 32) ^ c1 ^ k0;
      c1 = (int) second;
      c2 = (int) (first >>> 32) ^ c3 ^ k1;
      c3 = (int) first;
      k0 += FIRST_STEP;
      k1 += SECOND_STEP;
    }
    words[at] = c0;
    words[at + 1] = c1;
    words[at + 2] = c2;
    words[at + 3] = c3;
  }
}
