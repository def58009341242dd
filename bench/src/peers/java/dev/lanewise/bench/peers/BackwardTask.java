package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.BackwardCall;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.Attention;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The gradients of attention by query, key and value. The result is dQ, dK and dV one after another: batch, head, row, column. */
final class BackwardTask implements Task {
  final ShapeOptions shape;
  final BackwardCall call;

  /** The result in double precision of the first heads, once it is known: it takes seconds. */
  private double @Nullable [][] exact;

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
    double[][] expected = exact == null ? call.exactOfFirstHead() : exact;
    exact = expected;
    int from = 0;
    double error = 0;
    for (int part = 0; part < expected.length; part++) {
      for (int i = 0; i < expected[part].length; i++) {
        error = Math.max(error, Math.abs(expected[part][i] - result[from + i]));
      }
      from += call.results()[part].length;
    }
    return error;
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.backward(this);
  }
}
