package dev.lanewise.kernels.call;

/** A 64 × 64 matrix of bits, one word for each row. */
public final class BitMatrix {
  private BitMatrix() {}

  /**
   * Exchanges bit j of word i with bit i of word j: halves of the matrix, then quarters and so on (Warren, "Hacker's Delight", section
   * 7-3).
   */
  public static void transpose(long[] words) {
    long low = 0x00000000FFFFFFFFL;
    for (int half = Long.SIZE / 2; half > 0; half /= 2) {
      for (int first = 0; first < Long.SIZE; first += 2 * half) {
        for (int i = first; i < first + half; i++) {
          long exchanged = ((words[i] >>> half) ^ words[i + half]) & low;
          words[i] ^= exchanged << half;
          words[i + half] ^= exchanged;
        }
      }
      low ^= low << (half / 2);
    }
  }
}
