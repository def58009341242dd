package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.AttentionChanges.BiasKind;
import dev.lanewise.bench.verify.fuzz.AttentionChanges.Weights;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The description of a call: a value for each {@link Option}, and the seed of its numbers. {@link #fitted} applies the rules of all
 * options; a plan does not change after that.
 */
final class Plan {
  private static final int WIDEST_IN_LAYERS = 40;

  private final Map<Option<?>, Object> values;
  private final long seed;

  private Plan(Map<Option<?>, Object> values, long seed) {
    this.values = values;
    this.seed = seed;
  }

  /** The simplest values of all options, which no rule has seen yet. */
  static Plan simplest(long seed) {
    Map<Option<?>, Object> values = new HashMap<>();
    Option.all().forEach(option -> values.put(option, option.simplest()));
    return new Plan(values, seed);
  }

  /** A copy whose options fit together. */
  Plan fitted() {
    Plan plan = new Plan(new HashMap<>(values), seed);
    Option.all().forEach(option -> option.fit(plan));
    return plan;
  }

  /** A fitted copy with another value of an option. */
  Plan with(Option<?> option, Object value) {
    Plan plan = new Plan(new HashMap<>(values), seed);
    plan.values.put(option, value);
    return plan.fitted();
  }

  /** A fitted copy with dense operands. */
  Plan dense() {
    Plan plan = new Plan(new HashMap<>(values), seed);
    plan.reset(Option.QUERY_LAYOUT, Option.KEY_LAYOUT, Option.VALUE_LAYOUT, Option.OUTPUT_LAYOUT);
    return plan.fitted();
  }

  long seed() {
    return seed;
  }

  @SuppressWarnings("unchecked") // set and with put values of the option's type
  <T> T get(Option<T> option) {
    return (T) Objects.requireNonNull(values.get(option));
  }

  /** Whether an option has another value than its simplest one. */
  boolean has(Option<?> option) {
    return !get(option).equals(option.simplest());
  }

  /** Sets a value, before the plan is fitted or in a rule. */
  <T> void set(Option<T> option, T value) {
    values.put(option, value);
  }

  /** Sets options to their simplest values, before the plan is fitted or in a rule. */
  void reset(Option<?>... options) {
    for (Option<?> option : options) {
      values.put(option, option.simplest());
    }
  }

  boolean sameAs(Plan other) {
    return values.equals(other.values);
  }

  /** Numbers of the kind that the plan asks for. */
  Numbers numbers() {
    return new Numbers(seed, get(Option.NUMBERS));
  }

  /** Whether a layer takes its rows in steps. */
  boolean isStepwise() {
    return get(Option.LAYER).isStepwise();
  }

  /** Whether it sums more terms than a float accumulator may. */
  boolean isLong() {
    return Math.max(get(Option.QUERIES), get(Option.KEYS)) > Model.LONG;
  }

  /** Whether an operand repeats elements, so that it holds other numbers than a dense one. */
  boolean repeats() {
    return Stream.of(Option.QUERY_LAYOUT, Option.KEY_LAYOUT, Option.VALUE_LAYOUT).anyMatch(layout -> get(layout).repeats() != 0);
  }

  /** Whether the library may refuse the call: settings meet that it need not combine, or a window may have dropped the rows asked for. */
  boolean mayBeRefused() {
    boolean dropped = get(Option.CACHE) == Caches.Kind.WINDOW && (has(Option.DETOUR) || Caches.asksForMore(this, numbers()));
    LayerPositionsModel.Kind positions = get(Option.POSITIONS);
    boolean twice = positions == LayerPositionsModel.Kind.ALIBI && has(Option.ALIBI);
    return dropped || twice || (positions.hasBuckets() && has(Option.BIAS));
  }

  /** A layer has caches of its own. The rows that a window cache has dropped have no scores. */
  void fitCache() {
    if (has(Option.LAYER)) {
      reset(Option.CACHE);
    }
    if (has(Option.CACHE)) {
      reset(Option.SHARED);
      set(Option.BATCH, Math.max(1, get(Option.BATCH)));
    } else {
      reset(Option.FORMAT, Option.OFF_HEAP, Option.CHANNELS, Option.PAGES, Option.DETOUR);
      if (!isStepwise()) {
        reset(Option.APPENDS);
      }
    }
    if (get(Option.CACHE) == Caches.Kind.WINDOW) {
      reset(Option.RAW, Option.CAPPED, Option.CHANGED, Option.SEQUENCES);
      set(Option.QUERIES, Math.min(get(Option.QUERIES), get(Option.KEYS)));
    }
  }

  void fitChannels() {
    if (get(Option.FORMAT) != KeyValueFormat.INT8) {
      reset(Option.CHANNELS);
    }
  }

  void fitFailure() {
    if (get(Option.FAILURE) == FailingCalls.Kind.FULL_CACHE && !has(Option.CACHE) && !isStepwise()) {
      reset(Option.FAILURE);
    }
  }

  void fitSequences() {
    if (has(Option.SEQUENCES)) {
      set(Option.BATCH, 1);
    }
  }

  /** The projections of a layer are identities, so that its attention can be judged. */
  void fitLayer() {
    if (!has(Option.LAYER)) {
      reset(Option.POSITIONS);
      return;
    }
    reset(Option.PARTS, Option.OVERLAP, Option.POISON, Option.ROTARY, Option.QUERY_LAYOUT, Option.KEY_LAYOUT, Option.VALUE_LAYOUT);
    Option.RESULTS.forEach(this::reset);
    set(Option.BATCH, Math.max(1, get(Option.BATCH)));
    set(Option.HEAD_DIM, Math.min(get(Option.HEAD_DIM), WIDEST_IN_LAYERS));
    set(Option.VALUE_DIM, get(Option.HEAD_DIM));
    set(Option.SHARED, isStepwise() || has(Option.SHARED) ? Operands.Shared.SAME : Operands.Shared.NONE);
    if (!get(Option.NUMBERS).isModerate()) {
      reset(Option.NUMBERS);
    }
    if (!get(Option.POSITIONS).fits(get(Option.HEAD_DIM))) {
      reset(Option.POSITIONS);
    }
    if (get(Option.POSITIONS).hasBuckets() || isStepwise()) {
      reset(Option.SEQUENCES);
    }
    if (isStepwise()) {
      reset(Option.SCORE_FUNCTION, Option.WEIGHT_FUNCTION); // they count queries from the first one of a step
      if (has(Option.BIAS)) {
        set(Option.BIAS, BiasKind.BY_KEY);
      }
      Option.MASKS.stream().filter(mask -> !get(mask).fitsSteps()).forEach(this::reset);
    }
  }

  /** Masks need a batch entry. Positions follow one tree only. */
  void fitMasks() {
    boolean tree = false;
    for (Option<MaskKind> mask : Option.MASKS) {
      boolean second = tree && get(mask).hasTree() && (has(Option.ALIBI) || has(Option.LAYER));
      if (second || get(Option.BATCH) == 0) {
        reset(mask);
      }
      tree |= get(mask).hasTree();
    }
  }

  void fitShared() {
    if (!has(Option.SHARED)) {
      return;
    }
    reset(Option.QUERY_LAYOUT, Option.KEY_LAYOUT, Option.VALUE_LAYOUT);
    set(Option.KEYS, get(Option.QUERIES));
    if (get(Option.SHARED) == Operands.Shared.SAME) {
      set(Option.VALUE_DIM, get(Option.HEAD_DIM));
      set(Option.GROUP, 1);
    }
  }

  /** Only outputs of keys that are not cached can be merged. */
  void fitParts() {
    if (!has(Option.PARTS)) {
      return;
    }
    reset(Option.CACHE, Option.FORMAT, Option.OFF_HEAP, Option.CHANNELS, Option.PAGES, Option.APPENDS, Option.DETOUR);
    reset(Option.SEQUENCES, Option.ALIBI, Option.WEIGHT_FUNCTION, Option.FAILURE, Option.OVERLAP, Option.POISON, Option.POISON_PLACE);
    Option.RESULTS.forEach(this::reset);
    set(Option.OUTPUT, true);
    set(Option.LOG_SUM_EXP, true);
    if (!get(Option.NORMALISER).isSoftmax()) {
      set(Option.NORMALISER, Weights.SOFTMAX_WITH_SINKS);
    }
    if (!get(Option.NUMBERS).isModerate()) {
      reset(Option.NUMBERS);
    }
  }

  /** Weights of chosen rows are a call of their own without other results. */
  void fitChosenRows() {
    if (has(Option.SEQUENCES) || has(Option.CACHE) || get(Option.QUERIES) == 0) {
      reset(Option.CHOSEN_ROWS);
    }
    if (has(Option.CHOSEN_ROWS)) {
      reset(Option.OVERLAP);
      Option.RESULTS.forEach(this::reset);
      set(Option.CHOSEN_ROWS, true);
    }
  }

  void fitLogSumExp() {
    if (!get(Option.NORMALISER).isSoftmax()) {
      reset(Option.LOG_SUM_EXP);
    }
  }

  /** Top keys are judged by the weights. */
  void fitTopKeys() {
    if (has(Option.TOP_KEYS)) {
      set(Option.WEIGHTS, true);
    }
  }

  /** A call is asked for something. */
  void fitOutput() {
    if (Option.RESULTS.stream().noneMatch(this::has)) {
      set(Option.OUTPUT, true);
    }
  }

  void fitRotary() {
    int headDim = get(Option.HEAD_DIM);
    if (headDim % 2 != 0 || (get(Option.ROTARY) == RotaryCheck.Kind.PART_OF_A_ROW && headDim < 4)) {
      reset(Option.ROTARY);
    }
  }

  void fitPoisonPlace() {
    if (!has(Option.POISON)) {
      reset(Option.POISON_PLACE);
    }
  }

  @Override
  public String toString() {
    return Option.all().stream()
        .filter(option -> Option.SIZES.contains(option) || has(option))
        .map(option -> option.text(get(option)))
        .collect(Collectors.joining(", "));
  }
}
