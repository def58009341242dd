package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.Results;
import dev.lanewise.core.reference.ReferenceGradients;
import dev.lanewise.core.testing.VariantOperands.Arrangement;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A backward pass with a combination of features, whose shape and numbers depend only on its seed. */
public final class BackwardCase {
  /** Number of values of each feature: mask, change, normaliser, similarity, wanted gradients, arrangement. */
  public static final int[] FEATURES = {35, Change.values().length, 9, 3, Wanted.values().length, Arrangement.values().length};

  /** A change of the scores or weights. */
  public enum Change {
    NONE,
    SCALE,
    SOFTCAP,
    BIAS,
    BIAS_OF_KEYS,
    BIAS_OF_QUERIES,
    BIAS_OF_HEADS,
    BIAS_THAT_HIDES,
    ALIBI,
    ALIBI_WITH_OFFSETS,
    FUNCTION,
    FUNCTION_THAT_HIDES,
    DROPOUT,
    ALL_AT_ONCE
  }

  /** The gradients that are wanted. */
  public enum Wanted {
    QUERY,
    KEY,
    VALUE,
    PARAMETERS,
    ALL,
    ALL_WITH_LOG_SUM_EXP
  }

  private final String name;
  private final Wanted wanted;
  private final VariantOperands operands;
  private final Similarity similarity;
  private final Normaliser normaliser;
  private final int threads;
  private final long seed;
  private @Nullable Bias bias;
  private @Nullable Bias positionBias;
  private boolean slopes;
  private final Attention attention;
  private List<ReferenceGradients> references = List.of();

  /** The case with these values of {@link #FEATURES}. */
  public BackwardCase(int[] values, long seed) {
    Random random = new Random(seed);
    this.seed = seed;
    Change change = Change.values()[values[1]];
    this.wanted = Wanted.values()[values[4]];
    Arrangement arrangement = Arrangement.values()[values[5]];
    this.operands = operands(arrangement, random);
    this.threads = 1 + random.nextInt(3);
    CallShape shape = operands.shape();
    Variant variant = new Variant();
    variant.mask = VariantFeatures.masks(shape, random.nextLong()).get(values[0]);
    this.normaliser = VariantFeatures.normalisers(shape.queryHeads(), random).get(values[2]);
    this.similarity = VariantFeatures.similarities(operands.query().width(), random).get(values[3]);
    variant.normaliser = normaliser;
    variant.similarity = similarity;
    variant.sequences = operands.sequences();
    boolean tree = variant.mask.depths() != null;
    this.attention = changed(variant.attention(), change, shape, tree, random);
    Heads query = operands.query();
    Heads key = operands.key();
    this.name =
        String.join(
            ", ",
            variant.mask.toString(),
            change.toString(),
            normaliser.kind() + (normaliser.averages() ? " averaged" : "") + (normaliser.hasSinks() ? " with sinks" : ""),
            similarity.kind().toString(),
            wanted.toString(),
            arrangement.toString(),
            "batch " + query.batch(),
            "heads " + query.heads() + "/" + key.heads(),
            "queries " + query.rows(),
            "keys " + key.rows(),
            "dims " + query.width() + "/" + operands.value().width(),
            "threads " + threads,
            "seed " + seed);
  }

  /** Operands with several keys: with one key softmax is constant, and its gradients are differences of equal numbers. */
  private static VariantOperands operands(Arrangement arrangement, Random random) {
    VariantOperands operands = VariantOperands.of(arrangement, random);
    while (operands.key().rows() == 1) {
      operands = VariantOperands.of(arrangement, random);
    }
    return operands;
  }

  private Attention changed(Attention before, Change change, CallShape shape, boolean tree, Random random) {
    int b = shape.batch();
    int h = shape.queryHeads();
    int q = shape.mostQueries();
    int k = shape.mostKeys();
    bias =
        switch (change) {
          case BIAS, ALL_AT_ONCE -> strided(shape, random);
          case BIAS_THAT_HIDES -> hiding(strided(shape, random), random);
          case BIAS_OF_KEYS -> dense(random, k);
          case BIAS_OF_QUERIES -> dense(random, b, 1, q, 1);
          case BIAS_OF_HEADS -> dense(random, h, 1, 1);
          case NONE, SCALE, SOFTCAP, ALIBI, ALIBI_WITH_OFFSETS, FUNCTION, FUNCTION_THAT_HIDES, DROPOUT -> null;
        };
    positionBias = change == Change.BIAS || change == Change.ALL_AT_ONCE ? dense(random, h, q, k) : null;
    boolean all = change == Change.ALL_AT_ONCE;
    slopes = change == Change.ALIBI || change == Change.ALIBI_WITH_OFFSETS || all;
    Attention result = before;
    result = change == Change.SCALE || all ? result.withScale(0.3f) : result;
    result = change == Change.SOFTCAP || all ? result.withSoftcap(1.5f) : result;
    result = bias == null ? result : result.withBias(bias);
    if (positionBias != null) {
      result = Attention.of(result.settings().withPositions(new ScoreChange.AddedBias(positionBias, true)));
    }
    if (slopes) {
      boolean offsets = change == Change.ALIBI_WITH_OFFSETS && !tree;
      int[] places = random.ints(b, -9, 9).toArray();
      float[] standard = Attention.standardSlopes(h);
      result = offsets ? result.withAlibi(standard, places) : result.withAlibi(standard);
    }
    result = change == Change.FUNCTION || all ? result.withScoreFunction(BackwardCase::square, BackwardCase::ofSquare) : result;
    result = change == Change.FUNCTION_THAT_HIDES ? result.withScoreFunction(BackwardCase::hide, BackwardCase::ofHide) : result;
    return change == Change.DROPOUT || all ? result.withDropout(0.25f, random.nextLong(), random.nextLong()) : result;
  }

  private static Bias dense(Random random, int... shape) {
    return Bias.of(Views.randomArray(Arrays.stream(shape).reduce(1, (x, y) -> x * y), 1, random.nextLong()), shape);
  }

  /** A bias over all four axes, with an offset and gaps of NaN. */
  private static Bias strided(CallShape shape, Random random) {
    int queryStride = 2 * shape.mostKeys() + 1;
    int headStride = shape.mostQueries() * queryStride + 3;
    int batchStride = shape.queryHeads() * headStride + 1;
    return new Bias(Views.randomArray(5 + shape.batch() * batchStride, 1, random.nextLong()), 5, batchStride, headStride, queryStride, 2);
  }

  private static Bias hiding(Bias bias, Random random) {
    for (int i = 0; i < bias.data().length; i++) {
      bias.data()[i] = random.nextInt(3) == 0 ? Float.NEGATIVE_INFINITY : bias.data()[i];
    }
    return bias;
  }

  private static void square(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
    for (int i = 0; i < length; i++) {
      float factor = 0.125f * (1 + (firstKey + i + query) % 3);
      row[offset + i] = factor * row[offset + i] * row[offset + i] + b - head;
    }
  }

  private static void ofSquare(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
    for (int i = 0; i < length; i++) {
      row[offset + i] = 2 * (0.125f * (1 + (firstKey + i + query) % 3)) * row[offset + i];
    }
  }

  private static void hide(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
    for (int i = 0; i < length; i++) {
      row[offset + i] = (b + head + query + firstKey + i) % 3 == 0 ? Float.NEGATIVE_INFINITY : row[offset + i];
    }
  }

  private static void ofHide(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
    Arrays.fill(row, offset, offset + length, 1);
  }

  /** Compares the gradients on these kernels with the reference. */
  public void verify(Kernels kernels) {
    Heads query = operands.query();
    Heads key = operands.key();
    Heads value = operands.value();
    Attention tested = attention.withKernels(kernels).withThreads(threads);
    Heads output = Views.filled(operands.outputLayout(), query.batch(), query.heads(), query.rows(), value.width(), 0);
    Heads outputGradient = Views.random(operands.outputLayout(), query.batch(), query.heads(), query.rows(), value.width(), seed + 7);
    Results results = Results.of().withOutput(output);
    boolean softmax = normaliser.hasLogSumExp();
    float[] logSumExp = new float[query.batch() * query.heads() * query.rows()];
    // Plain Java computes the backward pass of additive scores on both paths. The SIMD forward pass rounds their tanh differently, and a
    // log-sum-exp of other scores would add its difference to every gradient.
    boolean additive = similarity.kind() == Similarity.Kind.ADDITIVE;
    Attention before = additive ? attention.withKernels(Kernels.scalar()) : tested;
    before.compute(query, key, value, softmax ? results.withLogSumExp(logSumExp) : results);

    Gradients gradients = Gradients.of();
    float[] ofLogSumExp = null;
    if (wanted == Wanted.ALL_WITH_LOG_SUM_EXP && softmax) {
      ofLogSumExp = Views.randomArray(logSumExp.length, 1, seed + 8);
      gradients = gradients.withLogSumExpGradient(ofLogSumExp);
    }
    Targets targets = new Targets();
    gradients = targets.request(gradients);
    tested.backward(query, key, value, output, softmax ? logSumExp : null, outputGradient, gradients);
    List<ReferenceGradients> references = references(outputGradient, ofLogSumExp);
    targets.verify(references.get(0), references.get(1));
  }

  /** The gradients in double and in float, which are the same for all kernels. */
  private List<ReferenceGradients> references(Heads outputGradient, float @Nullable [] ofLogSumExp) {
    if (references.isEmpty()) {
      Heads value = operands.value();
      ReferenceGradients reference = ReferenceGradients.of(attention, operands.query(), operands.key(), value, outputGradient);
      reference = ofLogSumExp == null ? reference : reference.withLogSumExpGradient(ofLogSumExp);
      references = List.of(reference, reference.inFloat());
    }
    return references;
  }

  private boolean wants(Wanted one) {
    return wanted == one || wanted == Wanted.ALL || wanted == Wanted.ALL_WITH_LOG_SUM_EXP;
  }

  /** What the gradients of a pass are written to. */
  private final class Targets {
    private final Heads query = empty(operands.query());
    private final Heads key = empty(operands.key());
    private final Heads value = empty(operands.value());
    private final float[] ofBias = new float[bias == null ? 0 : bias.data().length];
    private final float[] ofPositionBias = new float[positionBias == null ? 0 : positionBias.data().length];
    private final float[] ofSlopes = filled(operands.shape().queryHeads());
    private final float[] ofSinks = filled(operands.shape().queryHeads());
    private final float[] ofScale = filled(1);
    private final float[] ofVector = filled(operands.query().width());

    /** The largest error of plain float code among the gradients of query, key and value, relative to their largest values. */
    private double yardstick;

    private Heads empty(Heads like) {
      return Views.filled(operands.outputLayout(), like.batch(), like.heads(), like.rows(), like.width(), Views.SENTINEL);
    }

    private static float[] filled(int length) {
      float[] array = new float[length];
      Arrays.fill(array, Views.SENTINEL);
      return array;
    }

    private Gradients request(Gradients before) {
      Gradients all = wants(Wanted.QUERY) ? before.withQuery(query) : before;
      all = wants(Wanted.KEY) ? all.withKey(key) : all;
      all = wants(Wanted.VALUE) ? all.withValue(value) : all;
      if (!wants(Wanted.PARAMETERS)) {
        return all;
      }
      all = all.withScale(ofScale);
      all = bias == null ? all : all.withBias(ofBias);
      all = positionBias == null ? all : all.withPositionBias(ofPositionBias);
      all = slopes ? all.withSlopes(ofSlopes) : all;
      all = normaliser.hasSinks() ? all.withSinks(ofSinks) : all;
      return similarity.kind() == Similarity.Kind.ADDITIVE ? all.withAdditiveVector(ofVector) : all;
    }

    private void verify(ReferenceGradients reference, ReferenceGradients plain) {
      yardstick = error(plain.query(), reference.query());
      yardstick = Math.max(yardstick, error(plain.key(), reference.key()));
      yardstick = Math.max(yardstick, error(plain.value(), reference.value()));
      if (wants(Wanted.QUERY)) {
        verify("query", query, plain.query(), reference.query());
      }
      if (wants(Wanted.KEY)) {
        verify("key", key, plain.key(), reference.key());
      }
      if (wants(Wanted.VALUE)) {
        verify("value", value, plain.value(), reference.value());
      }
      if (wants(Wanted.PARAMETERS)) {
        double ofPlain = Math.abs(plain.scale()[0] - reference.scale()[0]);
        assertThat((double) ofScale[0])
            .as("gradient of scale, %s", BackwardCase.this)
            .isCloseTo(reference.scale()[0], within(2 * ofPlain + 1e-6 * reference.scaleTerms()));
        verifyBias(plain, reference);
        verify("positionBias", ofPositionBias, plain.positionBias(), reference.positionBias());
        if (slopes) {
          verify("slopes", ofSlopes, plain.slopes(), reference.slopes());
        }
        if (normaliser.hasSinks()) {
          verify("sinks", ofSinks, plain.sinks(), reference.sinks());
        }
        if (similarity.kind() == Similarity.Kind.ADDITIVE) {
          verify("vector", ofVector, plain.additiveVector(), reference.additiveVector());
        }
      }
    }

    private static double largest(double[] x) {
      return Arrays.stream(x).map(Math::abs).max().orElse(0);
    }

    private static double error(double[] plain, double[] expected) {
      double error = 0;
      for (int i = 0; i < expected.length; i++) {
        error = Math.max(error, Math.abs(plain[i] - expected[i]));
      }
      return error == 0 ? 0 : error / largest(expected);
    }

    /**
     * The plain result with an error at least as large as that of the call's other gradients. All of them inherit the errors of the same
     * log-sum-exps and outputs, and the error of a single number, such as the scale, may be 0 by chance.
     */
    private double[] widened(double[] plain, double[] expected) {
      double[] result = plain.clone();
      int at = 0;
      for (int i = 0; i < expected.length; i++) {
        at = Math.abs(expected[i]) > Math.abs(expected[at]) ? i : at;
      }
      double error = Math.min(yardstick, 1e-4) * largest(expected);
      if (result.length > 0 && Math.abs(result[at] - expected[at]) < error) {
        result[at] = expected[at] + error;
      }
      return result;
    }

    /** Softmax does not change with a bias that all keys of a query share: its gradient is 0, up to rounding. */
    private void verifyBias(ReferenceGradients plain, ReferenceGradients reference) {
      boolean constant = bias != null && bias.keyStride() == 0 && normaliser.hasLogSumExp() && !normaliser.hasSinks();
      if (!constant || wanted == Wanted.ALL_WITH_LOG_SUM_EXP) {
        verify("bias", ofBias, plain.bias(), reference.bias());
        return;
      }
      for (float gradient : ofBias) {
        assertThat((double) gradient).as("gradient of bias, %s", BackwardCase.this).isCloseTo(0, within(1e-5));
      }
    }

    private void verify(String what, Heads actual, double[] plain, double[] expected) {
      Views.assertOnlyTheViewWritten(actual, "gradient of " + what + ", " + BackwardCase.this);
      verify(what, Views.dense(actual), plain, expected);
    }

    private void verify(String what, float[] actual, double[] plain, double[] expected) {
      Budget.assertWithin("gradient of " + what + ", " + BackwardCase.this, actual, widened(plain, expected), expected);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
