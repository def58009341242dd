package dev.lanewise.bench.fuzz;

import dev.lanewise.bench.fuzz.Numbers.Operand;
import dev.lanewise.bench.fuzz.truth.Model;
import dev.lanewise.bench.fuzz.truth.Stored;
import dev.lanewise.core.Attention;
import dev.lanewise.kernels.Bias;
import dev.lanewise.kernels.KeyValueFormat;
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

  final Plan plan;
  final Operands operands;
  final Model model;
  final @Nullable Caches caches;
  final Numbers numbers;
  private final Model.Extent extent;
  private final @Nullable SequenceStarts sequences;
  Attention attention = Attention.standard();

  Case(Plan plan) {
    this.plan = plan;
    this.numbers = new Numbers(plan.seed(), plan.numbers());
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

  private Model.Extent extent(int @Nullable [] queryStarts, int @Nullable [] keyStarts) {
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
    return new Model.Extent(heads, queries, keys, mostQueries, mostKeys);
  }

  private void describe() {
    Sight sight =
        Sight.of(plan.get(Knob.MASK), extent, numbers, 1)
            .and(Sight.of(plan.get(Knob.SECOND_MASK), extent, numbers, 2))
            .and(Sight.of(plan.get(Knob.THIRD_MASK), extent, numbers, 3));
    if (plan.get(Knob.CACHE) == WINDOW) { // the cache itself shows no more than its window
      sight = new Sight(sight.mask(), sight.and(Sight.window(Caches.windowRows(numbers) - 1, 0, Caches.sinks(numbers))).rule());
    }
    model.rule = sight.rule();
    model.depths = sight.depths();
    attention = attention.withMask(sight.mask());
    for (Knob knob : Knob.values()) {
      knob.choose(plan.get(knob), this);
    }
    if (sequences != null) {
      attention = attention.withSequences(sequences);
    }
  }

  void compareBy(Similarity similarity, float[] vector) {
    model.vector = vector;
    model.similarity = similarity.kind();
    model.scale = similarity.scalesByWidth() ? (float) (1 / Math.sqrt(plan.get(Knob.HEAD_DIM))) : 1;
    attention = attention.withSimilarity(similarity);
  }

  void add(Bias bias) {
    model.bias = bias;
    attention = attention.withBias(bias);
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
