package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.ScoreChange;
import dev.lanewise.bench.verify.oracle.SeenKeys;
import dev.lanewise.core.Attention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import java.util.Arrays;
import java.util.List;

/**
 * The options of the formula from a query and a key to a weight. Each sets its value in a call of the library, and the same in the plain
 * data beside it, which says what the call must give.
 */
final class FormulaOptions {
  static final Option<Similarity.Kind> SIMILARITY = Option.changing("similarity", FormulaOptions::similarity, Similarity.Kind.values());
  static final Option<BiasKind> BIAS = Option.changing("bias", FormulaOptions::bias, BiasKind.values());
  static final Option<Slopes> ALIBI = Option.changing("alibi", FormulaOptions::alibi, Slopes.values());
  static final Option<ScoreFunction> SCORE_FUNCTION =
      Option.changing("score function", FormulaOptions::scoreFunction, ScoreFunction.values());
  static final Option<WeightFunction> WEIGHT_FUNCTION =
      Option.changing("weight function", FormulaOptions::weightFunction, WeightFunction.values());
  static final Option<Weights> NORMALISER = Option.changing("normaliser", FormulaOptions::normaliser, Weights.values());

  /** All of them, in the order in which they are set. The default scale depends on the similarity. */
  static final List<Option<?>> ALL =
      List.of(
          SIMILARITY,
          Option.changing("scale", FormulaOptions::scale, Float.NaN, 0.3f, 0f, -1f, 3.7f, 1e-39f, -1e-42f),
          Option.changing("softcap", FormulaOptions::softcap, 0f, 1.5f, 30f, 0.001f, 20_000f, 1e-39f, Float.MIN_VALUE, 3e38f),
          BIAS,
          ALIBI,
          SCORE_FUNCTION,
          WEIGHT_FUNCTION,
          NORMALISER);

  private FormulaOptions() {}

  /** What is added to the scores. */
  enum BiasKind {
    NONE,
    BY_KEY,
    BY_QUERY_AND_KEY,
    ON_FOUR_AXES,
    HIDING,
    LARGE,
    LOWEST
  }

  /** Slopes of ALiBi, and whether each batch entry has positions of its own. */
  enum Slopes {
    NONE,
    STANDARD,
    OF_BOTH_SIGNS,
    WITH_OFFSETS
  }

  /** A caller's function of scores; one hides keys, one keeps state for each row. */
  enum ScoreFunction {
    NONE,
    HALVES_AND_ADDS,
    HIDES,
    COUNTS_KEYS
  }

  /** A caller's function of weights; one keeps state for each row. */
  enum WeightFunction {
    NONE,
    HALVES_AND_ADDS,
    COUNTS_KEYS
  }

  /** Normalisers. */
  enum Weights {
    SOFTMAX,
    SOFTMAX_WITH_SINKS,
    RELU,
    RELU_BY_KEYS,
    SQUARED_RELU,
    SIGMOID,
    SIGMOID_BY_KEYS,
    LINEAR,
    LINEAR_BY_KEYS,
    SQUARED_RELU_BY_KEYS;

    boolean isSoftmax() {
      return this == SOFTMAX || this == SOFTMAX_WITH_SINKS;
    }
  }

  private static void similarity(Similarity.Kind kind, Call call) {
    float[] vector = new float[kind == Similarity.Kind.ADDITIVE ? call.plan.get(Options.HEAD_DIM) : 0];
    for (int d = 0; d < vector.length; d++) {
      vector[d] = call.numbers.normal(Operand.VECTOR, d);
    }
    Similarity similarity =
        switch (kind) {
          case DOT -> Similarity.dot();
          case COSINE -> Similarity.cosine();
          case ADDITIVE -> Similarity.additive(vector);
        };
    call.model.vector = vector;
    call.model.similarity = kind;
    call.model.scale = kind == Similarity.Kind.DOT ? (float) (1 / Math.sqrt(call.plan.get(Options.HEAD_DIM))) : 1;
    call.attention = call.attention.withSimilarity(similarity);
  }

  private static void scale(float scale, Call call) {
    if (!Float.isNaN(scale)) {
      call.model.scale = scale;
      call.attention = call.attention.withScale(scale);
    }
  }

  private static void softcap(float softcap, Call call) {
    if (softcap != 0) {
      call.model.add(new ScoreChange.Softcap(softcap));
      call.attention = call.attention.withSoftcap(softcap);
    }
  }

  private static void bias(BiasKind kind, Call call) {
    Model.Extent extent = call.model.extent;
    int keys = extent.mostKeys();
    int queries = extent.mostQueries();
    Bias bias =
        switch (kind) {
          case NONE -> null;
          case BY_KEY -> new Bias(new float[keys], 0, 0, 0, 0, 1); // strides, since the first steps of a layer have fewer keys
          case BY_QUERY_AND_KEY -> Bias.of(new float[queries * keys], queries, keys);
          case ON_FOUR_AXES, HIDING, LARGE, LOWEST -> {
            int keyStride = 1 + call.numbers.below(2, Operand.BIAS, -1);
            int queryStride = keyStride * keys + call.numbers.below(3, Operand.BIAS, -2);
            int headStride = queries * queryStride + 3;
            int batchStride = extent.heads() * headStride + 1;
            yield new Bias(new float[5 + extent.entries() * batchStride], 5, batchStride, headStride, queryStride, keyStride);
          }
        };
    if (bias != null) {
      for (int n = 0; n < bias.data().length; n++) {
        bias.data()[n] = addend(kind, call, n);
      }
      call.bias = bias;
      call.model.add(new ScoreChange.Sum((b, head, i, j) -> bias.data()[bias.index(b, head, i) + j * bias.keyStride()]));
      call.attention = call.attention.withBias(bias);
    }
  }

  private static float addend(BiasKind kind, Call call, int n) {
    if (call.plan.get(Options.POISON_PLACE) == Operands.PoisonPlace.ANYWHERE && call.numbers.below(200, 9000L + n) == 0) {
      return call.numbers.poison(call.plan.get(Options.POISON), n);
    }
    float x = call.numbers.normal(Operand.BIAS, n);
    boolean third = call.numbers.below(3, Operand.BIAS, ~(long) n << 20) == 0;
    return switch (kind) {
      case NONE, BY_KEY, BY_QUERY_AND_KEY, ON_FOUR_AXES -> x;
      case HIDING -> third ? Float.NEGATIVE_INFINITY : x;
      case LARGE -> 1e4f * x;
      case LOWEST -> third ? -Float.MAX_VALUE : x;
    };
  }

  private static void alibi(Slopes kind, Call call) {
    Model.Extent extent = call.model.extent;
    float[] slopes = Attention.standardSlopes(extent.heads());
    for (int head = 0; head < slopes.length && kind == Slopes.OF_BOTH_SIGNS; head++) {
      slopes[head] = 0.3f * call.numbers.normal(Operand.OTHER, 80 + head);
    }
    int[] offsets = new int[extent.entries()];
    Arrays.setAll(offsets, b -> call.numbers.below(3 * extent.mostKeys() + 1, 1700 + b) - extent.mostKeys());
    switch (kind) {
      case NONE -> {}
      case STANDARD, OF_BOTH_SIGNS -> {
        call.model.add(alibi(slopes, call.model::behind));
        call.attention = call.attention.withAlibi(slopes);
      }
      case WITH_OFFSETS -> {
        call.model.add(alibi(slopes, (b, i, j) -> j - (i + offsets[b])));
        call.attention = call.attention.withAlibi(slopes, offsets);
      }
    }
  }

  /** The position of a key minus that of a query. */
  @FunctionalInterface
  interface Behind {
    int of(int b, int i, int j);
  }

  /** Slope times distance, subtracted. */
  static ScoreChange alibi(float[] slopes, Behind behind) {
    return new ScoreChange.Sum((b, head, i, j) -> -slopes[head] * (double) Math.abs(behind.of(b, i, j)));
  }

  private static void scoreFunction(ScoreFunction kind, Call call) {
    SeenKeys seen = call.seen;
    ScoreChange.Function change =
        switch (kind) {
          case NONE -> null;
          case HALVES_AND_ADDS -> function(0.5, (x, b, head, i, j) -> 0.5 * x + 0.25 * ((b + 2 * head + 3 * i + 7 * j) % 5 - 2));
          case HIDES -> function(1, (x, b, head, i, j) -> (b + head + i + j) % 3 == 0 ? Double.NEGATIVE_INFINITY : x);
          case COUNTS_KEYS -> function(1, (x, b, head, i, j) -> x - seen.before(b, head, i, j) % 32 / 16.0);
        };
    if (change != null) {
      boolean counts = kind == ScoreFunction.COUNTS_KEYS;
      call.model.add(change);
      call.attention = call.attention.withScoreFunction(counts ? seen.function((x, n) -> x - n % 32 / 16f) : function(change, 0));
    }
  }

  private static void weightFunction(WeightFunction kind, Call call) {
    SeenKeys seen = call.seen;
    ScoreChange.Function change =
        switch (kind) {
          case NONE -> null;
          case HALVES_AND_ADDS -> function(0.5, (x, b, head, i, j) -> 0.5 * x + 0.0625 * ((b + 2 * head + 3 * i + 7 * j) % 5));
          case COUNTS_KEYS -> function(0.5, (x, b, head, i, j) -> 0.5 * x + seen.before(b, head, i, j) % 8 / 16.0);
        };
    if (change != null) {
      boolean counts = kind == WeightFunction.COUNTS_KEYS;
      call.model.weightFunction = change;
      call.attention = call.attention.withWeightFunction(counts ? seen.function((x, n) -> 0.5f * x + n % 8 / 16f) : function(change, 0));
    }
  }

  private static ScoreChange.Function function(double slope, ScoreChange.Function.Formula formula) {
    return new ScoreChange.Function(slope, formula);
  }

  /** A function of the library for keys that begin with key {@code firstKey} of the call. */
  static RowFunction function(ScoreChange.Function change, int firstKey) {
    return (row, offset, length, b, head, i, first) -> {
      for (int n = 0; n < length; n++) {
        row[offset + n] = (float) change.formula().of(row[offset + n], b, head, i, firstKey + first + n);
      }
    };
  }

  private static void normaliser(Weights kind, Call call) {
    call.model.normaliser =
        switch (kind) {
          case SOFTMAX -> Normaliser.softmax();
          case SOFTMAX_WITH_SINKS -> Normaliser.softmaxWithSinks(sinks(call));
          case RELU -> Normaliser.relu();
          case RELU_BY_KEYS -> Normaliser.relu().dividedByKeys();
          case SQUARED_RELU -> Normaliser.squaredRelu();
          case SQUARED_RELU_BY_KEYS -> Normaliser.squaredRelu().dividedByKeys();
          case SIGMOID -> Normaliser.sigmoid();
          case SIGMOID_BY_KEYS -> Normaliser.sigmoid().dividedByKeys();
          case LINEAR -> Normaliser.linear();
          case LINEAR_BY_KEYS -> Normaliser.linear().dividedByKeys();
        };
    call.attention = call.attention.withNormaliser(call.model.normaliser);
  }

  private static float[] sinks(Call call) {
    float[] sinks = new float[call.model.extent.heads()];
    for (int head = 0; head < sinks.length; head++) {
      boolean none = call.numbers.below(5, Operand.SINKS, -head) == 0;
      sinks[head] = none ? Float.NEGATIVE_INFINITY : 2 * call.numbers.normal(Operand.SINKS, head);
    }
    return sinks;
  }
}
