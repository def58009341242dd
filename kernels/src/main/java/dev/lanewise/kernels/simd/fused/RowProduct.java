package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.simd.lanes.LongSums;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.AttentionMicroKernel;

/**
 * The product of rows and a packed panel: target[row][lane] = Σ<sub>d</sub> rows[row][d] · panel[d][lane], such as K · Qᵀ. The rows are
 * read in place, in strips of {@link Tiles#ATTENTION_MR}. Packing them gains nothing, because the addresses of so few rows fit in
 * registers.
 */
final class RowProduct {
  private static final int MR = Tiles.ATTENTION_MR;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] edge = new float[MR * Tiles.KC];

  /**
   * Computes the product of the first {@code count} rows.
   *
   * @param panel depth × {@link Tiles#QUERIES}
   * @param target count × {@link Tiles#QUERIES}, in whole strips
   */
  void multiply(ContiguousTile rows, int count, float[] panel, int depth, float[] target, Scratch scratch) {
    boolean isLong = depth > Tiles.LONG;
    int span = isLong ? LongSums.SPAN : Math.max(1, depth);
    int chain = isLong ? Tiles.CHAIN : Tiles.KC;
    int inDouble = isLong ? count * QUERIES : 0;
    scratch.longSums.open(inDouble);
    for (int from = 0; from < depth || from == 0; from += span) { // once even for no element
      int to = Math.min(from + span, depth);
      for (int step = from; step < to || step == from; step += chain) {
        multiplyChain(rows, count, panel, step, Math.min(step + chain, to) - step, step == from, target, scratch);
      }
      scratch.longSums.add(target, inDouble);
    }
    scratch.longSums.store(target, inDouble);
  }

  private void multiplyChain(
      ContiguousTile rows, int count, float[] panel, int step, int depth, boolean begins, float[] target, Scratch scratch) {
    int first = rows.row(0) + step;
    int stride = rows.stride();
    int strips = Math.ceilDiv(count, MR);
    if (first + ((long) strips * MR - 1) * stride + depth > rows.data().length) {
      strips = count / MR;
    }
    scratch.b.set(panel, step * QUERIES, QUERIES);
    Operand start = begins ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
    scratch.a.set(rows.data(), first, stride).next(MR * stride);
    scratch.c.set(target, 0, QUERIES).next(MR * QUERIES);
    AttentionMicroKernel.multiplyRows(scratch.a, scratch.b, start, scratch.c, depth, strips);
    int done = strips * MR;
    if (done < count) { // the last rows, fewer than a strip, are copied, because a read past them could leave the array
      for (int i = done; i < count; i++) { // the content of rows past the last does not matter, because their results are not read
        System.arraycopy(rows.data(), rows.row(i) + step, edge, (i - done) * depth, depth);
      }
      scratch.a.set(edge, 0, depth);
      scratch.c.set(target, done * QUERIES, QUERIES);
      AttentionMicroKernel.multiplyRows(scratch.a, scratch.b, start, scratch.c, depth, 1);
    }
  }
}
