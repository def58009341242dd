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

  /** Multiplies the strip that starts at key row {@code row} into scratch.c; b and start are set. */
  void multiply(int row, Scratch scratch, int headDim) {
    if (packs) {
      int panel = row / Tiles.PANEL * Tiles.PANEL;
      scratch.a.set(packed, panel * headDim + row - panel, Tiles.PANEL);
      MicroKernel.multiply(scratch.a, scratch.b, scratch.start, scratch.c, headDim);
      return;
    }
    if (row + Tiles.ROWS <= key.rows()) {
      scratch.a.set(key.data(), key.index(row, 0), key.rowStride());
    } else {
      for (int i = row; i < key.rows(); i++) { // what the rows past the last hold does not matter: no score of theirs is read
        System.arraycopy(key.data(), key.index(i, 0), edge, (i - row) * headDim, headDim);
      }
      scratch.a.set(edge, 0, headDim);
    }
    MicroKernel.multiplyRows(scratch.a, scratch.b, scratch.start, scratch.c, headDim);
  }
}
