package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.DotProductAttention;
import org.nd4j.linalg.api.ops.impl.transforms.custom.MultiHeadDotProductAttention;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J's attention, which expects rows as columns: batch, head, feature, time. */
final class Nd4jPeer implements Peer {
  Nd4jPeer(int threads) {
    Nd4j.getEnvironment().setMaxMasterThreads(threads);
    Nd4j.getEnvironment().setMaxThreads(threads);
    OpenBlasPeer.limit(threads); // last: ND4J sets it, too, when it loads
  }

  @Override
  public String name() {
    return "ND4J " + Versions.of("org.nd4j", "nd4j-api");
  }

  @Override
  public PeerTask attention(AttentionTask task) {
    ShapeOptions shape = task.shape;
    if (shape.causal) {
      throw missing("causal mask in dotProductAttention, only lengths");
    }
    if (shape.keyValueHeads() != shape.heads) {
      throw missing("heads that share keys and values");
    }
    INDArray query = columns(task.query, shape, shape.queries);
    INDArray key = columns(task.key, shape, shape.keys);
    INDArray value = columns(task.value, shape, shape.keys);
    int outer = shape.batch * shape.heads;
    return taskOf(
        () -> Nd4j.exec(new DotProductAttention(query, key, value, null, true, false))[0],
        result -> Arrangement.swapped(result, outer, shape.headDim, shape.queries, 1));
  }

  private static INDArray columns(float[] data, ShapeOptions shape, int rows) {
    float[] columns = Arrangement.swapped(data, shape.batch * shape.heads, rows, shape.headDim, 1);
    return Nd4j.create(columns, new long[] {shape.batch, shape.heads, shape.headDim, rows}, DataType.FLOAT);
  }

  @Override
  public PeerTask layer(LayerTask task) {
    ShapeOptions shape = task.shape;
    float[] columns = Arrangement.swapped(task.input, shape.batch, shape.queries, task.embedDim, 1);
    INDArray x = Nd4j.create(columns, new long[] {shape.batch, task.embedDim, shape.queries}, DataType.FLOAT);
    long[] heads = {shape.heads, shape.headDim, task.embedDim};
    INDArray[] weights = new INDArray[4];
    for (int i = 0; i < 3; i++) {
      weights[i] = Nd4j.create(task.weights.get(i), heads, DataType.FLOAT);
    }
    float[] output = Arrangement.transposed(task.weights.get(3), task.embedDim, task.embedDim);
    weights[3] = Nd4j.create(output, new long[] {task.embedDim, task.embedDim}, DataType.FLOAT);
    return taskOf(
        () -> Nd4j.exec(new MultiHeadDotProductAttention(x, x, x, weights[0], weights[1], weights[2], weights[3], null, true, false))[0],
        result -> Arrangement.swapped(result, shape.batch, task.embedDim, shape.queries, 1));
  }

  @Override
  public PeerTask product(ProductTask task) {
    INDArray input = Nd4j.create(task.input, task.m, task.k);
    INDArray weight = Nd4j.create(task.weight, task.k, task.n);
    INDArray result = Nd4j.create(task.m, task.n);
    return taskOf(() -> Nd4j.matmul(input, weight, result), data -> data);
  }

  /**
   * A task that computes an array.
   *
   * @param order brings the numbers of the array into the order of the task
   */
  private static PeerTask taskOf(Supplier<INDArray> computation, UnaryOperator<float[]> order) {
    INDArray[] last = new INDArray[1];
    return PeerTask.of(() -> last[0] = computation.get(), () -> order.apply(last[0].dup('c').data().asFloat()));
  }
}
