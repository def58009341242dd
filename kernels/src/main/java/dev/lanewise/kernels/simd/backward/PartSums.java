package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import java.util.Arrays;
import java.util.Objects;

/** What the parts of a unit's keys add to the gradient of its queries: parts × rows × headDim, pooled. */
final class PartSums extends ScratchPool.Member {
  private static final ScratchPool<PartSums> POOL = new ScratchPool<>(PartSums::new);

  private float[] data = new float[0];
  private double[] joined = new double[0];

  private PartSums() {}

  /** Takes room for {@code size} floats of any content. */
  static PartSums take(int size) {
    PartSums taken = POOL.takeInside();
    if (taken.data.length < size) {
      taken.data = new float[size];
    }
    return taken;
  }

  float[] data() {
    return data;
  }

  /** Adds the parts of each row in order, in double, and writes the gradient; returns whether it is finite. */
  boolean join(BackwardProblem problem, int unit, int parts) {
    AttentionProblem forward = problem.forward;
    Heads target = Objects.requireNonNull(problem.gradients.query());
    int width = target.width();
    if (joined.length < width) {
      joined = new double[width];
    }
    int rows = forward.rows(unit);
    float rest = 0; // x · 0 is 0 for every finite x and NaN for any other
    for (int row = 0; row < rows; row++) {
      Arrays.fill(joined, 0, width, 0);
      for (int part = 0; part < parts; part++) {
        RowOrder.join(joined, 0, data, (part * rows + row) * width, width, 1, 1);
      }
      int to = forward.shape.queryIndex(target, forward.batchEntry(unit), forward.queryHead(unit, row), forward.queryRow(row));
      for (int d = 0; d < width; d++) {
        float x = (float) joined[d];
        target.data()[to + d * target.columnStride()] = x;
        rest += x * 0;
      }
    }
    return rest == 0;
  }

  void giveBack() {
    POOL.giveInside(this);
  }
}
