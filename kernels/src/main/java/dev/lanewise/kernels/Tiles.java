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

  /**
   * Inner steps a pass: a block of B is 384 x 32 floats = 48 KB and is read from L2 by each strip of A. A block that fits a 32 KB L1 (192
   * steps) is 2 to 3 % slower: C is then loaded and stored twice as often.
   */
  static final int DEPTH = 384;

  /** Rows of A packed at a time: 256 x 384 floats are 384 KB, which stays in L2 while every panel of B passes. */
  static final int BLOCK_ROWS = 256;

  /**
   * From how many columns of C it pays to pack A. Packing costs about one cycle an element and saves 6 % of the multiply-adds: at 64
   * columns reading A as it lies is 20 % faster, at 384 both are even.
   */
  static final int PACKING_COLUMNS = 384;

  /**
   * Keys of a tile of the fused kernel. The scores are 256 x 32 floats = 32 KB, the tile of V 64 KB at valueDim 64: together they stay in
   * L2, and the softmax and the blend have long loops. 128 keys cost 1 to 2 %, 384 and 512 are no better.
   */
  static final int KEYS = 256;

  /**
   * From how many query rows that share a head's keys it pays to pack the keys: packing takes about a cycle an element once, reading in
   * place costs 5 % of the scores each time. At 128 rows reading in place is 2 to 3 % faster, at 512 packing is.
   */
  static final int KEY_PACKING_ROWS = 192;

  private Tiles() {}
}
