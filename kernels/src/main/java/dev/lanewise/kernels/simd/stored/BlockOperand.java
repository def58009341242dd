package dev.lanewise.kernels.simd.stored;

import dev.lanewise.kernels.cache.KeyValueLayout;
import java.util.Arrays;

/**
 * The wide operand of {@link WideningKernel}: the same columns of four blocks in cached memory. A vector of block v starts at element
 * {@code at[v] + shift} of {@code data[v]}, that of the next step {@link KeyValueLayout#BLOCK_ROWS} elements later. Reused, so that the
 * loops allocate nothing.
 */
public final class BlockOperand {
  /** Blocks read side by side. */
  public static final int BLOCKS = 4;

  private static final Object NOTHING = new Object();

  final Object[] data = new Object[BLOCKS];
  final long[] at = new long[BLOCKS];

  /** To the head and the columns that are meant. */
  public long shift;

  public BlockOperand() {
    release();
  }

  public void set(int block, Object newData, long index) {
    data[block] = newData;
    at[block] = index;
  }

  /** Lets go of the memory. */
  public final void release() {
    Arrays.fill(data, NOTHING);
  }
}
