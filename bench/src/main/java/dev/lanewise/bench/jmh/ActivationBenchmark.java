package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/** Activations of rows · columns elements a call, within ±4. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class ActivationBenchmark extends ScalarVersusVector {
  /** tanh, the gelu that needs erf, and the one that needs tanh. */
  @Param({"TANH", "GELU", "GELU_TANH"})
  public Activation activation;

  /** rows × columns. */
  @Param({"512x512", "113x203"})
  public String shape;

  private Matrix x;
  private Matrix result;

  @Override
  protected void prepare() {
    int[] sizes = Inputs.sizes(shape);
    x = Inputs.matrix(sizes[0], sizes[1], 4, 1);
    result = Matrix.zeros(sizes[0], sizes[1]);
  }

  @Override
  protected double[] reference() {
    return ReferenceLayers.flat(ReferenceLayers.inDouble().activated(activation, ReferenceLayers.rows(x)));
  }

  @Override
  protected double bytes() {
    return 2.0 * Float.BYTES * x.rows() * x.columns();
  }

  @Override
  protected float[] run(Kernels kernels) {
    kernels.activate(activation, x, result);
    return result.data();
  }
}
