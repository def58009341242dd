package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.PlainDouble;
import dev.lanewise.bench.throughput.data.PlainFloat;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;

/** The softmax of every row of a head's scores, queries × keys. */
final class SoftmaxOperation extends RowsOperation {
  private final Kernels kernels;

  SoftmaxOperation(Setup setup) {
    super(setup.team(), new SeededData().matrix(setup.sizes().queries, setup.sizes().keys), setup.sizes().keys);
    kernels = setup.kernels();
  }

  @Override
  void compute(Matrix scores, Matrix weights) {
    kernels.softmax(scores, weights);
  }

  @Override
  void compareRow(Meter meter, int i) {
    double[] exact = PlainDouble.softmax(input, i);
    float[] plain = PlainFloat.softmax(input, i);
    for (int j = 0; j < exact.length; j++) {
      meter.add(exact[j], result.get(i, j), plain[j]);
    }
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of("queries", input.rows(), "keys", input.columns());
  }

  @Override
  public long flops() {
    return 0;
  }

  @Override
  public long bytes() {
    return Shape.bytes(input, result);
  }
}
