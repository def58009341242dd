package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.DotProductAttention;
import org.nd4j.linalg.api.ops.impl.transforms.custom.MultiHeadDotProductAttention;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J's attention, which wants rows as columns: batch, head, feature, time. */
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
  public Rival attention(AttentionContest contest) {
    ShapeOptions shape = contest.shape;
    if (shape.causal) {
      throw missing("causal mask in dotProductAttention, only lengths");
    }
    if (shape.keyValueHeads() != shape.heads) {
      throw missing("heads that share keys and values");
    }
    INDArray query = columns(contest.query, shape, shape.queries);
    INDArray key = columns(contest.key, shape, shape.keys);
    INDArray value = columns(contest.value, shape, shape.keys);
    int outer = shape.batch * shape.heads;
    return new ArrayRival(
        () -> Nd4j.exec(new DotProductAttention(query, key, value, null, true, false))[0],
        result -> Arrangement.swapped(result, outer, shape.headDim, shape.queries, 1));
  }

  private static INDArray columns(float[] data, ShapeOptions shape, int rows) {
    float[] columns = Arrangement.swapped(data, shape.batch * shape.heads, rows, shape.headDim, 1);
    return Nd4j.create(columns, new long[] {shape.batch, shape.heads, shape.headDim, rows}, DataType.FLOAT);
  }

  @Override
  public Rival layer(LayerContest contest) {
    ShapeOptions shape = contest.shape;
    float[] columns = Arrangement.swapped(contest.input, shape.batch, shape.queries, contest.embedDim, 1);
    INDArray x = Nd4j.create(columns, new long[] {shape.batch, contest.embedDim, shape.queries}, DataType.FLOAT);
    long[] heads = {shape.heads, shape.headDim, contest.embedDim};
    INDArray[] weights = new INDArray[4];
    for (int i = 0; i < 3; i++) {
      weights[i] = Nd4j.create(contest.weights.get(i), heads, DataType.FLOAT);
    }
    float[] output = Arrangement.transposed(contest.weights.get(3), contest.embedDim, contest.embedDim);
    weights[3] = Nd4j.create(output, new long[] {contest.embedDim, contest.embedDim}, DataType.FLOAT);
    return new ArrayRival(
        () -> Nd4j.exec(new MultiHeadDotProductAttention(x, x, x, weights[0], weights[1], weights[2], weights[3], null, true, false))[0],
        result -> Arrangement.swapped(result, shape.batch, contest.embedDim, shape.queries, 1));
  }

  @Override
  public Rival product(ProductContest contest) {
    INDArray input = Nd4j.create(contest.input, contest.m, contest.k);
    INDArray weight = Nd4j.create(contest.weight, contest.k, contest.n);
    INDArray result = Nd4j.create(contest.m, contest.n);
    return new ArrayRival(() -> Nd4j.matmul(input, weight, result), data -> data);
  }

  /** What computes an array, and how its numbers get into the contest's order. */
  private static final class ArrayRival implements Rival {
    private final Supplier<INDArray> computation;
    private final UnaryOperator<float[]> order;
    private INDArray last = Nd4j.empty();

    ArrayRival(Supplier<INDArray> computation, UnaryOperator<float[]> order) {
      this.computation = computation;
      this.order = order;
    }

    @Override
    public void run() {
      last = computation.get();
    }

    @Override
    public float[] result() {
      return order.apply(last.dup('c').data().asFloat());
    }
  }
}
