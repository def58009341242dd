package dev.lanewise.kernels;

/**
 * K of one unit as the micro-kernel reads it: packed into strips once if many query rows share it, else in place. Keeps the packed copy of
 * the unit it saw last, so that the tasks of a unit that run on one thread pack once.
 */
final class KeyStrips {
  private static final Matrix NONE = Matrix.zeros(0, 0);

  private Matrix key = NONE;
  private boolean packs;
  private long packedProblem;
  private int packedUnit;
  private float[] packed = new float[0];
  private float[] edge = new float[0];

  /** Turns to the keys of a unit, for {@code rows} query rows. */
  void open(AttentionProblem problem, int unit, int rows, Scratch scratch) {
    Heads heads = problem.key;
    int first = heads.index(problem.batchEntry(unit), problem.keyValueHead(unit), 0);
    key = new Matrix(heads.data(), first, heads.rows(), heads.width(), heads.rowStride());
    packs = rows >= Tiles.KEY_PACKING_ROWS;
    if (packs && !(packedProblem == problem.id && packedUnit == unit)) {
      pack(scratch);
      packedProblem = problem.id;
      packedUnit = unit;
    }
    if (edge.length < Tiles.ROWS * key.columns()) {
      edge = new float[Tiles.ROWS * key.columns()];
    }
  }

  private void pack(Scratch scratch) {
    int size = Packing.size(key.rows(), key.columns(), Tiles.PANEL);
    if (packed.length < size) {
      packed = new float[size];
    }
    Packing.rows(key, 0, key.columns(), Tiles.PANEL, 1, packed, scratch);
  }

  /** Lets go of the caller's array; the packed copy stays. */
  void release() {
    key = NONE;
  }

  /** target[key][lane] = Σ K[row + key][d] · Qᵀ[d][lane] for a tile that starts at key row {@code row}; scratch.b is Qᵀ. */
  void multiply(int row, int keys, float[] target, Scratch scratch) {
    scratch.start.set(scratch.zeros, 0, 0);
    if (packs) {
      multiplyPacked(row, keys, target, scratch);
    } else {
      multiplyInPlace(row, keys, target, scratch);
    }
  }

  /** A packed panel holds several strips side by side; a call takes every panel's first strip, the next call every second. */
  private void multiplyPacked(int row, int keys, float[] target, Scratch scratch) {
    int depth = key.columns();
    for (int side = 0; side < Tiles.PANEL; side += Tiles.ROWS) {
      scratch.a.set(packed, row * depth + side, Tiles.PANEL).next(Tiles.PANEL * depth);
      scratch.c.set(target, side * Tiles.COLUMNS, Tiles.COLUMNS).next(Tiles.PANEL * Tiles.COLUMNS);
      int strips = Math.ceilDiv(Math.max(0, keys - side), Tiles.PANEL);
      MicroKernel.multiply(scratch.a, scratch.b, scratch.start, scratch.c, depth, strips);
    }
  }

  private void multiplyInPlace(int row, int keys, float[] target, Scratch scratch) {
    int depth = key.columns();
    int strips = Math.min(Math.ceilDiv(keys, Tiles.ROWS), (key.rows() - row) / Tiles.ROWS);
    scratch.a.set(key.data(), key.index(row, 0), key.rowStride()).next(Tiles.ROWS * key.rowStride());
    scratch.c.set(target, 0, Tiles.COLUMNS).next(Tiles.ROWS * Tiles.COLUMNS);
    MicroKernel.multiplyRows(scratch.a, scratch.b, scratch.start, scratch.c, depth, strips);
    int done = strips * Tiles.ROWS;
    if (done < keys) {
      for (int i = row + done; i < key.rows(); i++) { // what the rows past the last hold does not matter: no score of theirs is read
        System.arraycopy(key.data(), key.index(i, 0), edge, (i - row - done) * depth, depth);
      }
      scratch.a.set(edge, 0, depth);
      scratch.c.set(target, done * Tiles.COLUMNS, Tiles.COLUMNS);
      MicroKernel.multiplyRows(scratch.a, scratch.b, scratch.start, scratch.c, depth, 1);
    }
  }
}
