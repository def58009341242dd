package dev.lanewise.kernels;

import java.util.Arrays;

/**
 * The fused kernel: a panel of {@link Tiles#QUERIES} query rows against all keys it sees, a tile of {@link Tiles#KEYS} keys at a time,
 * after "FlashAttention-2" (Dao, 2023) but with the queries in the lanes:
 *
 * <pre>
 * for each panel of queries                          Qᵀ packed, times scale · log2 e: headDim × QUERIES
 *   for each tile of keys
 *     scores  = K · Qᵀ                                keys × QUERIES; K is read as it lies
 *     mask                                           only where the tile has a key that some row does not see
 *     weights = online softmax of scores             lane by lane
 *     output  = rescaled output + Vᵀ · weights        valueDim × QUERIES; V is read as it lies
 *   divide, turn to row-major, store
 * </pre>
 *
 * One instance works on one thread at a time and keeps its scratch.
 */
final class FusedAttention {
  private static final int QUERIES = Tiles.QUERIES;
  private static final int STRIP = Tiles.STRIP;

  private final Scratch scratch;
  private final OnlineSoftmax softmax = new OnlineSoftmax();
  private final KeyRows keyRows = new KeyRows();
  private final PanelRows queries = new PanelRows();
  private final PanelRows outputs = new PanelRows();
  private final PanelMask mask = new PanelMask();
  private final float[] scores = new float[Packing.roundUp(Tiles.KEYS, STRIP) * QUERIES];
  private float[] queryPanel = new float[0];
  private float[] output = new float[0];
  private final float[] valueEdge = new float[Tiles.KEYS * STRIP];

  FusedAttention(Scratch scratch) {
    this.scratch = scratch;
  }

  /** Computes rows {@code from} (inclusive) to {@code to} (exclusive) of a unit. */
  void run(AttentionProblem problem, int unit, int from, int to) {
    resize(problem.query.width(), java.util.Objects.requireNonNull(problem.value).width());
    for (int row = from; row < to; row += QUERIES) {
      panel(problem, unit, row, Math.min(QUERIES, to - row));
    }
  }

  private void resize(int headDim, int valueDim) {
    int querySize = Packing.size(QUERIES, headDim, QUERIES);
    if (queryPanel.length < querySize) {
      queryPanel = new float[querySize];
    }
    int outputSize = Packing.roundUp(valueDim, STRIP * Lanes.COUNT) * QUERIES;
    if (output.length < outputSize) {
      output = new float[outputSize];
    }
  }

  private void panel(AttentionProblem problem, int unit, int row, int rows) {
    Heads target = java.util.Objects.requireNonNull(problem.output);
    queries.open(problem, problem.query, unit, row, rows);
    queries.touch(problem.query, scratch);
    outputs.open(problem, target, unit, row, rows);
    outputs.touch(target, scratch);
    queries.load(problem.query, problem.scale * VectorExp.LOG2_E, queryPanel, scratch);
    mask.open(problem, unit, row, rows);
    softmax.reset();
    int outputRows = Packing.roundUp(java.util.Objects.requireNonNull(problem.value).width(), STRIP);
    if (mask.most() == 0) {
      Arrays.fill(output, 0); // no tile will write it
    }
    for (int key = 0; key < mask.most(); key += Tiles.KEYS) {
      int keys = Math.min(Tiles.KEYS, mask.most() - key);
      scratch.b.set(queryPanel, 0, QUERIES);
      keyRows.multiply(problem, unit, key, keys, scores, scratch);
      mask.apply(scores, key, keys);
      if (softmax.update(scores, keys) && key > 0) {
        softmax.rescale(output, outputRows);
      }
      blend(problem, unit, key, keys);
    }
    softmax.normalise(output, outputRows);
    outputs.store(target, output, scratch);
    if (problem.logSumExp != null) {
      for (int lane = 0; lane < rows; lane++) {
        problem.logSumExp[problem.logSumExpIndex(unit, row + lane)] = softmax.logSumExp(lane);
      }
    }
  }

  /** output[d][lane] += Σ V[key][d] · weights[key][lane]. */
  private void blend(AttentionProblem problem, int unit, int key, int keys) {
    int wholeKeys = mask.poisonFree(problem, unit, key, keys);
    Heads value = java.util.Objects.requireNonNull(problem.value);
    int first = problem.keyIndex(value, unit, key);
    scratch.b.set(scores, 0, QUERIES);
    int strips = strips(value, first, wholeKeys);
    scratch.a.set(value.data(), first, value.rowStride()).next(STRIP);
    scratch.c.set(output, 0, QUERIES).next(STRIP * QUERIES);
    Strip start = key == 0 ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
    PanelKernel.multiply(scratch.a, scratch.b, start, scratch.c, wholeKeys, strips);
    int done = strips * STRIP;
    if (done < value.width()) {
      edgeOfValue(value, first + done, value.width() - done, wholeKeys);
      scratch.c.set(output, done * QUERIES, QUERIES);
      PanelKernel.multiply(scratch.a, scratch.b, start, scratch.c, wholeKeys, 1);
    }
    if (wholeKeys < keys) {
      mask.blendVisible(value, first, wholeKeys, keys, key, scores, output);
    }
  }

  /**
   * How many strips of V can be read as they lie. The last one may be cut off by the end of the row: what lies behind it is read in its
   * place (the results are dropped) unless that is the end of the array.
   */
  private static int strips(Heads value, int first, int keys) {
    int strips = Math.ceilDiv(value.width(), STRIP);
    long end = first + (keys - 1L) * value.rowStride() + (long) strips * STRIP;
    return end <= value.data().length ? strips : value.width() / STRIP;
  }

  /** The last columns of V, fewer than a strip, padded: a read past them could leave the array. */
  private void edgeOfValue(Heads value, int from, int columns, int keys) {
    for (int key = 0; key < keys; key++) {
      System.arraycopy(value.data(), from + key * value.rowStride(), valueEdge, key * STRIP, columns);
    }
    scratch.a.set(valueEdge, 0, STRIP);
  }
}
