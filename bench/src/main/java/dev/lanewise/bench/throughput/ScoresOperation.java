package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.PlainDouble;
import dev.lanewise.bench.throughput.data.PlainFloat;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;

/** scale · QKᵀ of one head. */
final class ScoresOperation extends RowsOperation {
  private final Kernels kernels;
  private final Matrix key;
  private final float scale;

  ScoresOperation(Setup setup) {
    this(setup, new SeededData());
  }

  private ScoresOperation(Setup setup, SeededData data) {
    super(setup.team(), data.matrix(setup.sizes().queries, setup.sizes().headDim), setup.sizes().keys);
    kernels = setup.kernels();
    key = data.matrix(setup.sizes().keys, setup.sizes().headDim);
    scale = (float) (1 / Math.sqrt(setup.sizes().headDim));
  }

  @Override
  void compute(Matrix query, Matrix scores) {
    kernels.scores(query, key, scale, scores);
  }

  @Override
  void compareRow(Meter meter, int i) {
    for (int j = 0; j < key.rows(); j++) {
      meter.add(scale * PlainDouble.dot(input, i, key, j), result.get(i, j), scale * PlainFloat.dot(input, i, key, j));
    }
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of("queries", input.rows(), "keys", key.rows(), "headDim", key.columns());
  }

  @Override
  public long flops() {
    return 2L * input.rows() * key.rows() * key.columns();
  }

  @Override
  public long bytes() {
    return Shape.bytes(input, key, result);
  }
}
