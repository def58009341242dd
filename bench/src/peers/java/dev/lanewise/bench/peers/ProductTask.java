package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;

/** A projection, m × k times k × n; the weight is constant and may be packed before. */
final class ProductTask implements Task {
  final int m;
  final int k;
  final int n;

  /** m × k. */
  final float[] input;

  /** k × n. */
  final float[] weight;

  private final Matrix transposed;
  private final Linear linear;
  private final SequenceBatch rows;
  private final SequenceBatch result;

  ProductTask(ShapeOptions shape, int threads) {
    m = shape.m;
    k = shape.k;
    n = shape.n;
    SeededData data = new SeededData();
    input = data.numbers(m * k);
    weight = data.numbers(k * n);
    transposed = Matrix.of(Arrangement.transposed(weight, k, n), n, k);
    linear = Linear.of(transposed.data(), null, k, n).withThreads(threads);
    rows = SequenceBatch.of(input, 1, m, k);
    result = SequenceBatch.zeros(1, m, n);
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of("m", m, "k", k, "n", n);
  }

  @Override
  public void run() {
    linear.forward(rows, result);
  }

  @Override
  public float[] result() {
    return result.data();
  }

  @Override
  public double error(float[] measured) {
    Matrix left = Matrix.of(input, m, k);
    double[][] columns = ReferenceLayers.rows(transposed);
    double error = 0;
    for (int i : Rows.sample(m)) {
      double[] exact = ReferenceLayers.inDouble().products(ReferenceLayers.rows(left.rows(i, i + 1)), columns, 1)[0];
      for (int j = 0; j < n; j++) {
        error = Math.max(error, Math.abs(exact[j] - measured[i * n + j]));
      }
    }
    return error;
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.product(this);
  }
}
