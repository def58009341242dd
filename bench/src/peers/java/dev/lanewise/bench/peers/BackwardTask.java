package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.BackwardCall;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.Attention;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;

/** The gradients of attention by query, key and value. The result is dQ, dK and dV one after another: batch, head, row, column. */
final class BackwardTask implements Task {
  final ShapeOptions shape;
  final BackwardCall call;

  BackwardTask(ShapeOptions shape, int threads) {
    this.shape = shape;
    shape.valueDim = shape.headDim;
    call = new BackwardCall(shape, Attention.standard().withThreads(threads));
  }

  @Override
  public Map<String, Object> shape() {
    Map<String, Object> sizes = shape.attention();
    sizes.remove("valueDim");
    return sizes;
  }

  @Override
  public void run() {
    call.run();
  }

  @Override
  public float[] result() {
    return joined(call.results());
  }

  /** Arrays one after another. */
  static float[] joined(float[]... parts) {
    float[] all = new float[Stream.of(parts).mapToInt(part -> part.length).sum()];
    int to = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, to, part.length);
      to += part.length;
    }
    return all;
  }

  @Override
  public double error(float[] result) {
    int queries = call.query().data().length;
    int keys = call.key().data().length;
    return call.accuracy(
            new float[][] {
              Arrays.copyOfRange(result, 0, queries),
              Arrays.copyOfRange(result, queries, queries + keys),
              Arrays.copyOfRange(result, queries + keys, result.length)
            })
        .maxAbsError();
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.backward(this);
  }
}
