package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.KeyMap;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.runtime.ScoreView;

/** A view of the caller's booleans. Each call packs them into bits; an axis with stride 0 is packed once. */
record MatrixMask(boolean[] data, ScoreView view) implements Mask {

  @Override
  public void check(CallShape shape) {
    view.check("matrix", data.length, shape.batch(), shape.queryHeads(), shape.mostQueries(), shape.mostKeys());
  }

  @Override
  public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
    return data[view.index(batchEntry, queryHead, query) + key * view.keyStride()];
  }

  @Override
  public void lower(Lowering lowering) {
    lowering.add(
        KeyMap.of(
                distinct(view.batchStride(), lowering.shape().batch()),
                distinct(view.headStride(), lowering.shape().queryHeads()),
                distinct(view.queryStride(), lowering.shape().mostQueries()),
                lowering.shape().mostKeys(),
                this::bits)
            .lower(lowering.shape()));
  }

  private long bits(int batchEntry, int queryHead, int query, int from, int count) {
    int keyStride = view.keyStride();
    int first = view.index(batchEntry, queryHead, query) + from * keyStride;
    long bits = 0;
    for (int j = 0; j < count; j++) {
      bits |= (data[first + j * keyStride] ? 1L : 0L) << j;
    }
    return bits;
  }

  private static int distinct(int stride, int count) {
    return stride == 0 ? Math.min(count, 1) : count;
  }

  @Override
  public String toString() {
    return "Matrix[" + view.batchStride() + ", " + view.headStride() + ", " + view.queryStride() + ", " + view.keyStride() + "]";
  }
}
