package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** softmax(QKᵀ/√headDim)·V of all heads; Lanewise may read K and V from caches. Arrays are dense: batch, head, row, column. */
final class AttentionTask implements Task {
  final ShapeOptions shape;
  final float[] query;
  final float[] key;
  final float[] value;
  private final Heads queries;
  private final Heads keys;
  private final Heads values;
  private final Heads output;
  private final Attention attention;

  /** One for each batch entry; empty where K and V are read from arrays. */
  private final List<KeyValueCache> caches = new ArrayList<>();

  private AttentionTask(ShapeOptions shape, int threads) {
    this.shape = shape;
    SeededData data = new SeededData();
    queries = data.filled(Heads.zeros(shape.batch, shape.heads, shape.queries, shape.headDim));
    keys = data.filled(Heads.zeros(shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim));
    values = data.filled(Heads.zeros(shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim));
    output = Heads.zeros(shape.batch, shape.heads, shape.queries, shape.headDim);
    query = queries.data();
    key = keys.data();
    value = values.data();
    Attention plain = Attention.standard().withThreads(threads);
    attention = shape.causal ? plain.withMask(Mask.causal()) : plain;
  }

  static AttentionTask of(ShapeOptions shape, int threads) {
    return new AttentionTask(shape, threads);
  }

  /** A step of generating text: Lanewise's K and V are in caches. */
  static AttentionTask cached(ShapeOptions shape, int threads) {
    AttentionTask task = new AttentionTask(shape, threads);
    for (int b = 0; b < shape.batch; b++) {
      task.caches.add(KeyValueCache.builder(shape.keyValueHeads(), shape.headDim).capacity(shape.keys).build());
    }
    KeyValueCache.appendAll(task.caches, task.keys, task.values);
    return task;
  }

  @Override
  public Map<String, Object> shape() {
    Map<String, Object> sizes = shape.attention();
    sizes.remove("valueDim");
    return sizes;
  }

  @Override
  public void run() {
    if (caches.isEmpty()) {
      attention.compute(queries, keys, values, output);
    } else {
      attention.compute(queries, caches, output);
    }
  }

  @Override
  public float[] result() {
    return output.data();
  }

  @Override
  public double error(float[] result) {
    double[] error = new double[1];
    Heads measured = Heads.of(result, shape.batch, shape.heads, shape.queries, shape.headDim);
    Rows.sample(
        measured,
        (b, head, row) -> {
          int end = shape.causal ? shape.keys - shape.queries + row + 1 : shape.keys;
          int keyValueHead = head / (shape.heads / shape.keyValueHeads());
          Heads queryRow = Heads.of(queries.matrix(b, head, row, row + 1));
          Heads keyRows = Heads.of(keys.matrix(b, keyValueHead, 0, end));
          Heads valueRows = Heads.of(values.matrix(b, keyValueHead, 0, end));
          double[] exact = ReferenceAttention.of(Attention.standard(), queryRow, keyRows, valueRows).output();
          for (int d = 0; d < exact.length; d++) {
            error[0] = Math.max(error[0], Math.abs(exact[d] - measured.get(b, head, row, d)));
          }
        });
    return error[0];
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.attention(this);
  }
}
