package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.BlendKernel;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.BiConsumer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The accumulated output of a tile of queries: accumulated[row][d] += Σ weights[key][row] · V[key][d], one step of keys after the other, in
 * the order of {@link RowOrder}. V is read in place. Other rows can take the place of the values, and other factors that of the weights.
 */
public final class TileOutput implements TileSink {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private final float[] edge = new float[RowOrder.STEP * 4 * LANES];
  private final BiConsumer<QueryTile, ContiguousTile> source;
  private final ContiguousTile values = new ContiguousTile();
  private final int[] starts = new int[Tiles.QUERIES];
  private final float[] ones = new float[Tiles.QUERIES];
  private @Nullable Heads target;
  private float[] accumulated = new float[0];

  /** The sums of the spans that have been joined, if {@link #joined}. */
  private double[] far = new double[0];

  private boolean joined;
  private boolean empty;
  private int width;

  /** Distance of rows in {@link #accumulated}: whole vectors. */
  private int stride;

  private int wholeKeys;
  private boolean careful;
  private boolean finite;
  private int finiteFrom;
  private int finiteTo;

  /** Creates a sum over the rows that {@code source} selects for a tile of keys. */
  public TileOutput(BiConsumer<QueryTile, ContiguousTile> source) {
    this.source = source;
    Arrays.fill(ones, 1);
  }

  /**
   * Begins a unit, whose values have not been checked yet.
   *
   * @param checks whether values that are not finite are found; if not, such a value makes the output NaN or infinite, also of a row that
   *     does not see its key
   */
  public void openUnit(@Nullable Heads output, boolean checks) {
    target = output;
    careful = checks;
    finiteFrom = 0;
    finiteTo = 0;
  }

  @Override
  public void open(QueryTile tile) {
    Heads output = Objects.requireNonNull(target);
    tile.rowStarts(output, starts);
    width = output.width();
    stride = Packing.roundUp(width, LANES);
    empty = true;
    joined = false;
    int size = (BlendKernel.SPARE_ROW + 1) * stride;
    if (accumulated.length < size) {
      accumulated = new float[size];
    }
  }

  /**
   * Selects the values of the tile and finds those that are not finite, before scores become weights. A key that a lane does not see, or
   * whose score is −∞, has weight 0 there. Its product with the value is 0 unless the value is NaN or infinite; keys from the step of such
   * a value on are added row by row.
   */
  @Override
  public void openTile(QueryTile tile, TileMask mask, float[] scores) {
    source.accept(tile, values);
    wholeKeys = tile.keys();
    if (careful && !isFinite(tile, tile.key(), tile.key() + tile.keys())) {
      wholeKeys = 0;
      while (wholeKeys < tile.keys() && areFinite(wholeKeys, wholeKeys + 1)) {
        wholeKeys++;
      }
      wholeKeys = Math.max(0, wholeKeys - (tile.key() + wholeKeys) % RowOrder.STEP); // whole steps
      mask.hideInfinite(scores, tile.keys());
    }
  }

  /** Whether the values of these keys are finite. Values that were checked for an earlier tile of queries are not checked again. */
  private boolean isFinite(QueryTile tile, int from, int to) {
    if (from > finiteTo || to < finiteFrom) {
      finiteFrom = from;
      finiteTo = from;
    }
    if (finiteFrom > from && areFinite(from - tile.key(), finiteFrom - tile.key())) {
      finiteFrom = from;
    }
    if (finiteTo < to && areFinite(finiteTo - tile.key(), to - tile.key())) {
      finiteTo = to;
    }
    return finiteFrom <= from && finiteTo >= to;
  }

  /** Whether rows of the values are finite. */
  private boolean areFinite(int from, int to) {
    return allFinite(values.data(), values.row(from), values.stride(), to - from, width);
  }

  /** Adds the weighted values of the keys. */
  @Override
  public void take(QueryTile tile, TileMask mask, float[] weights, int from, int to) {
    for (int key = from; key < to; key = tile.stepEnd(key)) {
      int end = Math.min(to, tile.stepEnd(key));
      if (key < wholeKeys && tile.seesAll(key, end)) {
        addKeys(tile, weights, key, end, 0, tile.rows());
      } else if (key < wholeKeys) {
        addSeen(tile, weights, key, end);
      } else {
        addVisible(tile, mask, weights, key, end);
      }
    }
  }

  /** Adds a step of keys, for each vector of rows only those keys that any of its rows may see. */
  private void addSeen(QueryTile tile, float[] weights, int from, int to) {
    clearIfEmpty(tile.rows());
    for (int row = 0; row < tile.rows(); row += LANES) {
      int first = tile.seenFrom(row / LANES, from);
      int end = tile.seenTo(row / LANES, to);
      if (first < end) {
        addKeys(tile, weights, first, end, row, Math.min(row + LANES, tile.rows()));
      }
    }
  }

  private void clearIfEmpty(int rows) {
    if (empty) {
      Arrays.fill(accumulated, 0, rows * stride, 0);
      empty = false;
    }
  }

  /** Adds the keys {@code from} (inclusive) to {@code to} (exclusive) of the tile, a part of a step, to some rows. */
  private void addKeys(QueryTile tile, float[] weights, int from, int to, int row, int endRow) {
    Scratch scratch = tile.scratch;
    scratch.a.set(weights, from * LANES, LaneRows.KEYS * LANES);
    int columns;
    for (int column = 0; column < stride; column += columns * LANES) {
      columns = BlendKernel.columns((stride - column) / LANES);
      selectValues(scratch, from, to, column, columns * LANES);
      scratch.c.set(accumulated, column, stride);
      Operand start = empty ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
      BlendKernel.multiply(scratch.a, scratch.b, start, scratch.c, to - from, row, endRow, columns);
    }
    empty = false;
  }

  /**
   * Selects columns of the values. The last columns may extend past the end of a row. The elements behind the row are then read too (their
   * results are dropped), unless the array ends there: then the columns are copied.
   */
  private void selectValues(Scratch scratch, int from, int to, int column, int columns) {
    int last = values.row(to - 1) + column;
    if (last + columns <= values.data().length) {
      if (values.stride() == columns) {
        scratch.b.set(values.data(), values.row(from) + column, columns);
      } else {
        copyValues(from, to, column, columns);
        scratch.b.set(edge, 0, columns);
      }
      return;
    }
    int used = Math.min(columns, width - column);
    for (int key = from; key < to; key++) {
      System.arraycopy(values.data(), values.row(key) + column, edge, (key - from) * columns, used);
    }
    scratch.b.set(edge, 0, columns);
  }

  /**
   * Copies columns of the values, so that they lie side by side. Each strip of rows reads them, and longer rows of values would not stay in
   * L1: at a distance of 512 bytes they share half of its sets.
   */
  private void copyValues(int from, int to, int column, int columns) {
    float[] data = values.data();
    int distance = values.stride();
    int first = values.row(from) + column;
    for (int d = 0; d < columns; d += LANES) {
      for (int key = 0; key < to - from; key++) {
        FloatVector.fromArray(SPECIES, data, first + key * distance + d).intoArray(edge, key * columns + d);
      }
    }
  }

  /** Adds a step of keys, row by row, without the keys that a row does not see. */
  private void addVisible(QueryTile tile, TileMask mask, float[] weights, int from, int to) {
    clearIfEmpty(tile.rows());
    for (int row = 0; row < tile.rows(); row++) {
      for (int d = 0; d < width; d++) {
        accumulated[row * stride + d] += visibleSum(mask, weights, row, d, from, to);
      }
    }
  }

  private float visibleSum(TileMask mask, float[] weights, int row, int d, int from, int to) {
    float sum = 0;
    for (int chain = from; chain < to; chain += RowOrder.CHAIN) {
      float chainSum = 0;
      for (int key = chain; key < Math.min(chain + RowOrder.CHAIN, to); key++) {
        if ((mask.hidden(key) >>> row & 1) == 0) {
          float weight = weights[LaneRows.index(LaneRows.KEYS, key, row)];
          chainSum = Math.fma(values.data()[values.row(key) + d], weight, chainSum);
        }
      }
      sum += chainSum;
    }
    return sum;
  }

  @Override
  public void rescale(QueryTile tile, float[] factors) {
    for (int row = 0; row < tile.rows() && !empty; row++) {
      for (int i = row * stride; i < (row + 1) * stride && factors[row] != 1; i += LANES) {
        FloatVector.fromArray(SPECIES, accumulated, i).mul(factors[row]).intoArray(accumulated, i);
      }
    }
  }

  @Override
  public void join(QueryTile tile, @Nullable SpanFactors factors) {
    int size = tile.rows() * stride;
    if (far.length < size) {
      far = new double[size];
    }
    if (!joined) {
      Arrays.fill(far, 0, size, 0);
      joined = true;
    }
    for (int row = 0; row < tile.rows() && !empty; row++) {
      double kept = factors == null ? 1 : factors.kept[row];
      double added = factors == null ? 1 : factors.added[row];
      if (kept != 1 || added != 0) {
        RowOrder.join(far, row * stride, accumulated, row * stride, width, kept, added);
      }
    }
    empty = true;
  }

  /** Whether all elements of some rows are finite. */
  private static boolean allFinite(float[] x, int from, int stride, int rows, int width) {
    int bound = SPECIES.loopBound(width);
    FloatVector zeros = FloatVector.zero(SPECIES);
    float rest = 0;
    for (int row = 0; row < rows; row++) {
      int at = from + row * stride;
      for (int i = 0; i < bound; i += LANES) {
        zeros = FloatVector.fromArray(SPECIES, x, at + i).fma(FloatVector.zero(SPECIES), zeros);
      }
      for (int i = bound; i < width; i++) {
        rest += x[at + i] * 0;
      }
    }
    return rest == 0 && FloatVector.zero(SPECIES).compare(VectorOperators.EQ, zeros).allTrue();
  }

  /** Writes the accumulated row of the current span; nothing if no key has been seen. */
  public void leave(int row, float[] to, int at) {
    if (!empty) {
      System.arraycopy(accumulated, row * stride, to, at, width);
    }
  }

  /** Writes the rows; 0 if no key has been seen. */
  @Override
  public void close(QueryTile tile, float @Nullable [] factors) {
    if (joined) {
      for (int i = 0; i < tile.rows() * stride; i++) {
        accumulated[i] = (float) far[i];
      }
    } else if (empty) {
      Arrays.fill(accumulated, 0, tile.rows() * stride, 0);
    }
    finite = store(Objects.requireNonNull(target), tile.rows(), factors == null ? ones : factors);
  }

  /** Writes the rows times their factors; returns whether all elements are finite: x · 0 is 0 for every finite x and NaN for any other. */
  private boolean store(Heads output, int rows, float[] factors) {
    int columnStride = output.columnStride();
    int bound = columnStride == 1 ? SPECIES.loopBound(width) : 0;
    float[] data = output.data();
    FloatVector zeros = FloatVector.zero(SPECIES);
    for (int d = 0; d < bound; d += LANES) { // the inner loop is the longer one
      for (int row = 0; row < rows; row++) {
        FloatVector x = FloatVector.fromArray(SPECIES, accumulated, row * stride + d).mul(factors[row]);
        x.intoArray(data, starts[row] + d);
        zeros = x.fma(FloatVector.zero(SPECIES), zeros);
      }
    }
    float rest = 0;
    for (int row = 0; row < rows && bound < width; row++) {
      for (int d = bound; d < width; d++) {
        float x = accumulated[row * stride + d] * factors[row];
        data[starts[row] + d * columnStride] = x;
        rest += x * 0;
      }
    }
    return rest == 0 && FloatVector.zero(SPECIES).compare(VectorOperators.EQ, zeros).allTrue();
  }

  /** Whether all of the output is finite. */
  public boolean isFinite() {
    return finite;
  }

  /** Whether a row of the output is finite. */
  boolean isFinite(int row) {
    Heads output = Objects.requireNonNull(target);
    for (int d = 0; d < width; d++) {
      if (!Float.isFinite(output.data()[starts[row] + d * output.columnStride()])) {
        return false;
      }
    }
    return true;
  }

  /** Drops the references to the caller's arrays. */
  public void release() {
    values.release();
    target = null;
  }
}
