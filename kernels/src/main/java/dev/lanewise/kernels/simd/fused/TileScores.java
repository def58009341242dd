package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.ContiguousRow;
import dev.lanewise.kernels.call.Lengths;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.simd.lanes.LongSums;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.AttentionMicroKernel;
import java.util.Objects;

/**
 * The scores of a tile: scores[key][lane] = scale · similarity. K is read in place, in strips of {@link Tiles#ATTENTION_MR} rows. Packing K
 * gains nothing, because the addresses of so few rows fit in registers.
 */
final class TileScores {
  private static final int MR = Tiles.ATTENTION_MR;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] factor = new float[QUERIES];
  private final ContiguousRow row = new ContiguousRow();
  private final ContiguousTile keyRows = new ContiguousTile();
  private float[] queryPanel = new float[0];
  private float[] edge = new float[0];

  /** The factor of the computed scores. */
  private float after;

  /** Packs the queries into the lanes, multiplied by every factor that a product allows to apply to the queries. */
  void open(QueryTile tile, LaneTransposer rows) {
    AttentionProblem problem = tile.problem();
    Heads query = problem.query;
    int size = Packing.size(QUERIES, query.width(), QUERIES);
    if (queryPanel.length < size) {
      queryPanel = new float[size];
      edge = new float[MR * query.width()];
    }
    boolean additive = problem.similarity.kind() == Similarity.Kind.ADDITIVE;
    float before = additive ? 1 : ScoreScale.before(problem.scale);
    after = additive ? problem.scale : ScoreScale.after(problem.scale);
    rows.load(query, before, queryPanel, tile.scratch);
    if (problem.similarity.kind() == Similarity.Kind.COSINE) {
      divideByLengths(query, rows, before);
    }
  }

  /** Divides each lane's query by its length. */
  private void divideByLengths(Heads query, LaneTransposer rows, float scale) {
    boolean moderate = true;
    for (int lane = 0; lane < QUERIES; lane++) {
      row.open(query, rows.start(lane));
      double inverse = Lengths.inverse(row.data(), row.from(), query.width());
      factor[lane] = (float) inverse;
      moderate &= Lengths.isModerate(inverse);
    }
    LaneTransposer.multiply(queryPanel, query.width(), factor);
    for (int lane = 0; !moderate && lane < QUERIES; lane++) {
      row.open(query, rows.start(lane));
      double inverse = Lengths.inverse(row.data(), row.from(), query.width());
      for (int d = 0; !Lengths.isModerate(inverse) && d < query.width(); d++) {
        queryPanel[d * QUERIES + lane] = (float) (row.data()[row.from() + d] * inverse * scale);
      }
    }
  }

  /**
   * Divides the scores of a key by its length, or recomputes them in double if float products may have left their range. The cosine with a
   * row of zeros is 0, whatever the other row holds.
   */
  private void divideByLength(float[] scores, int i, int depth) {
    float[] key = keyRows.data();
    int from = keyRows.row(i);
    double inverse = Lengths.inverse(key, from, depth);
    if (inverse > 0 && Lengths.isModerate(inverse)) {
      LaneTransposer.multiply(scores, i, (float) inverse);
      return;
    }
    for (int lane = 0; lane < QUERIES; lane++) {
      double sum = 0;
      boolean defined = inverse != 0 && factor[lane] != 0;
      for (int d = 0; defined && d < depth; d++) {
        sum += (double) queryPanel[d * QUERIES + lane] * key[from + d];
      }
      scores[i * QUERIES + lane] = defined ? (float) (sum * inverse) : 0;
    }
  }

  /** Computes the scores of the tile. */
  void compute(QueryTile tile, float[] scores) {
    AttentionProblem problem = tile.problem();
    keyRows.openKeys(tile);
    switch (problem.similarity.kind()) {
      case DOT -> dot(tile, scores);
      case COSINE -> {
        dot(tile, scores);
        for (int i = 0; i < tile.keys(); i++) {
          divideByLength(scores, i, problem.key.width());
        }
      }
      case ADDITIVE -> {
        float[] vector = Objects.requireNonNull(problem.additiveVector);
        AdditiveScores.tile(queryPanel, keyRows.data(), keyRows.row(0), keyRows.stride(), tile.keys(), vector, scores);
      }
    }
    for (int i = 0; after != 1 && i < tile.keys(); i++) {
      LaneTransposer.multiply(scores, i, after);
    }
  }

  /** scores[key][lane] = Σ K[key][d] · Qᵀ[d][lane]. */
  private void dot(QueryTile tile, float[] scores) {
    int depth = tile.problem().key.width();
    if (depth <= Tiles.LONG) {
      dot(tile, scores, 0, depth, Tiles.KC);
      return;
    }
    int count = tile.keys() * QUERIES;
    LongSums sums = tile.scratch.longSums;
    sums.open(count);
    for (int step = 0; step < depth; step += LongSums.SPAN) {
      dot(tile, scores, step, Math.min(step + LongSums.SPAN, depth), Tiles.CHAIN);
      sums.add(scores, count);
    }
    sums.store(scores, count);
  }

  /** Computes dot products over elements {@code from} (inclusive) to {@code to} (exclusive), in chains of {@code chain} elements. */
  private void dot(QueryTile tile, float[] scores, int from, int to, int chain) {
    int step = from;
    do { // once even for no element
      int end = Math.min(step + chain, to);
      dot(tile, scores, step, end, step == from);
      step = end;
    } while (step < to);
  }

  private void dot(QueryTile tile, float[] scores, int step, int stepEnd, boolean begins) {
    Scratch scratch = tile.scratch;
    float[] key = keyRows.data();
    int first = keyRows.row(0) + step;
    int stride = keyRows.stride();
    int depth = stepEnd - step;
    int strips = Math.ceilDiv(tile.keys(), MR);
    if (first + ((long) strips * MR - 1) * stride + depth > key.length) {
      strips = tile.keys() / MR;
    }
    scratch.b.set(queryPanel, step * QUERIES, QUERIES);
    Operand start = begins ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
    scratch.a.set(key, first, stride).next(MR * stride);
    scratch.c.set(scores, 0, QUERIES).next(MR * QUERIES);
    AttentionMicroKernel.multiplyRows(scratch.a, scratch.b, start, scratch.c, depth, strips);
    int done = strips * MR;
    if (done < tile.keys()) { // the last keys, fewer than a strip, are copied, because a read past them could leave the array
      for (int i = done; i < tile.keys(); i++) { // the content of rows past the last does not matter, because their scores are not read
        System.arraycopy(key, keyRows.row(i) + step, edge, (i - done) * depth, depth);
      }
      scratch.a.set(edge, 0, depth);
      scratch.c.set(scores, done * QUERIES, QUERIES);
      AttentionMicroKernel.multiplyRows(scratch.a, scratch.b, start, scratch.c, depth, 1);
    }
  }

  /** Drops the references to the caller's arrays. */
  void release() {
    row.release();
    keyRows.release();
  }
}
