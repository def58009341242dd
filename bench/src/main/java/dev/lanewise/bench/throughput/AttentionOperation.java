package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.Variant;
import dev.lanewise.bench.throughput.options.VariantOptions.Layout;
import dev.lanewise.core.Attention;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A whole attention call, of any variant. */
final class AttentionOperation {
  private AttentionOperation() {}

  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    SeededData data = new SeededData();
    Variant variant = setup.variant(data);
    Attention attention = variant.attention();
    PackedSequences sequences = variant.sequences();
    Layout layout = setup.options().layout;
    int queries = sequences == null ? sizes.queries : sequences.queryStart(sequences.count());
    int keys = sequences == null ? sizes.keys : sequences.keyStart(sequences.count());
    Heads query = data.filled(zeros(layout, sizes.batch, sizes.heads, queries, sizes.headDim));
    Heads key = data.filled(zeros(layout, sizes.batch, sizes.keyValueHeads(), keys, sizes.headDim));
    Heads value = data.filled(zeros(layout, sizes.batch, sizes.keyValueHeads(), keys, sizes.valueDim));
    Heads output = zeros(layout, sizes.batch, sizes.heads, queries, sizes.valueDim);
    Map<String, Object> shape = sizes.attention();
    shape.putAll(setup.options().asked());
    long pairs =
        sequences == null
            ? (long) sizes.batch * variant.visiblePairs(queries, keys)
            : IntStream.range(0, sequences.count()).mapToLong(s -> variant.visiblePairs(sequences.queries(s), sequences.keys(s))).sum();
    long elements = query.data().length + (long) key.data().length + value.data().length + output.data().length;
    return new Operation(
        shape,
        () -> attention.compute(query, key, value, output),
        sizes.heads * pairs,
        2L * sizes.heads * pairs * (sizes.headDim + sizes.valueDim),
        Float.BYTES * elements + variant.bytes(),
        () -> accuracy(ReferenceAttention.of(attention, query, key, value), query, output, sequences),
        () -> {});
  }

  private static Heads zeros(Layout layout, int batch, int heads, int rows, int width) {
    return switch (layout) {
      case BHLD -> Heads.zeros(batch, heads, rows, width);
      case BLHD -> Heads.zeros(batch, rows, heads, width).transposed(Heads.Axis.HEAD, Heads.Axis.ROW);
    };
  }

  private static Accuracy accuracy(ReferenceAttention exact, Heads query, Heads output, @Nullable PackedSequences sequences) {
    Meter meter = new Meter();
    ReferenceAttention plain = exact.inFloat();
    Rows.sample(
        query,
        (b, head, row) -> {
          int entry = sequences == null ? b : sequenceOf(sequences, row);
          int i = sequences == null ? row : row - sequences.queryStart(entry);
          meter.add(exact.output(entry, head, i), output.matrix(b, head, row, row + 1), plain.output(entry, head, i));
        });
    return meter.result();
  }

  private static int sequenceOf(PackedSequences sequences, int row) {
    int sequence = 0;
    while (sequences.queryStart(sequence + 1) <= row) {
      sequence++;
    }
    return sequence;
  }
}
