package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.fused.LaneRows;
import dev.lanewise.kernels.simd.fused.LaneTransposer;
import dev.lanewise.kernels.simd.fused.QueryTile;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.KeyGradientKernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of the keys or the values of a unit: gradient[key] += Σ<sub>lane</sub> factors[key][lane] · rows[lane], for one tile of
 * queries after the other. It is summed in the caller's array if that has rows of whole vectors, and otherwise in scratch.
 */
final class KeyGradient {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final float[] NONE = new float[0];

  /** The rows of the tile of queries: blocks of {@link KeyGradientKernel#columns} vectors of columns, in a block row after row. */
  private float[] packed = NONE;

  private float[] scratch = NONE;
  private final float[] edge = new float[8 * 4 * LANES];

  private @Nullable Heads target;

  // The sums: index of the row of the first key, and distance of rows.
  private float[] sums = NONE;
  private int first;
  private int stride;

  private int from;
  private int keys;
  private int width;

  /** The width in whole vectors. */
  private int columns;

  private int targetFirst;

  /** Begins the keys {@code newFrom} (inclusive) to {@code to} (exclusive) of a unit with sums of 0; null for a gradient not wanted. */
  void openKeys(AttentionProblem problem, int unit, int newFrom, int to, @Nullable Heads gradient) {
    target = gradient;
    if (gradient == null) {
      return;
    }
    from = newFrom;
    keys = to - newFrom;
    width = gradient.width();
    columns = Packing.roundUp(width, LANES);
    targetFirst = problem.shape.keyIndex(gradient, problem.batchEntry(unit), problem.keyValueHead(unit), newFrom);
    if (gradient.columnStride() == 1 && columns == width) {
      sums = gradient.data();
      first = targetFirst;
      stride = gradient.rowStride();
    } else {
      int size = Math.multiplyExact(keys, columns);
      if (scratch.length < size) {
        scratch = new float[size];
      }
      sums = scratch;
      first = 0;
      stride = columns;
    }
    for (int key = 0; key < keys; key++) {
      Arrays.fill(sums, first + key * stride, first + key * stride + columns, 0);
    }
  }

  /** Packs the tile's rows of {@code heads}. */
  void openRows(QueryTile tile, Heads heads, LaneTransposer rows) {
    if (target == null) {
      return;
    }
    int size = Tiles.QUERIES * columns;
    if (packed.length < size) {
      packed = new float[size];
    }
    int vectors;
    for (int column = 0; column < columns; column += vectors * LANES) {
      vectors = KeyGradientKernel.columns((columns - column) / LANES);
      int block = column * Tiles.QUERIES;
      for (int d = column; d < column + vectors * LANES; d += LANES) {
        pack(tile, heads, rows, d, block + d - column, vectors * LANES);
      }
    }
  }

  private void pack(QueryTile tile, Heads heads, LaneTransposer rows, int column, int to, int distance) {
    float[] data = heads.data();
    if (heads.columnStride() == 1 && column + LANES <= width) {
      for (int lane = 0; lane < tile.rows(); lane++) {
        FloatVector.fromArray(SPECIES, data, rows.start(lane) + column).intoArray(packed, to + lane * distance);
      }
      return;
    }
    for (int lane = 0; lane < tile.rows(); lane++) {
      int at = to + lane * distance;
      for (int i = 0; i < LANES; i++) {
        packed[at + i] = column + i < width ? data[rows.start(lane) + (column + i) * heads.columnStride()] : 0;
      }
    }
  }

  /**
   * Adds the rows of the vectors {@code firstVector} (inclusive) to {@code endVector} (exclusive) to the keys {@code fromKey} to {@code to}
   * of the tile.
   *
   * @param factors keys × lanes in the layout of {@link LaneRows}
   */
  void add(QueryTile tile, float[] factors, int fromKey, int to, int firstVector, int endVector) {
    if (target == null) {
      return;
    }
    Scratch operands = tile.scratch;
    int depth = Math.min(endVector * LANES, tile.rows()) - firstVector * LANES;
    int row = first + (tile.key() + fromKey - from) * stride;
    int vectors;
    for (int column = 0; column < columns; column += vectors * LANES) {
      vectors = KeyGradientKernel.columns((columns - column) / LANES);
      int height = KeyGradientKernel.rows(vectors);
      int strips = (to - fromKey) / height;
      operands.a.set(factors, LaneRows.index(LaneRows.KEYS, fromKey, firstVector * LANES), LaneRows.KEYS * LANES);
      operands.b.set(packed, column * Tiles.QUERIES + firstVector * LANES * vectors * LANES, vectors * LANES);
      operands.c.set(sums, row + column, stride);
      KeyGradientKernel.add(operands.a, operands.b, operands.c, depth, strips, vectors);
      int done = strips * height;
      if (fromKey + done < to) {
        operands.a.set(factors, LaneRows.index(LaneRows.KEYS, fromKey + done, firstVector * LANES), LaneRows.KEYS * LANES);
        addEdge(operands.a, operands.b, operands.c, row + done * stride + column, to - fromKey - done, depth, vectors);
      }
    }
  }

  /** Adds to fewer rows than a strip has, in a copy. */
  private void addEdge(Operand a, Operand b, Operand c, int at, int rows, int depth, int vectors) {
    int length = vectors * LANES;
    for (int row = 0; row < rows; row++) {
      System.arraycopy(sums, at + row * stride, edge, row * length, length);
    }
    c.set(edge, 0, length);
    KeyGradientKernel.add(a, b, c, depth, 1, vectors);
    for (int row = 0; row < rows; row++) {
      System.arraycopy(edge, row * length, sums, at + row * stride, length);
    }
  }

  /** Writes sums in scratch to the caller's array; returns whether all are finite. */
  boolean close() {
    Heads gradient = target;
    if (gradient == null) {
      return true;
    }
    if (sums == scratch) {
      for (int key = 0; key < keys; key++) {
        int to = targetFirst + key * gradient.rowStride();
        for (int i = 0; i < width; i++) {
          gradient.data()[to + i * gradient.columnStride()] = sums[key * columns + i];
        }
      }
    }
    FloatVector zeros = FloatVector.zero(SPECIES); // x · 0 is 0 for every finite x and NaN for any other
    for (int i = 0; i < columns; i += LANES) { // the inner loop is the longer one
      for (int key = 0; key < keys; key++) {
        zeros = FloatVector.fromArray(SPECIES, sums, first + i + key * stride).fma(FloatVector.zero(SPECIES), zeros);
      }
    }
    return FloatVector.zero(SPECIES).compare(VectorOperators.EQ, zeros).allTrue();
  }

  /** Drops the references to the caller's arrays. */
  void release() {
    target = null;
    sums = NONE;
  }
}
