package dev.lanewise.kernels.simd.gradient;

import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;

/** Sums over rows, one for each column: chains of {@link Tiles#CHAIN} rows in floats, which are added up in double. */
final class ColumnChains {
  private float[] near = new float[0];
  private double[] far = new double[0];
  private int columns;

  /** Begins sums of 0. */
  void open(int newColumns) {
    columns = newColumns;
    if (near.length < columns) {
      near = new float[columns];
      far = new double[columns];
    }
    Arrays.fill(near, 0, columns, 0);
    Arrays.fill(far, 0, columns, 0);
  }

  /** The sums of the current chain. */
  float[] near() {
    return near;
  }

  /** The sums of the chains that have ended. */
  double[] far() {
    return far;
  }

  /** Ends a chain. */
  void endChain() {
    for (int i = 0; i < columns; i++) {
      far[i] += near[i];
    }
    Arrays.fill(near, 0, columns, 0);
  }

  /** Ends the last chain and adds the sums to a gradient. */
  void addTo(float[] gradient) {
    endChain();
    for (int i = 0; i < columns; i++) {
      gradient[i] = (float) (gradient[i] + far[i]);
    }
  }
}
