package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.SeenKeys;
import dev.lanewise.bench.verify.oracle.Stored;
import dev.lanewise.core.Attention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A plan as a call of the library, and beside it as the plain data that the reference reads. */
final class Case implements AutoCloseable {
  static final int PACKED = 1;
  static final int SAME = 2;
  static final int GROWING = 2;
  static final int WINDOW = 3;
  static final int POOL = 4;
  static final int STEPS_IN_WINDOW = 3;
  static final int INT8 = 3;
  static final int UNSEEN = 0;
  static final int ANYWHERE = 4;

  final Plan plan;
  final Operands operands;
  final Model model;
  final @Nullable Caches caches;
  final Numbers numbers;
  private final Model.Extent extent;
  final @Nullable PackedSequences sequences;
  Attention attention = Attention.standard();
  private @Nullable SeenKeys seen;

  Case(Plan plan) {
    this.plan = plan;
    this.numbers = new Numbers(plan.seed(), plan.numbers());
    int[] queryStarts = starts(Knob.QUERIES, 30);
    int[] keyStarts = plan.get(Knob.SHARED) > 0 ? queryStarts : starts(Knob.KEYS, 40);
    this.extent = extent(queryStarts, keyStarts);
    this.sequences = queryStarts == null || keyStarts == null ? null : PackedSequences.of(queryStarts, keyStarts);
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
    if (plan.has(Knob.LAYER)) {
      new LayerPlaces(this).describe();
    }
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
      if (plan.get(Knob.CACHE) == WINDOW && !Caches.asksForMore(plan, numbers)) {
        int[] chunks = Caches.chunks(plan, numbers, keys[b]);
        queries[b] = Math.min(queries[b], chunks[chunks.length - 1]);
      } else if (keyStarts == null && plan.has(Knob.CACHE) && plan.get(Knob.CACHE) != WINDOW && b > 0) {
        keys[b] = numbers.below(keys[b] + 1, Operand.OTHER, 60 + b);
      }
    }
    int mostQueries = Arrays.stream(queries).max().orElse(plan.get(Knob.QUERIES));
    int mostKeys = Arrays.stream(keys).max().orElse(plan.get(Knob.KEYS));
    return new Model.Extent(heads, queries, keys, mostQueries, mostKeys);
  }

  private void describe() {
    Sight sight =
        Sight.of(plan.get(Knob.MASK), lastStep(), numbers, 1)
            .and(Sight.of(plan.get(Knob.SECOND_MASK), lastStep(), numbers, 2))
            .and(Sight.of(plan.get(Knob.THIRD_MASK), lastStep(), numbers, 3));
    Model.Rule rule = plan.isStepwise() ? stepwise(sight) : sight.rule();
    Model.Rule window = window();
    boolean hasWindow = plan.get(Knob.CACHE) == WINDOW || plan.get(Knob.LAYER) == STEPS_IN_WINDOW;
    model.rule =
        hasWindow
            ? (b, head, i, j, queries, keys) -> rule.sees(b, head, i, j, queries, keys) && window.sees(b, head, i, j, queries, keys)
            : rule;
    model.tree = sight.tree();
    attention = attention.withMask(sight.mask());
    for (Knob knob : Knob.values()) {
      knob.choose(plan.get(knob), this);
    }
    if (sequences != null) {
      attention = attention.withPackedSequences(sequences);
    }
  }

  /** Where the steps of a layer end. */
  int[] stepEnds(int rows) {
    int[] ends = Caches.chunks(plan, numbers, rows);
    Arrays.parallelPrefix(ends, Integer::sum);
    return ends;
  }

  /** What masks have to fit: of a layer that goes step by step the last one. */
  private Model.Extent lastStep() {
    if (!plan.isStepwise()) {
      return extent;
    }
    int[] ends = stepEnds(extent.mostQueries());
    int rows = extent.mostQueries() - (ends.length == 1 ? 0 : ends[ends.length - 2]);
    int[] queries = new int[extent.entries()];
    Arrays.fill(queries, rows);
    return new Model.Extent(extent.heads(), queries, extent.keys(), rows, extent.mostKeys());
  }

  /** Each step with its own rows and all before them; before a tree, which is the last step, they are causal. */
  private Model.Rule stepwise(Sight sight) {
    int[] ends = stepEnds(extent.mostQueries());
    Model.Rule before = sight.tree().length == 0 ? sight.rule() : (b, head, i, j, queries, keys) -> j <= i + keys - queries;
    return (b, head, i, j, queries, keys) -> {
      int step = 0;
      while (ends[step] <= i) {
        step++;
      }
      int from = step == 0 ? 0 : ends[step - 1];
      Model.Rule rule = ends[step] == queries ? sight.rule() : before;
      return j < ends[step] && rule.sees(b, head, i - from, j, ends[step] - from, ends[step]);
    };
  }

  /** What a window cache shows, however its rows came. */
  private Model.Rule window() {
    int rows = Caches.windowRows(numbers);
    int sinks = Caches.sinks(numbers);
    return (b, head, i, j, queries, keys) -> {
      int position = i + keys - queries;
      return j <= position && (j < sinks || j > position - rows);
    };
  }

  /** Counts the keys that queries see. */
  SeenKeys seen() {
    if (seen == null) {
      seen = new SeenKeys(model);
    }
    return seen;
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
