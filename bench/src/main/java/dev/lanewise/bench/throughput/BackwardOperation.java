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

/** The backward pass of softmax attention: the gradients of query, key and value. */
final class BackwardOperation {
  private BackwardOperation() {}

  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    SeededData data = new SeededData();
    Attention attention =
        Attention.standard()
            .withKernels(setup.kernels())
            .withThreads(setup.team().size())
            .withMask(sizes.causal ? Mask.causal() : Mask.none());
    Heads query = data.filled(Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.headDim));
    Heads key = data.filled(Heads.zeros(sizes.batch, sizes.keyValueHeads(), sizes.keys, sizes.headDim));
    Heads value = data.filled(Heads.zeros(sizes.batch, sizes.keyValueHeads(), sizes.keys, sizes.valueDim));
    Heads outputGradient = data.filled(Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.valueDim));
    Heads output = Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.valueDim);
    float[] logSumExp = new float[sizes.batch * sizes.heads * sizes.queries];
    attention.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp));
    Heads queryGradient = Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.headDim);
    Heads keyGradient = Heads.zeros(sizes.batch, sizes.keyValueHeads(), sizes.keys, sizes.headDim);
    Heads valueGradient = Heads.zeros(sizes.batch, sizes.keyValueHeads(), sizes.keys, sizes.valueDim);
    Gradients gradients = Gradients.of().withQuery(queryGradient).withKey(keyGradient).withValue(valueGradient);
    long pairs = 0;
    for (int i = 0; i < sizes.queries; i++) {
      pairs += sizes.causal ? Math.clamp(i + 1L + sizes.keys - sizes.queries, 0, sizes.keys) : sizes.keys;
    }
    long scores = (long) sizes.batch * sizes.heads * pairs;
    long elements = 3L * query.data().length + 2L * key.data().length + 2L * value.data().length + 2L * output.data().length;
    return new Operation(
        sizes.attention(),
        () -> attention.backward(query, key, value, output, logSumExp, outputGradient, gradients),
        scores,
        2 * scores * (3L * sizes.headDim + 2L * sizes.valueDim),
        Float.BYTES * elements,
        () -> accuracy(attention, query, key, value, outputGradient, new Heads[] {queryGradient, keyGradient, valueGradient}),
        () -> {});
  }

  /** The error of the gradients of the first key/value head. */
  private static Accuracy accuracy(Attention attention, Heads query, Heads key, Heads value, Heads outputGradient, Heads[] measured) {
    int group = query.heads() / key.heads();
    ReferenceGradients exact =
        ReferenceGradients.of(attention, first(query, group), first(key, 1), first(value, 1), first(outputGradient, group));
    ReferenceGradients plain = exact.inFloat();
    Meter meter = new Meter();
    add(meter, exact.query(), measured[0], plain.query());
    add(meter, exact.key(), measured[1], plain.key());
    add(meter, exact.value(), measured[2], plain.value());
    return meter.result();
  }

  private static Heads first(Heads heads, int count) {
    return heads.batch(0, 1).heads(0, count);
  }

  /** Takes in the first elements of a dense view, which are those of its first heads. */
  private static void add(Meter meter, double[] exact, Heads measured, double[] plain) {
    for (int i = 0; i < exact.length; i++) {
      meter.add(exact[i], measured.data()[i], plain[i]);
    }
  }
}
