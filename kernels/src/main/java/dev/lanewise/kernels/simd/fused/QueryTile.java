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

  public final Scratch scratch = new Scratch();
  private @Nullable AttentionProblem problem;
  private int unit;
  private int batchEntry;
  private int rows;
  private int vectors;
  private final int[] queryHead = new int[Tiles.QUERIES];
  private final int[] query = new int[Tiles.QUERIES];
  private int key;
  private int keys;

  /** The keys of the tile that any lane of a vector sees, in whole chains; only if {@link #narrow}. */
  private final int[] seenFrom = new int[Tiles.VECTORS];

  private final int[] seenTo = new int[Tiles.VECTORS];
  private boolean narrow;

  public void open(AttentionProblem newProblem, int newUnit, int newRow, int newRows) {
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

  public void openTile(int newKey, int newKeys) {
    key = newKey;
    keys = newKeys;
    narrow = false;
  }

  /** Drops the references to the caller's objects. */
  public void release() {
    problem = null;
    scratch.release();
  }

  public AttentionProblem problem() {
    return Objects.requireNonNull(problem);
  }

  public int batchEntry() {
    return batchEntry;
  }

  /** Number of query rows; lanes past them repeat the last row. */
  public int rows() {
    return rows;
  }

  /** Number of vectors of lanes, as few as hold the rows. */
  public int vectors() {
    return vectors;
  }

  /** Number of lanes of all vectors. */
  public int lanes() {
    return vectors * Lanes.COUNT;
  }

  public int queryHead(int lane) {
    return queryHead[lane];
  }

  /** Position of a lane's query in its batch entry. */
  public int query(int lane) {
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

  /**
   * States that no lane of a vector sees keys of the tile before {@code from} (inclusive) and from {@code to} on. Both are rounded to whole
   * chains of {@link RowOrder}.
   */
  void see(int vector, int from, int to) {
    narrow = true;
    seenFrom[vector] = from / RowOrder.CHAIN * RowOrder.CHAIN;
    seenTo[vector] = Math.min(keys, Math.ceilDiv(to, RowOrder.CHAIN) * RowOrder.CHAIN);
  }

  /** Whether every vector may see every key of {@code from} (inclusive) to {@code to} (exclusive). */
  boolean seesAll(int from, int to) {
    boolean all = true;
    for (int vector = 0; narrow && vector < vectors; vector++) {
      all &= seenFrom[vector] <= from && to <= seenTo[vector];
    }
    return all;
  }

  /** The first key from {@code from} on that a lane of a vector may see. */
  int seenFrom(int vector, int from) {
    return narrow ? Math.max(from, seenFrom[vector]) : from;
  }

  /** One past the last key before {@code to} that a lane of a vector may see. */
  int seenTo(int vector, int to) {
    return narrow ? Math.min(to, seenTo[vector]) : to;
  }

  /** The first vector that may see the chain of a key; the number of vectors if none does. */
  public int firstVector(int key) {
    int vector = 0;
    while (vector < vectors && seenFrom(vector, key) >= seenTo(vector, key + 1)) {
      vector++;
    }
    return vector;
  }

  /** One past the last vector that may see the chain of a key. */
  public int endVector(int key) {
    int vector = vectors;
    while (vector > 0 && seenFrom(vector - 1, key) >= seenTo(vector - 1, key + 1)) {
      vector--;
    }
    return vector;
  }

  /** One past the last chain of keys whose first and last vector are those of the chain that begins at {@code from}. */
  public int sameVectors(int from) {
    if (!narrow) {
      return keys;
    }
    int to = from;
    do {
      to = Math.min(to + RowOrder.CHAIN, keys);
    } while (to < keys && firstVector(to) == firstVector(from) && endVector(to) == endVector(from));
    return to;
  }

  /** Selects the tile's keys. */
  public void openKeys(ContiguousTile target) {
    AttentionProblem call = problem();
    int head = call.keyValueHead(unit);
    if (call.shape.isCached()) {
      target.openKeys(call.cached(batchEntry), head, this);
    } else {
      target.open(call.shape.key(), call.shape.keyIndex(call.shape.key(), batchEntry, head, key), keys, scratch);
    }
  }

  /** Selects the tile's values. */
  public void openValues(ContiguousTile target) {
    AttentionProblem call = problem();
    int head = call.keyValueHead(unit);
    if (call.shape.isCached()) {
      target.openValues(call.cached(batchEntry), head, this);
    } else {
      target.open(call.value(), call.shape.keyIndex(call.value(), batchEntry, head, key), keys, scratch);
    }
  }

  /** Selects the tile's values and returns true if they are dense rows as long as those of the keys, in the caller's array. */
  boolean selectsDenseValues(ContiguousTile target) {
    AttentionProblem call = problem();
    if (call.output == null || call.shape.isCached()) {
      return false;
    }
    Heads value = call.value();
    boolean dense = value.columnStride() == 1 && value.rowStride() == value.width() && value.width() == call.shape.key().width();
    if (dense) {
      openValues(target);
    }
    return dense;
  }

  /** The first key of the tile. */
  public int key() {
    return key;
  }

  /** Number of keys of the tile. */
  public int keys() {
    return keys;
  }

  /** One past the last key of the tile in the same step of {@link RowOrder} as key {@code i} of the tile. */
  int stepEnd(int i) {
    return Math.min(keys, (key + i) / RowOrder.STEP * RowOrder.STEP + RowOrder.STEP - key);
  }
}
