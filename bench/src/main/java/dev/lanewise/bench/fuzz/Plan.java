package dev.lanewise.bench.fuzz;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/** A call, as a number for each {@link Knob}, and the seed of its numbers. What does not go together is set to what does. */
final class Plan {
  private static final Knob[] LAYOUTS = {Knob.QUERY_LAYOUT, Knob.KEY_LAYOUT, Knob.VALUE_LAYOUT, Knob.OUTPUT_LAYOUT};
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
  @SuppressWarnings("EnumOrdinal") // a call is drawn as numbers, and may change from one version to the next
  Numbers.Kind numbers() {
    return Numbers.Kind.values()[get(Knob.NUMBERS)];
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
    if (has(Knob.CACHE)) {
      clear(Knob.SHARED);
      set(Knob.BATCH, Math.max(1, get(Knob.BATCH)));
    } else {
      clear(Knob.FORMAT, Knob.OFF_HEAP, Knob.CHANNELS, Knob.PAGES, Knob.APPENDS, Knob.DETOUR);
    }
    if (get(Knob.FORMAT) != Case.INT8) {
      clear(Knob.CHANNELS);
    }
    if (get(Knob.CACHE) == Case.WINDOW) {
      clear(BEFORE_MASK); // what a cache has let go has no score
      clear(Knob.SEQUENCES);
      set(Knob.DETOUR, get(Knob.DETOUR) / Caches.INTERRUPTED * Caches.INTERRUPTED); // the others cost rows of the window
      set(Knob.QUERIES, Math.min(get(Knob.QUERIES), get(Knob.KEYS)));
    }
    if (has(Knob.SEQUENCES)) {
      set(Knob.BATCH, 1);
    }
    fitMasks();
    fitShared();
    fitResults();
    if ((get(Knob.ROTARY) == 3 && get(Knob.HEAD_DIM) < 4) || get(Knob.HEAD_DIM) % 2 != 0) {
      clear(Knob.ROTARY);
    }
    if (!has(Knob.POISON)) {
      clear(Knob.POISON_PLACE);
    }
  }

  /** Masks that ask for a batch entry, or an element. */
  private void fitMasks() {
    for (Knob mask : new Knob[] {Knob.MASK, Knob.SECOND_MASK, Knob.THIRD_MASK}) {
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

  private void fitResults() {
    if (has(Knob.SEQUENCES) || has(Knob.CACHE) || get(Knob.QUERIES) == 0) {
      clear(Knob.CHOSEN_ROWS);
    }
    if (has(Knob.CHOSEN_ROWS)) {
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
