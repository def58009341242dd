package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each wrong weight, builder setting or call of a layer throws, naming the argument with both numbers, before anything is written. */
@Tag("once")
class BadLayerInputTest {
  @ParameterizedTest
  @MethodSource({"linear", "builder", "layer"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> linear() {
    float[] weight = new float[35];
    Linear linear = Linear.of(weight, null, 7, 5);
    SequenceBatch input = SequenceBatch.zeros(2, 3, 7);
    return List.of(
        Wrong.isNull("weight", out -> Linear.of(Wrong.nothing(), null, 7, 5)),
        Wrong.isNull("kernels", out -> linear.withKernels(Wrong.nothing())),
        Wrong.isNull("activation", out -> linear.withActivation(Wrong.nothing())),
        Wrong.isNull("input", out -> linear.forward(Wrong.nothing(), SequenceBatch.of(out, 2, 3, 5))),
        Wrong.isNull("output", out -> linear.forward(input, Wrong.nothing())),
        Wrong.argument("weight length", out -> Linear.of(weight, null, 7, 6), "weight.length", "35", "42"),
        Wrong.argument("weight overflow", out -> Linear.of(weight, null, 65536, 65536), "weight.length", "35", "4294967296"),
        Wrong.argument("bias length", out -> Linear.of(weight, new float[7], 7, 5), "bias.length", "7", "outputs", "5"),
        Wrong.argument("no inputs", out -> Linear.of(weight, null, 0, 5), "inputs", "0", "1"),
        Wrong.argument("negative outputs", out -> Linear.of(weight, null, 7, -5), "outputs", "-5", "1"),
        Wrong.argument(
            "input width", out -> linear.forward(SequenceBatch.zeros(2, 3, 8), SequenceBatch.of(out, 2, 3, 5)), "input.width", "8", "7"),
        Wrong.argument("output width", out -> linear.forward(input, SequenceBatch.of(out, 2, 3, 6)), "output.width", "6", "5"),
        Wrong.argument(
            "output batch", out -> linear.forward(input, SequenceBatch.of(out, 1, 3, 5)), "output.batch", "1", "input.batch", "2"),
        Wrong.argument("output rows", out -> linear.forward(input, SequenceBatch.of(out, 2, 4, 5)), "output.rows", "4", "input.rows", "3"),
        Wrong.argument("no threads", out -> linear.withThreads(0), "threads", "0", "1"),
        Wrong.argument(
            "rows on each other", out -> linear.forward(input, new SequenceBatch(out, 0, 2, 3, 5, 20, 4)), "output.rowStride", "4", "5"),
        Wrong.argument(
            "batch on batch", out -> linear.forward(input, new SequenceBatch(out, 0, 2, 3, 5, 14, 5)), "output.batchStride", "14", "15"),
        Wrong.overlap("output", "input", 0, out -> linear.forward(SequenceBatch.of(out, 2, 3, 7), SequenceBatch.of(out, 2, 3, 5))));
  }

  static List<Wrong> builder() {
    float[] square = new float[64];
    return List.of(
        Wrong.argument("no width", out -> MultiHeadAttention.builder(0, 1), "embedDim", "0", "1"),
        Wrong.argument("no heads", out -> MultiHeadAttention.builder(8, 0), "numHeads", "0", "1"),
        Wrong.argument("width no multiple of heads", out -> MultiHeadAttention.builder(8, 3).build(), "embedDim", "8", "numHeads", "3"),
        Wrong.argument("no key/value heads", out -> full().keyValueHeads(0), "keyValueHeads", "0", "1"),
        Wrong.argument("key/value heads", out -> full().keyValueHeads(3), "numHeads", "2", "keyValueHeads", "3"),
        Wrong.argument("valueDim", out -> full().valueDim(-1), "valueDim", "-1", "1"),
        Wrong.argument("keyInputDim", out -> full().sources(0, 8), "keyInputDim", "0", "1"),
        Wrong.argument("valueInputDim", out -> full().sources(8, 0), "valueInputDim", "0", "1"),
        Wrong.isNull("query.weight", out -> full().query(Wrong.nothing(), null)),
        Wrong.isNull("key.weight", out -> full().key(Wrong.nothing(), null)),
        Wrong.isNull("value.weight", out -> full().value(Wrong.nothing(), null)),
        Wrong.isNull("output.weight", out -> full().output(Wrong.nothing(), null)),
        Wrong.isNull("packedInput.weight", out -> full().packedInput(Wrong.nothing(), null)),
        Wrong.isNull("kernels", out -> full().build().withKernels(Wrong.nothing())),
        Wrong.argument("query length", out -> full().query(new float[63], null).build(), "query.weight.length", "63", "64"),
        Wrong.argument("key length", out -> full().sources(9, 8).build(), "key.weight.length", "64", "72"),
        Wrong.argument("value length", out -> full().sources(8, 7).build(), "value.weight.length", "64", "56"),
        Wrong.argument("output length", out -> full().valueDim(5).value(new float[80], null).build(), "output.weight.length", "64", "80"),
        Wrong.argument("grouped key length", out -> full().keyValueHeads(1).build(), "key.weight.length", "64", "32"),
        Wrong.argument("bias length", out -> full().value(square, new float[9]).build(), "value.bias.length", "9", "outputs", "8"),
        Wrong.argument("valueDim overflow", out -> full().valueDim(Integer.MAX_VALUE).build(), "valueDim", "2147483647", "2"),
        Wrong.argument("packed length", out -> packed(new float[191], null).build(), "packedInput.weight.length", "191", "192"),
        Wrong.argument("packed bias length", out -> packed(new float[192], new float[8]).build(), "packedInput.bias.length", "8", "24"),
        Wrong.argument("packed sources", out -> packed(new float[192], null).sources(8, 5).build(), "valueInputDim", "5", "embedDim", "8"),
        Wrong.incomplete("nothing given", out -> MultiHeadAttention.builder(8, 2).build(), "query", "missing"),
        Wrong.incomplete(
            "no output", out -> MultiHeadAttention.builder(8, 2).packedInput(new float[192], null).build(), "output", "missing"),
        Wrong.incomplete("packed and separate", out -> full().packedInput(new float[192], null).build(), "packedInput", "query"));
  }

  /** Two sequences, 3 queries of width 8, 7 keys of width 9 and values of width 10, except for one of the views. */
  static List<Wrong> layer() {
    MultiHeadAttention layer = full().sources(9, 10).key(new float[72], null).value(new float[80], null).build();
    SequenceBatch query = SequenceBatch.zeros(2, 3, 8);
    SequenceBatch key = SequenceBatch.zeros(2, 7, 9);
    SequenceBatch value = SequenceBatch.zeros(2, 7, 10);
    MultiHeadAttention masked = layer.withMask(Mask.keyLengths(7, 8));
    return List.of(
        Wrong.isNull("mask", out -> layer.withMask(Wrong.nothing())),
        Wrong.argument("no threads", out -> layer.withThreads(0), "threads", "0", "1"),
        Wrong.isNull("query", out -> layer.forward(Wrong.nothing(), key, value, rows(out))),
        Wrong.isNull("key", out -> layer.forward(query, Wrong.nothing(), value, rows(out))),
        Wrong.isNull("value", out -> layer.forward(query, key, Wrong.nothing(), rows(out))),
        Wrong.isNull("output", out -> layer.forward(query, key, value, Wrong.nothing())),
        Wrong.argument(
            "query width", out -> layer.forward(SequenceBatch.zeros(2, 3, 9), key, value, rows(out)), "query.width", "9", "embedDim", "8"),
        Wrong.argument(
            "key width", out -> layer.forward(query, SequenceBatch.zeros(2, 7, 8), value, rows(out)), "key.width", "8", "keyInputDim", "9"),
        Wrong.argument(
            "value width",
            out -> layer.forward(query, key, SequenceBatch.zeros(2, 7, 9), rows(out)),
            "value.width",
            "9",
            "valueInputDim",
            "10"),
        Wrong.argument(
            "key batch", out -> layer.forward(query, SequenceBatch.zeros(1, 7, 9), value, rows(out)), "key.batch", "1", "query.batch", "2"),
        Wrong.argument(
            "value batch",
            out -> layer.forward(query, key, SequenceBatch.zeros(3, 7, 10), rows(out)),
            "value.batch",
            "3",
            "query.batch",
            "2"),
        Wrong.argument(
            "value rows", out -> layer.forward(query, key, SequenceBatch.zeros(2, 6, 10), rows(out)), "value.rows", "6", "key.rows", "7"),
        Wrong.argument("mask", out -> masked.forward(query, key, value, rows(out)), "keyLengths[1]", "8", "keys", "7"),
        Wrong.argument(
            "output width", out -> layer.forward(query, key, value, SequenceBatch.of(out, 2, 3, 9)), "output.width", "9", "embedDim", "8"),
        Wrong.argument(
            "output batch",
            out -> layer.forward(query, key, value, SequenceBatch.of(out, 1, 3, 8)),
            "output.batch",
            "1",
            "query.batch",
            "2"),
        Wrong.argument(
            "output rows", out -> layer.forward(query, key, value, SequenceBatch.of(out, 2, 7, 8)), "output.rows", "7", "query.rows", "3"),
        Wrong.argument(
            "rows on each other",
            out -> layer.forward(query, key, value, new SequenceBatch(out, 0, 2, 3, 8, 24, 7)),
            "output.rowStride",
            "7",
            "8"),
        Wrong.overlap("output", "query", 0, out -> layer.forward(rows(out), key, value, rows(out))),
        Wrong.overlap("output", "key", 0, out -> layer.forward(query, SequenceBatch.of(out, 2, 7, 9), value, rows(out))),
        Wrong.overlap("output", "value", 0, out -> layer.forward(query, key, SequenceBatch.of(out, 2, 7, 10), rows(out))),
        Wrong.isNull("weights", out -> layer.forward(query, key, value, Views.zerosLike(query), Results.of().withWeights(Wrong.nothing()))),
        Wrong.argument(
            "weights heads",
            out -> layer.forward(query, key, value, Views.zerosLike(query), Results.of().withWeights(Heads.of(out, 2, 3, 3, 7))),
            "weights.heads",
            "3",
            "query.heads",
            "2"),
        Wrong.argument(
            "weights width",
            out -> layer.forward(query, key, value, Views.zerosLike(query), Results.of().withWeights(Heads.of(out, 2, 2, 3, 6))),
            "weights.width",
            "6",
            "key.rows",
            "7"),
        Wrong.argument(
            "weights mask",
            out -> masked.forward(query, key, value, Views.zerosLike(query), Results.of().withWeights(Heads.of(out, 2, 2, 3, 7))),
            "keyLengths[1]",
            "8",
            "keys",
            "7"),
        Wrong.overlap(
            "results",
            "query",
            0,
            out -> layer.forward(rows(out), key, value, Views.zerosLike(rows(out)), Results.of().withWeights(Heads.of(out, 2, 2, 3, 7)))));
  }

  private static MultiHeadAttention.Builder full() {
    float[] square = new float[64];
    return MultiHeadAttention.builder(8, 2).query(square, null).key(square, null).value(square, null).output(square, null);
  }

  private static MultiHeadAttention.Builder packed(float[] weight, float @Nullable [] bias) {
    return MultiHeadAttention.builder(8, 2).packedInput(weight, bias).output(new float[64], null);
  }

  private static SequenceBatch rows(float[] out) {
    return SequenceBatch.of(out, 2, 3, 8);
  }
}
