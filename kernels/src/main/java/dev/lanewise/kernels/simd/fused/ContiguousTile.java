package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.Transpose;

/**
 * Rows that a product reads, such as keys or values, with contiguous elements: the caller's rows if they are contiguous, or else, and for
 * cached rows, a copy.
 */
public final class ContiguousTile {
  private static final int LANES = Lanes.COUNT;
  private static final float[] NONE = new float[0];

  private float[] data = NONE;
  private int first;
  private int stride;
  private float[] copy = NONE;
  private final CachedCopy cached = new CachedCopy();

  /** Selects the tile's keys of a cached head. */
  void openKeys(CachedSequence rows, int head, QueryTile tile) {
    useCopy(rows.layout().keyWidth());
    cached.keys(rows, head, tile.key(), tile.keys(), copy, tile.scratch);
  }

  /** Selects the tile's values of a cached head. */
  void openValues(CachedSequence rows, int head, QueryTile tile) {
    useCopy(rows.layout().valueWidth());
    cached.values(rows, head, tile.key(), tile.keys(), copy);
  }

  private void useCopy(int width) {
    if (copy.length < Tiles.KEYS * width) {
      copy = new float[Tiles.KEYS * width];
    }
    data = copy;
    first = 0;
    stride = width;
  }

  /** Selects {@code count} rows, at most {@link Tiles#KEYS}, the first of which starts at {@code from}. */
  void open(Heads heads, int from, int count, Scratch scratch) {
    if (heads.columnStride() == 1) {
      data = heads.data();
      first = from;
      stride = heads.rowStride();
      return;
    }
    useCopy(heads.width());
    if (heads.rowStride() == 1) {
      turn(heads.data(), from, heads.columnStride(), count, stride, copy, 0, scratch);
      return;
    }
    for (int row = 0; row < count; row++) {
      heads.copyRow(from + row * heads.rowStride(), 0, copy, row * stride);
    }
  }

  /** target[row][d] = columns[d][row]. Rows of the target are {@code width} apart, columns {@code stride}. */
  static void turn(float[] columns, int from, int stride, int rows, int width, float[] target, int to, Scratch scratch) {
    int turnedRows = rows / LANES * LANES;
    int turnedColumns = width / LANES * LANES;
    for (int row = 0; row < turnedRows; row += LANES) {
      for (int d = 0; d < turnedColumns; d += LANES) {
        scratch.source.set(columns, from + row + d * stride, stride);
        scratch.target.set(target, to + row * width + d, width);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
    }
    for (int row = 0; row < rows; row++) {
      for (int d = row < turnedRows ? turnedColumns : 0; d < width; d++) {
        target[to + row * width + d] = columns[from + row + d * stride];
      }
    }
  }

  float[] data() {
    return data;
  }

  /** Index of a row's first element in {@link #data}. */
  int row(int i) {
    return first + i * stride;
  }

  /** Distance from a row to the next. */
  int stride() {
    return stride;
  }

  /** Drops the reference to the caller's array. */
  public void release() {
    data = NONE;
  }
}
