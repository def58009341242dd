package dev.lanewise.kernels;

/** The one table of numbers. Micro-kernel shape by vector registers, tile sizes by cache; the sums that justify them stand beside each. */
final class Tiles {
  /** 512-bit vectors and AArch64 imply 32 vector registers; anything else is taken to have 16. */
  static final boolean MANY_REGISTERS = Lanes.COUNT == 16 || System.getProperty("os.arch").equals("aarch64");

  /**
   * Rows of a product's micro-kernel. With 32 registers 8 x 2 vectors of accumulators, 2 of B and 1 of A take 19 and run at 97 % of peak;
   * with 16 registers 5 x 2 takes 13.
   */
  static final int ROWS = MANY_REGISTERS ? 8 : 5;

  /** Columns of a product's micro-kernel: two vectors. */
  static final int COLUMNS = 2 * Lanes.COUNT;

  /** Rows that are packed side by side: whole blocks of Lanes.COUNT rows to transpose, whole strips of {@link #ROWS} to multiply. */
  static final int PANEL = MANY_REGISTERS ? Math.max(ROWS, Lanes.COUNT) : ROWS * Lanes.COUNT;

  /**
   * Rows of attention's micro-kernel, which are keys of the scores and columns of the output. 4 x 4 vectors run at 95 % of peak where 8 x 2
   * reach 92 (64 steps a strip: headDim), and need only 4 streams of keys, so that the keys are read as they lie.
   */
  static final int STRIP = MANY_REGISTERS ? 4 : 5;

  /** Queries of a panel: the columns of attention's micro-kernel. */
  static final int QUERIES = (MANY_REGISTERS ? 4 : 2) * Lanes.COUNT;

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
   * Keys of a tile of the fused kernel: whole strips of 4 and of 5, and whole words of mask bits. The scores are 320 x 64 floats = 80 KB,
   * the tile of V another 80 KB at valueDim 64: together they stay in L2, and the softmax and the blend have long loops. 120 keys cost 1 to
   * 2 %, 240 and 480 are no better.
   */
  static final int KEYS = 320;

  private Tiles() {}
}
