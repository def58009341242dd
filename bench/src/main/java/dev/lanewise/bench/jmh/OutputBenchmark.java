package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/**
 * AV, the weights times the values: 2 · queries · keys · valueDim operations a call. The weights are uniform, for their sum does not matter
 * to the time.
 */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class OutputBenchmark extends ScalarVersusVector {
  /** queries × keys × valueDim. */
  @Param({"512x512x64", "113x203x59"})
  public String shape;

  private Matrix weights;
  private Matrix value;
  private Matrix output;

  @Override
  protected void prepare() {
    int[] sizes = Inputs.sizes(shape);
    weights = Inputs.matrix(sizes[0], sizes[1], 1);
    value = Inputs.matrix(sizes[1], sizes[2], 2);
    output = Matrix.zeros(sizes[0], sizes[2]);
  }

  @Override
  protected double[] reference() {
    return ReferenceLayers.product(weights, value);
  }

  @Override
  protected double flops() {
    return 2.0 * weights.rows() * weights.columns() * value.columns();
  }

  @Override
  protected double bytes() {
    return (double) Float.BYTES * (weights.data().length + value.data().length + output.data().length);
  }

  @Override
  protected float[] run(Kernels kernels) {
    kernels.output(weights, value, output);
    return output.data();
  }
}
