package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.LongSums;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.ScoreKernel;
import org.jspecify.annotations.Nullable;

/**
 * The product of rows and a packed panel: target[row][lane] = Σ<sub>d</sub> rows[row][d] · panel[d][lane], such as K · Qᵀ. The rows are
 * read in place, in strips of {@link ScoreKernel#rows}. Packing them gains nothing, because the addresses of so few rows fit in registers.
 */
final class RowProduct {
  private static final int LANES = Lanes.COUNT;

  private @Nullable ContiguousTile next;
  private final float[] edge = new float[ScoreKernel.rows(1) * Tiles.KC];

  /**
   * Sets the rows that will be read after the products: dense rows of the same length, of which there are as many; null for none. Their
   * cache lines are loaded meanwhile.
   */
  void touch(@Nullable ContiguousTile nextRows) {
    next = nextRows;
  }

  /**
   * Computes the product of all rows.
   *
   * @param panel {@code panelRows} × lanes, in the layout of {@link LaneRows}, of which the first {@code depth} rows are used
   * @param vectors number of vectors of lanes
   * @param target {@link LaneRows#KEYS} × lanes in the same layout, of which whole strips are written
   */
  void multiply(ContiguousTile rows, int count, float[] panel, int panelRows, int depth, int vectors, float[] target, Scratch scratch) {
    boolean isLong = depth > Tiles.LONG;
    int span = isLong ? LongSums.SPAN : Math.max(1, depth);
    int chain = isLong ? Tiles.CHAIN : Tiles.KC;
    int inDouble = isLong ? LaneRows.KEYS * vectors * LANES : 0;
    scratch.longSums.open(inDouble);
    for (int from = 0; from < depth || from == 0; from += span) { // once even for no element
      int to = Math.min(from + span, depth);
      for (int step = from; step < to || step == from; step += chain) {
        scratch.b.set(panel, step * LANES, panelRows * LANES);
        if (step == from) {
          multiplyChain(rows, 0, count, step, Math.min(step + chain, to) - step, 0, vectors, target, scratch);
        } else {
          float[] part = scratch.panel(target.length);
          multiplyChain(rows, 0, count, step, Math.min(step + chain, to) - step, 0, vectors, part, scratch);
          add(part, target);
        }
      }
      scratch.longSums.add(target, inDouble);
    }
    scratch.longSums.store(target, inDouble);
  }

  /**
   * Computes only those products whose keys any lane of a vector may see.
   *
   * @param depth at most {@link Tiles#KC}
   */
  void multiplySeen(ContiguousTile rows, QueryTile tile, float[] panel, int panelRows, int depth, float[] target, Scratch scratch) {
    for (int from = 0, to; from < tile.keys(); from = to) {
      to = tile.sameVectors(from);
      int first = tile.firstVector(from);
      int end = tile.endVector(from);
      if (first < end) {
        scratch.b.set(panel, first * panelRows * LANES, panelRows * LANES);
        multiplyChain(rows, from, to - from, 0, depth, first, end - first, target, scratch);
      }
    }
  }

  /** Selects the elements that are loaded beside the products of {@code count} rows: four of a line. */
  private void selectTouched(@Nullable ContiguousTile rows, int key, int count, int depth, Scratch scratch) {
    if (rows != null && rows.row(key) + (long) count * depth <= rows.data().length) {
      scratch.start.set(rows.data(), rows.row(key), 4);
    } else {
      scratch.start.set(scratch.zeros, 0, 0);
    }
  }

  private static void add(float[] part, float[] target) {
    for (int i = 0; i < target.length; i++) {
      target[i] += part[i];
    }
  }

  private void multiplyChain(
      ContiguousTile rows, int key, int count, int step, int depth, int vector, int vectors, float[] target, Scratch scratch) {
    int to = (vector * LaneRows.KEYS + key) * LANES;
    int height = ScoreKernel.rows(vectors);
    int first = rows.row(key) + step;
    int stride = rows.stride();
    int strips = Math.ceilDiv(count, height);
    if (first + ((long) strips * height - 1) * stride + depth > rows.data().length) {
      strips = count / height;
    }
    scratch.a.set(rows.data(), first, stride).next(height * stride);
    scratch.c.set(target, to, LaneRows.KEYS * LANES).next(height * LANES);
    selectTouched(next, key, strips * height, depth, scratch);
    scratch.touched =
        ScoreKernel.multiply(scratch.a, scratch.b, scratch.c, scratch.start.next(scratch.start.stride * depth), depth, strips, vectors);
    int done = strips * height;
    if (done < count) { // the last rows, fewer than a strip, are copied, because a read past them could leave the array
      for (int i = done; i < count; i++) { // the content of rows past the last does not matter, because their results are not read
        System.arraycopy(rows.data(), rows.row(key + i) + step, edge, (i - done) * depth, depth);
      }
      scratch.a.set(edge, 0, depth);
      scratch.c.set(target, to + done * LANES, LaneRows.KEYS * LANES);
      selectTouched(null, 0, 0, depth, scratch);
      scratch.touched = ScoreKernel.multiply(scratch.a, scratch.b, scratch.c, scratch.start, depth, 1, vectors);
    }
  }
}
