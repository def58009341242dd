package dev.lanewise.kernels;

import java.util.Objects;

/**
 * Compares the queries of a panel with the keys of a tile: scores[key][lane] = unit · scale · similarity. K is read in place, {@link
 * Tiles#STRIP} rows at a time: packing it gains nothing, with so few rows a strip the addresses fit the registers.
 */
final class PanelScores {
  private static final int STRIP = Tiles.STRIP;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] factor = new float[QUERIES];
  private float[] queryPanel = new float[0];
  private float[] edge = new float[0];

  /** Brings the queries into the lanes, with all factors that a product allows to bring in here. */
  void open(Panel panel, PanelRows rows) {
    AttentionProblem problem = panel.problem();
    Heads query = problem.query;
    int size = Packing.size(QUERIES, query.width(), QUERIES);
    if (queryPanel.length < size) {
      queryPanel = new float[size];
      edge = new float[STRIP * query.width()];
    }
    float scale = problem.scale * panel.scoreUnit();
    rows.load(query, problem.similarity.kind == Similarity.Kind.ADDITIVE ? 1 : scale, queryPanel, panel.scratch);
    if (problem.similarity.kind == Similarity.Kind.COSINE) {
      for (int lane = 0; lane < QUERIES; lane++) {
        factor[lane] = Lengths.inverse(query.data(), rows.start(lane), query.width());
      }
      PanelRows.multiply(queryPanel, query.width(), factor);
    }
  }

  /** Computes the scores of the panel's tile. */
  void compute(Panel panel, float[] scores) {
    AttentionProblem problem = panel.problem();
    Heads key = problem.key;
    int first = problem.keyIndex(key, panel.unit(), panel.key());
    switch (problem.similarity.kind) {
      case DOT -> dot(panel, first, scores);
      case COSINE -> {
        dot(panel, first, scores);
        for (int i = 0; i < panel.keys(); i++) {
          float inverse = Lengths.inverse(key.data(), first + i * key.rowStride(), key.width());
          PanelRows.multiply(scores, i, inverse);
        }
      }
      case ADDITIVE -> {
        float[] vector = Objects.requireNonNull(problem.similarity.vector);
        AdditiveScores.tile(queryPanel, key.data(), first, key.rowStride(), panel.keys(), vector, scores);
        float scale = problem.scale * panel.scoreUnit();
        for (int i = 0; scale != 1 && i < panel.keys(); i++) {
          PanelRows.multiply(scores, i, scale);
        }
      }
    }
  }

  /** scores[key][lane] = Σ K[key][d] · Qᵀ[d][lane]. */
  private void dot(Panel panel, int first, float[] scores) {
    Scratch scratch = panel.scratch;
    Heads key = panel.problem().key;
    int depth = key.width();
    int strips = Math.ceilDiv(panel.keys(), STRIP);
    if (first + ((long) strips * STRIP - 1) * key.rowStride() + depth > key.data().length) {
      strips = panel.keys() / STRIP;
    }
    scratch.b.set(queryPanel, 0, QUERIES);
    scratch.start.set(scratch.zeros, 0, 0);
    scratch.a.set(key.data(), first, key.rowStride()).next(STRIP * key.rowStride());
    scratch.c.set(scores, 0, QUERIES).next(STRIP * QUERIES);
    PanelKernel.multiplyRows(scratch.a, scratch.b, scratch.start, scratch.c, depth, strips);
    int done = strips * STRIP;
    if (done < panel.keys()) { // the last keys, fewer than a strip: a read past them could leave the array
      for (int i = done; i < panel.keys(); i++) { // what the rows past the last hold does not matter: no score of theirs is read
        System.arraycopy(key.data(), first + i * key.rowStride(), edge, (i - done) * depth, depth);
      }
      scratch.a.set(edge, 0, depth);
      scratch.c.set(scores, done * QUERIES, QUERIES);
      PanelKernel.multiplyRows(scratch.a, scratch.b, scratch.start, scratch.c, depth, 1);
    }
  }
}
