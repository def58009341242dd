package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.simd.product.SkinnyProduct;

/** The one table of numbers. Micro-kernel shape by vector registers, tile sizes by cache; the sums that justify them stand beside each. */
public final class Tiles {
  /** 512-bit vectors and AArch64 imply 32 vector registers; anything else is taken to have 16. */
  public static final boolean MANY_REGISTERS = Lanes.COUNT == 16 || System.getProperty("os.arch").equals("aarch64");

  /**
   * Rows of a product's micro-kernel. With 32 registers 8 x 2 vectors of accumulators, 2 of B and 1 of A take 19 and run at 97 % of peak;
   * with 16 registers 5 x 2 takes 13.
   */
  public static final int MR = MANY_REGISTERS ? 8 : 5;

  /** Columns of a product's micro-kernel: two vectors. */
  public static final int NR = 2 * Lanes.COUNT;

  /**
   * Rows of attention's micro-kernel, which are keys of the scores and columns of the output. 4 x 4 vectors run at 95 % of peak where 8 x 2
   * reach 92 (64 steps a strip: headDim), and need only 4 streams of keys, so that the keys are read as they lie.
   */
  public static final int ATTENTION_MR = MANY_REGISTERS ? 4 : 5;

  /** Queries of a panel: the columns of attention's micro-kernel. */
  public static final int QUERIES = (MANY_REGISTERS ? 4 : 2) * Lanes.COUNT;

  /**
   * Inner steps a pass: a block of B is 1024 x 32 floats = 128 KB and is read from L2 by each strip of A. Fewer steps load and store C more
   * often, and C of a large product lies beyond L2.
   */
  public static final int KC = 1024;

  /** Rows of A a block, whole strips: 128 x 1024 floats are 512 KB, which stays in L2 while every panel of B passes. */
  public static final int MC = Packing.roundUp(128, MR);

  /** Rows that share what {@link SkinnyProduct} has read of B: as many as leave enough registers for two panels of accumulators. */
  public static final int SKINNY_MR = MANY_REGISTERS ? 4 : 2;

  /**
   * Up to how many rows a product goes through {@link SkinnyProduct}. Of the FMA peak with a weight of 4096 x 4096 (64 MB, from memory) and
   * 384 x 1536 (in cache): 8 rows 0.59 and 0.94 against 0.46 and 0.93 in strips, 17 rows 0.74 and 0.88 against 0.58 and 0.88, 32 rows 0.87
   * and 0.94 against 0.85 and 0.97. One row reads 30 GB/s from memory and 88 from cache against 13 and 27. With 16 registers groups are
   * smaller: 16 rows 0.59 and 0.76 against 0.50 and 0.86.
   */
  public static final int SKINNY_ROWS = MANY_REGISTERS ? 32 : 8;

  /** Columns of the tile in which {@link SkinnyProduct} sums: four panels. */
  public static final int SKINNY_WIDTH = 4 * NR;

  /** Columns that a gate activates at a time: with the two operands and the result 16 KB, half of L1. */
  public static final int GATE_COLUMNS = 1024;

  /**
   * Keys of a tile of the fused kernel: whole strips of 4 and of 5, and whole words of mask bits. The scores are 320 x 64 floats = 80 KB,
   * the tile of V another 80 KB at valueDim 64: together they stay in L2, and the softmax and the blend have long loops. 120 keys cost 1 to
   * 2 %, 240 and 480 are no better.
   */
  public static final int KEYS = 320;

  /**
   * Keys whose weights, or weighted values, are added up in one chain of floats; pieces begin at multiples of it. A chain of n equal terms
   * is off by up to n · 1.5e-8 of its value: 1e-6 here, 5e-6 over a whole tile. Pieces also suit L1: 16 KB of weights and 16 KB of V.
   */
  public static final int CHAIN = 64;

  /** Inner steps of a product beyond which {@link LongSums} adds up its pieces. No layer of a model is so wide, and sums of rows are. */
  public static final int LONG = 1 << 15;

  /** Keys whose pieces are added up in floats; sums beyond are doubles. */
  public static final int SPAN = 4 * KEYS;

  /**
   * Queries up to which a sequence whose keys are cached is decoded: drafts of speculative decoding have 4 to 16. More fill a panel of the
   * fused kernel.
   */
  public static final int DECODE_QUERIES = 16;

  private Tiles() {}
}
