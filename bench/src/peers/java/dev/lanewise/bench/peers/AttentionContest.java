package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.PlainDouble;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** softmax(QKᵀ/√headDim)·V of all heads; Lanewise may read K and V from caches. Arrays are dense: batch, head, row, column. */
final class AttentionContest implements Contest {
  final ShapeOptions shape;
  final float[] query;
  final float[] key;
  final float[] value;
  private final Heads queries;
  private final Heads keys;
  private final Heads values;
  private final Heads output;
  private final Attention attention;

  /** One a batch entry; none where K and V are read as they come. */
  private final List<KeyValueCache> caches = new ArrayList<>();

  private AttentionContest(ShapeOptions shape, int threads) {
    this.shape = shape;
    SeededData data = new SeededData();
    query = data.numbers(shape.batch * shape.heads * shape.queries * shape.headDim);
    key = data.numbers(shape.batch * shape.keyValueHeads() * shape.keys * shape.headDim);
    value = data.numbers(shape.batch * shape.keyValueHeads() * shape.keys * shape.headDim);
    queries = Heads.of(query, shape.batch, shape.heads, shape.queries, shape.headDim);
    keys = Heads.of(key, shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim);
    values = Heads.of(value, shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim);
    output = Heads.zeros(shape.batch, shape.heads, shape.queries, shape.headDim);
    Attention plain = Attention.standard().withThreads(threads);
    attention = shape.causal ? plain.withMask(Mask.causal()) : plain;
  }

  static AttentionContest of(ShapeOptions shape, int threads) {
    return new AttentionContest(shape, threads);
  }

  /** As a step of generating text: Lanewise's K and V lie in caches. */
  static AttentionContest cached(ShapeOptions shape, int threads) {
    AttentionContest contest = new AttentionContest(shape, threads);
    for (int b = 0; b < shape.batch; b++) {
      contest.caches.add(KeyValueCache.builder(shape.keyValueHeads(), shape.headDim).capacity(shape.keys).build());
    }
    KeyValueCache.appendAll(contest.caches, contest.keys, contest.values);
    return contest;
  }

  @Override
  public Map<String, Object> shape() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("batch", shape.batch);
    map.put("heads", shape.heads);
    map.put("kvHeads", shape.keyValueHeads());
    map.put("queries", shape.queries);
    map.put("keys", shape.keys);
    map.put("headDim", shape.headDim);
    map.put("causal", shape.causal);
    return map;
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
    double error = 0;
    Heads measured = Heads.of(result, shape.batch, shape.heads, shape.queries, shape.headDim);
    for (int n : Rows.sample(shape.batch * shape.heads * shape.queries)) {
      int head = n / shape.queries % shape.heads;
      int row = n % shape.queries;
      int b = n / shape.queries / shape.heads;
      double[] exact = exact(b, head, row);
      for (int d = 0; d < exact.length; d++) {
        error = Math.max(error, Math.abs(exact[d] - measured.get(b, head, row, d)));
      }
    }
    return error;
  }

  private double[] exact(int b, int head, int row) {
    int end = shape.causal ? shape.keys - shape.queries + row + 1 : shape.keys;
    int keyValueHead = head / (shape.heads / shape.keyValueHeads());
    Matrix queryRow = queries.matrix(b, head, row, row + 1);
    Matrix keyRows = keys.matrix(b, keyValueHead, 0, end);
    double[] scores = new double[end];
    for (int j = 0; j < end; j++) {
      scores[j] = PlainDouble.dot(queryRow, 0, keyRows, j) / Math.sqrt(shape.headDim);
    }
    double[] weights = PlainDouble.softmax(scores);
    double[] exact = new double[shape.headDim];
    for (int d = 0; d < exact.length; d++) {
      for (int j = 0; j < end; j++) {
        exact[d] += weights[j] * values.get(b, keyValueHead, j, d);
      }
    }
    return exact;
  }

  @Override
  public Rival rival(Peer peer) {
    return peer.attention(this);
  }
}
