package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;

/** e to the power of every score of a head, queries × keys. */
final class ExpOperation extends RowsOperation {
  private final Kernels kernels;

  ExpOperation(Setup setup) {
    super(setup.team(), new SeededData().matrix(setup.sizes().queries, setup.sizes().keys), setup.sizes().keys);
    kernels = setup.kernels();
  }

  @Override
  void compute(Matrix x, Matrix powers) {
    kernels.exp(x, powers);
  }

  @Override
  void compareRow(Meter meter, int i) {
    for (int j = 0; j < input.columns(); j++) {
      double exact = Math.exp(input.get(i, j));
      meter.add(exact, result.get(i, j), (float) exact);
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
