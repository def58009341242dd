package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.Results;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceGradients;
import dev.lanewise.kernels.data.Heads;

/**
 * The backward pass of softmax attention on seeded numbers, for a given gradient of its output. The forward pass has run before, and its
 * output and log-sum-exp are there.
 */
public final class BackwardCall {
  private final ShapeOptions shape;
  private final Attention attention;
  private final Heads query;
  private final Heads key;
  private final Heads value;
  private final Heads outputGradient;
  private final Heads output;
  private final float[] logSumExp;
  private final Heads queryGradient;
  private final Heads keyGradient;
  private final Heads valueGradient;
  private final Gradients gradients;

  /**
   * A call.
   *
   * @param base threads and kernels; the mask is that of the shape
   */
  public BackwardCall(ShapeOptions shape, Attention base) {
    this.shape = shape;
    SeededData data = new SeededData();
    query = data.filled(queries(shape.headDim));
    key = data.filled(keys(shape.headDim));
    value = data.filled(keys(shape.valueDim));
    outputGradient = data.filled(queries(shape.valueDim));
    output = queries(shape.valueDim);
    logSumExp = new float[shape.batch * shape.heads * shape.queries];
    queryGradient = queries(shape.headDim);
    keyGradient = keys(shape.headDim);
    valueGradient = keys(shape.valueDim);
    gradients = Gradients.of().withQuery(queryGradient).withKey(keyGradient).withValue(valueGradient);
    attention = shape.causal ? base.withMask(Mask.causal()) : base;
    attention.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp));
  }

  private Heads queries(int width) {
    return Heads.zeros(shape.batch, shape.heads, shape.queries, width);
  }

  private Heads keys(int width) {
    return Heads.zeros(shape.batch, shape.keyValueHeads(), shape.keys, width);
  }

  /** Computes the gradients. */
  public void run() {
    attention.backward(query, key, value, output, logSumExp, outputGradient, gradients);
  }

  /** Dense batch, head, row, column, as all operands. */
  public Heads query() {
    return query;
  }

  /** The keys. */
  public Heads key() {
    return key;
  }

  /** The values. */
  public Heads value() {
    return value;
  }

  /** The gradient of the output. */
  public Heads outputGradient() {
    return outputGradient;
  }

  /** dQ, dK and dV of the last run. */
  public float[][] results() {
    return new float[][] {queryGradient.data(), keyGradient.data(), valueGradient.data()};
  }

  /** Elements that a call reads or writes at least. */
  long elements() {
    return 2L * query.data().length + 2L * key.data().length + 2L * value.data().length + 2L * output.data().length + logSumExp.length;
  }

  /** The errors of the last run in the first key/value head of the first batch entry, and in the query heads that read it. */
  Accuracy accuracy() {
    ReferenceGradients exact = exact();
    ReferenceGradients plain = exact.inFloat();
    Meter meter = new Meter();
    add(exact.query(), queryGradient.data(), plain.query(), meter);
    add(exact.key(), keyGradient.data(), plain.key(), meter);
    add(exact.value(), valueGradient.data(), plain.value(), meter);
    return meter.result();
  }

  private static void add(double[] exact, float[] measured, double[] plain, Meter meter) {
    for (int i = 0; i < exact.length; i++) {
      meter.add(exact[i], measured[i], plain[i]);
    }
  }

  /** dQ, dK and dV in double precision, dense, of the first key/value head of the first batch entry and the query heads that read it. */
  public double[][] exactOfFirstHead() {
    ReferenceGradients exact = exact();
    return new double[][] {exact.query(), exact.key(), exact.value()};
  }

  private ReferenceGradients exact() {
    int group = shape.heads / shape.keyValueHeads();
    return ReferenceGradients.of(attention, first(query, group), first(key, 1), first(value, 1), first(outputGradient, group));
  }

  private static Heads first(Heads heads, int count) {
    return heads.batch(0, 1).heads(0, count);
  }
}
