package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.Matrix;
import java.util.LinkedHashMap;
import java.util.Map;

/** The sizes of an operation for the report. */
public final class Shape {
  private Shape() {}

  /** Names and values in turn, in the order of the report. */
  public static Map<String, Object> of(Object... namesAndValues) {
    Map<String, Object> shape = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      shape.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return shape;
  }

  /** Bytes of the elements of all matrices. */
  public static long bytes(Matrix... matrices) {
    long elements = 0;
    for (Matrix matrix : matrices) {
      elements += (long) matrix.rows() * matrix.columns();
    }
    return Float.BYTES * elements;
  }
}
