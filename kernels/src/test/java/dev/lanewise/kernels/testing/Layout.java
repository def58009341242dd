package dev.lanewise.kernels.testing;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * The layout of a test matrix in its array. Every element outside the view holds a canary, a NaN: a kernel that writes there is detected,
 * and one that reads there makes its result NaN.
 */
public enum Layout {
  /** The array holds the view and nothing else, so that a read or write past either end throws. */
  TIGHT(0, 0, 0),
  /** Canaries before, between the rows and after. */
  FRAMED(7, 5, 9),
  /** Canaries before and between the rows; the last row ends with the array. */
  OPEN_END(3, 1, 0);

  static final float CANARY = Float.intBitsToFloat(0x7fc0_beef);

  private final int before;
  private final int gap;
  private final int after;

  Layout(int before, int gap, int after) {
    this.before = before;
    this.gap = gap;
    this.after = after;
  }

  /** The layout after this one, so that the operands of a call can differ. */
  public Layout next() {
    return values()[(ordinal() + 1) % values().length];
  }

  /** A matrix to be written, full of canaries. */
  public Matrix blank(int rows, int columns) {
    int stride = columns + gap;
    int length = rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns;
    float[] data = new float[before + length + after];
    Arrays.fill(data, CANARY);
    return new Matrix(data, before, rows, columns, stride);
  }

  /** A matrix of normally distributed elements. */
  public Matrix random(int rows, int columns, RandomGenerator random) {
    Matrix matrix = blank(rows, columns);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        matrix.data()[matrix.index(row, column)] = (float) random.nextGaussian();
      }
    }
    return matrix;
  }

  /** A matrix of whole numbers from −8 to 8: small enough for every sum of products in these tests to be exact. */
  public Matrix randomWhole(int rows, int columns, RandomGenerator random) {
    Matrix matrix = blank(rows, columns);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        matrix.data()[matrix.index(row, column)] = random.nextInt(-8, 9);
      }
    }
    return matrix;
  }

  /** A matrix with the elements of another. */
  public Matrix copyOf(Matrix source) {
    Matrix matrix = blank(source.rows(), source.columns());
    for (int row = 0; row < source.rows() && source.columns() > 0; row++) {
      System.arraycopy(source.data(), source.index(row, 0), matrix.data(), matrix.index(row, 0), source.columns());
    }
    return matrix;
  }

  /** Fails if an element outside the view has changed. */
  public static void assertFrameIntact(Object what, Matrix matrix) {
    float[] frame = matrix.data().clone();
    for (int row = 0; row < matrix.rows() && matrix.columns() > 0; row++) {
      Arrays.fill(frame, matrix.index(row, 0), matrix.index(row, matrix.columns()), CANARY);
    }
    for (int i = 0; i < frame.length; i++) {
      if (Float.floatToRawIntBits(frame[i]) != Float.floatToRawIntBits(CANARY)) {
        fail("%s: element %d lies outside %s and was written: %s", what, i, matrix, frame[i]);
      }
    }
  }
}
