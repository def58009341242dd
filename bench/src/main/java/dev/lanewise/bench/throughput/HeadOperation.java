package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;

/** Kernels of one head that run on the calling thread: each thread gets rows of the input and the same rows of the result. */
final class HeadOperation {
  private HeadOperation() {}

  /** Computes some rows. */
  private interface Kernel {
    void compute(Matrix inputRows, Matrix resultRows);
  }

  /** Computes some rows by the reference. */
  interface Reference {
    double[][] compute(ReferenceLayers layers, double[][] inputRows);
  }

  /**
   * An operation.
   *
   * @param shape names and sizes in turn
   * @param otherElements elements of what is read beside the input
   */
  private static Operation of(
      Setup setup, Matrix input, int resultColumns, Kernel kernel, Reference reference, long flops, long otherElements, Object... shape) {
    Team team = setup.team();
    Matrix result = Matrix.zeros(input.rows(), resultColumns);
    Matrix[] inputParts = Rows.split(input, team.size());
    Matrix[] resultParts = Rows.split(result, team.size());
    return new Operation(
        Shape.of(shape),
        () -> team.run(n -> kernel.compute(inputParts[n], resultParts[n])),
        flops,
        Shape.bytes(input, result) + Float.BYTES * otherElements,
        () -> accuracy(input, result, reference));
  }

  /** The error of some rows. */
  static Accuracy accuracy(Matrix input, Matrix result, Reference reference) {
    Meter meter = new Meter();
    for (int i : Rows.sample(input.rows())) {
      double[][] row = ReferenceLayers.rows(input.rows(i, i + 1));
      double[] plain = reference.compute(ReferenceLayers.inFloat(), row)[0];
      meter.add(reference.compute(ReferenceLayers.inDouble(), row)[0], result.rows(i, i + 1), plain);
    }
    return meter.result();
  }

  /** e to the power of every score, queries × keys. */
  static Operation exp(Setup setup) {
    Matrix scores = scores(setup.sizes(), new SeededData());
    return ofScores(setup, scores, setup.kernels()::exp, ReferenceLayers::exp);
  }

  /** The softmax of every row of scores, queries × keys. */
  static Operation softmax(Setup setup) {
    Matrix scores = scores(setup.sizes(), new SeededData());
    return ofScores(setup, scores, setup.kernels()::softmax, ReferenceLayers::softmax);
  }

  /** An operation on scores for which counting floating-point operations says nothing. */
  private static Operation ofScores(Setup setup, Matrix scores, Kernel kernel, Reference reference) {
    return of(setup, scores, scores.columns(), kernel, reference, 0, 0, "queries", scores.rows(), "keys", scores.columns());
  }

  /** scale · QKᵀ. */
  static Operation scores(Setup setup) {
    SeededData data = new SeededData();
    ShapeOptions sizes = setup.sizes();
    Matrix query = data.matrix(sizes.queries, sizes.headDim);
    Matrix key = data.matrix(sizes.keys, sizes.headDim);
    float scale = (float) (1 / Math.sqrt(sizes.headDim));
    Kernels kernels = setup.kernels();
    Kernel kernel = (rows, scores) -> kernels.scores(rows, key, scale, scores);
    Reference reference = (layers, rows) -> layers.products(rows, ReferenceLayers.rows(key), scale);
    long elements = (long) sizes.keys * sizes.headDim;
    long flops = 2L * sizes.queries * elements;
    Object[] shape = {"queries", sizes.queries, "keys", sizes.keys, "headDim", sizes.headDim};
    return of(setup, query, sizes.keys, kernel, reference, flops, elements, shape);
  }

  /** AV, with weights that a softmax made. */
  static Operation output(Setup setup) {
    SeededData data = new SeededData();
    ShapeOptions sizes = setup.sizes();
    Matrix weights = scores(sizes, data);
    Kernels.scalar().softmax(weights, weights);
    Matrix value = data.matrix(sizes.keys, sizes.valueDim);
    Kernels kernels = setup.kernels();
    Kernel kernel = (rows, output) -> kernels.output(rows, value, output);
    Reference reference = (layers, rows) -> layers.products(rows, ReferenceLayers.transposed(ReferenceLayers.rows(value)), 1);
    long elements = (long) sizes.keys * sizes.valueDim;
    long flops = 2L * sizes.queries * elements;
    Object[] shape = {"queries", sizes.queries, "keys", sizes.keys, "valueDim", sizes.valueDim};
    return of(setup, weights, sizes.valueDim, kernel, reference, flops, elements, shape);
  }

  private static Matrix scores(ShapeOptions sizes, SeededData data) {
    return data.matrix(sizes.queries, sizes.keys);
  }
}
