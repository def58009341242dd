package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/** Row softmax: queries · keys elements a call, an exponential each. Scores lie within ±8, about as attention has them. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class SoftmaxBenchmark extends ScalarVersusVector {
  /** queries × keys. */
  @Param({"512x512", "113x203"})
  public String shape;

  private Matrix scores;
  private Matrix weights;

  @Override
  protected void prepare() {
    int[] sizes = Inputs.sizes(shape);
    scores = Inputs.matrix(sizes[0], sizes[1], 8, 1);
    weights = Matrix.zeros(sizes[0], sizes[1]);
  }

  @Override
  protected double[] reference() {
    return ReferenceLayers.flat(ReferenceLayers.inDouble().softmax(ReferenceLayers.rows(scores)));
  }

  @Override
  protected double bytes() {
    return 2.0 * Float.BYTES * scores.data().length;
  }

  @Override
  protected float[] run(Kernels kernels) {
    kernels.softmax(scores, weights);
    return weights.data();
  }
}
