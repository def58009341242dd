package dev.lanewise.kernels;

/**
 * Cuts an attention call for the SIMD kernels: a batch entry of few queries over cached keys is decoded, every other goes through the fused
 * kernel.
 */
final class VectorTasks implements EntryTasks {
  private final RowTasks fused;
  private final DecodePlan decode;

  private VectorTasks(RowTasks fused, DecodePlan decode) {
    this.fused = fused;
    this.decode = decode;
  }

  static AttentionTasks of(AttentionProblem problem, int threads) {
    RowTasks fused = new RowTasks(problem, threads, Tiles.QUERIES, FusedAttention::attend);
    return new BatchTasks(problem, problem.isCached() ? new VectorTasks(fused, new DecodePlan(problem, threads)) : fused);
  }

  @Override
  public int tasks(int batchEntry) {
    return decode.decodes(batchEntry) ? decode.tasks(batchEntry) : fused.tasks(batchEntry);
  }

  @Override
  public void run(int batchEntry, int task) {
    if (decode.decodes(batchEntry)) {
      DecodeAttention.decode(decode, batchEntry, task);
    } else {
      fused.run(batchEntry, task);
    }
  }
}
