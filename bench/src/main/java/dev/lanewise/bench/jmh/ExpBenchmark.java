package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;

/** e<sup>x</sup> of every element, within ±8 as in {@link SoftmaxBenchmark}. */
public class ExpBenchmark extends ElementwiseBenchmark {
  /** Creates the benchmark; JMH sets the parameters. */
  public ExpBenchmark() {
    super(8);
  }

  @Override
  void compute(Kernels kernels, Matrix input, Matrix output) {
    kernels.exp(input, output);
  }

  @Override
  double[][] reference(ReferenceLayers layers, double[][] input) {
    return layers.exp(input);
  }
}
