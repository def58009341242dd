package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.KeyMap;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * A view of the caller's booleans. Each call packs them into bits; an axis with stride 0 is packed once.
 *
 * @param keys the number of keys that a call must have, or {@link #ANY}
 */
record MatrixMask(boolean[] data, int offset, int batchStride, int headStride, int queryStride, int keyStride, int keys) implements Mask {
  /** No required number of keys: the strides alone decide what is read. */
  static final int ANY = -1;

  /** Dense queries × keys, the same for all heads and batch entries. */
  static MatrixMask dense(boolean[] data, int keys) {
    Objects.requireNonNull(data, "matrix.data");
    Checks.atLeast("matrix.keys", keys, 0);
    return new MatrixMask(data, 0, 0, 0, keys, 1, keys);
  }

  MatrixMask {
    Objects.requireNonNull(data, "matrix.data");
    Checks.atLeast("matrix.offset", offset, 0);
    Checks.atLeast("matrix.batchStride", batchStride, 0);
    Checks.atLeast("matrix.headStride", headStride, 0);
    Checks.atLeast("matrix.queryStride", queryStride, 0);
    Checks.atLeast("matrix.keyStride", keyStride, 0);
  }

  @Override
  public void check(CallShape shape) {
    if (keys != ANY) {
      Checks.same("matrix.keys", keys, shape.keysName(), shape.mostKeys());
    }
    if (shape.batch() > 0 && shape.queryHeads() > 0 && shape.mostQueries() > 0 && shape.mostKeys() > 0) {
      long row = (shape.mostKeys() - 1L) * keyStride + 1;
      long rows = (shape.batch() - 1L) * batchStride + (shape.queryHeads() - 1L) * headStride;
      Checks.fits("matrix.data", data.length, offset + rows + (shape.mostQueries() - 1L) * queryStride + row);
    }
  }

  @Override
  public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
    return data[index(batchEntry, queryHead, query) + key * keyStride];
  }

  @Override
  public void lower(Lowering lowering) {
    lowering.add(
        KeyMap.of(
                distinct(batchStride, lowering.shape().batch()),
                distinct(headStride, lowering.shape().queryHeads()),
                distinct(queryStride, lowering.shape().mostQueries()),
                lowering.shape().mostKeys(),
                this::bits)
            .lower(lowering.shape()));
  }

  private long bits(int batchEntry, int queryHead, int query, int from, int count) {
    int first = index(batchEntry, queryHead, query) + from * keyStride;
    long bits = 0;
    for (int j = 0; j < count; j++) {
      bits |= (data[first + j * keyStride] ? 1L : 0L) << j;
    }
    return bits;
  }

  private int index(int batchEntry, int queryHead, int query) {
    return offset + batchEntry * batchStride + queryHead * headStride + query * queryStride;
  }

  private static int distinct(int stride, int count) {
    return stride == 0 ? Math.min(count, 1) : count;
  }

  @Override
  public String toString() {
    return "Matrix[" + batchStride + ", " + headStride + ", " + queryStride + ", " + keyStride + "]";
  }
}
