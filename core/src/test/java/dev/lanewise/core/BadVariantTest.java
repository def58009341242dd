package dev.lanewise.core;

import dev.lanewise.core.mask.BadMaskTest;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each wrong variant or result throws, naming the argument with both numbers, before anything is written. Masks: {@link BadMaskTest}. */
@Tag("once")
class BadVariantTest {
  private static final Attention ATTENTION = Attention.standard();

  // two batch entries, 4/2 heads, 3 queries, 7 keys, headDim 8, valueDim 5
  private static final Heads QUERY = Heads.zeros(2, 4, 3, 8);
  private static final Heads KEY = Heads.zeros(2, 2, 7, 8);
  private static final Heads VALUE = Heads.zeros(2, 2, 7, 5);

  @ParameterizedTest
  @MethodSource({"settings", "variants", "sequences", "results"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> settings() {
    return List.of(
        Wrong.isNull("bias", out -> ATTENTION.withBias(Wrong.nothing())),
        Wrong.isNull("normaliser", out -> ATTENTION.withNormaliser(Wrong.nothing())),
        Wrong.isNull("similarity", out -> ATTENTION.withSimilarity(Wrong.nothing())),
        Wrong.isNull("sequences", out -> ATTENTION.withPackedSequences(Wrong.nothing())),
        Wrong.argument("negative softcap", out -> ATTENTION.withSoftcap(-2), "softcap", "-2.0", "0"),
        Wrong.argument("softcap NaN", out -> ATTENTION.withSoftcap(Float.NaN), "softcap", "NaN"),
        Wrong.argument("no slopes", out -> Attention.standardSlopes(0), "heads", "0", "1"),
        Wrong.argument("sink NaN", out -> Normaliser.softmaxWithSinks(0, Float.NaN), "sinks[1]", "NaN"),
        Wrong.argument("sink of infinity", out -> Normaliser.softmaxWithSinks(Float.POSITIVE_INFINITY), "sinks[0]", "Infinity"),
        Wrong.incomplete("softmax by keys", out -> Normaliser.softmax().dividedByKeys(), "softmax"),
        Wrong.argument("negative bias offset", out -> new Bias(new float[1], -1, 0, 0, 0, 0), "bias.offset", "-1", "0"),
        Wrong.argument("negative bias stride", out -> new Bias(new float[1], 0, 0, 0, -3, 0), "bias.queryStride", "-3", "0"),
        Wrong.argument("no top keys", out -> TopKeys.of(0, 1, 1, 1), "count", "0", "1"));
  }

  static List<Wrong> variants() {
    return List.of(
        Wrong.argument("slopes", out -> compute(ATTENTION.withAlibi(1, 2, 3), out), "slopes.length", "3", "query.heads", "4"),
        Wrong.argument(
            "infinite slope", out -> compute(ATTENTION.withAlibi(1, 2, Float.POSITIVE_INFINITY, 3), out), "slopes[2]", "Infinity"),
        Wrong.argument(
            "sinks",
            out -> compute(ATTENTION.withNormaliser(Normaliser.softmaxWithSinks(1)), out),
            "sinks.length",
            "1",
            "query.heads",
            "4"),
        Wrong.argument(
            "additive vector", out -> compute(ATTENTION.withSimilarity(Similarity.additive(1, 2)), out), "vector.length", "2", "8"),
        Wrong.argument("bias of fewer keys", out -> compute(ATTENTION.withBias(Bias.of(new float[18], 3, 6)), out), "bias.keys", "6", "7"),
        Wrong.argument("bias of no keys", out -> compute(ATTENTION.withBias(Bias.of(new float[0], 3, 0)), out), "bias.keys", "0", "7"),
        Wrong.argument(
            "bias of fewer queries", out -> compute(ATTENTION.withBias(Bias.of(new float[56], 4, 2, 7)), out), "bias.queries", "2", "3"),
        Wrong.argument(
            "bias of fewer heads", out -> compute(ATTENTION.withBias(Bias.of(new float[63], 3, 3, 7)), out), "bias.heads", "3", "4"),
        Wrong.argument("bias of keys", out -> compute(ATTENTION.withBias(Bias.of(new float[6], 6)), out), "bias.keys", "6", "7"),
        Wrong.argument(
            "bias of heads", out -> compute(ATTENTION.withBias(Bias.of(new float[80], 4, 3, 7)), out), "bias.data.length", "80", "84"),
        Wrong.argument(
            "output in bias", out -> compute(ATTENTION.withBias(new Bias(out, 1000, 0, 0, 0, 0)), out), "output", "bias", "4096"),
        Wrong.argument(
            "logSumExp of relu",
            out ->
                ATTENTION
                    .withNormaliser(Normaliser.relu())
                    .compute(QUERY, KEY, VALUE, Results.of().withOutput(output(out)).withLogSumExp(new float[24])),
            "logSumExp",
            "softmax"));
  }

  static List<Wrong> sequences() {
    return List.of(
        Wrong.argument("falling", out -> PackedSequences.of(0, 3, 2), "starts[2]", "2", "3"),
        Wrong.argument("not from 0", out -> PackedSequences.of(1, 3), "starts[0]", "1", "0"),
        Wrong.argument("none", out -> PackedSequences.of(), "starts.length", "0", "1"),
        Wrong.argument("lengths", out -> PackedSequences.of(new int[] {0, 3}, new int[] {0, 3, 7}), "keyStarts.length", "3", "2"),
        Wrong.argument("batch", out -> compute(ATTENTION.withPackedSequences(PackedSequences.of(0, 3)), out), "query.batch", "2", "1"),
        Wrong.argument("queries", out -> packed(new int[] {0, 2}, new int[] {0, 7}, out), "queryStarts[last]", "2", "query.rows", "3"),
        Wrong.argument("keys", out -> packed(new int[] {0, 3}, new int[] {0, 9}, out), "keyStarts[last]", "9", "key.rows", "7"));
  }

  static List<Wrong> results() {
    float[] sums = new float[55];
    Heads weights = Heads.zeros(2, 4, 2, 7);
    return List.of(
        Wrong.isNull("results", out -> ATTENTION.compute(QUERY, KEY, Wrong.<Results>nothing())),
        Wrong.argument("nothing", out -> ATTENTION.compute(QUERY, KEY, Results.of()), "nothing"),
        Wrong.argument("no value", out -> ATTENTION.compute(QUERY, KEY, Results.of().withOutput(output(out))), "output", "value"),
        Wrong.argument("sums", out -> compute(Results.of().withOutput(output(out)).withColumnSums(sums)), "columnSums.length", "55", "56"),
        Wrong.argument(
            "weights", out -> compute(Results.of().withOutput(output(out)).withWeights(weights)), "weights.rows", "2", "query.rows", "3"),
        Wrong.argument(
            "scores", out -> compute(Results.of().withScores(Stage.RAW, Heads.of(out, 2, 4, 3, 6))), "scores.width", "6", "key.rows", "7"),
        Wrong.argument(
            "top keys",
            out -> compute(Results.of().withOutput(output(out)).withTopKeys(TopKeys.of(2, 2, 3, 3))),
            "topKeys.heads",
            "3",
            "4"),
        Wrong.argument(
            "row",
            out -> ATTENTION.compute(QUERY, KEY, Results.of().withWeights(new int[] {3}, Heads.of(out, 2, 4, 1, 7))),
            "queries[0]",
            "3",
            "2"),
        Wrong.argument(
            "rows fall",
            out -> ATTENTION.compute(QUERY, KEY, Results.of().withWeights(new int[] {1, 1}, Heads.of(out, 2, 4, 2, 7))),
            "queries[1]",
            "1",
            "2"),
        Wrong.argument(
            "merge",
            out -> Merge.into(Heads.of(out, 1, 1, 2, 3), new float[2], Heads.zeros(1, 1, 2, 4), new float[2]),
            "other.width",
            "4",
            "3"),
        Wrong.argument(
            "merged sums", out -> Merge.into(Heads.of(out, 1, 1, 2, 3), new float[3], Heads.zeros(1, 1, 2, 3), new float[2]), "3", "2"));
  }

  private static Heads output(float[] out) {
    return Heads.of(out, 2, 4, 3, 5);
  }

  private static void compute(Attention attention, float[] out) {
    attention.compute(QUERY, KEY, VALUE, output(out));
  }

  private static void compute(Results results) {
    ATTENTION.compute(QUERY, KEY, VALUE, results);
  }

  private static void packed(int[] queryStarts, int[] keyStarts, float[] out) {
    Attention attention = ATTENTION.withPackedSequences(PackedSequences.of(queryStarts, keyStarts));
    attention.compute(Heads.zeros(1, 1, 3, 8), Heads.zeros(1, 1, 7, 8), Heads.zeros(1, 1, 7, 5), Heads.of(out, 1, 1, 3, 5));
  }
}
