package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/** Row norms with weight (and bias) of rows × columns elements a call. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class NormBenchmark extends ScalarVersusVector {
  private static final float EPSILON = 1e-5f;

  /** Which norm. */
  @Param({"LAYER", "RMS"})
  public Kind norm;

  /** rows × columns: in cache, and twice 64 MB. */
  @Param({"128x384", "64x1024", "21845x768"})
  public String shape;

  /** The norms of {@link Kernels}. */
  public enum Kind {
    /** {@link Kernels#layerNorm}. */
    LAYER,
    /** {@link Kernels#rmsNorm}. */
    RMS
  }

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Matrix x = Inputs.matrix(sizes[0], sizes[1], 2, 1);
    float[] weight = Inputs.matrix(1, sizes[1], 2).data();
    float[] bias = norm == Kind.LAYER ? Inputs.matrix(1, sizes[1], 3).data() : null;
    Matrix result = Matrix.zeros(sizes[0], sizes[1]);
    return new Task(
        kernels -> {
          switch (norm) {
            case LAYER -> kernels.layerNorm(x, weight, bias, EPSILON, result);
            case RMS -> kernels.rmsNorm(x, weight, EPSILON, result);
          }
          return result.data();
        },
        0,
        bytes(x.data(), result.data()),
        () -> ReferenceLayers.flat(ReferenceLayers.inDouble().norm(ReferenceLayers.rows(x), norm == Kind.LAYER, weight, bias, EPSILON)));
  }
}
