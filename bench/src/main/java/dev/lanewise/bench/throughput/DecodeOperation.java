package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.StoredNumbers;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
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
 */
final class DecodeOperation implements Operation {
  private final ShapeOptions sizes;
  private final CacheOptions options;
  private final int[] lengths;
  private final Variant variant;
  private final Attention attention;
  private final SeededCaches caches;
  private final Heads query;
  private final Heads output;
  private final long scores;

  DecodeOperation(Setup setup) {
    sizes = setup.sizes();
    options = setup.cache();
    SeededData data = new SeededData();
    variant = new Variant(setup.variant(), sizes, data);
    attention = variant.attention(Attention.standard().withKernels(setup.kernels()).withThreads(setup.team().size()));
    lengths = options.lengths(sizes, data);
    query = data.filled(Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.headDim));
    output = Heads.zeros(sizes.batch, sizes.heads, sizes.queries, sizes.valueDim);
    caches = new SeededCaches(sizes, options, lengths);
    scores = sizes.heads * Arrays.stream(lengths).mapToLong(rows -> variant.visiblePairs(sizes.queries, rows)).sum();
  }

  @Override
  public Map<String, Object> shape() {
    Map<String, Object> shape = sizes.attention();
    shape.put("kv", options.kv);
    shape.put("page", options.page);
    shape.put("offHeap", options.offHeap);
    shape.put("ragged", options.ragged);
    shape.put("cachedRows", Arrays.stream(lengths).asLongStream().sum());
    return shape;
  }

  @Override
  public void run() {
    attention.compute(query, caches.list(), output);
  }

  @Override
  public long scores() {
    return scores;
  }

  @Override
  public long flops() {
    return 2 * scores * (sizes.headDim + sizes.valueDim);
  }

  @Override
  public long bytes() {
    return caches.bytes() + Float.BYTES * ((long) query.data().length + output.data().length);
  }

  @Override
  public Accuracy accuracy() {
    Meter meter = new Meter();
    Rows.sample(query, (b, head, row) -> compareRow(meter, b, head, row));
    return meter.result();
  }

  private void compareRow(Meter meter, int b, int head, int i) {
    int end = variant.endKey(i, query.rows(), lengths[b]);
    int keyValueHead = head / (sizes.heads / sizes.keyValueHeads());
    KeyValueFormat format = options.format();
    Matrix queryRow = query.matrix(b, head, i, i + 1);
    Matrix key = caches.key(b, keyValueHead, end);
    Matrix value = caches.value(b, keyValueHead, end);
    Matrix storedKey = StoredNumbers.of(key, format);
    Matrix storedValue = StoredNumbers.of(value, format);
    ReferenceAttention reference = variant.reference(queryRow, storedKey, storedValue, head, i);
    double[] exact = reference.output();
    double[] plain = reference.inFloat().output();
    double[] unrounded = format == KeyValueFormat.F32 ? exact : variant.reference(queryRow, key, value, head, i).output();
    for (int d = 0; d < output.width(); d++) {
      float measured = output.get(b, head, i, d);
      meter.add(exact[d], measured, plain[d]);
      if (format != KeyValueFormat.F32) {
        meter.addUnrounded(unrounded[d], measured);
      }
    }
  }

  @Override
  public void close() {
    caches.close();
  }
}
