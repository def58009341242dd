package dev.lanewise.bench.fuzz;

import dev.lanewise.bench.fuzz.Numbers.Operand;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Mask;
import dev.lanewise.kernels.Bias;
import dev.lanewise.kernels.KeyValueFormat;
import dev.lanewise.kernels.Normaliser;
import dev.lanewise.kernels.SequenceStarts;
import dev.lanewise.kernels.Similarity;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A plan as a call of the library, and beside it as the plain data that the reference reads. */
final class Case implements AutoCloseable {
  static final int PACKED = 1;
  static final int SAME = 2;
  static final int GROWING = 2;
  static final int WINDOW = 3;
  static final int POOL = 4;
  static final int INT8 = 3;
  static final int UNSEEN = 0;
  static final int ANYWHERE = 4;

  private static final float[] SCALES = {0, 0.3f, 0, -1, 3.7f};
  private static final float[] SOFTCAPS = {0, 1.5f, 30, 0.001f, 20_000};

  final Plan plan;
  final Operands operands;
  final Model model;
  final @Nullable Caches caches;
  private final Numbers numbers;
  private final Sight.Extent extent;
  private final @Nullable SequenceStarts sequences;
  private Attention attention = Attention.standard();

  Case(Plan plan) {
    this.plan = plan;
    this.numbers = new Numbers(plan.seed(), plan.get(Knob.NUMBERS));
    int[] queryStarts = starts(Knob.QUERIES, 30);
    int[] keyStarts = plan.get(Knob.SHARED) > 0 ? queryStarts : starts(Knob.KEYS, 40);
    this.extent = extent(queryStarts, keyStarts);
    this.sequences = queryStarts == null || keyStarts == null ? null : SequenceStarts.of(queryStarts, keyStarts);
    int queries = queryStarts == null ? extent.mostQueries() : plan.get(Knob.QUERIES);
    this.operands = Operands.of(plan, numbers, queries, plan.get(Knob.KEYS));
    boolean cached = plan.has(Knob.CACHE);
    this.model =
        new Model(extent, plan.get(Knob.KEY_VALUE_HEADS), plan.get(Knob.HEAD_DIM), plan.get(Knob.VALUE_DIM), plan.get(Knob.FORMAT) == INT8);
    model.queryStarts = queryStarts;
    model.keyStarts = cached ? null : keyStarts;
    describe();
    operands.poisonUnseen(plan, numbers, model, keyStarts);
    read(queryStarts, keyStarts);
    this.caches = cached ? new Caches(plan, numbers, operands, keyStarts, extent.keys()) : null;
  }

  /** The call, for so many threads. */
  Attention attention(int threads) {
    return attention.withThreads(threads);
  }

  private int @Nullable [] starts(Knob rows, int salt) {
    int count = plan.get(Knob.SEQUENCES);
    if (count == 0) {
      return null;
    }
    int[] starts = new int[count + 1];
    for (int n = 1; n < count; n++) {
      starts[n] = numbers.below(plan.get(rows) + 1, Operand.OTHER, salt + n);
    }
    starts[count] = plan.get(rows);
    Arrays.sort(starts);
    return starts;
  }

  private Sight.Extent extent(int @Nullable [] queryStarts, int @Nullable [] keyStarts) {
    int heads = plan.get(Knob.KEY_VALUE_HEADS) * plan.get(Knob.GROUP);
    int entries = queryStarts == null ? plan.get(Knob.BATCH) : plan.get(Knob.SEQUENCES);
    int[] queries = new int[entries];
    int[] keys = new int[entries];
    for (int b = 0; b < entries; b++) {
      queries[b] = queryStarts == null ? plan.get(Knob.QUERIES) : queryStarts[b + 1] - queryStarts[b];
      keys[b] = keyStarts == null ? plan.get(Knob.KEYS) : keyStarts[b + 1] - keyStarts[b];
      if (plan.get(Knob.CACHE) == WINDOW) {
        int[] chunks = Caches.chunks(plan, numbers, keys[b]);
        queries[b] = Math.min(queries[b], chunks[chunks.length - 1]);
      } else if (keyStarts == null && plan.has(Knob.CACHE) && b > 0) {
        keys[b] = numbers.below(keys[b] + 1, Operand.OTHER, 60 + b);
      }
    }
    int mostQueries = Arrays.stream(queries).max().orElse(plan.get(Knob.QUERIES));
    int mostKeys = Arrays.stream(keys).max().orElse(plan.get(Knob.KEYS));
    return new Sight.Extent(heads, queries, keys, mostQueries, mostKeys);
  }

  private void describe() {
    Sight sight =
        Sight.of(plan.get(Knob.MASK), extent, numbers, 1)
            .and(Sight.of(plan.get(Knob.SECOND_MASK), extent, numbers, 2))
            .and(Sight.of(plan.get(Knob.THIRD_MASK), extent, numbers, 3));
    if (plan.get(Knob.CACHE) == WINDOW) {
      sight = sight.and(window());
    }
    model.rule = sight.rule();
    attention = attention.withMask(sight.mask());
    similarity();
    normaliser();
    scores();
    if (sequences != null) {
      attention = attention.withSequences(sequences);
    }
  }

  /** What the window of the caches keeps. */
  private Sight window() {
    int rows = Caches.windowRows(numbers);
    int sinks = Caches.sinks(numbers);
    Sight window = Sight.window(rows - 1, 0);
    if (sinks == 0) {
      return window;
    }
    int queries = extent.mostQueries();
    int keys = extent.mostKeys();
    Sight.Rule rule = (b, head, i, j, l, s) -> (j < sinks && j <= i + s - l) || window.rule().sees(b, head, i, j, l, s);
    return new Sight(Mask.evaluate((b, head, i, j) -> rule.sees(b, head, i, j, queries, keys), 1, 1, queries, keys), rule);
  }

  private void similarity() {
    Similarity similarity =
        switch (plan.get(Knob.SIMILARITY)) {
          case 1 -> Similarity.cosine();
          case 2 -> {
            model.vector = new float[plan.get(Knob.HEAD_DIM)];
            for (int d = 0; d < model.vector.length; d++) {
              model.vector[d] = numbers.normal(Operand.VECTOR, d);
            }
            yield Similarity.additive(model.vector);
          }
          default -> Similarity.dot();
        };
    model.similarity = similarity.kind();
    attention = attention.withSimilarity(similarity);
    model.scale = similarity.scalesByWidth() ? (float) (1 / Math.sqrt(plan.get(Knob.HEAD_DIM))) : 1;
    if (plan.has(Knob.SCALE)) {
      model.scale = SCALES[plan.get(Knob.SCALE)];
      attention = attention.withScale(SCALES[plan.get(Knob.SCALE)]);
    }
  }

  private void normaliser() {
    float[] sinks = new float[extent.heads()];
    for (int head = 0; head < sinks.length; head++) {
      boolean none = numbers.below(5, Operand.SINKS, -head) == 0;
      sinks[head] = none ? Float.NEGATIVE_INFINITY : 2 * numbers.normal(Operand.SINKS, head);
    }
    model.normaliser =
        switch (plan.get(Knob.NORMALISER)) {
          case 1 -> Normaliser.softmaxWithSinks(sinks);
          case 2 -> Normaliser.relu();
          case 3 -> Normaliser.relu().dividedByKeys();
          case 4 -> Normaliser.squaredRelu();
          case 5 -> Normaliser.sigmoid();
          case 6 -> Normaliser.sigmoid().dividedByKeys();
          case 7 -> Normaliser.linear();
          case 8 -> Normaliser.linear().dividedByKeys();
          case 9 -> Normaliser.squaredRelu().dividedByKeys();
          default -> Normaliser.softmax();
        };
    attention = attention.withNormaliser(model.normaliser);
  }

  private void scores() {
    if (plan.has(Knob.SOFTCAP)) {
      model.softcap = SOFTCAPS[plan.get(Knob.SOFTCAP)];
      attention = attention.withSoftcap(SOFTCAPS[plan.get(Knob.SOFTCAP)]);
    }
    if (plan.has(Knob.BIAS)) {
      Bias bias = Biases.of(plan, extent, numbers);
      model.bias = bias;
      attention = attention.withBias(bias);
    }
    if (plan.has(Knob.ALIBI)) {
      float[] slopes = Attention.standardSlopes(extent.heads());
      for (int head = 0; head < slopes.length && plan.get(Knob.ALIBI) == 2; head++) {
        slopes[head] = 0.3f * numbers.normal(Operand.OTHER, 80 + head);
      }
      model.slopes = slopes;
      attention = attention.withAlibi(slopes);
    }
    model.scoreFunction = plan.get(Knob.SCORE_FUNCTION);
    model.weightFunction = plan.get(Knob.WEIGHT_FUNCTION);
    if (plan.has(Knob.SCORE_FUNCTION)) {
      attention =
          attention.withScoreFunction(
              (row, offset, length, b, head, i, first) -> {
                for (int n = 0; n < length; n++) {
                  row[offset + n] = (float) model.scoreOf(row[offset + n], b, head, i, first + n);
                }
              });
    }
    if (plan.has(Knob.WEIGHT_FUNCTION)) {
      attention =
          attention.withWeightFunction(
              (row, offset, length, b, head, i, first) -> {
                for (int n = 0; n < length; n++) {
                  row[offset + n] = (float) model.weightOf(row[offset + n], b, head, i, first + n);
                }
              });
    }
  }

  /** Reads the operands into the model, keys and values as a cache stores them. */
  private void read(int @Nullable [] queryStarts, int @Nullable [] keyStarts) {
    KeyValueFormat format = Caches.format(plan);
    float[] channels = Caches.channels(plan, numbers);
    for (int b = 0; b < extent.entries(); b++) {
      int keys = extent.keys()[b];
      int firstKey = keyStarts == null ? 0 : keyStarts[b];
      model.query[b] =
          Model.dense(operands.query(), queryStarts == null ? b : 0, queryStarts == null ? 0 : queryStarts[b], extent.queries()[b]);
      model.key[b] = Model.dense(operands.key(), keyStarts == null ? b : 0, firstKey, keys);
      model.value[b] = Model.dense(operands.value(), keyStarts == null ? b : 0, firstKey, keys);
      float[] keyError = new float[model.key[b].length];
      float[] valueError = new float[model.value[b].length];
      for (int row = 0; row < model.keyValueHeads * keys; row++) {
        int channel = row / keys * model.headDim;
        Stored.round(format, model.key[b], row * model.headDim, model.headDim, channels, channel, keyError);
        Stored.round(format, model.value[b], row * model.valueDim, model.valueDim, new float[0], 0, valueError);
      }
      if (model.keyError != null && model.valueError != null) {
        model.keyError[b] = keyError;
        model.valueError[b] = valueError;
      }
    }
  }

  @Override
  public void close() {
    if (caches != null) {
      caches.close();
    }
  }
}
