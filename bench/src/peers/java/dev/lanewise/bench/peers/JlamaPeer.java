package dev.lanewise.bench.peers;

import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;

/** Jlama's products, in Java with the Vector API as ours. Its attention is part of its model classes and cannot be called alone. */
final class JlamaPeer implements Peer {
  private final TensorOperations operations;

  JlamaPeer(int threads) {
    if (threads != 1) {
      throw new UnsupportedOperationException("Jlama's products run on one thread, --threads is " + threads);
    }
    operations = TensorOperationsProvider.get();
  }

  @Override
  public String name() {
    return "Jlama " + Versions.of("com.github.tjake", "jlama-core") + ", " + operations.name();
  }

  @Override
  public PeerTask product(ProductTask task) {
    int m = task.m;
    int k = task.k;
    int n = task.n;
    FloatBufferTensor input = filled(task.input, m, k);
    FloatBufferTensor weight = filled(Arrangement.transposed(task.weight, k, n), n, k);
    FloatBufferTensor result = new FloatBufferTensor(m, n);
    return PeerTask.of(() -> operations.batchDotProduct(result, input, weight, 0, 0, k), () -> copied(result, m, n));
  }

  private static float[] copied(FloatBufferTensor tensor, int rows, int columns) {
    float[] copy = new float[rows * columns];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = tensor.get(i / columns, i % columns);
    }
    return copy;
  }

  private static FloatBufferTensor filled(float[] data, int rows, int columns) {
    FloatBufferTensor tensor = new FloatBufferTensor(rows, columns);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        tensor.set(data[i * columns + j], i, j);
      }
    }
    return tensor;
  }
}
