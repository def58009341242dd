package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;

/** The softmax of every row, an exponential an element. Scores are within ±8, about as in attention. */
public class SoftmaxBenchmark extends ElementwiseBenchmark {
  /** Creates the benchmark; JMH sets the parameters. */
  public SoftmaxBenchmark() {
    super(8);
  }

  @Override
  void compute(Kernels kernels, Matrix input, Matrix output) {
    kernels.softmax(input, output);
  }

  @Override
  double[][] reference(ReferenceLayers layers, double[][] input) {
    return layers.softmax(input);
  }
}
