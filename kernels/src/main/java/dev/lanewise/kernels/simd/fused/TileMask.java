package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.BitMatrix;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The mask of a tile of queries and keys. Comparisons of ranges find the tiles that all lanes see completely and those that no lane sees.
 * In the other tiles each key has a word of bits for the lanes that do not see it.
 */
public final class TileMask {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;
  private final int[] first = new int[QUERIES];
  private final int[] end = new int[QUERIES];
  private final long[] hidden = new long[Tiles.KEYS + 1];
  private final long[] words = new long[Long.SIZE];
  private int lanes;
  private long all;
  private boolean holes;
  private boolean partial;
  private int from;
  private int to;
  private int mostFirst;
  private int leastEnd;

  /** Selects the query rows of a tile; lanes past the last row have its mask. */
  public void open(QueryTile tile, Visibility visibility) {
    lanes = tile.lanes();
    all = -1L >>> (Long.SIZE - lanes);
    holes = visibility.hasHoles();
    if (visibility.showsAll(tile.batchEntry())) { // the ranges of single lanes are not needed
      from = 0;
      mostFirst = 0;
      to = tile.problem().shape.keys(tile.batchEntry());
      leastEnd = to;
      return;
    }
    from = Integer.MAX_VALUE;
    to = 0;
    mostFirst = 0;
    leastEnd = Integer.MAX_VALUE;
    for (int lane = 0; lane < lanes; lane++) {
      first[lane] = visibility.firstKey(tile.batchEntry(), tile.queryHead(lane), tile.query(lane));
      end[lane] = Math.max(visibility.endKey(tile.batchEntry(), tile.queryHead(lane), tile.query(lane)), first[lane]);
      mostFirst = Math.max(mostFirst, first[lane]);
      leastEnd = Math.min(leastEnd, end[lane]);
      if (first[lane] < end[lane]) {
        from = Math.min(from, first[lane]);
        to = Math.max(to, end[lane]);
      }
    }
    from = Math.min(from, to);
  }

  /** The first key that a lane sees. */
  public int from() {
    return from;
  }

  /** One past the last key that a lane sees. */
  public int to() {
    return to;
  }

  /** Selects the keys of the tile; returns whether any lane sees any of them. */
  public boolean openTile(QueryTile tile, Visibility visibility) {
    int key = tile.key();
    int keys = tile.keys();
    partial = mostFirst > key || leastEnd < key + keys;
    if (!partial && !holes) {
      return true;
    }
    hideOutsideRanges(key, keys);
    if (partial && !tile.problem().callsFunctions()) { // a function may observe every score
      narrow(tile, key, keys);
    }
    if (holes) {
      hideHoles(tile, visibility, key, keys);
    }
    long union = 0;
    long intersection = all;
    for (int i = 0; i < keys; i++) {
      union |= hidden[i];
      intersection &= hidden[i];
    }
    partial = union != 0;
    return intersection != all;
  }

  /** A lower bound, at most {@link #to}, of the first key from {@code key} on that any lane sees. */
  public int nextKey(QueryTile tile, Visibility visibility, int key) {
    int next = holes ? to : Math.min(key, to);
    for (int lane = 0; lane < lanes && next > key; lane++) {
      int from = Math.max(key, first[lane]);
      if (from < end[lane]) {
        next = Math.min(next, visibility.nextKey(tile.batchEntry(), tile.queryHead(lane), tile.query(lane), from));
      }
    }
    return next;
  }

  /**
   * Hides the keys outside of each lane's range. Each lane toggles a bit at both ends of its range; the running exclusive-or tells which
   * lanes see a key.
   */
  private void hideOutsideRanges(int key, int keys) {
    Arrays.fill(hidden, 0, keys + 1, 0);
    for (int lane = 0; lane < lanes; lane++) {
      hidden[Math.clamp(first[lane] - (long) key, 0, keys)] ^= 1L << lane;
      hidden[Math.clamp(end[lane] - (long) key, 0, keys)] ^= 1L << lane;
    }
    long seen = 0;
    for (int i = 0; i < keys; i++) {
      seen ^= hidden[i];
      hidden[i] = ~seen & all;
    }
  }

  /** Tells the tile which keys the lanes of each vector see. */
  private void narrow(QueryTile tile, int key, int keys) {
    for (int lane = 0; lane < lanes; lane += LANES) {
      int least = keys;
      int most = 0;
      for (int i = lane; i < lane + LANES; i++) {
        if (first[i] < end[i]) {
          least = Math.min(least, Math.clamp(first[i] - (long) key, 0, keys));
          most = Math.max(most, Math.clamp(end[i] - (long) key, 0, keys));
        }
      }
      tile.see(lane / LANES, Math.min(least, most), most);
    }
  }

  private void hideHoles(QueryTile tile, Visibility visibility, int key, int keys) {
    for (int word = key / Long.SIZE; word * Long.SIZE < key + keys; word++) {
      long union = 0;
      long intersection = -1;
      for (int lane = 0; lane < lanes; lane++) {
        words[lane] = visibility.keys64(tile.batchEntry(), tile.queryHead(lane), tile.query(lane), word);
        union |= words[lane];
        intersection &= words[lane];
      }
      if (intersection == -1) {
        continue;
      }
      Arrays.fill(words, lanes, Long.SIZE, 0); // clears the keys of the previous word
      if (union != 0) {
        BitMatrix.transpose(words);
      } // otherwise 64 words of 0 are their own transpose
      int start = word * Long.SIZE;
      for (int i = Math.max(key, start); i < Math.min(key + keys, start + Long.SIZE); i++) {
        hidden[i - key] |= ~words[i - start] & all;
      }
    }
  }

  /** Writes a value, −∞ for scores and 0 for weights, where a lane does not see a key of the tile. */
  public void apply(float[] scores, int keys, float value) {
    if (partial) {
      for (int lane = 0; lane < lanes; lane += LANES) {
        apply(scores, keys, lane, value);
      }
    }
  }

  private void apply(float[] scores, int keys, int lane, float value) {
    for (int i = 0; i < keys; i++) {
      if (hidden[i] != 0) {
        int at = LaneRows.index(LaneRows.KEYS, i, lane);
        VectorMask<Float> hides = VectorMask.fromLong(SPECIES, hidden[i] >>> lane);
        FloatVector.fromArray(SPECIES, scores, at).blend(value, hides).intoArray(scores, at);
      }
    }
  }

  /** Also hides a key from the lanes whose score is −∞. */
  void hideInfinite(float[] scores, int keys) {
    for (int i = 0; i < keys; i++) {
      long word = 0;
      for (int lane = 0; lane < lanes; lane += LANES) {
        FloatVector x = FloatVector.fromArray(SPECIES, scores, LaneRows.index(LaneRows.KEYS, i, lane));
        word |= x.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY).toLong() << lane;
      }
      hidden[i] = partial ? hidden[i] | word : word;
    }
    partial = true;
  }

  /** The lanes that do not see a key of a partial tile, one bit for each. */
  long hidden(int i) {
    return hidden[i];
  }
}
