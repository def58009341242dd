package dev.lanewise.core;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.runtime.ScratchPool;

/** Column sums of a call during its computation. They are added in double, since a sum of 2<sup>20</sup> floats loses accuracy. */
final class ColumnSums implements AutoCloseable {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, 0);

  private final float[] target;
  private final Scratch buffers = BUFFERS.take();
  private final double[] sums;

  /** Sums that {@link #store} writes to {@code target}. */
  ColumnSums(float[] target) {
    this.target = target;
    this.sums = buffers.zeros(target.length);
  }

  /** The function that adds a segment of a row of weights. */
  RowFunction adder(CallShape shape) {
    return (row, offset, length, b, head, query, firstKey) -> {
      int to = shape.keyNumber(b, head, firstKey);
      for (int i = 0; i < length; i++) {
        sums[to + i] += row[offset + i];
      }
    };
  }

  /** Writes the sums to the target. */
  void store() {
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) sums[i];
    }
  }

  @Override
  public void close() {
    BUFFERS.give(buffers);
  }
}
