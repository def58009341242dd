package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The mask of two vectors of queries, key by key. */
class TileMaskTest {
  private static final int KEYS = 2 * Tiles.KEYS + 37;

  /** Not a constant: without SIMD there are no lanes. */
  private static int queries() {
    return 2 * Lanes.COUNT;
  }

  @BeforeEach
  void assumeSimd() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  /** A range of keys for each query, and which of them it does not see. */
  private record Rows(int[] from, int[] to, boolean hasHoles, boolean[][] hole) implements Visibility {
    @Override
    public int firstKey(int b, int head, int query) {
      return from[query];
    }

    @Override
    public int endKey(int b, int head, int query) {
      return to[query];
    }

    @Override
    public long keys64(int b, int head, int query, int word) {
      long bits = 0;
      for (int key = word * Long.SIZE; key < Math.min(KEYS, (word + 1) * Long.SIZE); key++) {
        bits |= hole[query][key] ? 0 : 1L << key;
      }
      return bits;
    }

    boolean shows(int query, int key) {
      return from[query] <= key && key < to[query] && !hole[query][key];
    }
  }

  private static Rows rows(int from, int to) {
    int[] first = new int[queries()];
    int[] end = new int[queries()];
    Arrays.fill(first, from);
    Arrays.fill(end, to);
    return new Rows(first, end, false, new boolean[queries()][KEYS]);
  }

  private static AttentionCall call(Rows rows) {
    Heads query = Heads.zeros(1, 1, queries(), 1);
    return AttentionCall.of(query, Heads.zeros(1, 1, KEYS, 1)).visibility(rows);
  }

  /** Looks at the whole range that some lane sees, tile by tile. */
  private static void assertMask(Rows rows, boolean withFunction, String what) {
    AttentionCall call = call(rows);
    AttentionProblem problem = (withFunction ? call.scoreFunction((_, _, _, _, _, _, _) -> {}) : call).build();
    QueryTile tile = new QueryTile();
    tile.open(problem, 0, 0, queries());
    TileMask mask = new TileMask();
    mask.open(tile, rows);
    int from = KEYS;
    int to = 0;
    for (int query = 0; query < queries(); query++) {
      if (rows.from[query] < rows.to[query]) {
        from = Math.min(from, rows.from[query]);
        to = Math.max(to, rows.to[query]);
      }
    }
    assertThat(mask.from()).as("first key, " + what).isEqualTo(Math.min(from, to));
    assertThat(mask.to()).as("end of keys, " + what).isEqualTo(to);
    for (int key = 0; key < KEYS; key += Tiles.KEYS) {
      tile.openTile(key, Math.min(Tiles.KEYS, KEYS - key));
      assertTile(rows, tile, mask, withFunction, what + ", tile of key " + key);
    }
  }

  private static void assertTile(Rows rows, QueryTile tile, TileMask mask, boolean withFunction, String what) {
    boolean seen = mask.openTile(tile, rows);
    float[] scores = new float[LaneRows.TILE];
    mask.apply(scores, tile.keys(), Float.NEGATIVE_INFINITY);
    boolean any = false;
    for (int i = 0; i < tile.keys(); i++) {
      for (int lane = 0; lane < queries(); lane++) {
        boolean shows = rows.shows(lane, tile.key() + i);
        any |= shows;
        float x = scores[LaneRows.index(LaneRows.KEYS, i, lane)];
        if (x != (shows ? 0 : Float.NEGATIVE_INFINITY)) {
          fail("key %s of lane %s has %s, %s", i, lane, x, what);
        }
      }
    }
    assertThat(seen).as(what).isEqualTo(any);
    boolean whole = Arrays.stream(rows.from).allMatch(x -> x <= tile.key());
    whole &= Arrays.stream(rows.to).allMatch(x -> x >= tile.key() + tile.keys());
    for (int vector = 0; vector < 2; vector++) {
      int from = tile.keys();
      int to = 0;
      for (int query = vector * Lanes.COUNT; query < (vector + 1) * Lanes.COUNT; query++) {
        if (rows.from[query] < rows.to[query]) {
          from = Math.min(from, Math.clamp(rows.from[query] - (long) tile.key(), 0, tile.keys()));
          to = Math.max(to, Math.clamp(rows.to[query] - (long) tile.key(), 0, tile.keys()));
        }
      }
      boolean narrow = !whole && !withFunction;
      int least = narrow ? Math.min(from, to) / RowOrder.CHAIN * RowOrder.CHAIN : 0;
      int most = narrow ? Math.min(tile.keys(), Math.ceilDiv(to, RowOrder.CHAIN) * RowOrder.CHAIN) : tile.keys();
      assertThat(tile.seenFrom(vector, 0)).as("first key of vector %s, %s", vector, what).isEqualTo(least);
      assertThat(tile.seenTo(vector, tile.keys())).as("last key of vector %s, %s", vector, what).isEqualTo(most);
    }
    float[] again = scores.clone();
    int second = Lanes.COUNT + 1;
    again[LaneRows.index(LaneRows.KEYS, 1, 3)] = Float.NEGATIVE_INFINITY;
    again[LaneRows.index(LaneRows.KEYS, 1, second)] = Float.NEGATIVE_INFINITY;
    mask.hideInfinite(again, tile.keys());
    for (int i = 0; i < tile.keys(); i++) {
      long hidden = i == 1 ? 1L << 3 | 1L << second : 0;
      for (int lane = 0; lane < queries(); lane++) {
        hidden |= rows.shows(lane, tile.key() + i) ? 0 : 1L << lane;
      }
      assertThat(mask.hidden(i)).as("key %s, %s", i, what).isEqualTo(hidden);
    }
    mask.apply(again, tile.keys(), 7);
    assertThat(again[LaneRows.index(LaneRows.KEYS, 1, 3)]).as(what).isEqualTo(7);
  }

  @Test
  void rangesAndHolesHideWhatTheyDoNotShow() {
    assertMask(rows(0, KEYS), false, "everything");
    assertMask(rows(0, 0), false, "nothing");
    assertMask(rows(Tiles.KEYS, 2 * Tiles.KEYS), false, "one tile");
    assertMask(rows(Tiles.KEYS - 1, Tiles.KEYS + 1), false, "two keys");
    Random random = new Random(9);
    for (int round = 0; round < 6; round++) {
      Rows rows = rows(0, KEYS);
      for (int query = 0; query < queries(); query++) {
        rows.from[query] = random.nextInt(1 + round * 80);
        rows.to[query] = query % 7 == 3 ? rows.from[query] : KEYS - random.nextInt(1 + round * 60);
      }
      assertMask(rows, round == 2, "ranges of round " + round);
      Rows holes = new Rows(round % 2 == 0 ? rows.from : new int[queries()], rows.to, true, rows.hole);
      for (int query = 0; query < queries(); query++) {
        for (int key = 0; key < KEYS; key++) {
          rows.hole[query][key] = key / 100 == 3 || (key / 70 % 2 == 0 && random.nextInt(5) == 0);
        }
      }
      assertMask(holes, round == 3, "holes of round " + round);
    }
  }

  /** Without a hole, or as a visibility tells how far its own goes. */
  @Test
  void keysThatNoLaneSeesAreSkipped() {
    Rows rows = rows(0, 0);
    rows.from[2] = 100;
    rows.to[2] = 120;
    rows.from[Lanes.COUNT + 1] = 500;
    rows.to[Lanes.COUNT + 1] = 600;
    for (boolean holes : new boolean[] {false, true}) {
      Rows given = new Rows(rows.from, rows.to, holes, rows.hole);
      QueryTile tile = new QueryTile();
      tile.open(call(given).build(), 0, 0, queries());
      TileMask mask = new TileMask();
      mask.open(tile, given);
      int[][] expected = {{0, 100}, {99, 100}, {100, 100}, {119, 119}, {120, 500}, {499, 500}, {599, 599}, {600, 600}, {650, 600}};
      for (int[] pair : expected) {
        int next = mask.nextKey(tile, given, pair[0]);
        assertThat(next).as("next key from %s, %s", pair[0], holes).isEqualTo(holes ? pair[1] : Math.min(pair[0], 600));
      }
    }
  }
}
