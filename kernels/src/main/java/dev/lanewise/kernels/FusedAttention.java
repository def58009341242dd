package dev.lanewise.kernels;

import java.util.Arrays;

/**
 * The fused kernel: a panel of {@link Tiles#COLUMNS} query rows against all keys it sees, a tile of {@link Tiles#KEYS} keys at a time,
 * after "FlashAttention-2" (Dao, 2023) but with the queries in the lanes:
 *
 * <pre>
 * pack K of the unit, once for all its panels (or read it in place, if few rows share it)
 * for each panel of queries                          Qᵀ packed, times scale · log2 e: headDim × COLUMNS
 *   for each tile of keys
 *     scores  = K · Qᵀ                                keys × COLUMNS, in L1
 *     mask                                           only where the tile has a key that some row does not see
 *     weights = online softmax of scores             lane by lane
 *     output  = rescaled output + Vᵀ · weights        valueDim × COLUMNS; V is read as it lies
 *   divide, turn to row-major, store
 * </pre>
 *
 * One instance works on one thread at a time and keeps its scratch.
 */
final class FusedAttention {
  private static final int COLUMNS = Tiles.COLUMNS;
  private static final int ROWS = Tiles.ROWS;

  private final Scratch scratch;
  private final OnlineSoftmax softmax = new OnlineSoftmax();
  private final PanelMask mask = new PanelMask();
  private final float[] scores = new float[Tiles.KEYS * COLUMNS];
  private float[] queryPanel = new float[0];
  private float[] output = new float[0];
  private final float[] valueEdge = new float[Tiles.KEYS * ROWS];

  FusedAttention(Scratch scratch) {
    this.scratch = scratch;
  }

  /** Computes rows {@code from} (inclusive) to {@code to} (exclusive) of a unit. */
  void run(AttentionProblem problem, int unit, int from, int to) {
    KeyStrips keys = scratch.keyStrips;
    keys.open(problem, unit, to - from, scratch);
    resize(problem.query.width(), problem.value.width());
    for (int row = from; row < to; row += COLUMNS) {
      panel(problem, unit, row, Math.min(COLUMNS, to - row));
    }
  }

  private void resize(int headDim, int valueDim) {
    int querySize = Packing.size(COLUMNS, headDim, COLUMNS);
    if (queryPanel.length < querySize) {
      queryPanel = new float[querySize];
    }
    int outputSize = Packing.roundUp(valueDim, Tiles.PANEL) * COLUMNS;
    if (output.length < outputSize) {
      output = new float[outputSize];
    }
  }

  private void panel(AttentionProblem problem, int unit, int row, int rows) {
    PanelRows.load(problem, unit, row, rows, queryPanel, scratch);
    mask.open(problem, unit, row, rows);
    softmax.reset();
    int outputRows = Packing.roundUp(problem.value.width(), ROWS);
    if (mask.most() == 0) {
      Arrays.fill(output, 0); // no tile will write it
    }
    for (int key = 0; key < mask.most(); key += Tiles.KEYS) {
      int keys = Math.min(Tiles.KEYS, mask.most() - key);
      scratch.b.set(queryPanel, 0, COLUMNS);
      scratch.keyStrips.multiply(key, keys, scores, scratch);
      mask.apply(scores, key, keys);
      if (softmax.update(scores, keys) && key > 0) {
        softmax.rescale(output, outputRows);
      }
      blend(problem, unit, key, keys);
    }
    softmax.normalise(output, outputRows);
    PanelRows.store(problem, unit, row, rows, output, scratch);
    if (problem.logSumExp != null) {
      for (int lane = 0; lane < rows; lane++) {
        problem.logSumExp[problem.logSumExpIndex(unit, row + lane)] = softmax.logSumExp(lane);
      }
    }
  }

  /** output[d][lane] += Σ V[key][d] · weights[key][lane]. */
  private void blend(AttentionProblem problem, int unit, int key, int keys) {
    int wholeKeys = mask.poisonFree(problem, unit, key, keys);
    Heads value = problem.value;
    int first = value.index(problem.batchEntry(unit), problem.keyValueHead(unit), key);
    scratch.b.set(scores, 0, COLUMNS);
    int strips = value.width() / ROWS;
    scratch.a.set(value.data(), first, value.rowStride()).next(ROWS);
    scratch.c.set(output, 0, COLUMNS).next(ROWS * COLUMNS);
    Strip start = key == 0 ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
    MicroKernel.multiply(scratch.a, scratch.b, start, scratch.c, wholeKeys, strips);
    int done = strips * ROWS;
    if (done < value.width()) {
      edgeOfValue(value, first + done, value.width() - done, wholeKeys);
      scratch.c.set(output, done * COLUMNS, COLUMNS);
      MicroKernel.multiply(scratch.a, scratch.b, start, scratch.c, wholeKeys, 1);
    }
    if (wholeKeys < keys) {
      mask.blendVisible(value, first, wholeKeys, keys, key, scores, output);
    }
  }

  /** The last columns of V, fewer than a strip, padded: a read past them could leave the array. */
  private void edgeOfValue(Heads value, int from, int columns, int keys) {
    for (int key = 0; key < keys; key++) {
      System.arraycopy(value.data(), from + key * value.rowStride(), valueEdge, key * ROWS, columns);
    }
    scratch.a.set(valueEdge, 0, ROWS);
  }
}
