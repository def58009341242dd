package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.throughput.data.StoredNumbers;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.SeenKeys;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.core.Attention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A plan as a call of the library, and beside it as the plain data that the oracle reads. */
final class Call implements AutoCloseable {
  final Plan plan;
  final Operands operands;
  final Model model;
  final @Nullable Caches caches;
  final Numbers numbers;
  final @Nullable PackedSequences sequences;
  final SeenKeys seen;
  Attention attention = Attention.standard();
  @Nullable Bias bias;
  private final Model.Extent extent;

  Call(Plan plan) {
    this.plan = plan;
    this.numbers = plan.numbers();
    int[] queryStarts = starts(plan.get(Options.QUERIES), 30);
    int[] keyStarts = plan.has(Options.SHARED) ? queryStarts : starts(plan.get(Options.KEYS), 40);
    this.extent = extent(queryStarts, keyStarts);
    this.sequences = queryStarts == null || keyStarts == null ? null : PackedSequences.of(queryStarts, keyStarts);
    int queries = queryStarts == null ? extent.mostQueries() : plan.get(Options.QUERIES);
    this.operands = Operands.of(plan, numbers, queries, plan.get(Options.KEYS));
    boolean cached = plan.has(Options.CACHE);
    this.model = new Model(extent, plan.get(Options.KEY_VALUE_HEADS), plan.get(Options.HEAD_DIM), plan.get(Options.VALUE_DIM));
    this.seen = new SeenKeys(model);
    model.queryStarts = queryStarts;
    model.keyStarts = cached ? null : keyStarts;
    setMasks();
    Options.all().forEach(option -> option.apply(this));
    if (sequences != null) {
      attention = attention.withPackedSequences(sequences);
    }
    operands.poisonUnseen(plan, numbers, model, keyStarts);
    read(queryStarts, keyStarts);
    new LayerPositionsModel(this).describe();
    this.caches = cached ? new Caches(plan, numbers, operands, keyStarts, extent.keys()) : null;
  }

  /** The call with the plan's number of threads. */
  Attention attention() {
    return attention(plan.get(Options.THREADS));
  }

  Attention attention(int threads) {
    return attention.withThreads(threads);
  }

  private int @Nullable [] starts(int rows, int salt) {
    int count = plan.get(Options.SEQUENCES);
    if (count == 0) {
      return null;
    }
    int[] starts = new int[count + 1];
    for (int n = 1; n < count; n++) {
      starts[n] = numbers.below(rows + 1, salt + n);
    }
    starts[count] = rows;
    Arrays.sort(starts);
    return starts;
  }

  private Model.Extent extent(int @Nullable [] queryStarts, int @Nullable [] keyStarts) {
    int entries = queryStarts == null ? plan.get(Options.BATCH) : plan.get(Options.SEQUENCES);
    int[] queries = new int[entries];
    int[] keys = new int[entries];
    for (int b = 0; b < entries; b++) {
      queries[b] = queryStarts == null ? plan.get(Options.QUERIES) : queryStarts[b + 1] - queryStarts[b];
      keys[b] = keyStarts == null ? plan.get(Options.KEYS) : keyStarts[b + 1] - keyStarts[b];
      if (plan.get(Options.CACHE) == Caches.Kind.WINDOW) {
        if (!Caches.asksForMore(plan, numbers)) {
          int[] chunks = Caches.chunks(plan, numbers, keys[b]);
          queries[b] = Math.min(queries[b], chunks[chunks.length - 1]);
        }
      } else if (keyStarts == null && plan.has(Options.CACHE) && b > 0) {
        keys[b] = numbers.below(keys[b] + 1, 60 + b);
      }
    }
    int mostQueries = Arrays.stream(queries).max().orElse(plan.get(Options.QUERIES));
    int mostKeys = Arrays.stream(keys).max().orElse(plan.get(Options.KEYS));
    return new Model.Extent(plan.get(Options.KEY_VALUE_HEADS) * plan.get(Options.GROUP), queries, keys, mostQueries, mostKeys);
  }

  private void setMasks() {
    Model.Extent shape = lastStep();
    RuledMask mask = plan.get(Options.MASK).mask(shape, numbers, 1);
    mask = mask.and(plan.get(Options.SECOND_MASK).mask(shape, numbers, 2)).and(plan.get(Options.THIRD_MASK).mask(shape, numbers, 3));
    Model.Rule rule = plan.isStepwise() ? stepwise(mask) : mask.rule();
    boolean window = plan.get(Options.CACHE) == Caches.Kind.WINDOW || plan.get(Options.LAYER) == LayerCall.Kind.STEPS_IN_WINDOW;
    model.rule = window ? RuledMask.and(rule, window()) : rule;
    model.tree = mask.tree();
    attention = attention.withMask(mask.mask());
  }

  /** The last row of each step of a layer, exclusive. */
  int[] stepEnds(int rows) {
    int[] ends = Caches.chunks(plan, numbers, rows);
    Arrays.parallelPrefix(ends, Integer::sum);
    return ends;
  }

  /** The shape that masks have to fit: that of the last step, if a layer takes its rows in steps. */
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

  /** Each step sees its own rows and all rows before them. A tree masks the last step; the steps before it are causal. */
  private Model.Rule stepwise(RuledMask mask) {
    int[] ends = stepEnds(extent.mostQueries());
    Model.Rule before = mask.tree().length == 0 ? mask.rule() : RuledMask.Maker.causal(RuledMask.Place.BOTTOM_RIGHT).rule();
    return (b, head, i, j, queries, keys) -> {
      int step = 0;
      while (ends[step] <= i) {
        step++;
      }
      int from = step == 0 ? 0 : ends[step - 1];
      Model.Rule rule = ends[step] == queries ? mask.rule() : before;
      return j < ends[step] && rule.sees(b, head, i - from, j, ends[step] - from, ends[step]);
    };
  }

  /** The keys that a window cache shows, in however many appends its rows came. */
  private Model.Rule window() {
    return RuledMask.Maker.window(Caches.windowRows(numbers) - 1, 0, Caches.sinks(numbers), RuledMask.Place.BOTTOM_RIGHT).rule();
  }

  /** Reads the operands into the model, keys and values as a cache stores them. */
  private void read(int @Nullable [] queryStarts, int @Nullable [] keyStarts) {
    float[] channels = Caches.channels(plan, numbers);
    for (int b = 0; b < extent.entries(); b++) {
      int keys = extent.keys()[b];
      int entry = keyStarts == null ? b : 0;
      int firstKey = keyStarts == null ? 0 : keyStarts[b];
      int firstQuery = queryStarts == null ? 0 : queryStarts[b];
      model.query[b] = Views.elements(rows(operands.query(), model.queryEntry(b), firstQuery, extent.queries()[b]));
      model.key[b] = Views.elements(rows(operands.key(), entry, firstKey, keys));
      model.value[b] = Views.elements(rows(operands.value(), entry, firstKey, keys));
      model.keyError[b] = StoredNumbers.round(plan.get(Options.FORMAT), model.key[b], model.headDim, keys, channels);
      model.valueError[b] = StoredNumbers.round(plan.get(Options.FORMAT), model.value[b], model.valueDim, keys, new float[0]);
    }
  }

  /** So many rows of a batch entry, from {@code first} on. */
  static Heads rows(Heads view, int entry, int first, int rows) {
    return view.batch(entry, entry + 1).rows(first, first + rows);
  }

  @Override
  public void close() {
    if (caches != null) {
      caches.close();
    }
  }
}
