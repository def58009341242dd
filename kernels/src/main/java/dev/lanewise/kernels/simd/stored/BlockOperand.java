package dev.lanewise.kernels.simd.stored;

import dev.lanewise.kernels.cache.KeyValueLayout;
import java.util.Arrays;

/**
 * The vector operand of {@link WideningKernel}: the same columns of four cached blocks. The vector of block v starts at element {@code
 * at[v] + shift} of {@code data[v]}; the vector of the next step starts {@link KeyValueLayout#BLOCK_ROWS} elements later. Instances are
 * reused, so that the loops allocate nothing.
 */
public final class BlockOperand {
  /** Number of blocks that are read in parallel. */
  public static final int BLOCKS = 4;

  private static final Object NOTHING = new Object();

  final Object[] data = new Object[BLOCKS];
  final long[] at = new long[BLOCKS];

  /** Offset of the current head and columns in every block. */
  public long shift;

  public BlockOperand() {
    release();
  }

  public void set(int block, Object newData, long index) {
    data[block] = newData;
    at[block] = index;
  }

  /** Drops the references to the memory. */
  public final void release() {
    Arrays.fill(data, NOTHING);
  }
}
