package dev.lanewise.core;

import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each wrong backward pass throws, naming the argument with both numbers, before anything is written. */
@Tag("once")
class BadBackwardTest {
  private static final Attention ATTENTION = Attention.standard();

  // two batch entries, 4/2 heads, 3 queries, 7 keys, headDim 8, valueDim 5
  private static final Heads QUERY = Heads.zeros(2, 4, 3, 8);
  private static final Heads KEY = Heads.zeros(2, 2, 7, 8);
  private static final Heads VALUE = Heads.zeros(2, 2, 7, 5);
  private static final Heads OUTPUT = Heads.zeros(2, 4, 3, 5);
  private static final Heads OUTPUT_GRADIENT = Heads.zeros(2, 4, 3, 5);
  private static final float[] LOG_SUM_EXP = new float[24];

  @ParameterizedTest
  @MethodSource({"inputs", "gradients", "functions", "overlaps", "nulls"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  /** Asks for the gradient by query in the given array, and for others. */
  private static void run(Attention attention, Gradients gradients, float[] out) {
    attention.backward(QUERY, KEY, VALUE, OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT, gradients.withQuery(ofQuery(out)));
  }

  private static Heads ofQuery(float[] out) {
    return new Heads(out, 0, 2, 4, 3, 8, 96, 24, 8);
  }

  private static Gradients byQuery(float[] out) {
    return Gradients.of().withQuery(ofQuery(out));
  }

  static List<Wrong> inputs() {
    return List.of(
        Wrong.argument(
            "value of other keys",
            out -> ATTENTION.backward(QUERY, KEY, VALUE.rows(0, 6), OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT, byQuery(out)),
            "value.rows",
            "6",
            "key.rows",
            "7"),
        Wrong.argument(
            "output of other queries",
            out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT.rows(0, 2), LOG_SUM_EXP, OUTPUT_GRADIENT, byQuery(out)),
            "output.rows",
            "2",
            "query.rows",
            "3"),
        Wrong.argument(
            "output gradient of another width",
            out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT.columns(0, 4), byQuery(out)),
            "outputGradient.width",
            "4",
            "value.width",
            "5"),
        Wrong.argument(
            "no log-sum-exp",
            out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT, null, OUTPUT_GRADIENT, byQuery(out)),
            "logSumExp",
            "null",
            "softmax"),
        Wrong.argument(
            "short log-sum-exp",
            out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT, new float[23], OUTPUT_GRADIENT, byQuery(out)),
            "logSumExp.length",
            "23",
            "24"),
        Wrong.argument(
            "short gradient of the log-sum-exp",
            out -> run(ATTENTION, Gradients.of().withLogSumExpGradient(new float[25]), out),
            "logSumExpGradient.length",
            "25",
            "24"),
        Wrong.argument(
            "gradient of the log-sum-exp of sigmoid",
            out -> run(ATTENTION.withNormaliser(Normaliser.sigmoid()), Gradients.of().withLogSumExpGradient(LOG_SUM_EXP.clone()), out),
            "logSumExpGradient",
            "softmax"),
        Wrong.argument(
            "nothing requested",
            out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT, Gradients.of()),
            "gradients",
            "nothing"));
  }

  static List<Wrong> gradients() {
    Bias bias = Bias.of(new float[7], 7);
    return List.of(
        Wrong.argument(
            "query gradient of other rows",
            out ->
                ATTENTION.backward(
                    QUERY, KEY, VALUE, OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT, Gradients.of().withQuery(ofQuery(out).rows(0, 2))),
            "gradient.rows",
            "2",
            "query.rows",
            "3"),
        Wrong.argument(
            "key gradient of other heads",
            out -> run(ATTENTION, Gradients.of().withKey(new Heads(out, 1000, 2, 1, 7, 8, 56, 56, 8)), out),
            "gradient.heads",
            "1",
            "key.heads",
            "2"),
        Wrong.argument(
            "value gradient that repeats a row",
            out -> run(ATTENTION, Gradients.of().withValue(new Heads(out, 1000, 2, 2, 7, 5, 70, 35, 0)), out),
            "gradient.rowStride",
            "0"),
        Wrong.argument("bias gradient without a bias", out -> run(ATTENTION, Gradients.of().withBias(out), out), "bias", "no"),
        Wrong.argument(
            "short bias gradient",
            out -> run(ATTENTION.withBias(bias), Gradients.of().withBias(new float[6]), out),
            "gradient.length",
            "6",
            "bias.data.length",
            "7"),
        Wrong.argument(
            "gradient of a bias of positions",
            out -> run(ATTENTION.withBias(bias), Gradients.of().withPositionBias(out), out),
            "positionBias"),
        Wrong.argument("slopes without ALiBi", out -> run(ATTENTION, Gradients.of().withSlopes(out), out), "slopes", "ALiBi"),
        Wrong.argument(
            "short slopes",
            out -> run(ATTENTION.withAlibi(1, 2, 3, 4), Gradients.of().withSlopes(new float[3]), out),
            "slopes",
            "gradient.length",
            "3",
            "query.heads",
            "4"),
        Wrong.argument("sinks without sinks", out -> run(ATTENTION, Gradients.of().withSinks(out), out), "sinks"),
        Wrong.argument(
            "two scales", out -> run(ATTENTION, Gradients.of().withScale(new float[2]), out), "scale", "gradient.length", "2", "1"),
        Wrong.argument(
            "vector of a dot product", out -> run(ATTENTION, Gradients.of().withAdditiveVector(out), out), "additiveVector", "additive"));
  }

  static List<Wrong> functions() {
    RowFunction function = (row, offset, length, b, head, query, firstKey) -> row[offset] = 1;
    return List.of(
        Wrong.argument(
            "score function", out -> run(ATTENTION.withScoreFunction(function), Gradients.of(), out), "withScoreFunction", "derivative"),
        Wrong.argument(
            "weight function", out -> run(ATTENTION.withWeightFunction(function), Gradients.of(), out), "withWeightFunction", "derivative"),
        Wrong.argument("rate of dropout", out -> ATTENTION.withDropout(1, 0, 0), "rate", "1.0"));
  }

  static List<Wrong> overlaps() {
    return List.of(
        Wrong.overlap(
            "gradient",
            "query",
            0,
            out ->
                ATTENTION.backward(ofQuery(out), KEY, VALUE, OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT, Gradients.of().withQuery(ofQuery(out)))),
        Wrong.overlap(
            "gradient",
            "outputGradient",
            100,
            out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT, LOG_SUM_EXP, new Heads(out, 100, 2, 4, 3, 5, 60, 15, 5), byQuery(out))),
        Wrong.overlap(
            "gradient", "query", 0, out -> run(ATTENTION, Gradients.of().withKey(new Heads(out, 20, 2, 2, 7, 8, 112, 56, 8)), out)),
        Wrong.overlap(
            "gradient",
            "bias",
            0,
            out -> run(ATTENTION.withBias(new Bias(out, 1000, 0, 0, 0, 1)), Gradients.of().withKey(Heads.zeros(2, 2, 7, 8)), out)));
  }

  static List<Wrong> nulls() {
    return List.of(
        Wrong.isNull("output", out -> ATTENTION.backward(QUERY, KEY, VALUE, Wrong.nothing(), LOG_SUM_EXP, OUTPUT_GRADIENT, byQuery(out))),
        Wrong.isNull("outputGradient", out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT, LOG_SUM_EXP, Wrong.nothing(), byQuery(out))),
        Wrong.isNull("value", out -> ATTENTION.backward(QUERY, KEY, Wrong.nothing(), OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT, byQuery(out))),
        Wrong.isNull("gradients", out -> ATTENTION.backward(QUERY, KEY, VALUE, OUTPUT, LOG_SUM_EXP, OUTPUT_GRADIENT, Wrong.nothing())),
        Wrong.isNull(
            "derivative", out -> ATTENTION.withScoreFunction((row, offset, length, b, head, query, firstKey) -> {}, Wrong.nothing())));
  }
}
