package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/** An activation of every element, within ±4. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class ActivationBenchmark extends ElementwiseBenchmark {
  /** tanh, the gelu that needs erf, and the one that needs tanh. */
  @Param({"TANH", "GELU", "GELU_TANH"})
  public Activation activation;

  /** Creates the benchmark; JMH sets the parameters. */
  public ActivationBenchmark() {
    super(4);
  }

  @Override
  void compute(Kernels kernels, Matrix input, Matrix output) {
    kernels.activate(activation, input, output);
  }

  @Override
  double[][] reference(ReferenceLayers layers, double[][] input) {
    return layers.activated(activation, input);
  }
}
