package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.TopKeys;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.VariantFeatures.Change;
import dev.lanewise.core.testing.VariantOperands.Arrangement;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A combination of features with a shape and numbers that depend only on its seed. */
public final class VariantCase {
  /** Number of values of each feature: mask, change, normaliser, similarity, result, arrangement. */
  public static final int[] FEATURES = {35, Change.values().length, 9, 3, Result.values().length, Arrangement.values().length};

  private static final int TOP = 4;

  private final long seed;
  private final Change change;
  private final Result result;
  private final Arrangement arrangement;
  private final VariantOperands operands;
  private final Variant variant = new Variant();
  private final int threads;

  /** A requested result of a call. */
  public enum Result {
    OUTPUT,
    LOG_SUM_EXP,
    OUTPUT_AND_LOG_SUM_EXP,
    RAW(Stage.RAW),
    CAPPED(Stage.CAPPED),
    CHANGED(Stage.CHANGED),
    MASKED(Stage.MASKED),
    WEIGHTS(Stage.WEIGHTS),
    WEIGHTS_OF_ROWS,
    TOP_KEYS,
    COLUMN_SUMS,
    ALL_AT_ONCE;

    private final @Nullable Stage stage;

    Result() {
      this(null);
    }

    Result(@Nullable Stage stage) {
      this.stage = stage;
    }
  }

  /** The case with these values of {@link #FEATURES}. */
  public VariantCase(int[] values, long seed) {
    Random random = new Random(seed);
    this.seed = seed;
    this.change = Change.values()[values[1]];
    this.result = Result.values()[values[4]];
    this.arrangement = Arrangement.values()[values[5]];
    this.operands = VariantOperands.of(arrangement, random);
    this.threads = 1 + random.nextInt(3);
    CallShape shape = operands.shape();
    variant.mask = pick(VariantFeatures.masks(shape, random.nextLong()), 0, values);
    variant.normaliser = pick(VariantFeatures.normalisers(shape.queryHeads(), random), 2, values);
    variant.similarity = pick(VariantFeatures.similarities(operands.query().width(), random), 3, values);
    variant.sequences = operands.sequences();
    change.set(variant, shape, random);
  }

  private static <T> T pick(List<T> list, int feature, int[] values) {
    assertThat(list).as("values of feature %d", feature).hasSize(FEATURES[feature]);
    return list.get(values[feature]);
  }

  /** Compares the results of the case's call on these kernels with the reference. */
  public void verify(Kernels kernels) {
    Attention attention = variant.attention().withKernels(kernels).withThreads(threads);
    boolean logSumExpOfOthers = !variant.normaliser.hasLogSumExp();
    if (result == Result.WEIGHTS_OF_ROWS) {
      verifyRows(attention);
    } else if (logSumExpOfOthers && (result == Result.LOG_SUM_EXP || result == Result.OUTPUT_AND_LOG_SUM_EXP)) {
      Results refused = Results.of().withLogSumExp(new float[queryRows()]);
      assertThatThrownBy(() -> attention.compute(operands.query(), operands.key(), refused))
          .as("%s", this)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("logSumExp");
    } else {
      verifyResults(attention);
    }
  }

  private void verifyResults(Attention attention) {
    Heads query = operands.query();
    Heads output = empty(query.rows(), operands.value().width());
    float[] logSumExp = new float[queryRows()];
    float[] columnSums = new float[query.batch() * query.heads() * operands.key().rows()];
    TopKeys top = TopKeys.of(TOP, query.batch(), query.heads(), query.rows());
    Map<Stage, Heads> scores = new EnumMap<>(Stage.class);
    Results results = Results.of();
    boolean hasOutput = asks(Result.OUTPUT) || asks(Result.OUTPUT_AND_LOG_SUM_EXP);
    boolean hasLogSumExp = variant.normaliser.hasLogSumExp() && (asks(Result.LOG_SUM_EXP) || asks(Result.OUTPUT_AND_LOG_SUM_EXP));
    if (hasOutput) {
      results = results.withOutput(output);
    }
    if (hasLogSumExp) {
      results = results.withLogSumExp(logSumExp);
    }
    for (Result asked : Result.values()) {
      // The top keys are compared with the weights of the same call.
      boolean judge = asked == Result.WEIGHTS && asks(Result.TOP_KEYS);
      if (asked.stage != null && (asks(asked) || judge)) {
        scores.put(asked.stage, empty(query.rows(), operands.shape().mostKeys()));
        results = results.withScores(asked.stage, scores.get(asked.stage));
      }
    }
    if (asks(Result.COLUMN_SUMS)) {
      results = results.withColumnSums(columnSums);
    }
    if (asks(Result.TOP_KEYS)) {
      results = results.withTopKeys(top);
    }
    if (hasOutput) {
      attention.compute(query, operands.key(), operands.value(), results);
    } else {
      attention.compute(query, operands.key(), results);
    }

    ReferenceAttention reference = variant.reference(query, operands.key(), operands.value());
    ReferenceAttention plain = reference.inFloat();
    if (hasOutput) {
      Views.assertOnlyTheViewWritten(output, this);
      Budget.assertWithin("output, " + this, Views.dense(output), plain.output(), reference.output());
    }
    if (hasLogSumExp) {
      Budget.assertWithin("logSumExp, " + this, logSumExp, plain.logSumExp(), reference.logSumExp());
    }
    scores.forEach(
        (stage, heads) -> {
          Views.assertOnlyTheViewWritten(heads, stage + ", " + this);
          Budget.assertWithin(stage + ", " + this, Views.dense(heads), plain.scores(stage), reference.scores(stage));
        });
    if (asks(Result.COLUMN_SUMS)) {
      Budget.assertWithin("column sums, " + this, columnSums, plain.columnSums(), reference.columnSums());
    }
    if (asks(Result.TOP_KEYS)) {
      verifyTop(top, scores.get(Stage.WEIGHTS));
    }
  }

  /** The keys with the largest weights of each row, for equal weights the first; keys of weight 0 do not count. */
  private void verifyTop(TopKeys top, Heads weights) {
    for (int b = 0; b < weights.batch(); b++) {
      for (int head = 0; head < weights.heads(); head++) {
        for (int i = 0; i < weights.rows(); i++) {
          List<Integer> keys = new ArrayList<>();
          for (int j = 0; j < weights.width(); j++) {
            if (weights.get(b, head, i, j) != 0) {
              keys.add(j);
            }
          }
          int from = weights.index(b, head, i);
          keys.sort(Comparator.comparingDouble(j -> -weights.data()[from + j]));
          for (int place = 0; place < TOP; place++) {
            int key = place < keys.size() ? keys.get(place) : -1;
            String what = "rank " + place + " of query " + i + " of head " + head + " of batch entry " + b + ", " + this;
            assertThat(top.key(b, head, i, place)).as("%s", what).isEqualTo(key);
            assertThat(top.weight(b, head, i, place)).as("%s", what).isEqualTo(key < 0 ? 0 : weights.data()[from + key]);
          }
        }
      }
    }
  }

  private void verifyRows(Attention attention) {
    Heads query = operands.query();
    int[] rows = new Random(seed).ints(0, query.rows()).limit(3).sorted().distinct().toArray();
    Heads weights = empty(rows.length, operands.shape().mostKeys());
    attention.compute(query, operands.key(), Results.of().withWeights(rows, weights));
    Views.assertOnlyTheViewWritten(weights, this);
    ReferenceAttention reference = variant.reference(query, operands.key(), operands.value());
    double[] expected = reference.weights();
    double[] plain = reference.inFloat().weights();
    int width = weights.width();
    double[] chosen = new double[query.batch() * query.heads() * rows.length * width];
    double[] chosenPlain = new double[chosen.length];
    for (int n = 0; n < chosen.length / width; n++) {
      int from = (n / rows.length * query.rows() + rows[n % rows.length]) * width;
      System.arraycopy(expected, from, chosen, n * width, width);
      System.arraycopy(plain, from, chosenPlain, n * width, width);
    }
    Budget.assertWithin(this, Views.dense(weights), chosenPlain, chosen);
  }

  private boolean asks(Result one) {
    return result == one || result == Result.ALL_AT_ONCE;
  }

  private Heads empty(int rows, int width) {
    return Views.filled(operands.outputLayout(), operands.query().batch(), operands.query().heads(), rows, width, Views.SENTINEL);
  }

  private int queryRows() {
    return operands.query().batch() * operands.query().heads() * operands.query().rows();
  }

  @Override
  public String toString() {
    Heads query = operands.query();
    Heads key = operands.key();
    return String.join(
        ", ",
        variant.mask.toString(),
        change.toString(),
        variant.normaliser.kind() + (variant.normaliser.averages() ? " averaged" : ""),
        variant.similarity.kind().toString(),
        result.toString(),
        arrangement.toString(),
        "batch " + query.batch(),
        "heads " + query.heads() + "/" + key.heads(),
        "queries " + query.rows(),
        "keys " + key.rows(),
        "dims " + query.width() + "/" + operands.value().width(),
        "threads " + threads,
        "seed " + seed);
  }
}
