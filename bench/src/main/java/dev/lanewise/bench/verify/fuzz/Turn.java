package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Rotary positions, checked against the formula in double; what comes of them is what the call reads. */
record Turn(int headDim, int rotaryDim, RotaryTable.Form form) {
  private static final double BASE = 10_000;
  private static final double UNIT = 0x1p-24;

  /** A table of angles is made once for its users, as a program does. */
  private static final Map<Turn, Rotary> ROTARIES = new ConcurrentHashMap<>();

  /**
   * Turns the rows of a view in place.
   *
   * @throws Mismatch if a row is not what the formula gives
   */
  void apply(Heads view, int firstPosition) {
    float[] before = view.data().clone();
    ROTARIES.computeIfAbsent(this, turn -> Rotary.of(headDim, rotaryDim).withForm(form)).apply(view, view, firstPosition);
    float[] expected = before.clone();
    double[] bounds = new double[before.length];
    Operands.forEach(
        view,
        (index, b, head, row, column) -> {
          if (column < rotaryDim) {
            turn(before, index - column * view.columnStride(), view.columnStride(), column, firstPosition + row, index, expected, bounds);
          }
        });
    for (int n = 0; n < expected.length; n++) {
      boolean same = Arrays.equals(new float[] {expected[n]}, new float[] {view.data()[n]});
      if (!same && !(Math.abs((double) view.data()[n] - expected[n]) <= bounds[n])) {
        throw new Mismatch("rotary positions give " + view.data()[n] + " at index " + n + ", expected " + expected[n]);
      }
    }
  }

  private void turn(float[] x, int from, int stride, int column, int position, int index, float[] expected, double[] bounds) {
    int pairs = rotaryDim / 2;
    boolean half = form == RotaryTable.Form.HALF;
    int pair = half ? column % pairs : column / 2;
    boolean left = half ? column < pairs : column % 2 == 0;
    double one = x[from + (half ? pair : 2 * pair) * stride];
    double other = x[from + (half ? pair + pairs : 2 * pair + 1) * stride];
    double angle = position * Math.pow(BASE, -2.0 * pair / rotaryDim);
    double turned = left ? one * Math.cos(angle) - other * Math.sin(angle) : other * Math.cos(angle) + one * Math.sin(angle);
    expected[index] = (float) turned;
    double size = Math.abs(one) + Math.abs(other);
    bounds[index] = size >= Float.MAX_VALUE ? Double.POSITIVE_INFINITY : 8 * UNIT * size + 4 * Float.MIN_VALUE;
  }
}
