package dev.lanewise.bench.minilm;

import java.io.IOException;
import java.util.Arrays;

/**
 * A dense float array and its shape.
 *
 * @param name what the model calls it
 * @param dims sizes, outermost first
 * @param data the elements, row-major
 */
@SuppressWarnings("ArrayRecordComponent")
public record Tensor(String name, int[] dims, float[] data) {

  /**
   * The elements, if the shape is the expected one.
   *
   * @throws IOException naming the tensor and both shapes otherwise
   */
  public float[] data(int... expected) throws IOException {
    if (!Arrays.equals(dims, expected)) {
      throw new IOException("weight " + name + " is " + Arrays.toString(dims) + ", must be " + Arrays.toString(expected));
    }
    return data;
  }

  /**
   * This tensor, if it is a matrix of rows of this width.
   *
   * @throws IOException naming the tensor and both shapes otherwise
   */
  public Tensor withRowsOf(int width) throws IOException {
    if (dims.length != 2 || dims[1] != width) {
      throw new IOException("weight " + name + " is " + Arrays.toString(dims) + ", must be [any, " + width + "]");
    }
    return this;
  }
}
