package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.StoredNumbers;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.Variant;
import dev.lanewise.core.Attention;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import java.util.Map;

/**
 * A step of decoding: one query or a few against the cached keys and values of each sequence; appending is not timed.
 *
 * <p>{@code maxAbsError} is measured against the double reference on the numbers as the cache stores them ({@link StoredNumbers}), which
 * the kernels have to reproduce whatever the format; {@code formatError} against that on the numbers before they were stored, which is
 * mostly what the format costs.
 *
 * @param lengths cached rows of each sequence
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record DecodeOperation(Setup setup, Attention attention, int[] lengths, SeededCaches caches, Heads query, Heads output) {
  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    CacheOptions options = setup.cache();
    SeededData data = new SeededData();
    Variant variant = setup.variant(data);
    int[] lengths = options.lengths(sizes, data);
    Heads query = data.filled(Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.headDim));
    Heads output = Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.valueDim);
    SeededCaches caches = new SeededCaches(sizes, options, lengths);
    Map<String, Object> shape = sizes.attention();
    shape.put("kv", options.kv);
    shape.put("page", options.page);
    shape.put("offHeap", options.offHeap);
    shape.put("ragged", options.ragged);
    shape.put("cachedRows", Arrays.stream(lengths).asLongStream().sum());
    long scores = sizes.heads * Arrays.stream(lengths).mapToLong(rows -> variant.visiblePairs(sizes.queries, rows)).sum();
    DecodeOperation decode = new DecodeOperation(setup, variant.attention(), lengths, caches, query, output);
    return new Operation(
        shape,
        () -> variant.attention().compute(query, caches.list(), output),
        scores,
        2 * scores * (sizes.headDim + sizes.valueDim),
        caches.bytes() + Float.BYTES * ((long) query.data().length + output.data().length),
        decode::accuracy,
        caches::close);
  }

  private Accuracy accuracy() {
    Meter meter = new Meter();
    Rows.sample(query, (b, head, row) -> compareRow(meter, b, head, row));
    return meter.result();
  }

  private void compareRow(Meter meter, int b, int head, int i) {
    int keyValueHead = head / (setup.sizes().heads / setup.sizes().keyValueHeads());
    KeyValueFormat format = setup.cache().format();
    Heads queries = query.batch(b, b + 1).heads(head, head + 1);
    Matrix key = caches.key(b, keyValueHead, lengths[b]);
    Matrix value = caches.value(b, keyValueHead, lengths[b]);
    ReferenceAttention stored = reference(queries, StoredNumbers.of(key, format), StoredNumbers.of(value, format));
    meter.add(stored.output(0, 0, i), output.matrix(b, head, i, i + 1), stored.inFloat().output(0, 0, i));
    if (format != KeyValueFormat.F32) {
      double[] unrounded = reference(queries, key, value).output(0, 0, i);
      for (int d = 0; d < output.width(); d++) {
        meter.addUnrounded(unrounded[d], output.get(b, head, i, d));
      }
    }
  }

  private ReferenceAttention reference(Heads queries, Matrix key, Matrix value) {
    return ReferenceAttention.of(attention, queries, Heads.of(key), Heads.of(value));
  }
}
