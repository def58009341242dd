package dev.lanewise.core.position;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/** The rows of a learned table. */
final class LearnedTable implements InputPositions.PositionTable {
  private final float[] table;
  private final int maxPositions;
  private final int embedDim;

  LearnedTable(float[] table, int maxPositions, int embedDim) {
    Objects.requireNonNull(table, "table");
    Checks.atLeast("maxPositions", maxPositions, 1);
    Checks.atLeast("embedDim", embedDim, 1);
    Checks.same("table.length", table.length, "maxPositions * embedDim", (long) maxPositions * embedDim);
    this.table = table.clone();
    this.maxPositions = maxPositions;
    this.embedDim = embedDim;
  }

  @Override
  public String bound() {
    return "maxPositions is " + maxPositions;
  }

  @Override
  public int last() {
    return maxPositions - 1;
  }

  @Override
  public void add(int position, int count, float[] x, int offset, int stride) {
    for (int row = 0; row < count; row++) {
      int from = (position + row) * embedDim;
      int to = offset + row * stride;
      for (int i = 0; i < embedDim; i++) {
        x[to + i] += table[from + i];
      }
    }
  }

  @Override
  public String toString() {
    return "learned(" + maxPositions + " x " + embedDim + ")";
  }
}
