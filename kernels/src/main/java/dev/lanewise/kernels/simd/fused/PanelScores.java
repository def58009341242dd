package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.DenseRow;
import dev.lanewise.kernels.call.Lengths;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.simd.lanes.LongSums;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Strip;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.PanelKernel;
import java.util.Objects;

/**
 * Compares the queries of a panel with the keys of a tile: scores[key][lane] = scale · similarity. K is read in place, {@link Tiles#STRIP}
 * rows at a time: packing it gains nothing, with so few rows a strip the addresses fit the registers.
 */
final class PanelScores {
  private static final int STRIP = Tiles.STRIP;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] factor = new float[QUERIES];
  private final DenseRow row = new DenseRow();
  private final DenseTile tile = new DenseTile();
  private float[] queryPanel = new float[0];
  private float[] edge = new float[0];

  /** What the scores are multiplied with once they are there. */
  private float after;

  /** Brings the queries into the lanes, with all factors that a product allows to bring in here. */
  void open(Panel panel, PanelRows rows) {
    AttentionProblem problem = panel.problem();
    Heads query = problem.query;
    int size = Packing.size(QUERIES, query.width(), QUERIES);
    if (queryPanel.length < size) {
      queryPanel = new float[size];
      edge = new float[STRIP * query.width()];
    }
    boolean additive = problem.similarity.kind == Similarity.Kind.ADDITIVE;
    float before = additive ? 1 : ScoreScale.before(problem.scale);
    after = additive ? problem.scale : ScoreScale.after(problem.scale);
    rows.load(query, before, queryPanel, panel.scratch);
    if (problem.similarity.kind == Similarity.Kind.COSINE) {
      divideByLengths(query, rows, before);
    }
  }

  /** Divides each lane's query by its length. */
  private void divideByLengths(Heads query, PanelRows rows, float scale) {
    boolean moderate = true;
    for (int lane = 0; lane < QUERIES; lane++) {
      row.open(query, rows.start(lane));
      double inverse = Lengths.inverse(row.data(), row.from(), query.width());
      factor[lane] = (float) inverse;
      moderate &= Lengths.isModerate(inverse);
    }
    PanelRows.multiply(queryPanel, query.width(), factor);
    for (int lane = 0; !moderate && lane < QUERIES; lane++) {
      row.open(query, rows.start(lane));
      double inverse = Lengths.inverse(row.data(), row.from(), query.width());
      for (int d = 0; !Lengths.isModerate(inverse) && d < query.width(); d++) {
        queryPanel[d * QUERIES + lane] = (float) (row.data()[row.from() + d] * inverse * scale);
      }
    }
  }

  /**
   * Divides the scores of a key by its length, or computes them anew where float products may have left their range. The cosine with a row
   * of zeros is 0, whatever the other row holds.
   */
  private void divideByLength(float[] scores, int i, int depth) {
    float[] key = tile.data();
    int from = tile.row(i);
    double inverse = Lengths.inverse(key, from, depth);
    if (inverse > 0 && Lengths.isModerate(inverse)) {
      PanelRows.multiply(scores, i, (float) inverse);
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

  /** Computes the scores of the panel's tile. */
  void compute(Panel panel, float[] scores) {
    AttentionProblem problem = panel.problem();
    tile.openKeys(panel);
    switch (problem.similarity.kind) {
      case DOT -> dot(panel, scores);
      case COSINE -> {
        dot(panel, scores);
        for (int i = 0; i < panel.keys(); i++) {
          divideByLength(scores, i, problem.key.width());
        }
      }
      case ADDITIVE -> {
        float[] vector = Objects.requireNonNull(problem.similarity.vector);
        AdditiveScores.tile(queryPanel, tile.data(), tile.row(0), tile.stride(), panel.keys(), vector, scores);
      }
    }
    for (int i = 0; after != 1 && i < panel.keys(); i++) {
      PanelRows.multiply(scores, i, after);
    }
  }

  /** scores[key][lane] = Σ K[key][d] · Qᵀ[d][lane]. */
  private void dot(Panel panel, float[] scores) {
    int depth = panel.problem().key.width();
    if (depth <= Tiles.LONG) {
      dot(panel, scores, 0, depth, Tiles.DEPTH);
      return;
    }
    int count = panel.keys() * QUERIES;
    LongSums sums = panel.scratch.longSums;
    sums.open(count);
    for (int step = 0; step < depth; step += LongSums.GROUP) {
      dot(panel, scores, step, Math.min(step + LongSums.GROUP, depth), Tiles.PIECE);
      sums.add(scores, count);
    }
    sums.store(scores, count);
  }

  /** The same over elements {@code from} (inclusive) to {@code to} (exclusive), so many a chain. */
  private void dot(Panel panel, float[] scores, int from, int to, int pass) {
    int step = from;
    do { // once even for no element
      int end = Math.min(step + pass, to);
      dot(panel, scores, step, end, step == from);
      step = end;
    } while (step < to);
  }

  private void dot(Panel panel, float[] scores, int step, int stepEnd, boolean begins) {
    Scratch scratch = panel.scratch;
    float[] key = tile.data();
    int first = tile.row(0) + step;
    int stride = tile.stride();
    int depth = stepEnd - step;
    int strips = Math.ceilDiv(panel.keys(), STRIP);
    if (first + ((long) strips * STRIP - 1) * stride + depth > key.length) {
      strips = panel.keys() / STRIP;
    }
    scratch.b.set(queryPanel, step * QUERIES, QUERIES);
    Strip start = begins ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
    scratch.a.set(key, first, stride).next(STRIP * stride);
    scratch.c.set(scores, 0, QUERIES).next(STRIP * QUERIES);
    PanelKernel.multiplyRows(scratch.a, scratch.b, start, scratch.c, depth, strips);
    int done = strips * STRIP;
    if (done < panel.keys()) { // the last keys, fewer than a strip: a read past them could leave the array
      for (int i = done; i < panel.keys(); i++) { // what the rows past the last hold does not matter: no score of theirs is read
        System.arraycopy(key, tile.row(i) + step, edge, (i - done) * depth, depth);
      }
      scratch.a.set(edge, 0, depth);
      scratch.c.set(scores, done * QUERIES, QUERIES);
      PanelKernel.multiplyRows(scratch.a, scratch.b, start, scratch.c, depth, 1);
    }
  }

  /** Lets go of the caller's arrays. */
  void release() {
    row.release();
    tile.release();
  }
}
