package dev.lanewise.text.onnx;

import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A matrix of weights that a graph uses.
 *
 * @param layer the name of its layer; the matrix is called so with {@code .weight} at the end
 * @param initializer its constant
 * @param inputsFirst whether it is stored inputs × outputs, as ONNX's MatMul needs it
 * @param scale the factors of integer codes; null for floats
 * @param zero the codes that stand for 0; null if the code 0 does
 */
record OnnxMatrix(String layer, String initializer, boolean inputsFirst, @Nullable String scale, @Nullable String zero) {
  private static final int DIMENSIONS = 2;

  /** A matrix of floats, outputs × inputs. */
  record Floats(float[] data, int outputs, int inputs) {}

  /** Reads the matrix from the graph's constants. */
  Floats read(OnnxGraph graph) throws IOException {
    OnnxTensor tensor = Objects.requireNonNull(graph.constant(initializer));
    if (tensor.dims().length != DIMENSIONS) {
      throw new IOException("weight " + layer + " has " + tensor.dims().length + " dimensions, must have " + DIMENSIONS);
    }
    if (tensor.dims()[0] < 1 || tensor.dims()[1] < 1) {
      throw new IOException("weight " + layer + " has shape " + Arrays.toString(tensor.dims()) + ", must have 1 row and 1 column at least");
    }
    int rows = (int) tensor.dims()[0];
    int columns = (int) tensor.dims()[1];
    float[] data = scale == null ? tensor.weight() : dequantised(graph, tensor, scale, columns);
    return inputsFirst ? new Floats(Transpose.of(data, rows, columns), columns, rows) : new Floats(data, rows, columns);
  }

  /** Computes (code − zero) · scale, the formula of ONNX's DequantizeLinear. */
  private float[] dequantised(OnnxGraph graph, OnnxTensor codes, String factorName, int columns) throws IOException {
    if (codes.bytes() == null) {
      throw new IOException("weight " + layer + " has codes of ONNX data type " + codes.type() + ", must be 2 or 3 (8 bits)");
    }
    OnnxTensor factors = graph.constant(factorName);
    OnnxTensor zeros = zero == null ? null : graph.constant(zero);
    if (factors == null || (zero != null && zeros == null)) {
      throw new IOException("weight " + layer + " has a scale or zero point that is computed, must be a constant");
    }
    float[] factor = factors.weight();
    checkCount("scale", factor.length, columns);
    checkCount("zero point", zeros == null ? 1 : zeros.count(), columns);
    if (zeros != null && zeros.type() != codes.type()) {
      throw new IOException("weight " + layer + " has zero points of ONNX data type " + zeros.type() + ", but codes of " + codes.type());
    }
    float[] data = new float[codes.count()];
    for (int i = 0; i < data.length; i++) {
      int column = i % columns;
      int origin = zeros == null ? 0 : zeros.code(zeros.count() == 1 ? 0 : column);
      data[i] = (codes.code(i) - origin) * factor[factor.length == 1 ? 0 : column];
    }
    return data;
  }

  private void checkCount(String what, int count, int columns) throws IOException {
    if (count != 1 && count != columns) {
      throw new IOException("weight " + layer + " has " + count + " elements of its " + what + ", must have 1 or " + columns);
    }
  }
}
