package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Map;

/** A whole attention call, of any variant. */
final class AttentionOperation implements Operation {
  private final ShapeOptions sizes;
  private final VariantOptions options;
  private final Variant variant;
  private final Attention attention;
  private final Heads query;
  private final Heads key;
  private final Heads value;
  private final Heads output;
  private final long scores;

  AttentionOperation(Setup setup) {
    sizes = setup.sizes();
    options = setup.variant();
    SeededData data = new SeededData();
    variant = new Variant(options, sizes, data);
    attention = variant.attention(Attention.standard().withKernels(setup.kernels()).withThreads(setup.team().size()));
    PackedSequences sequences = variant.sequences;
    int queries = sequences == null ? sizes.queries : sequences.queryStart(sequences.count());
    int keys = sequences == null ? sizes.keys : sequences.keyStart(sequences.count());
    query = data.filled(zeros(sizes.heads, queries, sizes.headDim));
    key = data.filled(zeros(sizes.keyValueHeads(), keys, sizes.headDim));
    value = data.filled(zeros(sizes.keyValueHeads(), keys, sizes.valueDim));
    output = zeros(sizes.heads, queries, sizes.valueDim);
    scores = countScores();
  }

  private Heads zeros(int heads, int rows, int width) {
    return switch (options.layout) {
      case BHLD -> Heads.zeros(sizes.batch, heads, rows, width);
      case BLHD -> Heads.zeros(sizes.batch, rows, heads, width).transposed(Heads.Axis.HEAD, Heads.Axis.ROW);
    };
  }

  private long countScores() {
    PackedSequences sequences = variant.sequences;
    if (sequences == null) {
      return (long) query.batch() * query.heads() * variant.visiblePairs(query.rows(), key.rows());
    }
    long pairs = 0;
    for (int s = 0; s < sequences.count(); s++) {
      pairs += variant.visiblePairs(sequences.queries(s), sequences.keys(s));
    }
    return query.heads() * pairs;
  }

  @Override
  public Map<String, Object> shape() {
    Map<String, Object> shape = sizes.attention();
    shape.putAll(options.asked());
    return shape;
  }

  @Override
  public void run() {
    attention.compute(query, key, value, output);
  }

  @Override
  public long scores() {
    return scores;
  }

  @Override
  public long flops() {
    return 2 * scores * (query.width() + value.width());
  }

  @Override
  public long bytes() {
    long elements = query.data().length + (long) key.data().length + value.data().length + output.data().length;
    return Float.BYTES * elements + variant.bytes();
  }

  @Override
  public Accuracy accuracy() {
    Meter meter = new Meter();
    Rows.sample(query, (b, head, row) -> compareRow(meter, b, head, row));
    return meter.result();
  }

  /** A query row with the keys that it may see is an attention problem of its own. */
  private void compareRow(Meter meter, int b, int head, int row) {
    PackedSequences sequences = variant.sequences;
    int sequence = sequences == null ? 0 : sequenceOf(sequences, row);
    int i = sequences == null ? row : row - sequences.queryStart(sequence);
    int firstKey = sequences == null ? 0 : sequences.keyStart(sequence);
    int end =
        sequences == null
            ? variant.endKey(i, query.rows(), key.rows())
            : variant.endKey(i, sequences.queries(sequence), sequences.keys(sequence));
    int keyValueHead = head / (query.heads() / key.heads());
    Matrix queryRow = query.matrix(b, head, row, row + 1);
    Matrix keys = key.matrix(b, keyValueHead, firstKey, firstKey + end);
    Matrix values = value.matrix(b, keyValueHead, firstKey, firstKey + end);
    ReferenceAttention reference = variant.reference(queryRow, keys, values, head, i);
    double[] exact = reference.output();
    double[] plain = reference.inFloat().output();
    for (int d = 0; d < value.width(); d++) {
      meter.add(exact[d], output.get(b, head, row, d), plain[d]);
    }
  }

  private static int sequenceOf(PackedSequences sequences, int row) {
    int sequence = 0;
    while (sequences.queryStart(sequence + 1) <= row) {
      sequence++;
    }
    return sequence;
  }
}
