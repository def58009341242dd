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
import java.util.Map;

/** A kernel of one head that runs on the calling thread: each thread gets rows of the input and the same rows of the result. */
final class HeadOperation implements Operation {
  private final Team team;
  private final Matrix input;
  private final Matrix result;
  private final Matrix[] inputParts;
  private final Matrix[] resultParts;
  private final Kernel kernel;
  private final Reference reference;
  private final Map<String, Object> shape;
  private final long flops;
  private final long bytes;

  /** Computes some rows. */
  private interface Kernel {
    void compute(Matrix inputRows, Matrix resultRows);
  }

  /** Computes some rows by the reference. */
  private interface Reference {
    double[][] compute(ReferenceLayers layers, double[][] inputRows);
  }

  private HeadOperation(
      Team team,
      Matrix input,
      int resultColumns,
      Kernel kernel,
      Reference reference,
      Map<String, Object> shape,
      long flops,
      long otherElements) {
    this.team = team;
    this.input = input;
    this.result = Matrix.zeros(input.rows(), resultColumns);
    this.inputParts = Rows.split(input, team.size());
    this.resultParts = Rows.split(result, team.size());
    this.kernel = kernel;
    this.reference = reference;
    this.shape = shape;
    this.flops = flops;
    this.bytes = Shape.bytes(input, result) + Float.BYTES * otherElements;
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
    Map<String, Object> shape = Shape.of("queries", scores.rows(), "keys", scores.columns());
    return new HeadOperation(setup.team(), scores, scores.columns(), kernel, reference, shape, 0, 0);
  }

  /** scale · QKᵀ. */
  static Operation scores(Setup setup) {
    SeededData data = new SeededData();
    ShapeOptions sizes = setup.sizes();
    Matrix query = data.matrix(sizes.queries, sizes.headDim);
    Matrix key = data.matrix(sizes.keys, sizes.headDim);
    float scale = (float) (1 / Math.sqrt(sizes.headDim));
    Kernels kernels = setup.kernels();
    Reference reference = (layers, rows) -> layers.products(rows, ReferenceLayers.rows(key), scale);
    Map<String, Object> shape = Shape.of("queries", sizes.queries, "keys", sizes.keys, "headDim", sizes.headDim);
    long elements = (long) sizes.keys * sizes.headDim;
    return new HeadOperation(
        setup.team(),
        query,
        sizes.keys,
        (rows, scores) -> kernels.scores(rows, key, scale, scores),
        reference,
        shape,
        2L * sizes.queries * elements,
        elements);
  }

  /** AV, with weights that a softmax made. */
  static Operation output(Setup setup) {
    SeededData data = new SeededData();
    ShapeOptions sizes = setup.sizes();
    Matrix weights = scores(sizes, data);
    Kernels.scalar().softmax(weights, weights);
    Matrix value = data.matrix(sizes.keys, sizes.valueDim);
    Kernels kernels = setup.kernels();
    Reference reference = (layers, rows) -> layers.products(rows, ReferenceLayers.transposed(ReferenceLayers.rows(value)), 1);
    Map<String, Object> shape = Shape.of("queries", sizes.queries, "keys", sizes.keys, "valueDim", sizes.valueDim);
    long elements = (long) sizes.keys * sizes.valueDim;
    return new HeadOperation(
        setup.team(),
        weights,
        sizes.valueDim,
        (rows, output) -> kernels.output(rows, value, output),
        reference,
        shape,
        2L * sizes.queries * elements,
        elements);
  }

  private static Matrix scores(ShapeOptions sizes, SeededData data) {
    return data.matrix(sizes.queries, sizes.keys);
  }

  @Override
  public Map<String, Object> shape() {
    return shape;
  }

  @Override
  public void run() {
    team.run(n -> kernel.compute(inputParts[n], resultParts[n]));
  }

  @Override
  public long flops() {
    return flops;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public Accuracy accuracy() {
    Meter meter = new Meter();
    for (int i : Rows.sample(input.rows())) {
      double[][] row = ReferenceLayers.rows(input.rows(i, i + 1));
      double[] exact = reference.compute(ReferenceLayers.inDouble(), row)[0];
      double[] plain = reference.compute(ReferenceLayers.inFloat(), row)[0];
      for (int j = 0; j < exact.length; j++) {
        meter.add(exact[j], result.get(i, j), plain[j]);
      }
    }
    return meter.result();
  }
}
