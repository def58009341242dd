package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/** A function of rows · columns elements a call, which writes as many elements as it reads. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public abstract class ElementwiseBenchmark extends ScalarVersusVector {
  /** rows × columns. */
  @Param({"512x512", "113x203"})
  public String shape;

  private final double limit;

  /** Creates a benchmark whose elements are within ±{@code limit}. */
  ElementwiseBenchmark(double limit) {
    this.limit = limit;
  }

  /** Computes the function. */
  abstract void compute(Kernels kernels, Matrix input, Matrix output);

  /** Computes the function of some rows in double. */
  abstract double[][] reference(ReferenceLayers layers, double[][] input);

  @Override
  protected final Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Matrix x = Inputs.matrix(sizes[0], sizes[1], limit, 1);
    Matrix result = Matrix.zeros(sizes[0], sizes[1]);
    return new Task(
        kernels -> {
          compute(kernels, x, result);
          return result.data();
        },
        0,
        bytes(x.data(), result.data()),
        () -> ReferenceLayers.flat(reference(ReferenceLayers.inDouble(), ReferenceLayers.rows(x))));
  }
}
