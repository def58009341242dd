package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.gradient.BackwardPart;
import dev.lanewise.kernels.call.gradient.ParameterSums;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.plain.ScalarBackward;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.fused.LaneTransposer;
import dev.lanewise.kernels.simd.fused.QueryTile;
import dev.lanewise.kernels.simd.fused.TileMask;
import dev.lanewise.kernels.simd.fused.TileOutput;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The kernel of the backward pass ("FlashAttention-2", Dao, 2023, algorithm 2, with the loops exchanged): a tile of up to {@link
 * Tiles#QUERIES} query rows against the keys that it sees, {@link #KEYS} keys at a time. Queries are in the lanes, as in the forward
 * kernel.
 *
 * <pre>
 * for each tile of queries                         Qᵀ and dOᵀ packed, times scale; Q and dO packed
 *   for each tile of keys that a lane sees
 *     scores   = K · Qᵀ                             keys × lanes; changes and mask            ({@link ScoreGradients})
 *     products = V · dOᵀ
 *     weights  = e^(scores − log-sum-exp), gradients = weights ∘ (products − delta)
 *     dV = dV + weights · dO                        keys × valueDim                           ({@link KeyGradient})
 *     dK = dK + gradients · Q                       keys × headDim
 *     dQ = dQ + gradientsᵀ · K                      queries × headDim                         ({@link TileOutput})
 *   store dQ
 * </pre>
 *
 * The keys of a unit are cut into parts, whose sums dQ are added in double; threads share a unit by its parts. One instance works on one
 * thread at a time and keeps its scratch. Gradients are computed as if every element were finite; a unit with a gradient that is not is
 * recomputed in plain Java, which keeps what a masked key holds away from the others.
 */
final class FusedBackward extends ScratchPool.Member implements AutoCloseable {
  private static final ScratchPool<FusedBackward> POOL = new ScratchPool<>(FusedBackward::new);

  /**
   * Number of keys of a tile. At 512 bits the weights and gradients of 64 queries are 64 KB. H12 L2048 D64 has 0.85, 0.83 to 0.88, 0.87,
   * 0.86, 0.87 of peak with tiles of 64, 128, 192, 256 and 320 keys.
   */
  static final int KEYS = 128;

  private final QueryTile tile = new QueryTile();
  private final LaneTransposer queries = new LaneTransposer();
  private final LaneTransposer outputGradients = new LaneTransposer();
  private final TileMask mask = new TileMask();
  private final ScoreGradients scores = new ScoreGradients();
  private final TileOutput queryGradient = new TileOutput(QueryTile::openKeys);
  private final KeyGradient keyGradient = new KeyGradient();
  private final KeyGradient valueGradient = new KeyGradient();
  private final ParameterGradients parameters = new ParameterGradients();

  private FusedBackward() {}

  /** Takes an instance for the calling thread, to be closed there. */
  static FusedBackward take() {
    return POOL.take();
  }

  /** Drops the references to the caller's objects and gives the instance back. */
  @Override
  public void close() {
    tile.release();
    scores.release();
    queryGradient.release();
    keyGradient.release();
    valueGradient.release();
    parameters.release();
    POOL.give(this);
  }

  /** The first key of a part of a unit's keys: a multiple of {@link #KEYS}. */
  private static int firstKey(int part, int parts, int keys) {
    int tiles = Math.ceilDiv(keys, KEYS);
    return (int) Math.min(keys, (long) part * tiles / parts * KEYS);
  }

  /** Computes all gradients of a unit whose keys have so many parts. */
  void unit(BackwardProblem problem, int unit, int parts) {
    AttentionProblem forward = problem.forward;
    int keys = forward.shape.keys(forward.batchEntry(unit));
    Heads target = problem.gradients.query();
    openKeys(problem, unit, 0, keys);
    queryGradient.openUnit(target, false);
    boolean finite = true;
    int rows = forward.rows(unit);
    for (int row = 0; row < rows; row += Tiles.QUERIES) {
      openTile(problem, unit, row, rows, 0, keys);
      if (target != null) {
        queryGradient.open(tile);
      }
      for (int part = 0; part < parts; part++) {
        run(forward, firstKey(part, parts, keys), firstKey(part + 1, parts, keys), target != null);
        if (target != null && parts > 1) {
          queryGradient.join(tile, null);
        }
      }
      finite &= closeRows(target);
    }
    if (!closeKeys() || !finite) {
      ScalarBackward.unit(problem, unit);
    }
  }

  /**
   * Selects up to a tile of rows, of which {@code endRow} is one past the last; returns whether any lane sees a key from {@code from}
   * (inclusive) to {@code to} (exclusive).
   */
  private boolean openTile(BackwardProblem problem, int unit, int row, int endRow, int from, int to) {
    tile.open(problem.forward, unit, row, Math.min(Tiles.QUERIES, endRow - row));
    mask.open(tile, problem.forward.visibility);
    boolean seen = Math.max(from, mask.from()) < Math.min(to, mask.to());
    if (seen) {
      openRows(problem);
    }
    return seen;
  }

  /** Writes the gradients of the tile's queries; returns whether they are finite. */
  private boolean closeRows(@Nullable Heads target) {
    if (target == null) {
      return true;
    }
    queryGradient.close(tile, null);
    return queryGradient.isFinite();
  }

  /**
   * Computes a part of a unit, with the gradients of parameters.
   *
   * @return whether all gradients are finite; otherwise those of parameters may be NaN where they should not
   */
  boolean part(BackwardProblem problem, int unit, BackwardPart part, ParameterSums sums) {
    AttentionProblem forward = problem.forward;
    int keys = forward.shape.keys(forward.batchEntry(unit));
    int from = Math.min(part.fromKey(), keys);
    int to = Math.min(part.toKey(), keys);
    keyGradient.openKeys(forward, unit, from, to, part.ofKeys() ? problem.gradients.key() : null);
    valueGradient.openKeys(forward, unit, from, to, part.ofKeys() ? problem.gradients.value() : null);
    Heads target = part.ofQueries() ? problem.gradients.query() : null;
    queryGradient.openUnit(target, false);
    if (part.ofQueries()) {
      parameters.open(problem, unit, part, sums);
    }
    boolean finite = true;
    int group = forward.shape.group();
    int end = Math.min(part.toQuery(), forward.shape.queries(forward.batchEntry(unit))) * group;
    for (int row = part.fromQuery() * group; row < end; row += Tiles.QUERIES) {
      boolean seen = openTile(problem, unit, row, end, from, to);
      if (part.ofQueries()) {
        parameters.openRows(tile, seen ? scores.delta() : null);
      }
      if (target != null) {
        queryGradient.open(tile);
      }
      run(forward, from, to, target != null);
      finite &= closeRows(target);
      if (part.ofQueries()) {
        parameters.closeRows(tile);
      }
    }
    if (part.ofQueries()) {
      finite &= parameters.close();
    }
    return closeKeys() && finite;
  }

  /**
   * Computes the gradients of the keys and values of a part, and leaves what it adds to the gradient of the queries.
   *
   * @param sums rows of the unit × headDim, from index {@code first} on; null if that gradient is not wanted
   * @return whether the gradients of keys and values are finite
   */
  boolean part(BackwardProblem problem, int unit, int part, int parts, float @Nullable [] sums, int first) {
    AttentionProblem forward = problem.forward;
    int keys = forward.shape.keys(forward.batchEntry(unit));
    int from = firstKey(part, parts, keys);
    int to = firstKey(part + 1, parts, keys);
    int width = forward.shape.query().width();
    openKeys(problem, unit, from, to);
    queryGradient.openUnit(problem.gradients.query(), false);
    int rows = forward.rows(unit);
    if (sums != null) {
      Arrays.fill(sums, first, first + rows * width, 0);
    }
    for (int row = 0; row < rows; row += Tiles.QUERIES) {
      if (!openTile(problem, unit, row, rows, from, to)) {
        continue;
      }
      if (sums != null) {
        queryGradient.open(tile);
      }
      run(forward, from, to, sums != null);
      for (int lane = 0; sums != null && lane < tile.rows(); lane++) {
        queryGradient.leave(lane, sums, first + (row + lane) * width);
      }
    }
    return closeKeys();
  }

  private void openKeys(BackwardProblem problem, int unit, int from, int to) {
    keyGradient.openKeys(problem.forward, unit, from, to, problem.gradients.key());
    valueGradient.openKeys(problem.forward, unit, from, to, problem.gradients.value());
  }

  private boolean closeKeys() {
    boolean finite = keyGradient.close();
    return valueGradient.close() && finite;
  }

  private void openRows(BackwardProblem problem) {
    Heads query = problem.forward.shape.query();
    queries.open(tile, query);
    outputGradients.open(tile, problem.outputGradient);
    scores.open(problem, tile, mask, queries, outputGradients);
    keyGradient.openRows(tile, query, queries);
    valueGradient.openRows(tile, problem.outputGradient, outputGradients);
  }

  /** Runs over the tiles of keys from {@code least} (inclusive) to {@code most} (exclusive). Tiles begin at multiples of {@link #KEYS}. */
  private void run(AttentionProblem forward, int least, int most, boolean wantsQuery) {
    int from = Math.max(least, mask.from() / RowOrder.CHAIN * RowOrder.CHAIN);
    int to = Math.min(most, mask.to());
    for (int start = from / KEYS * KEYS; Math.max(start, from) < to; start += KEYS) {
      Interruption.check();
      int key = Math.max(start, from);
      tile.openTile(key, Math.min(start + KEYS, to) - key);
      if (!mask.openTile(tile, forward.visibility)) {
        start = Math.max(start, mask.nextKey(tile, forward.visibility, start + KEYS) / KEYS * KEYS - KEYS); // skips a large hole
        continue;
      }
      scores.compute(tile, mask);
      if (parameters.isOpen()) {
        parameters.add(tile, scores.gradients());
      }
      for (int first = 0, end; first < tile.keys(); first = end) {
        end = tile.sameVectors(first);
        int firstVector = tile.firstVector(first);
        int endVector = tile.endVector(first);
        if (firstVector < endVector) {
          valueGradient.add(tile, scores.weights(), first, end, firstVector, endVector);
          keyGradient.add(tile, scores.gradients(), first, end, firstVector, endVector);
        }
      }
      if (wantsQuery) {
        queryGradient.openTile(tile, mask, scores.gradients());
        queryGradient.take(tile, mask, scores.gradients(), 0, tile.keys());
      }
    }
  }
}
