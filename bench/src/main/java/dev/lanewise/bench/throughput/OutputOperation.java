package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.PlainDouble;
import dev.lanewise.bench.throughput.data.PlainFloat;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;

/** AV of one head, with weights that a softmax made. */
final class OutputOperation extends RowsOperation {
  private final Kernels kernels;
  private final Matrix value;

  OutputOperation(Setup setup) {
    this(setup, new SeededData());
  }

  private OutputOperation(Setup setup, SeededData data) {
    super(setup.team(), weights(data.matrix(setup.sizes().queries, setup.sizes().keys)), setup.sizes().valueDim);
    kernels = setup.kernels();
    value = data.matrix(setup.sizes().keys, setup.sizes().valueDim);
  }

  private static Matrix weights(Matrix scores) {
    Kernels.scalar().softmax(scores, scores);
    return scores;
  }

  @Override
  void compute(Matrix weights, Matrix output) {
    kernels.output(weights, value, output);
  }

  @Override
  void compareRow(Meter meter, int i) {
    for (int d = 0; d < value.columns(); d++) {
      meter.add(PlainDouble.blend(input, i, value, d), result.get(i, d), PlainFloat.blend(input, i, value, d));
    }
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of("queries", input.rows(), "keys", value.rows(), "valueDim", value.columns());
  }

  @Override
  public long flops() {
    return 2L * input.rows() * value.rows() * value.columns();
  }

  @Override
  public long bytes() {
    return Shape.bytes(input, value, result);
  }
}
