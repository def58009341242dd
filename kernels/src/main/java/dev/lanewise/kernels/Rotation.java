package dev.lanewise.kernels;

import dev.lanewise.kernels.call.KernelProvider;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A pooled call of {@link Kernels#rotate}: operands, loops over rows and heads, and the angles of a block of rows. The inner loop runs over
 * rows or heads, whichever have the smaller stride; the other order is two to four times slower out of cache.
 */
final class Rotation extends ScratchPool.Member implements AutoCloseable {
  private static final ScratchPool<Rotation> POOL = new ScratchPool<>(Rotation::new);

  /**
   * Rows of a block. Their angles (1 MB at 64 pairs) stay in cache while the heads are rotated one after the other. In smaller blocks the
   * jumps between heads cost more than the angles: blocks of 64 rows take nearly twice the time out of cache if the rows of a head are
   * contiguous.
   */
  private static final int BLOCK = 2048;

  /** The most elements that the angles of a block take. */
  private static final int BLOCK_SIZE = 1 << 20;

  private static final float[] NO_ROW = {};
  private static final Heads NOTHING = Heads.zeros(0, 0, 0, 0);
  private static final RotaryTable NO_TABLE = RotaryTable.of(RotaryTable.Form.HALF, new double[1], 1);

  private Heads input = NOTHING;
  private Heads output = NOTHING;
  private RotaryTable table = NO_TABLE;
  private boolean inPlace;

  /** Whether rows are rotated by the negative angles. */
  private boolean isInverse;

  /** The angles of row i of the block are in angles[i], from starts[i] on. */
  private final float[][] angles = new float[BLOCK][];

  private final int[] starts = new int[BLOCK];
  private int used;
  private float[] computed = NO_ROW;

  private Rotation() {
    Arrays.fill(angles, NO_ROW);
  }

  /** A call with these operands, which {@link #check} has accepted. */
  static Rotation of(Heads input, Heads output, RotaryTable table) {
    return of(input, output, table, false);
  }

  /** The inverse call, which rotates by the negative angles: the transpose of the rotation. */
  static Rotation inverse(Heads input, Heads output, RotaryTable table) {
    return of(input, output, table, true);
  }

  private static Rotation of(Heads input, Heads output, RotaryTable table, boolean isInverse) {
    Rotation rotation = POOL.take();
    rotation.isInverse = isInverse;
    rotation.input = input;
    rotation.output = output;
    rotation.table = table;
    rotation.inPlace = ViewChecks.sameElements(input, output);
    return rotation;
  }

  /** Returns this object to its pool, without references to the caller's arrays. */
  @Override
  public void close() {
    input = NOTHING;
    output = NOTHING;
    table = NO_TABLE;
    Arrays.fill(angles, 0, used, NO_ROW);
    used = 0;
    POOL.give(this);
  }

  /** Checks the operands of a call. */
  static void check(Heads input, Heads output, RotaryTable table) {
    check("input", input, "output", output, table);
  }

  /** Checks the operands of a call; {@code inputName} is the name of the view that is read. */
  static void check(String inputName, Heads input, String name, Heads output, RotaryTable table) {
    ViewChecks.sameShape(name, output, inputName, input);
    Objects.requireNonNull(table, "table");
    if (table.rotaryDim() > input.width()) { // the name is made for a message only
      Checks.atMost("table.rotaryDim", table.rotaryDim(), inputName + ".width", input.width());
    }
    ViewChecks.writableInPlace(name, output, inputName, input);
  }

  /** Checks that the positions from {@code first} on, one for each row, are valid. */
  static void checkFirst(int first, String name, int rows, RotaryTable table) {
    Checks.atLeast("firstPosition", first, 0);
    if ((long) first + rows - 1 > table.lastPosition()) {
      throw new IllegalArgumentException(
          "firstPosition is "
              + first
              + " and "
              + name
              + ".rows is "
              + rows
              + ": the last position must be at most "
              + table.lastPosition());
    }
  }

  /**
   * Rotates all rows. Row r of batch entry b is at position {@code positions[b · rows + r]}, or firstPosition + r if there are no
   * positions. If there are positions for each section, those of the next section follow batch · rows later.
   */
  void run(KernelProvider provider, int @Nullable [] positions, int firstPosition) {
    for (int b = 0; b < input.batch() && !input.isEmpty(); b++) {
      run(provider, b, positions, positions == null ? firstPosition : b * input.rows());
    }
  }

  private void run(KernelProvider provider, int b, int @Nullable [] positions, int first) {
    int block = Math.clamp(BLOCK_SIZE / table.rowSize(), 1, Math.min(BLOCK, input.rows()));
    used = block;
    int all = input.batch() * input.rows();
    for (int row = 0; row < input.rows(); row += block) {
      int rows = Math.min(block, input.rows() - row);
      Interruption.check();
      for (int i = 0; i < rows; i++) {
        int index = first + row + i;
        if (positions == null || positions.length == all) {
          find(i, positions == null ? index : positions[index]);
        } else {
          reserve(i);
          table.combine(positions, index, all, angles[i], starts[i]);
        }
        negateIfInverse(i);
      }
      if (input.columnStride() != 1 || output.columnStride() != 1) {
        elementByElement(b, row, rows);
      } else if (input.rows() == 1 || output.headStride() < output.rowStride()) {
        headsInside(provider, b, row, rows);
      } else {
        rowsInside(provider, b, row, rows);
      }
    }
  }

  /** Looks up or computes the angles of a position, for row {@code i} of the block. An inverse call gets a copy, which it changes. */
  private void find(int i, int position) {
    float[] kept = table.chunk(position);
    if (kept != null && !isInverse) {
      angles[i] = kept;
      starts[i] = table.index(position);
      return;
    }
    reserve(i);
    if (kept != null) {
      System.arraycopy(kept, table.index(position), angles[i], starts[i], table.rowSize());
    } else {
      table.compute(position, angles[i], starts[i]);
    }
  }

  /** Changes the signs of the sines, the second half of a row of the table, if the call is inverse. */
  private void negateIfInverse(int i) {
    if (!isInverse) {
      return;
    }
    float[] row = angles[i];
    int size = table.rowSize();
    for (int at = starts[i] + size / 2; at < starts[i] + size; at++) {
      row[at] = -row[at];
    }
  }

  /** Provides memory for the angles of row {@code i} of the block. */
  private void reserve(int i) {
    int size = table.rowSize();
    if (computed.length < used * size) {
      computed = new float[used * size];
    }
    angles[i] = computed;
    starts[i] = i * size;
  }

  private void rowsInside(KernelProvider provider, int b, int row, int rows) {
    for (int head = 0; head < input.heads(); head++) {
      turnRows(provider, input.index(b, head, row), output.index(b, head, row), rows);
    }
  }

  /** Rotates rows of one head. The loop uses local variables only, which is a third faster in cache. */
  private void turnRows(KernelProvider provider, int from, int to, int rows) {
    RotaryTable angleTable = table;
    float[] x = input.data();
    float[] y = output.data();
    int step = input.rowStride();
    int stepTo = output.rowStride();
    int rest = rest();
    for (int i = 0; i < rows; i++) {
      provider.rotate(angleTable, x, from + i * step, y, to + i * stepTo, angles[i], starts[i]);
      if (rest > 0) {
        System.arraycopy(x, from + i * step + angleTable.rotaryDim(), y, to + i * stepTo + angleTable.rotaryDim(), rest);
      }
    }
  }

  private void headsInside(KernelProvider provider, int b, int row, int rows) {
    for (int i = 0; i < rows; i++) {
      turnHeads(provider, input.index(b, 0, row + i), output.index(b, 0, row + i), i);
    }
  }

  /** Rotates one row of every head. */
  private void turnHeads(KernelProvider provider, int from, int to, int i) {
    RotaryTable angleTable = table;
    float[] x = input.data();
    float[] y = output.data();
    int step = input.headStride();
    int stepTo = output.headStride();
    int heads = input.heads();
    int rest = rest();
    float[] row = angles[i];
    int start = starts[i];
    for (int head = 0; head < heads; head++) {
      provider.rotate(angleTable, x, from + head * step, y, to + head * stepTo, row, start);
      if (rest > 0) {
        System.arraycopy(x, from + head * step + angleTable.rotaryDim(), y, to + head * stepTo + angleTable.rotaryDim(), rest);
      }
    }
  }

  /** Number of elements of a row that are copied. */
  private int rest() {
    return inPlace ? 0 : input.width() - table.rotaryDim();
  }

  /**
   * Rotates rows whose elements are not contiguous in input or output, in plain Java with the arithmetic of both paths and therefore with
   * the same bits.
   */
  private void elementByElement(int b, int row, int rows) {
    for (int head = 0; head < input.heads(); head++) {
      for (int i = 0; i < rows; i++) {
        turnApart(input.index(b, head, row + i), output.index(b, head, row + i), angles[i], starts[i]);
      }
    }
  }

  private void turnApart(int from, int to, float[] row, int start) {
    float[] x = input.data();
    float[] y = output.data();
    int pairs = table.pairs();
    boolean half = table.form() == RotaryTable.Form.HALF;
    for (int i = 0; i < pairs; i++) {
      int left = half ? i : 2 * i;
      int right = half ? i + pairs : 2 * i + 1;
      float cosine = row[start + left];
      float sine = row[start + right + (half ? 0 : 2 * pairs)];
      float a = x[from + left * input.columnStride()];
      float b = x[from + right * input.columnStride()];
      y[to + left * output.columnStride()] = a * cosine - b * sine;
      y[to + right * output.columnStride()] = b * cosine + a * sine;
    }
    for (int column = 2 * pairs; column < input.width(); column++) {
      y[to + column * output.columnStride()] = x[from + column * input.columnStride()];
    }
  }
}
