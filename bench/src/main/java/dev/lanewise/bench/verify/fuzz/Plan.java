package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Model;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/** A call, as a number for each {@link Knob}, and the seed of its numbers. What does not go together is set to what does. */
final class Plan {
  private static final Knob[] LAYOUTS = {Knob.QUERY_LAYOUT, Knob.KEY_LAYOUT, Knob.VALUE_LAYOUT, Knob.OUTPUT_LAYOUT};
  private static final Knob[] MASKS = {Knob.MASK, Knob.SECOND_MASK, Knob.THIRD_MASK};
  private static final int WIDEST_IN_LAYERS = 40;
  private static final Knob[] BEFORE_MASK = {Knob.RAW, Knob.CAPPED, Knob.CHANGED};

  /** What a call may be asked for. */
  static final Knob[] RESULTS = {
    Knob.OUTPUT,
    Knob.LOG_SUM_EXP,
    Knob.RAW,
    Knob.CAPPED,
    Knob.CHANGED,
    Knob.MASKED,
    Knob.WEIGHTS,
    Knob.COLUMN_SUMS,
    Knob.TOP_KEYS,
    Knob.CHOSEN_ROWS
  };

  private final Map<Knob, Integer> numbers;
  private final long seed;

  Plan(Map<Knob, Integer> numbers, long seed) {
    this.numbers = new EnumMap<>(numbers);
    this.seed = seed;
    makeFit();
  }

  /** The simplest call: one query, no key, the output. */
  static Plan simplest(long seed) {
    return new Plan(Knob.simplestOfAll(), seed);
  }

  long seed() {
    return seed;
  }

  int get(Knob knob) {
    return Objects.requireNonNull(numbers.get(knob));
  }

  /** What its numbers are like. */
  Numbers.Kind numbers() {
    return Choice.at(Numbers.Kind.values(), get(Knob.NUMBERS));
  }

  /** Whether it sums more than a float accumulator may. */
  boolean isLong() {
    return Math.max(get(Knob.QUERIES), get(Knob.KEYS)) > Model.LONG;
  }

  boolean has(Knob knob) {
    return get(knob) > 0;
  }

  /** The same with another number; dependent ones may follow. */
  Plan with(Knob knob, int number) {
    Map<Knob, Integer> changed = new EnumMap<>(numbers);
    changed.put(knob, number);
    return new Plan(changed, seed);
  }

  /** The same with every operand dense. */
  Plan dense() {
    Map<Knob, Integer> changed = new EnumMap<>(numbers);
    for (Knob layout : LAYOUTS) {
      changed.put(layout, 0);
    }
    return new Plan(changed, seed);
  }

  /** Whether an operand repeats elements, so that it holds other numbers than a dense one. */
  boolean repeats() {
    return Arrays.stream(LAYOUTS).anyMatch(layout -> Layout.of(get(layout)).repeats() != 0);
  }

  private void set(Knob knob, int number) {
    numbers.put(knob, number);
  }

  private void clear(Knob... knobs) {
    for (Knob knob : knobs) {
      set(knob, knob.simplest());
    }
  }

  private void makeFit() {
    set(Knob.OUTPUT_LAYOUT, get(Knob.OUTPUT_LAYOUT) % Layout.WRITABLE);
    if (has(Knob.LAYER)) {
      clear(Knob.CACHE);
    }
    if (has(Knob.CACHE)) {
      clear(Knob.SHARED);
      set(Knob.BATCH, Math.max(1, get(Knob.BATCH)));
    } else {
      clear(Knob.FORMAT, Knob.OFF_HEAP, Knob.CHANNELS, Knob.PAGES, Knob.DETOUR);
      set(Knob.APPENDS, isStepwise() ? get(Knob.APPENDS) : 0);
    }
    if (get(Knob.FORMAT) != Case.INT8) {
      clear(Knob.CHANNELS);
    }
    if (get(Knob.CACHE) == Case.WINDOW) {
      clear(BEFORE_MASK); // what a cache has let go has no score
      clear(Knob.SEQUENCES);
      set(Knob.QUERIES, Math.min(get(Knob.QUERIES), get(Knob.KEYS)));
    }
    if (get(Knob.FAILURE) == Choice.number(Failures.Kind.FULL_CACHE) && !has(Knob.CACHE) && !isStepwise()) {
      clear(Knob.FAILURE);
    }
    if (has(Knob.SEQUENCES)) {
      set(Knob.BATCH, 1);
    }
    fitLayer();
    fitMasks();
    fitShared();
    fitParts();
    fitResults();
    if ((get(Knob.ROTARY) == 3 && get(Knob.HEAD_DIM) < 4) || get(Knob.HEAD_DIM) % 2 != 0) {
      clear(Knob.ROTARY);
    }
    if (!has(Knob.POISON)) {
      clear(Knob.POISON_PLACE);
    }
  }

  /** Whether a layer takes rows step by step. */
  boolean isStepwise() {
    return get(Knob.LAYER) > 1;
  }

  /** How the rows of a layer are told apart. */
  LayerPlaces.Kind positions() {
    return Choice.at(LayerPlaces.Kind.values(), get(Knob.POSITIONS));
  }

  /** Whether settings meet that the library need not combine, or rows are asked for that a window may have let go: then it must say so. */
  boolean mayBeRefused() {
    boolean letGo = get(Knob.CACHE) == Case.WINDOW && (has(Knob.DETOUR) || Caches.asksForMore(this, new Numbers(seed, numbers())));
    return letGo || (positions() == LayerPlaces.Kind.ALIBI && has(Knob.ALIBI)) || (positions().asksForBuckets() && has(Knob.BIAS));
  }

  /** Layers of identities, so that their attention can be judged. */
  private void fitLayer() {
    if (!has(Knob.LAYER)) {
      clear(Knob.POSITIONS);
      return;
    }
    clear(Knob.PARTS, Knob.OVERLAP, Knob.POISON, Knob.ROTARY, Knob.QUERY_LAYOUT, Knob.KEY_LAYOUT, Knob.VALUE_LAYOUT);
    clear(RESULTS);
    set(Knob.BATCH, Math.max(1, get(Knob.BATCH)));
    set(Knob.HEAD_DIM, Math.min(get(Knob.HEAD_DIM), WIDEST_IN_LAYERS));
    set(Knob.VALUE_DIM, get(Knob.HEAD_DIM));
    set(Knob.SHARED, isStepwise() || has(Knob.SHARED) ? Case.SAME : 0);
    if (!numbers().moderate()) {
      clear(Knob.NUMBERS);
    }
    if (!positions().fits(get(Knob.HEAD_DIM))) {
      clear(Knob.POSITIONS);
    }
    if (positions().asksForBuckets() || isStepwise()) {
      clear(Knob.SEQUENCES);
    }
    if (isStepwise()) {
      clear(Knob.SCORE_FUNCTION, Knob.WEIGHT_FUNCTION); // which count queries from the first of a step
      set(Knob.BIAS, Math.min(get(Knob.BIAS), Choice.number(Biases.Kind.OF_KEYS)));
      for (Knob mask : MASKS) {
        set(mask, Sight.fitsSteps(get(mask)) ? get(mask) : 0);
      }
    }
  }

  /** Masks that ask for a batch entry, or an element; positions can follow one tree. */
  private void fitMasks() {
    boolean tree = false;
    for (Knob mask : MASKS) {
      if (tree && Sight.hasTree(get(mask)) && (has(Knob.ALIBI) || has(Knob.LAYER))) {
        clear(mask);
      }
      tree |= Sight.hasTree(get(mask));
    }
    for (Knob mask : MASKS) {
      if (get(Knob.BATCH) == 0) {
        clear(mask);
      }
    }
  }

  private void fitShared() {
    if (!has(Knob.SHARED)) {
      return;
    }
    clear(Knob.QUERY_LAYOUT, Knob.KEY_LAYOUT, Knob.VALUE_LAYOUT);
    set(Knob.KEYS, get(Knob.QUERIES));
    if (get(Knob.SHARED) == Case.SAME) {
      set(Knob.VALUE_DIM, get(Knob.HEAD_DIM));
      set(Knob.GROUP, 1);
    }
  }

  /** Parts that are merged: of keys that are not cached, with what a part can be asked for. */
  private void fitParts() {
    if (!has(Knob.PARTS)) {
      return;
    }
    clear(Knob.CACHE, Knob.FORMAT, Knob.OFF_HEAP, Knob.CHANNELS, Knob.PAGES, Knob.APPENDS, Knob.DETOUR, Knob.SEQUENCES);
    clear(Knob.ALIBI, Knob.WEIGHT_FUNCTION, Knob.FAILURE, Knob.OVERLAP, Knob.POISON, Knob.POISON_PLACE);
    clear(RESULTS);
    set(Knob.OUTPUT, 1);
    set(Knob.LOG_SUM_EXP, 1);
    set(Knob.NORMALISER, Math.min(1, get(Knob.NORMALISER)));
    if (!numbers().moderate()) {
      clear(Knob.NUMBERS);
    }
  }

  private void fitResults() {
    if (has(Knob.SEQUENCES) || has(Knob.CACHE) || get(Knob.QUERIES) == 0) {
      clear(Knob.CHOSEN_ROWS);
    }
    if (has(Knob.CHOSEN_ROWS)) {
      clear(Knob.OVERLAP);
      clear(RESULTS);
      set(Knob.CHOSEN_ROWS, 1);
    }
    if (get(Knob.NORMALISER) > 1) {
      clear(Knob.LOG_SUM_EXP);
    }
    if (has(Knob.TOP_KEYS)) {
      set(Knob.WEIGHTS, 1); // which it is judged by
    }
    if (Arrays.stream(RESULTS).noneMatch(this::has)) {
      set(Knob.OUTPUT, 1);
    }
  }

  boolean sameAs(Plan other) {
    return numbers.equals(other.numbers);
  }

  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ");
    for (Knob knob : Knob.values()) {
      boolean size = knob.compareTo(Knob.BATCH) >= 0 && knob.compareTo(Knob.VALUE_DIM) <= 0;
      if (size || get(knob) != knob.simplest()) {
        text.add(knob.text(get(knob)));
      }
    }
    return text.toString();
  }
}
