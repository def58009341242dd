package dev.lanewise.kernels.simd.gradient;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Sums of rows: of all rows of a matrix, and of a row and a multiple of another. */
final class RowSums extends ScratchPool.Member {
  private static final ScratchPool<RowSums> POOL = new ScratchPool<>(RowSums::new);
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private final ColumnChains chains = new ColumnChains();

  private RowSums() {}

  /** sums[c] += Σ<sub>r</sub> x[r][c]. */
  static void columnSums(Matrix x, float[] sums) {
    RowSums rowSums = POOL.take();
    try {
      rowSums.columns(x, sums);
    } finally {
      POOL.give(rowSums);
    }
  }

  private void columns(Matrix x, float[] sums) {
    chains.open(x.columns());
    for (int row = 0; row < x.rows(); row += Tiles.CHAIN) {
      Interruption.check();
      int end = Math.min(row + Tiles.CHAIN, x.rows());
      int i = row;
      for (; i <= end - 4; i += 4) {
        addFour(x.data(), x.index(i, 0), x.rowStride(), chains.near(), x.columns());
      }
      for (; i < end; i++) {
        add(1, x.data(), x.index(i, 0), chains.near(), 0, x.columns());
      }
      chains.endChain();
    }
    chains.addTo(sums);
  }

  /** y += the four rows that are {@code stride} apart. */
  private static void addFour(float[] x, int from, int stride, float[] y, int length) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector first = FloatVector.fromArray(SPECIES, x, from + i).add(FloatVector.fromArray(SPECIES, x, from + stride + i));
      FloatVector last =
          FloatVector.fromArray(SPECIES, x, from + 2 * stride + i).add(FloatVector.fromArray(SPECIES, x, from + 3 * stride + i));
      first.add(last).add(FloatVector.fromArray(SPECIES, y, i)).intoArray(y, i);
    }
    for (; i < length; i++) {
      y[i] += (x[from + i] + x[from + stride + i]) + (x[from + 2 * stride + i] + x[from + 3 * stride + i]);
    }
  }

  /** y += factor · x. */
  static void add(float factor, float[] x, int from, float[] y, int to, int length) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      v.fma(FloatVector.broadcast(SPECIES, factor), FloatVector.fromArray(SPECIES, y, to + i)).intoArray(y, to + i);
    }
    for (; i < length; i++) {
      y[to + i] = Math.fma(factor, x[from + i], y[to + i]);
    }
  }
}
