package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.Accuracy.Meter;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Mask;
import dev.lanewise.core.ReferenceAttention;
import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Matrix;
import java.util.Map;

/** A whole attention call. */
final class AttentionOperation implements Operation {
  private final boolean causal;
  private final Attention attention;
  private final Heads query;
  private final Heads key;
  private final Heads value;
  private final Heads output;

  AttentionOperation(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    causal = sizes.causal;
    Mask mask = causal ? Mask.causal() : Mask.none();
    attention = Attention.standard().withKernels(setup.kernels()).withMask(mask).withThreads(setup.team().size());
    SeededData data = new SeededData();
    query = data.heads(sizes.batch, sizes.heads, sizes.queries, sizes.headDim);
    key = data.heads(sizes.batch, sizes.keyValueHeads(), sizes.keys, sizes.headDim);
    value = data.heads(sizes.batch, sizes.keyValueHeads(), sizes.keys, sizes.valueDim);
    output = Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.valueDim);
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of(
        "batch",
        query.batch(),
        "heads",
        query.heads(),
        "kvHeads",
        key.heads(),
        "queries",
        query.rows(),
        "keys",
        key.rows(),
        "headDim",
        query.width(),
        "valueDim",
        value.width(),
        "causal",
        causal);
  }

  @Override
  public void run() {
    attention.compute(query, key, value, output);
  }

  @Override
  public long flops() {
    long flops = 2L * query.batch() * query.heads() * query.rows() * key.rows() * (query.width() + value.width());
    return causal ? flops / 2 : flops;
  }

  @Override
  public long bytes() {
    return (long) Float.BYTES * (query.data().length + (long) key.data().length + value.data().length + output.data().length);
  }

  @Override
  public Accuracy accuracy() {
    Meter meter = new Meter();
    for (int n : Rows.sample(query.batch() * query.heads() * query.rows())) {
      compareRow(meter, n / query.rows() / query.heads(), n / query.rows() % query.heads(), n % query.rows());
    }
    return meter.result();
  }

  /** A query row with the keys that it sees is an attention problem of its own. */
  private void compareRow(Meter meter, int b, int head, int i) {
    int keyValueHead = head / (query.heads() / key.heads());
    int visible = causal ? Math.clamp(i + 1L + key.rows() - query.rows(), 0, key.rows()) : key.rows();
    Matrix queryRow = query.matrix(b, head, i, i + 1);
    Matrix keys = key.matrix(b, keyValueHead, 0, visible);
    Matrix values = value.matrix(b, keyValueHead, 0, visible);
    double scale = 1 / Math.sqrt(query.width());
    double[] exact = ReferenceAttention.of(single(queryRow), single(keys), single(values)).scale(scale).output();
    Matrix scores = Matrix.zeros(1, visible);
    for (int j = 0; j < visible; j++) {
      scores.data()[j] = (float) scale * PlainFloat.dot(queryRow, 0, keys, j);
    }
    Matrix weights = Matrix.of(PlainFloat.softmax(scores, 0), 1, visible);
    for (int d = 0; d < value.width(); d++) {
      meter.add(exact[d], output.get(b, head, i, d), PlainFloat.blend(weights, 0, values, d));
    }
  }

  private static Heads single(Matrix matrix) {
    return new Heads(matrix.data(), matrix.offset(), 1, 1, matrix.rows(), matrix.columns(), 0, 0, matrix.rowStride());
  }
}
