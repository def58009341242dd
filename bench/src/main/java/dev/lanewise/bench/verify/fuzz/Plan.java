package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.FormulaOptions.BiasKind;
import dev.lanewise.bench.verify.fuzz.FormulaOptions.Weights;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

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
    Options.all().forEach(option -> values.put(option, option.simplest()));
    return new Plan(values, seed);
  }

  /** A copy whose options fit together. */
  Plan fitted() {
    Plan plan = new Plan(new HashMap<>(values), seed);
    Options.all().forEach(option -> option.fit(plan));
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
    Options.INPUT_LAYOUTS.forEach(plan::reset);
    plan.reset(Options.OUTPUT_LAYOUT);
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
    return new Numbers(seed, get(Options.NUMBERS));
  }

  /** Whether a layer takes its rows in steps. */
  boolean isStepwise() {
    return get(Options.LAYER).isStepwise();
  }

  /** Whether it sums more terms than a float accumulator may. */
  boolean isLong() {
    return Math.max(get(Options.QUERIES), get(Options.KEYS)) > Model.LONG;
  }

  /** Whether an operand repeats elements, so that it holds other numbers than a dense one. */
  boolean repeats() {
    return Options.INPUT_LAYOUTS.stream().anyMatch(layout -> get(layout).repeats() != 0);
  }

  /** Whether the library may refuse the call: settings meet that it need not combine, or a window may have dropped the rows asked for. */
  boolean mayBeRefused() {
    boolean dropped = get(Options.CACHE) == Caches.Kind.WINDOW && (has(Options.DETOUR) || Caches.asksForMore(this, numbers()));
    LayerPositionsModel.Kind positions = get(Options.POSITIONS);
    boolean twice = positions == LayerPositionsModel.Kind.ALIBI && has(FormulaOptions.ALIBI);
    boolean tree = Options.MASKS.stream().anyMatch(mask -> get(mask).hasTree());
    boolean twoPositions = tree && get(FormulaOptions.ALIBI) == FormulaOptions.Slopes.WITH_OFFSETS;
    return dropped || twice || twoPositions || mayBeTooNarrow() || (positions.hasBuckets() && has(FormulaOptions.BIAS));
  }

  /** Whether the library may not know that the mask hides all keys that have no column. */
  private boolean mayBeTooNarrow() {
    boolean known = get(Options.MASK).hasExactEnds() && !has(Options.SECOND_MASK) && !has(Options.THIRD_MASK);
    return get(Options.SCORE_WIDTH) == ResultBuffers.Width.TO_THE_LAST_SEEN_KEY && !(known && get(Options.CACHE) != Caches.Kind.WINDOW);
  }

  /** A layer has caches of its own. The rows that a window cache has dropped have no scores. */
  void fitCache() {
    if (has(Options.LAYER)) {
      reset(Options.CACHE);
    }
    if (has(Options.CACHE)) {
      reset(Options.SHARED);
      set(Options.BATCH, Math.max(1, get(Options.BATCH)));
    } else {
      reset(Options.FORMAT, Options.OFF_HEAP, Options.CHANNELS, Options.PAGES, Options.DETOUR);
      if (!isStepwise()) {
        reset(Options.APPENDS);
      }
    }
    if (get(Options.CACHE) == Caches.Kind.WINDOW) {
      reset(Options.RAW, Options.CAPPED, Options.CHANGED, Options.SEQUENCES);
      set(Options.QUERIES, Math.min(get(Options.QUERIES), get(Options.KEYS)));
    }
  }

  void fitChannels() {
    if (get(Options.FORMAT) != KeyValueFormat.INT8) {
      reset(Options.CHANNELS);
    }
  }

  void fitFailure() {
    if (get(Options.FAILURE) == FailingCalls.Kind.FULL_CACHE && !has(Options.CACHE) && !isStepwise()) {
      reset(Options.FAILURE);
    }
  }

  void fitSequences() {
    if (has(Options.SEQUENCES)) {
      set(Options.BATCH, 1);
    }
  }

  /** The projections of a layer are identities, so that its attention can be judged. */
  void fitLayer() {
    if (!has(Options.LAYER)) {
      reset(Options.POSITIONS);
      return;
    }
    reset(Options.PARTS, Options.OVERLAP, Options.POISON, Options.ROTARY);
    Options.INPUT_LAYOUTS.forEach(this::reset);
    Options.RESULTS.forEach(this::reset);
    set(Options.BATCH, Math.max(1, get(Options.BATCH)));
    set(Options.HEAD_DIM, Math.min(get(Options.HEAD_DIM), WIDEST_IN_LAYERS));
    set(Options.VALUE_DIM, get(Options.HEAD_DIM));
    set(Options.SHARED, isStepwise() || has(Options.SHARED) ? Operands.Shared.SAME : Operands.Shared.NONE);
    if (!get(Options.NUMBERS).isModerate()) {
      reset(Options.NUMBERS);
    }
    if (!get(Options.POSITIONS).rotary().fits(get(Options.HEAD_DIM))) {
      reset(Options.POSITIONS);
    }
    if (get(Options.POSITIONS).hasBuckets() || isStepwise()) {
      reset(Options.SEQUENCES);
    }
    if (isStepwise()) {
      reset(FormulaOptions.SCORE_FUNCTION, FormulaOptions.WEIGHT_FUNCTION); // they count queries from the first one of a step
      if (has(FormulaOptions.BIAS)) {
        set(FormulaOptions.BIAS, BiasKind.BY_KEY);
      }
      if (get(FormulaOptions.ALIBI) == FormulaOptions.Slopes.WITH_OFFSETS) {
        reset(FormulaOptions.ALIBI);
      }
      Options.MASKS.stream().filter(mask -> !get(mask).fitsSteps()).forEach(this::reset);
    }
  }

  /** Masks need a batch entry. Positions follow one tree only. */
  void fitMasks() {
    boolean tree = false;
    for (Option<MaskKind> mask : Options.MASKS) {
      boolean second = tree && get(mask).hasTree() && (has(FormulaOptions.ALIBI) || has(Options.LAYER));
      if (second || get(Options.BATCH) == 0) {
        reset(mask);
      }
      tree |= get(mask).hasTree();
    }
  }

  void fitShared() {
    if (!has(Options.SHARED)) {
      return;
    }
    Options.INPUT_LAYOUTS.forEach(this::reset);
    set(Options.KEYS, get(Options.QUERIES));
    if (get(Options.SHARED) == Operands.Shared.SAME) {
      set(Options.VALUE_DIM, get(Options.HEAD_DIM));
      set(Options.GROUP, 1);
    }
  }

  /** Only outputs of keys that are not cached can be merged. */
  void fitParts() {
    if (!has(Options.PARTS)) {
      return;
    }
    reset(Options.CACHE, Options.FORMAT, Options.OFF_HEAP, Options.CHANNELS, Options.PAGES, Options.APPENDS, Options.DETOUR);
    reset(
        Options.SEQUENCES,
        FormulaOptions.ALIBI,
        FormulaOptions.WEIGHT_FUNCTION,
        Options.FAILURE,
        Options.OVERLAP,
        Options.POISON,
        Options.POISON_PLACE);
    Options.RESULTS.forEach(this::reset);
    set(Options.OUTPUT, true);
    set(Options.LOG_SUM_EXP, true);
    if (!get(FormulaOptions.NORMALISER).isSoftmax()) {
      set(FormulaOptions.NORMALISER, Weights.SOFTMAX_WITH_SINKS);
    }
    if (!get(Options.NUMBERS).isModerate()) {
      reset(Options.NUMBERS);
    }
  }

  /** Without rows of scores there is no width. */
  void fitScoreWidth() {
    if (Options.SCORES.stream().noneMatch(this::has)) {
      reset(Options.SCORE_WIDTH);
    }
  }

  void fitLogSumExp() {
    if (!get(FormulaOptions.NORMALISER).isSoftmax()) {
      reset(Options.LOG_SUM_EXP);
    }
  }

  /** Top keys are judged by the weights. */
  void fitTopKeys() {
    if (has(Options.TOP_KEYS)) {
      set(Options.WEIGHTS, true);
    }
  }

  /** A call is asked for something. */
  void fitOutput() {
    if (Options.RESULTS.stream().noneMatch(this::has)) {
      set(Options.OUTPUT, true);
    }
  }

  void fitRotary() {
    if (!get(Options.ROTARY).fits(get(Options.HEAD_DIM))) {
      reset(Options.ROTARY);
    }
  }

  void fitPoisonPlace() {
    if (!has(Options.POISON)) {
      reset(Options.POISON_PLACE);
    }
  }

  @Override
  public String toString() {
    return Options.all().stream()
        .filter(option -> Options.SIZES.contains(option) || has(option))
        .map(option -> option.text(get(option)))
        .collect(Collectors.joining(", "));
  }
}
