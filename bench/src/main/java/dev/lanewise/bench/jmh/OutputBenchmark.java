package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/**
 * AV, the weights times the values: 2 · queries · keys · valueDim operations a call. The weights are uniform, for their sum does not matter
 * to the time.
 */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class OutputBenchmark extends ScalarVersusVector {
  /** queries × keys × valueDim. */
  @Param({"512x512x64", "113x203x59"})
  public String shape;

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Matrix weights = Inputs.matrix(sizes[0], sizes[1], 1);
    Matrix value = Inputs.matrix(sizes[1], sizes[2], 2);
    Matrix output = Matrix.zeros(sizes[0], sizes[2]);
    return new Task(
        kernels -> {
          kernels.output(weights, value, output);
          return output.data();
        },
        2.0 * weights.rows() * weights.columns() * value.columns(),
        bytes(weights.data(), value.data(), output.data()),
        () -> ReferenceLayers.product(weights, value));
  }
}
