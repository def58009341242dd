package dev.lanewise.core;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each wrong view, setting or call of attention throws, naming the argument with both numbers, before anything is written. */
@Tag("once")
class BadInputTest {
  private static final int MAX = Integer.MAX_VALUE;

  @ParameterizedTest
  @MethodSource({"views", "settings", "attention", "outputOnItself", "outputOnInput", "attentionWeights"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> views() {
    float[] ten = new float[10];
    return List.of(
        Wrong.isNull("data", out -> new Heads(Wrong.nothing(), 0, 1, 1, 1, 1, 1, 1, 1)),
        Wrong.argument("negative offset", out -> new Heads(ten, -1, 1, 1, 1, 1, 1, 1, 1), "offset", "-1", "0"),
        Wrong.argument("negative batch", out -> new Heads(ten, 0, -2, 1, 1, 1, 1, 1, 1), "batch", "-2", "0"),
        Wrong.argument("negative heads", out -> new Heads(ten, 0, 1, -3, 1, 1, 1, 1, 1), "heads", "-3", "0"),
        Wrong.argument("negative rows", out -> new Heads(ten, 0, 1, 1, -4, 1, 1, 1, 1), "rows", "-4", "0"),
        Wrong.argument("negative width", out -> new Heads(ten, 0, 1, 1, 1, -5, 1, 1, 1), "width", "-5", "0"),
        Wrong.argument("negative batchStride", out -> new Heads(ten, 9, 2, 1, 1, 1, -1, 1, 1), "batchStride", "-1", "0"),
        Wrong.argument("negative headStride", out -> new Heads(ten, 9, 1, 2, 1, 1, 1, -1, 1), "headStride", "-1", "0"),
        Wrong.argument("negative rowStride", out -> new Heads(ten, 9, 1, 1, 2, 1, 1, 1, -1), "rowStride", "-1", "0"),
        Wrong.argument("negative columnStride", out -> new Heads(ten, 9, 1, 1, 1, 2, 1, 1, 1, -1), "columnStride", "-1", "0"),
        Wrong.argument("columns past the end", out -> new Heads(ten, 1, 1, 1, 2, 4, 0, 0, 0, 3), "data", "10", "11"),
        Wrong.argument("overflow in columns", out -> new Heads(ten, 0, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX), "data", "10"),
        Wrong.argument("rows past the end", out -> Heads.ofRows(ten, 1, 3, 2, 2), "data", "10", "12"),
        Wrong.argument("heads * width", out -> Heads.ofRows(ten, 1, 1, 65536, 32768), "heads", "65536", "width", "32768"),
        Wrong.argument("rows * heads * width", out -> Heads.ofRows(ten, 1, 65536, 4, 8192), "rows", "65536", "heads", "width", "32768"),
        Wrong.argument("broadcast of two", out -> Heads.of(ten, 2, 1, 1, 5).broadcast(3), "batch", "2", "1"),
        Wrong.argument("negative broadcast", out -> Heads.of(ten, 1, 1, 2, 5).broadcast(-3), "newBatch", "-3", "0"),
        Wrong.argument("heads past the end", out -> new Heads(ten, 1, 1, 2, 1, 5, 0, 5, 0), "data", "10", "11"),
        Wrong.argument("dense heads past the end", out -> Heads.of(ten, 1, 1, 3, 4), "data", "10", "12"),
        Wrong.argument("int overflow in an end", out -> new Heads(ten, 0, 1, 1, 3, 2, 0, 0, MAX), "data", "10", "4294967296"),
        Wrong.argument("long overflow in an end", out -> new Heads(ten, 0, MAX, MAX, MAX, 1, MAX, MAX, MAX), "data", "10"),
        Wrong.argument("rows * width", out -> Heads.of(ten, 1, 1, 65536, 32768), "rows", "65536", "width", "32768"),
        Wrong.argument("heads * rows * width", out -> Heads.of(ten, 1, 65536, 4, 8192), "heads", "65536", "rows", "width", "32768"),
        Wrong.argument("batch * heads", out -> Heads.zeros(65536, 65536, 1, 1), "batch", "heads", "65536"),
        Wrong.argument("negative new heads", out -> Heads.zeros(2, -2, 1, 1), "heads", "-2"),
        Wrong.isNull("data", out -> new SequenceBatch(Wrong.nothing(), 0, 1, 1, 1, 1, 1)),
        Wrong.argument("negative sequence offset", out -> new SequenceBatch(ten, -1, 1, 1, 1, 1, 1), "offset", "-1", "0"),
        Wrong.argument("negative sequence batch", out -> new SequenceBatch(ten, 0, -2, 1, 1, 1, 1), "batch", "-2", "0"),
        Wrong.argument("negative sequence rows", out -> new SequenceBatch(ten, 0, 1, -3, 1, 1, 1), "rows", "-3", "0"),
        Wrong.argument("negative sequence width", out -> new SequenceBatch(ten, 0, 1, 1, -4, 1, 1), "width", "-4", "0"),
        Wrong.argument("negative sequence batchStride", out -> new SequenceBatch(ten, 9, 2, 1, 1, -1, 1), "batchStride", "-1", "0"),
        Wrong.argument("negative sequence rowStride", out -> new SequenceBatch(ten, 9, 1, 2, 1, 1, -1), "rowStride", "-1", "0"),
        Wrong.argument("sequences past the end", out -> new SequenceBatch(ten, 2, 1, 3, 3, 9, 3), "data", "10", "11"),
        Wrong.argument("sequence overflow", out -> new SequenceBatch(ten, MAX, MAX, MAX, MAX, MAX, MAX), "data", "10"),
        Wrong.argument("sequence rows * width", out -> SequenceBatch.of(ten, 1, 65536, 32768), "rows", "65536", "width", "32768"),
        Wrong.argument("split unevenly", out -> SequenceBatch.of(ten, 1, 1, 10).split(3), "width", "10", "heads", "3"),
        Wrong.argument("split in none", out -> SequenceBatch.of(ten, 1, 1, 10).split(0), "heads", "0", "1"));
  }

  static List<Wrong> settings() {
    Attention attention = Attention.standard();
    return List.of(
        Wrong.isNull("mask", out -> attention.withMask(Wrong.nothing())),
        Wrong.isNull("kernels", out -> attention.withKernels(Wrong.nothing())),
        Wrong.argument("scale NaN", out -> attention.withScale(Float.NaN), "scale", "NaN"),
        Wrong.argument("infinite scale", out -> attention.withScale(Float.NEGATIVE_INFINITY), "scale", "-Infinity"),
        Wrong.argument("no threads", out -> attention.withThreads(0), "threads", "0", "1"),
        Wrong.argument("negative threads", out -> attention.withThreads(-3), "threads", "-3", "1"));
  }

  /** Two batch entries, 4/2 heads, 3 queries, 7 keys, headDim 8, valueDim 5, except for one of the views. */
  static List<Wrong> attention() {
    Heads query = Heads.zeros(2, 4, 3, 8);
    Heads key = Heads.zeros(2, 2, 7, 8);
    Heads value = Heads.zeros(2, 2, 7, 5);
    Heads noWidth = Heads.zeros(2, 4, 3, 0);
    return List.of(
        Wrong.isNull("query", out -> compute(Wrong.nothing(), key, value, output(out))),
        Wrong.isNull("key", out -> compute(query, Wrong.nothing(), value, output(out))),
        Wrong.isNull("value", out -> compute(query, key, Wrong.nothing(), output(out))),
        Wrong.isNull("output", out -> compute(query, key, value, Wrong.nothing())),
        Wrong.argument(
            "key width", out -> compute(query, Heads.zeros(2, 2, 7, 9), value, output(out)), "key.width", "9", "query.width", "8"),
        Wrong.argument(
            "key batch", out -> compute(query, Heads.zeros(1, 2, 7, 8), value, output(out)), "key.batch", "1", "query.batch", "2"),
        Wrong.argument(
            "key heads", out -> compute(query, Heads.zeros(2, 3, 7, 8), value, output(out)), "query.heads", "4", "key.heads", "3"),
        Wrong.argument(
            "more key heads", out -> compute(query, Heads.zeros(2, 8, 7, 8), value, output(out)), "query.heads", "4", "key.heads", "8"),
        Wrong.argument("no key heads", out -> compute(query, Heads.zeros(2, 0, 7, 8), value, output(out)), "key.heads", "0", "1"),
        Wrong.argument("headDim 0", out -> compute(noWidth, Heads.zeros(2, 2, 7, 0), value, output(out)), "query.width", "0", "1"),
        Wrong.argument(
            "value batch", out -> compute(query, key, Heads.zeros(3, 2, 7, 5), output(out)), "value.batch", "3", "key.batch", "2"),
        Wrong.argument(
            "value heads", out -> compute(query, key, Heads.zeros(2, 4, 7, 5), output(out)), "value.heads", "4", "key.heads", "2"),
        Wrong.argument("value rows", out -> compute(query, key, Heads.zeros(2, 2, 6, 5), output(out)), "value.rows", "6", "key.rows", "7"),
        Wrong.argument(
            "output batch", out -> compute(query, key, value, Heads.of(out, 1, 4, 3, 5)), "output.batch", "1", "query.batch", "2"),
        Wrong.argument(
            "output heads", out -> compute(query, key, value, Heads.of(out, 2, 2, 3, 5)), "output.heads", "2", "query.heads", "4"),
        Wrong.argument("output rows", out -> compute(query, key, value, Heads.of(out, 2, 4, 7, 5)), "output.rows", "7", "query.rows", "3"),
        Wrong.argument(
            "output width", out -> compute(query, key, value, Heads.of(out, 2, 4, 3, 8)), "output.width", "8", "value.width", "5"));
  }

  /** The same call with an output whose rows, heads or batch entries overlap. */
  static List<Wrong> outputOnItself() {
    return List.of(
        outputStrides("rows on each other", 100, 20, 4, "output.rowStride", "4", "5"),
        outputStrides("one row for all", 100, 20, 0, "output.rowStride", "0", "5"),
        outputStrides("heads on each other", 100, 14, 5, "output.headStride", "14", "15"),
        outputStrides("one head for all", 100, 0, 5, "output.headStride", "0", "5"),
        outputStrides("batch on batch", 59, 15, 5, "output.batchStride", "59", "60"),
        outputStrides("rows between heads", 100, 5, 19, "output.rowStride", "19", "20"),
        outputStrides("one batch entry for all", 0, 15, 5, "output.batchStride", "0", "5"),
        outputStrides("rows on columns", 100, 20, 1, 1, "output.rowStride", "1", "5"),
        outputStrides("columns on rows", 100, 20, 1, 2, "output.columnStride", "2", "3"),
        outputStrides("one element for all", 100, 20, 5, 0, "output.columnStride", "0", "1"),
        outputStrides("heads on columns", 100, 14, 1, 3, "output.headStride", "14", "15"));
  }

  private static Wrong outputStrides(String call, int batchStride, int headStride, int rowStride, String... words) {
    return outputStrides(call, batchStride, headStride, rowStride, 1, words);
  }

  private static Wrong outputStrides(String call, int batchStride, int headStride, int rowStride, int columnStride, String... words) {
    return Wrong.argument(
        call,
        out -> {
          Heads output = new Heads(out, 0, 2, 4, 3, 5, batchStride, headStride, rowStride, columnStride);
          compute(Heads.zeros(2, 4, 3, 8), Heads.zeros(2, 2, 7, 8), Heads.zeros(2, 2, 7, 5), output);
        },
        words);
  }

  /** The same call with an output that shares elements with an input. */
  static List<Wrong> outputOnInput() {
    Heads query = Heads.zeros(2, 4, 3, 8);
    Heads key = Heads.zeros(2, 2, 7, 8);
    Heads value = Heads.zeros(2, 2, 7, 5);
    Heads narrowKey = Heads.zeros(2, 2, 7, 5);
    return List.of(
        Wrong.overlap("output", "query", 0, out -> compute(Heads.of(out, 2, 4, 3, 5), narrowKey, value, output(out))),
        Wrong.overlap("output", "key", 100, out -> compute(query, new Heads(out, 100, 2, 2, 7, 8, 112, 56, 8), value, output(out))),
        Wrong.overlap("output", "value", 119, out -> compute(query, key, new Heads(out, 119, 2, 2, 7, 5, 70, 35, 5), output(out))),
        Wrong.overlap("output", "key", 0, out -> compute(query, Heads.of(out, 2, 2, 8, 7).transposed(), value, output(out))),
        Wrong.overlap(
            "output",
            "value",
            7,
            out -> compute(query, key, new Heads(out, 7, 2, 2, 7, 5, 70, 35, 5), Heads.of(out, 2, 4, 5, 3).transposed())),
        // Heads are 30 apart, and each value row has five columns: only the third rows of output overlap them.
        Wrong.overlap(
            "output",
            "value",
            10,
            out -> compute(query, key, new Heads(out, 10, 2, 2, 7, 5, 420, 210, 30), new Heads(out, 0, 2, 4, 3, 5, 120, 30, 5))),
        // Both use every fourth element, and the same ones.
        Wrong.overlap(
            "output",
            "value",
            61,
            out -> {
              Heads columns = new Heads(out, 61, 2, 2, 7, 5, 280, 140, 4, 28);
              compute(query, key, columns, new Heads(out, 1, 2, 4, 3, 5, 240, 60, 4, 12));
            }),
        Wrong.overlap(
            "output",
            "query",
            31,
            out -> {
              Heads columns = new Heads(out, 0, 2, 4, 3, 8, 300, 8, 64);
              compute(columns, key, value, new Heads(out, 31, 2, 4, 3, 5, 300, 5, 64));
            }));
  }

  static List<Wrong> attentionWeights() {
    Heads query = Heads.zeros(2, 4, 3, 8);
    Heads key = Heads.zeros(2, 2, 7, 8);
    Attention attention = Attention.standard();
    Attention masked = attention.withMask(Mask.keyLengths(8, 7));
    return List.of(
        Wrong.isNull("query", out -> attention.compute(Wrong.nothing(), key, Results.of().withWeights(weights(out)))),
        Wrong.isNull("key", out -> attention.compute(query, Wrong.<Heads>nothing(), Results.of().withWeights(weights(out)))),
        Wrong.isNull("weights", out -> attention.compute(query, key, Results.of().withWeights(Wrong.nothing()))),
        Wrong.argument(
            "key width",
            out -> attention.compute(query, Heads.zeros(2, 2, 7, 9), Results.of().withWeights(weights(out))),
            "key.width",
            "9",
            "query.width",
            "8"),
        Wrong.argument(
            "mask", out -> masked.compute(query, key, Results.of().withWeights(weights(out))), "keyLengths[0]", "8", "keys", "7"),
        Wrong.argument(
            "weights batch",
            out -> attention.compute(query, key, Results.of().withWeights(Heads.of(out, 1, 4, 3, 7))),
            "weights.batch",
            "1",
            "query.batch",
            "2"),
        Wrong.argument(
            "weights heads",
            out -> attention.compute(query, key, Results.of().withWeights(Heads.of(out, 2, 2, 3, 7))),
            "weights.heads",
            "2",
            "query.heads",
            "4"),
        Wrong.argument(
            "weights rows",
            out -> attention.compute(query, key, Results.of().withWeights(Heads.of(out, 2, 4, 4, 7))),
            "weights.rows",
            "4",
            "query.rows",
            "3"),
        Wrong.argument(
            "weights width",
            out -> attention.compute(query, key, Results.of().withWeights(Heads.of(out, 2, 4, 3, 6))),
            "weights.width",
            "6",
            "key.rows",
            "7"),
        Wrong.argument(
            "one row for all",
            out -> attention.compute(query, key, Results.of().withWeights(new Heads(out, 0, 2, 4, 3, 7, 100, 25, 0))),
            "weights.rowStride",
            "0",
            "7"),
        Wrong.overlap(
            "weights", "key", 0, out -> attention.compute(query, Heads.of(out, 2, 2, 7, 8), Results.of().withWeights(weights(out)))));
  }

  private static void compute(Heads query, Heads key, Heads value, Heads output) {
    Attention.standard().compute(query, key, value, output);
  }

  private static Heads output(float[] out) {
    return Heads.of(out, 2, 4, 3, 5);
  }

  private static Heads weights(float[] out) {
    return Heads.of(out, 2, 4, 3, 7);
  }
}
