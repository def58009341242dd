package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;

/**
 * A projection of m rows from k to n columns, without bias; packing the weight, once a model, is not timed. The error is that of the
 * arithmetic: the reference multiplies the numbers for which the stored weight stands.
 */
final class GemmOperation {
  private GemmOperation() {}

  static Operation of(Setup setup) {
    SeededData data = new SeededData();
    Matrix input = data.matrix(setup.sizes().m, setup.sizes().k);
    Matrix weight = data.matrix(setup.sizes().n, setup.sizes().k);
    Matrix result = Matrix.zeros(input.rows(), weight.rows());
    Linear linear =
        Linear.of(weight.data(), null, weight.columns(), weight.rows())
            .withKernels(setup.kernels())
            .withFormat(setup.model().format())
            .withThreads(setup.team().size());
    for (int row = 0; row < weight.rows(); row++) {
      linear.weight().row(row, weight.data(), weight.index(row, 0)); // the numbers that are multiplied
    }
    SequenceBatch inputRows = SequenceBatch.of(input.data(), 1, input.rows(), input.columns());
    SequenceBatch resultRows = SequenceBatch.of(result.data(), 1, result.rows(), result.columns());
    return new Operation(
        Shape.of("m", input.rows(), "k", input.columns(), "n", weight.rows(), "weights", linear.format().name()),
        () -> linear.forward(inputRows, resultRows),
        2L * input.rows() * input.columns() * weight.rows(),
        Shape.bytes(input, result) + linear.weight().bytes(),
        () -> HeadOperation.accuracy(input, result, (layers, rows) -> layers.products(rows, ReferenceLayers.rows(weight), 1)));
  }
}
