package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.cache.StoredRows;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;

/**
 * Moves cached keys to earlier positions: a key that was rotated by the angles of position p is rotated back to position p − distance. The
 * factor of the table is on the key already, and stays as it is.
 */
final class KeyShift {
  /** Cosines and sines in a caller's table may be rounded to 8 bits. */
  private static final double TOLERANCE = 0.05;

  private final RotaryTable.Form form;
  private final double[] cosines;
  private final double[] sines;
  private final Heads key;

  private KeyShift(RotaryTable.Form form, int pairs, Heads key) {
    this.form = form;
    this.cosines = new double[pairs];
    this.sines = new double[pairs];
    this.key = key;
  }

  /**
   * Computes the angles between position 0 and {@code distance}.
   *
   * @throws IllegalArgumentException if the table does not fit the keys, rows have several positions, the table ends before the distance,
   *     or its cosines and sines are no rotation
   */
  static KeyShift of(RotaryTable table, int distance, KeyValueLayout layout) {
    Checks.atMost("table.rotaryDim", table.rotaryDim(), "headDim", layout.keyWidth());
    if (table.sections() > 1) {
      throw new IllegalArgumentException("table has " + table.sections() + " sections: a row with several positions has no single shift");
    }
    Checks.atMost("to - from", distance, "the last position of the table", table.lastPosition());
    KeyShift shift = new KeyShift(table.form(), table.pairs(), Heads.zeros(1, layout.heads(), 1, layout.keyWidth()));
    float[] start = new float[table.rowSize()];
    float[] end = new float[table.rowSize()];
    table.compute(0, start, 0);
    table.compute(distance, end, 0);
    for (int pair = 0; pair < table.pairs(); pair++) {
      shift.angle(pair, start, end, distance);
    }
    return shift;
  }

  private void angle(int pair, float[] start, float[] end, int distance) {
    int cosineAt = form == RotaryTable.Form.HALF ? pair : 2 * pair;
    int sineAt = form == RotaryTable.Form.HALF ? cosines.length + pair : 2 * (cosines.length + pair) + 1;
    double before = Math.hypot(start[cosineAt], start[sineAt]);
    double after = Math.hypot(end[cosineAt], end[sineAt]);
    if (!(Math.abs(after / before - 1) < TOLERANCE)) {
      String first = "cosine and sine of pair " + pair + " at position 0 are " + start[cosineAt] + " and " + start[sineAt];
      String second = ", at position " + distance + " " + end[cosineAt] + " and " + end[sineAt];
      throw new IllegalArgumentException("table is no rotation by angles: " + first + second);
    }
    double product = before * after;
    cosines[pair] = ((double) start[cosineAt] * end[cosineAt] + (double) start[sineAt] * end[sineAt]) / product;
    sines[pair] = ((double) start[sineAt] * end[cosineAt] - (double) start[cosineAt] * end[sineAt]) / product;
  }

  /** Rotates the stored key of a row. It fails for no reason but an error of the machine. */
  void turn(KeyValueMemory memory, int block, int row) {
    StoredRows.widenKey(memory, block, row, key, 0);
    boolean half = form == RotaryTable.Form.HALF;
    for (int head = 0; head < key.heads(); head++) {
      int at = key.index(0, head, 0);
      for (int pair = 0; pair < cosines.length; pair++) {
        int left = at + (half ? pair : 2 * pair);
        int right = half ? left + cosines.length : left + 1;
        float x = key.data()[left];
        float y = key.data()[right];
        key.data()[left] = (float) (x * cosines[pair] - y * sines[pair]);
        key.data()[right] = (float) (y * cosines[pair] + x * sines[pair]);
      }
    }
    StoredRows.replaceKey(memory, block, row, key, 0);
  }
}
