package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;

/** The softmax of each row of queries × keys scores. One thread: the kernel itself has no others. */
final class SoftmaxTask implements Task {
  final int queries;
  final int keys;
  final float[] scores;
  private final Matrix result;
  private final Matrix input;
  private final Kernels kernels = Kernels.selected();

  SoftmaxTask(ShapeOptions shape, int threads) {
    if (threads != 1) {
      throw new UnsupportedOperationException("softmax is compared on one thread only, --threads is " + threads);
    }
    queries = shape.queries;
    keys = shape.keys;
    scores = new SeededData().numbers(queries * keys);
    input = Matrix.of(scores, queries, keys);
    result = Matrix.zeros(queries, keys);
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of("queries", queries, "keys", keys);
  }

  @Override
  public void run() {
    kernels.softmax(input, result);
  }

  @Override
  public float[] result() {
    return result.data();
  }

  @Override
  public double error(float[] measured) {
    double error = 0;
    for (int i : Rows.sample(queries)) {
      double[] exact = ReferenceLayers.inDouble().softmax(ReferenceLayers.rows(input.rows(i, i + 1)))[0];
      for (int j = 0; j < keys; j++) {
        error = Math.max(error, Math.abs(exact[j] - measured[i * keys + j]));
      }
    }
    return error;
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.softmax(this);
  }
}
