package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;

/** A projection of m rows from k to n columns, without bias; packing the weight, once a model, is not timed. */
final class GemmOperation implements Operation {
  private final Matrix input;
  private final Matrix weight;
  private final Matrix result;
  private final Linear linear;
  private final SequenceBatch inputRows;
  private final SequenceBatch resultRows;

  GemmOperation(Setup setup) {
    SeededData data = new SeededData();
    input = data.matrix(setup.sizes().m, setup.sizes().k);
    weight = data.matrix(setup.sizes().n, setup.sizes().k);
    result = Matrix.zeros(input.rows(), weight.rows());
    linear = Linear.of(weight.data(), null, weight.columns(), weight.rows()).withKernels(setup.kernels()).withThreads(setup.team().size());
    inputRows = SequenceBatch.of(input.data(), 1, input.rows(), input.columns());
    resultRows = SequenceBatch.of(result.data(), 1, result.rows(), result.columns());
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of("m", input.rows(), "k", input.columns(), "n", weight.rows());
  }

  @Override
  public void run() {
    linear.forward(inputRows, resultRows);
  }

  @Override
  public long flops() {
    return 2L * input.rows() * input.columns() * weight.rows();
  }

  @Override
  public long bytes() {
    return Shape.bytes(input, weight, result);
  }

  @Override
  public Accuracy accuracy() {
    Meter meter = new Meter();
    double[][] weights = ReferenceLayers.rows(weight);
    for (int i : Rows.sample(input.rows())) {
      double[][] row = ReferenceLayers.rows(input.rows(i, i + 1));
      double[] exact = ReferenceLayers.inDouble().products(row, weights, 1)[0];
      double[] plain = ReferenceLayers.inFloat().products(row, weights, 1)[0];
      for (int j = 0; j < exact.length; j++) {
        meter.add(exact[j], result.get(i, j), plain[j]);
      }
    }
    return meter.result();
  }
}
