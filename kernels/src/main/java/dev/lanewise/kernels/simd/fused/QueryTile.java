package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The current tile of the fused kernel: query rows of a unit, one in each lane, and a range of keys. */
public final class QueryTile {
  /** Number of floats of a cache line; longer lines are touched more than once. */
  static final int LINE = 16;

  final Scratch scratch = new Scratch();
  private @Nullable AttentionProblem problem;
  private int unit;
  private int batchEntry;
  private int rows;
  private int vectors;
  private final int[] queryHead = new int[Tiles.QUERIES];
  private final int[] query = new int[Tiles.QUERIES];
  private int key;
  private int keys;

  void open(AttentionProblem newProblem, int newUnit, int newRow, int newRows) {
    problem = newProblem;
    unit = newUnit;
    rows = newRows;
    vectors = Math.ceilDiv(newRows, Lanes.COUNT);
    batchEntry = newProblem.batchEntry(newUnit);
    int firstHead = newProblem.keyValueHead(newUnit) * newProblem.shape.group();
    int inGroup = newRow % newProblem.shape.group();
    int position = newRow / newProblem.shape.group();
    for (int lane = 0; lane < lanes(); lane++) {
      queryHead[lane] = firstHead + inGroup;
      query[lane] = newProblem.position(position);
      if (lane < newRows - 1 && ++inGroup == newProblem.shape.group()) {
        inGroup = 0;
        position++;
      }
    }
  }

  void openTile(int newKey, int newKeys) {
    key = newKey;
    keys = newKeys;
  }

  /** Drops the references to the caller's objects. */
  void release() {
    problem = null;
    scratch.release();
  }

  AttentionProblem problem() {
    return Objects.requireNonNull(problem);
  }

  int unit() {
    return unit;
  }

  int batchEntry() {
    return batchEntry;
  }

  /** Number of query rows; lanes past them repeat the last row. */
  int rows() {
    return rows;
  }

  /** Number of vectors of lanes, as few as hold the rows. */
  int vectors() {
    return vectors;
  }

  /** Number of lanes of all vectors. */
  int lanes() {
    return vectors * Lanes.COUNT;
  }

  int queryHead(int lane) {
    return queryHead[lane];
  }

  /** Position of a lane's query in its batch entry. */
  int query(int lane) {
    return query[lane];
  }

  /**
   * Writes the index of each lane's row in the array of {@code heads}, which is query or output, and loads all cache lines of the rows at
   * once. Otherwise the first pass over them would wait for one miss after the other; this saves 3 % of the time of 12 heads of 512 rows.
   * Rows whose elements are not contiguous share cache lines and are not touched.
   */
  void rowStarts(Heads heads, int[] starts) {
    int first = problem().shape.queryIndex(heads, batchEntry, 0, 0);
    for (int lane = 0; lane < lanes(); lane++) {
      starts[lane] = first + queryHead[lane] * heads.headStride() + query[lane] * heads.rowStride();
    }
    int bits = 0; // an integer, because a chain of float additions would take three cycles a line
    float[] data = heads.data();
    for (int lane = 0; heads.columnStride() == 1 && lane < rows; lane++) {
      int end = starts[lane] + heads.width();
      for (int at = starts[lane]; at < end; at += LINE) {
        bits ^= Float.floatToRawIntBits(data[at]);
      }
    }
    scratch.touched = bits;
  }

  /** Selects the tile's keys. */
  void openKeys(ContiguousTile target) {
    AttentionProblem call = problem();
    int head = call.keyValueHead(unit);
    if (call.shape.isCached()) {
      target.openKeys(call.cached(batchEntry), head, this);
    } else {
      target.open(call.shape.key(), call.shape.keyIndex(call.shape.key(), batchEntry, head, key), keys, scratch);
    }
  }

  /** Selects the tile's values. */
  void openValues(ContiguousTile target) {
    AttentionProblem call = problem();
    int head = call.keyValueHead(unit);
    if (call.shape.isCached()) {
      target.openValues(call.cached(batchEntry), head, this);
    } else {
      target.open(call.value(), call.shape.keyIndex(call.value(), batchEntry, head, key), keys, scratch);
    }
  }

  /** The first key of the tile. */
  int key() {
    return key;
  }

  /** Number of keys of the tile. */
  int keys() {
    return keys;
  }

  /** One past the last key of the tile in the same step of {@link RowOrder} as key {@code i} of the tile. */
  int stepEnd(int i) {
    return Math.min(keys, (key + i) / RowOrder.STEP * RowOrder.STEP + RowOrder.STEP - key);
  }
}
