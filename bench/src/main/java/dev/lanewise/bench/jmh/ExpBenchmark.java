package dev.lanewise.bench.jmh;

import dev.lanewise.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** e<sup>x</sup> of rows · columns elements a call, within ±8 as in {@link SoftmaxBenchmark}. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class ExpBenchmark extends ScalarVersusVector {
  /** rows × columns. */
  @Param({"512x512", "113x203"})
  public String shape;

  private Matrix x;
  private Matrix result;

  /** Called by JMH. */
  public ExpBenchmark() {}

  @Override
  protected void prepare() {
    int[] sizes = Inputs.sizes(shape);
    x = Inputs.matrix(sizes[0], sizes[1], 8, 1);
    result = Matrix.zeros(sizes[0], sizes[1]);
  }

  @Override
  protected double[] reference() {
    return DoubleReference.exp(x);
  }

  @Benchmark
  @Override
  public float[] scalar() {
    SCALAR.exp(x, result);
    return result.data();
  }

  @Benchmark
  @Override
  public float[] vector() {
    VECTOR.exp(x, result);
    return result.data();
  }
}
