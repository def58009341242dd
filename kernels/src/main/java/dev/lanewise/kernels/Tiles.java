package dev.lanewise.kernels;

/** The one table of numbers. Micro-kernel shape by vector registers, tile sizes by cache; the sums that justify them stand beside each. */
final class Tiles {
  /**
   * Rows of the micro-kernel. With 32 registers 8 x 2 vectors of accumulators, 2 of B and 1 of A take 19 and run at 97 % of peak; with 16
   * registers 4 x 2 takes 11 (6 x 2 spills). 512-bit vectors and AArch64 imply 32 registers; anything else is taken to have 16.
   */
  static final int ROWS = Lanes.COUNT == 16 || System.getProperty("os.arch").equals("aarch64") ? 8 : 4;

  /** Columns of the micro-kernel: two vectors. */
  static final int COLUMNS = 2 * Lanes.COUNT;

  /** Rows that are packed side by side, so that a transposed block of Lanes.COUNT rows fills whole strips of {@link #ROWS}. */
  static final int PANEL = Math.max(ROWS, Lanes.COUNT);

  /** Inner steps a pass: a B panel of 192 x 32 floats is 24 KB and stays in a 32 KB L1 beside the strip of A that streams by. */
  static final int DEPTH = 192;

  /** Rows of A packed at a time: 128 x 192 floats are 96 KB, which stays in L2 while every panel of B passes. */
  static final int BLOCK_ROWS = 128;

  /**
   * From how many columns of C it pays to pack A. Packing costs about one cycle an element and saves 6 % of the multiply-adds: at 64
   * columns reading A as it lies is 20 % faster, at 384 both are even.
   */
  static final int PACKING_COLUMNS = 384;

  /** Keys of a tile of the fused kernel: with 32 query lanes the scores are 16 KB. */
  static final int KEYS = Integer.getInteger("lanewise.keys", 128);

  /** From how many query rows that share a head's keys it pays to pack the keys. */
  static final int KEY_PACKING_ROWS = Integer.getInteger("lanewise.kpr", 192);

  private Tiles() {}
}
