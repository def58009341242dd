package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The current tile of the fused kernel: query rows of a unit, one in each lane, and a range of keys. */
public final class QueryTile {
  final Scratch scratch = new Scratch();
  private @Nullable AttentionProblem problem;
  private int unit;
  private int batchEntry;
  private int rows;
  private final int[] queryHead = new int[Tiles.QUERIES];
  private final int[] query = new int[Tiles.QUERIES];
  private int key;
  private int keys;

  void open(AttentionProblem newProblem, int newUnit, int newRow, int newRows) {
    problem = newProblem;
    unit = newUnit;
    rows = newRows;
    batchEntry = newProblem.batchEntry(newUnit);
    int firstHead = newProblem.keyValueHead(newUnit) * newProblem.shape.group();
    int inGroup = newRow % newProblem.shape.group();
    int position = newRow / newProblem.shape.group();
    for (int lane = 0; lane < Tiles.QUERIES; lane++) {
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

  int queryHead(int lane) {
    return queryHead[lane];
  }

  /** Position of a lane's query in its batch entry. */
  int query(int lane) {
    return query[lane];
  }

  /** Index of a lane's row in the array of {@code heads}, which is query or output. */
  int queryIndex(Heads heads, int lane) {
    return problem().shape.queryIndex(heads, batchEntry, queryHead[lane], query[lane]);
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

  /** One past the last key of the tile that is summed in the same {@link Tiles#CHAIN} as key {@code i} of the tile. */
  public int chainEnd(int i) {
    return Math.min(keys, (key + i) / Tiles.CHAIN * Tiles.CHAIN + Tiles.CHAIN - key);
  }
}
