package dev.lanewise.core.testing;

import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Query, key and value of a difficult shape, in one of the layouts that a caller may use. */
public record VariantOperands(Heads query, Heads key, Heads value, Layout outputLayout, @Nullable PackedSequences sequences) {

  /** Layout of the operands in memory. */
  public enum Arrangement {
    DENSE,
    ROWS_FIRST,
    GAPS,
    /** Each row holds the query, key and value of a position. */
    PACKED_QUERY_KEY_VALUE,
    /** All batch entries share one key and one value. */
    SHARED_KEYS,
    /** Several packed sequences. */
    SEQUENCES
  }

  public static VariantOperands of(Arrangement arrangement, Random random) {
    int batch = arrangement == Arrangement.SEQUENCES ? 1 : 1 + random.nextInt(3);
    int keyValueHeads = 1 + random.nextInt(2);
    int heads = keyValueHeads * pick(random, 1, 3, 4);
    int queries = pick(random, 1, 3, 17, 31, 59, 70);
    int keys = arrangement == Arrangement.PACKED_QUERY_KEY_VALUE ? queries : pick(random, 1, 2, 16, 33, 67, 130);
    int headDim = pick(random, 1, 5, 16, 40, 67);
    int valueDim = pick(random, 3, 8, 33, 64, 67);
    PackedSequences sequences =
        arrangement == Arrangement.SEQUENCES ? PackedSequences.of(starts(random, queries), starts(random, keys)) : null;
    long seed = random.nextLong();
    if (arrangement == Arrangement.PACKED_QUERY_KEY_VALUE) {
      return packed(batch, heads, keyValueHeads, queries, headDim, valueDim, seed);
    }
    Layout layout =
        switch (arrangement) {
          case ROWS_FIRST -> Layout.ROWS_FIRST;
          case GAPS -> Layout.GAPS;
          default -> Layout.DENSE;
        };
    int keyBatch = arrangement == Arrangement.SHARED_KEYS ? 1 : batch;
    Heads key = Views.random(layout, keyBatch, keyValueHeads, keys, headDim, seed + 1);
    Heads value = Views.random(layout, keyBatch, keyValueHeads, keys, valueDim, seed + 2);
    Heads query = Views.random(layout, batch, heads, queries, headDim, seed);
    return new VariantOperands(query, repeated(key, batch), repeated(value, batch), layout, sequences);
  }

  public CallShape shape() {
    return CallShape.of(query, key, sequences);
  }

  private static int pick(Random random, int... values) {
    return values[random.nextInt(values.length)];
  }

  /** Starts of four sequences; some may be empty. */
  private static int[] starts(Random random, int rows) {
    int[] inner = random.ints(3, 0, rows + 1).sorted().toArray();
    return new int[] {0, inner[0], inner[1], inner[2], rows};
  }

  private static VariantOperands packed(int batch, int heads, int keyValueHeads, int rows, int headDim, int valueDim, long seed) {
    int keyOffset = heads * headDim;
    int valueOffset = keyOffset + keyValueHeads * headDim;
    int rowStride = valueOffset + keyValueHeads * valueDim;
    float[] data = Views.randomArray(batch * rows * rowStride, 1, seed);
    int batchStride = rows * rowStride;
    return new VariantOperands(
        new Heads(data, 0, batch, heads, rows, headDim, batchStride, headDim, rowStride),
        new Heads(data, keyOffset, batch, keyValueHeads, rows, headDim, batchStride, headDim, rowStride),
        new Heads(data, valueOffset, batch, keyValueHeads, rows, valueDim, batchStride, valueDim, rowStride),
        Layout.ROWS_FIRST,
        null);
  }

  /** The view itself, or a view that repeats its only batch entry. */
  private static Heads repeated(Heads view, int batch) {
    return view.batch() == batch ? view : view.broadcast(batch);
  }
}
