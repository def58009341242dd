package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.simd.product.SkinnyProduct;

/**
 * The table of block sizes: the shapes of micro-kernels, which follow from the vector registers, and tile sizes, which follow from the
 * caches. The reason for each number is beside it. MR, NR, KC and MC are the names of BLIS.
 */
public final class Tiles {
  /** Whether there are 32 vector registers, not 16. */
  public static final boolean MANY_REGISTERS = Lanes.REGISTERS == 32;

  /**
   * MR: number of rows of a product's micro-kernel. With 32 registers 8 x 2 vectors of accumulators, 2 of B and 1 of A take 19 and run at
   * 97 % of peak; with 16 registers 5 x 2 takes 13.
   */
  public static final int MR = MANY_REGISTERS ? 8 : 5;

  /** NR: number of columns of a product's micro-kernel, two vectors. */
  public static final int NR = 2 * Lanes.COUNT;

  /** The most vectors of queries of a tile. */
  public static final int VECTORS = MANY_REGISTERS ? 4 : 2;

  /** The most queries of a tile. */
  public static final int QUERIES = VECTORS * Lanes.COUNT;

  /**
   * KC: number of inner steps of a block. A block of B is 1024 x 32 floats = 128 KB, which each strip of A reads from L2. With fewer steps
   * C would be loaded and stored more often, and C of a large product is larger than L2.
   */
  public static final int KC = 1024;

  /** MC: number of rows of a block of A, whole strips. 128 x 1024 floats are 512 KB, which stay in L2 while all panels of B are read. */
  public static final int MC = Packing.roundUp(128, MR);

  /**
   * MR of {@link SkinnyProduct}: number of rows that share a read of B, as many as leave enough registers for two panels of accumulators.
   */
  public static final int SKINNY_MR = MANY_REGISTERS ? 4 : 2;

  /**
   * The most rows that {@link SkinnyProduct} computes. Fractions of the FMA peak with a weight of 4096 x 4096 (64 MB, from memory) and 384
   * x 1536 (in cache): 8 rows 0.59 and 0.94 against 0.46 and 0.93 in strips, 17 rows 0.74 and 0.88 against 0.58 and 0.88, 32 rows 0.87 and
   * 0.94 against 0.85 and 0.97. One row reads 30 GB/s from memory and 88 from cache against 13 and 27. With 16 registers fewer rows share a
   * read: 16 rows 0.59 and 0.76 against 0.50 and 0.86.
   */
  public static final int SKINNY_ROWS = MANY_REGISTERS ? 32 : 8;

  /** Number of columns of the tile in which {@link SkinnyProduct} sums: four panels. */
  public static final int SKINNY_WIDTH = 4 * NR;

  /**
   * Number of columns of a product that are activated at a time, whole panels: a loop over the two vectors of a panel's row takes 27 cycles
   * a vector for gelu, a long one 16. 128 rows of them are 128 KB, which are still in L2.
   */
  public static final int ACTIVATED = 256;

  /** Number of columns that a gate activates at a time: 16 KB with the two operands and the result, half of L1. */
  public static final int GATE_COLUMNS = 1024;

  /**
   * Number of keys of a tile of the fused kernel: whole steps of {@link RowOrder}, whole strips, and whole words of mask bits. The scores
   * are 320 x 64 floats = 80 KB, the tile of V another 80 KB at valueDim 64: together they stay in L2. 120 keys cost 1 to 2 %, 240 and 480
   * are no better.
   */
  public static final int KEYS = 320;

  /** Number of terms that {@link LongSums} sums in one chain of floats. The error of a chain of n equal terms is up to n · 1.5e-8. */
  public static final int CHAIN = 64;

  /** Number of inner steps beyond which {@link LongSums} sums a product. No layer of a model is so wide, but sums over rows are. */
  public static final int LONG = 1 << 15;

  /**
   * The most queries for which a sequence with cached keys is decoded: drafts of speculative decoding have 4 to 16 tokens. More queries
   * fill a tile of the fused kernel.
   */
  public static final int DECODE_QUERIES = 16;

  private Tiles() {}
}
