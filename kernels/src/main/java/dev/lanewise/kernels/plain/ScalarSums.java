package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;

/**
 * A weighted sum of rows in plain Java. Chains of {@link #CHAIN} rows are summed in floats, and chains are added in double. A single chain
 * of 2<sup>20</sup> floats loses up to a tenth of its sum.
 */
final class ScalarSums extends ScratchPool.Member {
  static final ScratchPool<ScalarSums> POOL = new ScratchPool<>(ScalarSums::new);

  /** Number of terms of a chain of floats. */
  static final int CHAIN = 64;

  private float[] near = new float[0];
  private double[] far = new double[0];
  private float[] panel = new float[0];
  private float[] row = new float[0];
  private int width;

  /** The numbers of a panel of a narrow weight, widened: [input][panelWidth], its first {@code columns} columns. */
  float[] panel(PackedMatrix weight, int first, int columns) {
    int stride = weight.panelWidth();
    if (panel.length < weight.inputs() * stride) {
      panel = new float[weight.inputs() * stride];
      row = new float[weight.inputs()];
    }
    for (int column = 0; column < columns; column++) {
      weight.row(first + column, row, 0);
      for (int input = 0; input < weight.inputs(); input++) {
        panel[input * stride + column] = row[input];
      }
    }
    return panel;
  }

  /** Begins a sum of rows of this width; returns the array to which the rows of a chain are added. */
  float[] open(int newWidth) {
    width = newWidth;
    if (near.length < width) {
      near = new float[width];
      far = new double[width];
    }
    Arrays.fill(near, 0, width, 0);
    Arrays.fill(far, 0, width, 0);
    return near;
  }

  /** Ends a chain. */
  void endChain() {
    for (int i = 0; i < width; i++) {
      far[i] += near[i];
      near[i] = 0;
    }
  }

  /** Writes the sums to elements {@code stride} apart. */
  void store(float[] y, int to, int stride) {
    for (int i = 0; i < width; i++) {
      y[to + i * stride] = (float) far[i];
    }
  }

  /** Adds the sums to consecutive elements. */
  void addTo(float[] y, int to) {
    for (int i = 0; i < width; i++) {
      y[to + i] = (float) (y[to + i] + far[i]);
    }
  }
}
