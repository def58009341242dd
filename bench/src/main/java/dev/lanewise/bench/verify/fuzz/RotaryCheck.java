package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.bench.verify.oracle.Rotation;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Rotates rows with the library's rotary positions and compares them with the formula. */
record RotaryCheck(int headDim, Rotation rotation) {
  private static final double UNIT = 0x1p-24;

  /** Tables of angles, which are made once for their users as in a program. */
  private static final Map<RotaryCheck, Rotary> ROTARIES = new ConcurrentHashMap<>();

  /** Which elements of a row are rotated together. */
  enum Kind {
    NONE,
    HALF,
    INTERLEAVED,
    PART_OF_A_ROW;

    boolean fits(int headDim) {
      return this == NONE || (headDim % 2 == 0 && (this != PART_OF_A_ROW || headDim >= 4));
    }
  }

  static RotaryCheck of(Kind kind, int headDim) {
    int width = kind == Kind.PART_OF_A_ROW ? headDim / 2 & ~1 : headDim;
    return new RotaryCheck(headDim, new Rotation(width, kind == Kind.INTERLEAVED));
  }

  Rotary rotary() {
    return Rotary.of(headDim, rotation.width()).withForm(rotation.interleaved() ? RotaryTable.Form.INTERLEAVED : RotaryTable.Form.HALF);
  }

  /**
   * Rotates the rows of a view in place.
   *
   * @throws Mismatch if a row is not what the formula gives
   */
  void apply(Heads view, int firstPosition) {
    float[] expected = view.data().clone();
    double[] bounds = new double[expected.length];
    int width = rotation.width();
    float[] row = new float[width];
    Views.forEach(
        view,
        (place, b, head, i, column) -> {
          if (column < width) {
            row[column] = view.data()[place];
          }
          if (column == width - 1) {
            float[] before = row.clone();
            rotation.apply(row, 0, firstPosition + i);
            for (int d = 0; d < width; d++) {
              int at = view.index(b, head, i, d);
              double size = Math.abs((double) before[d]) + Math.abs((double) before[rotation.partner(d)]);
              expected[at] = row[d];
              bounds[at] = size >= Float.MAX_VALUE ? Double.POSITIVE_INFINITY : 8 * UNIT * size + 4 * Float.MIN_VALUE;
            }
          }
        });
    ROTARIES.computeIfAbsent(this, RotaryCheck::rotary).apply(view, view, firstPosition);
    for (int n = 0; n < expected.length; n++) {
      boolean same = Arrays.equals(new float[] {expected[n]}, new float[] {view.data()[n]});
      if (!same && !(Math.abs((double) view.data()[n] - expected[n]) <= bounds[n])) {
        throw new Mismatch("rotary positions give " + view.data()[n] + " at index " + n + ", expected " + expected[n]);
      }
    }
  }
}
