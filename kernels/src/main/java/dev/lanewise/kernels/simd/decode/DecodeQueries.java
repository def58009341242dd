package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.simd.fused.ScoreChanges;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.stored.WideningKernel;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The scaled query rows of a decoding task, ordered by head and then by query, and the keys that each row sees. For half-precision keys the
 * scale includes 2<sup>112</sup>, see {@link WideningKernel#HALF_EXPONENT}; a part of it that would overflow is applied to the scores.
 */
final class DecodeQueries {
  /** A query whose elements are below this takes half of {@link WideningKernel#HALF_EXPONENT}. */
  private static final float LARGE = 0x1p70f;

  /** From a larger distance on, one of the next distances may be above 2²⁴, where floats are not consecutive integers. */
  private static final long MOST_DISTANCE = (1 << 24) - Tiles.KEYS;

  private float[] data = new float[0];
  private float[] rest = new float[0];
  private int[] first = new int[0];
  private int[] end = new int[0];
  private long[] visible = new long[0];
  private int[] queryHead = new int[0];
  private int[] query = new int[0];
  private @Nullable AttentionProblem problem;
  private int batchEntry;
  private int width;
  private int from;
  private int to;

  /** Loads the rows of a range of key/value heads of a batch entry. */
  void open(AttentionProblem newProblem, int newBatchEntry, int fromHead, int toHead) {
    problem = newProblem;
    batchEntry = newBatchEntry;
    CachedSequence cached = newProblem.cached(newBatchEntry);
    width = cached.layout().keyWidth();
    int rowsPerHead = newProblem.shape.group() * newProblem.computedQueries(newBatchEntry);
    int rows = (toHead - fromHead) * rowsPerHead;
    if (first.length < rows) {
      rest = new float[rows];
      first = new int[rows];
      end = new int[rows];
      visible = new long[rows];
      queryHead = new int[rows];
      query = new int[rows];
    }
    if (data.length < rows * width) {
      data = new float[rows * width];
    }
    from = Integer.MAX_VALUE;
    to = 0;
    for (int row = 0; row < rows; row++) {
      int inHead = row % rowsPerHead;
      int head = fromHead + row / rowsPerHead;
      queryHead[row] = head * newProblem.shape.group() + inHead % newProblem.shape.group();
      query[row] = newProblem.queryRow(inHead);
      look(newProblem.visibility, row);
      load(cached, head, row);
    }
    from = Math.min(from, to);
  }

  private void look(Visibility visibility, int row) {
    first[row] = visibility.firstKey(batchEntry, queryHead[row], query[row]);
    end[row] = visibility.endKey(batchEntry, queryHead[row], query[row]);
    if (first[row] < end[row]) {
      from = Math.min(from, first[row]);
      to = Math.max(to, end[row]);
    }
  }

  private void load(CachedSequence cached, int head, int row) {
    AttentionProblem call = problem();
    Heads source = call.shape.query();
    int start = call.shape.queryIndex(source, batchEntry, queryHead[row], query[row]);
    float[] channels = keyChannels(cached);
    float largest = 0;
    for (int d = 0; d < width; d++) {
      float x = source.data()[start + d * source.columnStride()] * call.scale;
      if (channels != null) {
        x *= channels[head * width + d];
      }
      data[row * width + d] = x;
      largest = Math.max(largest, Math.abs(x));
    }
    if (cached.layout().format() == KeyValueFormat.F16) {
      int exponent = largest < LARGE ? WideningKernel.HALF_EXPONENT / 2 : 0;
      for (int d = 0; d < width; d++) {
        data[row * width + d] *= Math.scalb(1f, exponent);
      }
      rest[row] = Math.scalb(1f, WideningKernel.HALF_EXPONENT - exponent);
    }
  }

  /** The channel scales by which the columns of a cached K were divided, heads × headDim; null for none. */
  private static float @Nullable [] keyChannels(CachedSequence cached) {
    int last = (cached.rows() - 1) / KeyValueLayout.BLOCK_ROWS; // never dropped
    return cached.rows() == 0 ? null : cached.memory(last).keyChannels();
  }

  private AttentionProblem problem() {
    return Objects.requireNonNull(problem);
  }

  /** The first key that any row sees. */
  int from() {
    return from;
  }

  /** One past the last key that any row sees. */
  int to() {
    return to;
  }

  /** The scaled rows. */
  float[] data() {
    return data;
  }

  int index(int row) {
    return row * width;
  }

  int width() {
    return width;
  }

  /** The remaining factor of the scores of a row, if keys have half precision. */
  float rest(int row) {
    return rest[row];
  }

  /** The keys of the tile that a row sees, one bit for each. */
  long look(int row, DecodeTile tile) {
    long from = Math.clamp((long) first[row] - tile.key(), 0, DecodeSoftmax.KEYS);
    long to = Math.clamp((long) end[row] - tile.key(), 0, DecodeSoftmax.KEYS);
    long seen = 0;
    if (from < to) {
      seen = -1L >>> (Long.SIZE - (to - from)) << from & tile.present();
      Visibility visibility = problem().visibility;
      if (seen != 0 && visibility.hasHoles()) {
        seen &= visibility.keys64(batchEntry, queryHead[row], query[row], tile.key() / Long.SIZE);
      }
    }
    visible[row] = seen;
    return seen;
  }

  /** A lower bound, at most {@link #to}, of the first key from {@code key} on that any of the first {@code rows} rows sees. */
  int nextKey(int rows, int key) {
    Visibility visibility = problem().visibility;
    int next = visibility.hasHoles() ? to : Math.min(key, to);
    for (int row = 0; row < rows && next > key; row++) {
      int from = Math.max(key, first[row]);
      if (from < end[row]) {
        next = Math.min(next, visibility.nextKey(batchEntry, queryHead[row], query[row], from));
      }
    }
    return next;
  }

  /** The result of the last {@link #look} for a row. */
  long visible(int row) {
    return visible[row];
  }

  /** Changes the scores of a row by the formula. */
  void change(AttentionProblem call, int row, DecodeTile tile, float[] scores, int at) {
    List<ScoreChange> changes = call.formula.changes();
    for (int i = 0; i < changes.size(); i++) {
      switch (changes.get(i)) {
        case ScoreChange.Alibi alibi -> subtractDistances(call, alibi, row, tile, scores, at);
        case ScoreChange.Softcap _, ScoreChange.AddedBias _, ScoreChange.Function _ ->
            ScoreChanges.applyToRow(call, changes.get(i), batchEntry, queryHead[row], query[row], tile.key(), scores, at, tile.keys());
      }
    }
  }

  /** score − slope · |distance|, in floats as the fused kernel computes it unless a distance is too large for a float. */
  private void subtractDistances(AttentionProblem call, ScoreChange.Alibi alibi, int row, DecodeTile tile, float[] scores, int at) {
    long position = call.queryPosition(alibi, batchEntry, query[row]);
    float slope = -alibi.slopes()[queryHead[row]];
    int key = tile.key();
    int rows = Math.clamp((long) call.endOfRows(batchEntry) - key, 0, tile.keys());
    subtractDistances(slope, position - key, scores, at, rows);
    for (int i = rows; i < tile.keys(); i++) { // nodes of a tree have any positions
      subtractDistances(slope, position - call.keyPosition(batchEntry, key + i), scores, at + i, 1);
    }
  }

  /** The same for {@code count} keys; {@code distance} is the query's position minus that of the first key. */
  private static void subtractDistances(float slope, long distance, float[] scores, int at, int count) {
    if (Math.abs(distance + 1) < MOST_DISTANCE) {
      int near = (int) distance;
      for (int i = 0; i < count; i++) {
        scores[at + i] = Math.fma((float) Math.abs(near - i), slope, scores[at + i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        scores[at + i] = (float) (scores[at + i] + (double) slope * Math.abs(distance - i));
      }
    }
  }

  /** Drops the references to the caller's objects. */
  void release() {
    problem = null;
  }
}
