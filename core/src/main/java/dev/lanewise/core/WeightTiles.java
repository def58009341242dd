package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.Matrix;
import dev.lanewise.kernels.Visibility;
import java.util.Arrays;

/**
 * One call of {@link Attention#weights}, cut into tiles: a tile is one query head of one batch entry and a block of its query rows, against
 * the keys up to the last that the block sees. The tile's scores stay in a worker's scratch and become weights in place. All arguments have
 * been checked.
 *
 * <p>A row's result has the same bits in whatever tile it falls: the kernels treat rows independently, and a row's keys are never split.
 */
final class WeightTiles {
  /** Rows a tile: enough to pay for packing the keys anew each time. */
  private static final int ROWS = 128;

  private final Kernels kernels;
  private final Visibility visibility;
  private final float scale;
  private final Heads query;
  private final Heads key;
  private final int blocks;

  WeightTiles(Kernels kernels, Mask mask, float scale, Heads query, Heads key) {
    this.kernels = kernels;
    this.visibility = MaskRule.of(mask).lower(Extents.of(query, key));
    this.scale = scale;
    this.query = query;
    this.key = key;
    this.blocks = Math.ceilDiv(query.rows(), ROWS);
  }

  /** How many tiles; no more than rows of the result, which lie side by side in one array. */
  int count() {
    return query.batch() * query.heads() * blocks;
  }

  /** Writes the weights of a tile, batch × queryHeads × queries × keys. */
  void run(int index, Heads weights) {
    Tile tile = tile(index);
    Matrix rows = weights.matrix(tile.b, tile.head, tile.from, tile.to);
    weigh(tile, rows);
    for (int row = 0; row < rows.rows(); row++) {
      int start = rows.offset() + row * rows.rowStride();
      Arrays.fill(rows.data(), start + visible(tile, row), start + rows.columns(), 0f);
    }
  }

  /**
   * Scores of the tile, turned into weights in place. Columns past a row's last visible key are left undefined: scores are taken for all
   * keys that any row of the tile sees, but softmax only looks as far as the row itself sees. Masked keys before that become −∞, so none
   * can reach a result.
   */
  private void weigh(Tile tile, Matrix weights) {
    Matrix scores = left(weights, 0, weights.rows(), tile.keys);
    kernels.scores(query.matrix(tile.b, tile.head, tile.from, tile.to), key.matrix(tile.b, tile.keyHead, 0, tile.keys), scale, scores);
    for (int row = 0; row < scores.rows(); row++) {
      hide(tile, row, scores);
    }
    for (int from = 0, to; from < scores.rows(); from = to) {
      to = endOfRun(tile, from);
      Matrix run = left(scores, from, to, visible(tile, from));
      kernels.softmax(run, run);
    }
  }

  private void hide(Tile tile, int row, Matrix scores) {
    int start = scores.offset() + row * scores.rowStride();
    int query = tile.from + row;
    int first = visibility.firstKey(tile.b, tile.head, query);
    Arrays.fill(scores.data(), start, start + first, Float.NEGATIVE_INFINITY);
    int end = visibility.hasHoles() ? visible(tile, row) : first;
    for (int key = first; key < end; key++) {
      if ((visibility.keys64(tile.b, tile.head, query, key / Long.SIZE) >>> key & 1) == 0) {
        scores.data()[start + key] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  /** The end of the rows, from {@code row} on, that see the same number of keys and so share one kernel call. */
  private int endOfRun(Tile tile, int row) {
    int keys = visible(tile, row);
    int end = row + 1;
    while (end < tile.to - tile.from && visible(tile, end) == keys) {
      end++;
    }
    return end;
  }

  private int visible(Tile tile, int row) {
    return visibility.endKey(tile.b, tile.head, tile.from + row);
  }

  /** The first {@code columns} columns of the rows {@code from} to {@code to}. */
  private static Matrix left(Matrix matrix, int from, int to, int columns) {
    return new Matrix(matrix.data(), matrix.offset() + from * matrix.rowStride(), to - from, columns, matrix.rowStride());
  }

  /** Blocks follow each other, then heads, so that neighbouring tasks read the same keys and values. */
  private Tile tile(int index) {
    int block = index % blocks;
    int head = index / blocks % query.heads();
    int b = index / blocks / query.heads();
    int from = block * ROWS;
    int to = Math.min(from + ROWS, query.rows());
    int keys = 0;
    for (int row = from; row < to; row++) {
      keys = Math.max(keys, visibility.endKey(b, head, row));
    }
    return new Tile(b, head, head / (query.heads() / key.heads()), from, to, keys);
  }

  /** Query rows {@code from} to {@code to} of one head, and the most keys that any of them sees. */
  private record Tile(int b, int head, int keyHead, int from, int to, int keys) {}
}
