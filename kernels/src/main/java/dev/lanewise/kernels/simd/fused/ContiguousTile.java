package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.Transpose;

/** Rows of keys or values with contiguous elements: the caller's rows if they are contiguous, or else, and for cached rows, a copy. */
final class ContiguousTile {
  private static final int LANES = Lanes.COUNT;
  private static final float[] NONE = new float[0];

  private float[] data = NONE;
  private int first;
  private int stride;
  private float[] copy = NONE;
  private final CachedCopy cached = new CachedCopy();

  /** Selects the keys of the tile. */
  void openKeys(QueryTile tile) {
    AttentionProblem problem = tile.problem();
    if (problem.isCached()) {
      int width = problem.key.width();
      useCopy(width);
      cached.keys(problem.cached(tile.batchEntry()), keyValueHead(tile), tile.key(), tile.keys(), copy, tile.scratch);
    } else {
      open(problem.key, problem.keyIndex(problem.key, tile.unit(), tile.key()), tile.keys(), tile.scratch);
    }
  }

  /** Selects the values of the tile. */
  void openValues(QueryTile tile) {
    AttentionProblem problem = tile.problem();
    if (problem.isCached()) {
      CachedSequence rows = problem.cached(tile.batchEntry());
      useCopy(rows.layout().valueWidth());
      cached.values(rows, keyValueHead(tile), tile.key(), tile.keys(), copy);
    } else {
      Heads value = problem.value();
      open(value, problem.keyIndex(value, tile.unit(), tile.key()), tile.keys(), tile.scratch);
    }
  }

  private static int keyValueHead(QueryTile tile) {
    return tile.problem().keyValueHead(tile.unit());
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
  private void open(Heads heads, int from, int count, Scratch scratch) {
    if (heads.columnStride() == 1) {
      data = heads.data();
      first = from;
      stride = heads.rowStride();
      return;
    }
    int width = heads.width();
    useCopy(width);
    boolean columns = heads.rowStride() == 1;
    int turnedRows = columns ? count / LANES * LANES : 0;
    int turnedColumns = width / LANES * LANES;
    for (int row = 0; row < turnedRows; row += LANES) {
      for (int d = 0; d < turnedColumns; d += LANES) {
        scratch.source.set(heads.data(), from + row + d * heads.columnStride(), heads.columnStride());
        scratch.target.set(copy, row * width + d, width);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
    }
    for (int row = 0; row < count; row++) {
      int column = row < turnedRows ? turnedColumns : 0;
      heads.copyRow(from + row * heads.rowStride(), column, copy, row * width + column);
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
  void release() {
    data = NONE;
  }
}
