package dev.lanewise.kernels.simd;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BatchTasks;
import dev.lanewise.kernels.call.EntryTasks;
import dev.lanewise.kernels.call.RowKernel;
import dev.lanewise.kernels.call.RowTasks;
import dev.lanewise.kernels.simd.decode.DecodeAttention;
import dev.lanewise.kernels.simd.decode.DecodePlan;
import dev.lanewise.kernels.simd.fused.FusedAttention;
import dev.lanewise.kernels.simd.fused.SpanTasks;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * Cuts an attention call for the SIMD kernels. A batch entry with few queries over cached keys is decoded; the fused kernel computes every
 * other entry.
 */
final class VectorTasks implements EntryTasks {
  private final RowTasks fused;
  private final DecodePlan decode;

  private VectorTasks(RowTasks fused, DecodePlan decode) {
    this.fused = fused;
    this.decode = decode;
  }

  static AttentionTasks of(AttentionProblem problem, int threads) {
    RowTasks fused = new RowTasks(problem, threads, Tiles.QUERIES, FusedAttention::take);
    EntryTasks entries =
        problem.shape.isCached() ? new VectorTasks(fused, new DecodePlan(problem, threads)) : SpanTasks.of(problem, fused, threads);
    return new BatchTasks(problem, threads, entries);
  }

  @Override
  public int tasks(int batchEntry) {
    return decode.decodes(batchEntry) ? decode.tasks(batchEntry) : fused.tasks(batchEntry);
  }

  @Override
  public RowKernel open() {
    return fused.open();
  }

  @Override
  public void run(RowKernel kernel, int batchEntry, int task) {
    if (decode.decodes(batchEntry)) {
      DecodeAttention.decode(decode, batchEntry, task);
    } else {
      fused.run(kernel, batchEntry, task);
    }
  }
}
