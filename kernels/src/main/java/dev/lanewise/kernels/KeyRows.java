package dev.lanewise.kernels;

/**
 * K of one unit as the micro-kernel reads it: in place, {@link Tiles#STRIP} rows at a time. Packing it gains nothing: with so few rows a
 * strip the addresses fit the registers.
 */
final class KeyRows {
  private static final int STRIP = Tiles.STRIP;

  private float[] edge = new float[0];

  /** target[key][lane] = Σ K[row + key][d] · Qᵀ[d][lane] for the keys of a unit from {@code row} on; scratch.b is Qᵀ. */
  void multiply(AttentionProblem problem, int unit, int row, int keys, float[] target, Scratch scratch) {
    Heads key = problem.key;
    int depth = key.width();
    int first = problem.keyIndex(key, unit, row);
    int strips = Math.min(Math.ceilDiv(keys, STRIP), (key.rows() - row) / STRIP);
    scratch.start.set(scratch.zeros, 0, 0);
    scratch.a.set(key.data(), first, key.rowStride()).next(STRIP * key.rowStride());
    scratch.c.set(target, 0, Tiles.QUERIES).next(STRIP * Tiles.QUERIES);
    PanelKernel.multiplyRows(scratch.a, scratch.b, scratch.start, scratch.c, depth, strips);
    int done = strips * STRIP;
    if (done < keys) { // the last keys, fewer than a strip: a read past them could leave the array
      if (edge.length < STRIP * depth) {
        edge = new float[STRIP * depth];
      }
      for (int i = done; i < keys; i++) { // what the rows past the last hold does not matter: no score of theirs is read
        System.arraycopy(key.data(), first + i * key.rowStride(), edge, (i - done) * depth, depth);
      }
      scratch.a.set(edge, 0, depth);
      scratch.c.set(target, done * Tiles.QUERIES, Tiles.QUERIES);
      PanelKernel.multiplyRows(scratch.a, scratch.b, scratch.start, scratch.c, depth, 1);
    }
  }
}
