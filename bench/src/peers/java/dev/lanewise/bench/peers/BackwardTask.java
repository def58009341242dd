package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.HeadGradients;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.Results;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import java.util.Map;

/**
 * The gradients of attention by query, key and value, for a given gradient of its output. The forward pass has run before, and its output
 * and log-sum-exp are there. The result is dQ, dK and dV one after another, each dense: batch, head, row, column.
 */
final class BackwardTask implements Task {
  final ShapeOptions shape;
  final Heads query;
  final Heads key;
  final Heads value;
  final Heads outputGradient;
  private final Heads output;
  private final float[] logSumExp;
  private final Heads queryGradient;
  private final Heads keyGradient;
  private final Heads valueGradient;
  private final Gradients gradients;
  private final Attention attention;

  BackwardTask(ShapeOptions shape, int threads) {
    this.shape = shape;
    SeededData data = new SeededData();
    query = data.filled(queries());
    key = data.filled(keys());
    value = data.filled(keys());
    outputGradient = data.filled(queries());
    output = queries();
    logSumExp = new float[shape.batch * shape.heads * shape.queries];
    queryGradient = queries();
    keyGradient = keys();
    valueGradient = keys();
    gradients = Gradients.of().withQuery(queryGradient).withKey(keyGradient).withValue(valueGradient);
    Attention plain = Attention.standard().withThreads(threads);
    attention = shape.causal ? plain.withMask(Mask.causal()) : plain;
    attention.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp));
  }

  private Heads queries() {
    return Heads.zeros(shape.batch, shape.heads, shape.queries, shape.headDim);
  }

  private Heads keys() {
    return Heads.zeros(shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim);
  }

  @Override
  public Map<String, Object> shape() {
    Map<String, Object> sizes = shape.attention();
    sizes.remove("valueDim");
    return sizes;
  }

  @Override
  public void run() {
    attention.backward(query, key, value, output, logSumExp, outputGradient, gradients);
  }

  @Override
  public float[] result() {
    return joined(queryGradient.data(), keyGradient.data(), valueGradient.data());
  }

  /** Arrays one after another. */
  static float[] joined(float[]... parts) {
    int size = 0;
    for (float[] part : parts) {
      size += part.length;
    }
    float[] all = new float[size];
    int to = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, to, part.length);
      to += part.length;
    }
    return all;
  }

  /** The largest distance in the first key/value head of the first batch entry, and in the query heads that read it. */
  @Override
  public double error(float[] result) {
    HeadGradients exact = HeadGradients.inDouble(query, key, value, outputGradient, 0, 0, shape.causal);
    int queries = query.data().length;
    int keys = key.data().length;
    return Math.max(
        distance(exact.query(), result, 0),
        Math.max(distance(exact.key(), result, queries), distance(exact.value(), result, queries + keys)));
  }

  private static double distance(double[] exact, float[] result, int from) {
    double largest = 0;
    for (int i = 0; i < exact.length; i++) {
      largest = Math.max(largest, Math.abs(exact[i] - result[from + i]));
    }
    return largest;
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.backward(this);
  }
}
