package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import org.openjdk.jmh.annotations.Param;

/**
 * A projection by a weight that is stored in fewer bits, without bias: 2 · rows · inputs · outputs operations a call. Both paths multiply
 * the same numbers, those for which the codes stand.
 */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class NarrowProductBenchmark extends ScalarVersusVector {
  /** rows × inputs × outputs: a decoder's next token, a few drafted tokens, and a part of a prompt. */
  @Param({"1x4096x4096", "4x1024x2816", "64x1024x2816"})
  public String shape;

  @Param({"BF16", "INT8_BLOCK", "INT4"})
  public WeightFormat format;

  private Matrix input;
  private Matrix rows;

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    input = Inputs.matrix(sizes[0], sizes[1], 1);
    rows = Inputs.matrix(sizes[2], sizes[1], 2);
    ByPath<PackedMatrix> packed = ByPath.of(kernels -> kernels.packTransposed(rows, format));
    PackedMatrix stored = packed.scalar();
    for (int output = 0; output < rows.rows(); output++) {
      stored.row(output, rows.data(), rows.index(output, 0));
    }
    Matrix result = Matrix.zeros(sizes[0], sizes[2]);
    return new Task(
        kernels -> {
          kernels.product(input, packed.on(kernels), null, result);
          return result.data();
        },
        2.0 * input.rows() * input.columns() * rows.rows(),
        (long) Float.BYTES * (input.data().length + result.data().length) + stored.bytes(),
        () -> ReferenceLayers.product(input, rows.transposed()));
  }

  /** Compares both paths with plain float code: the scalar path sums in several parts, and its error is smaller than that of such code. */
  @Override
  void check(float[] scalarResult, float[] vectorResult) {
    double[] reference = ReferenceLayers.product(input, rows.transposed());
    double[][] rounded = ReferenceLayers.inFloat().products(ReferenceLayers.rows(input), ReferenceLayers.rows(rows), 1);
    float[] plain = new float[reference.length];
    for (int i = 0; i < plain.length; i++) {
      plain[i] = (float) rounded[i / rows.rows()][i % rows.rows()];
    }
    Agreement.check(plain, scalarResult, reference);
    Agreement.check(plain, vectorResult, reference);
  }
}
