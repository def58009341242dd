package dev.lanewise.bench.verify.fuzz;

import java.util.List;
import java.util.Random;

/**
 * Draws plans. Sizes favour the edges of tiles, and most options are absent from most calls, so that each is seen together with few others.
 */
final class PlanGenerator {
  private static final int[] EDGES = {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 59, 63, 64, 65, 79, 80, 81, 127, 128, 129};
  private static final int[] MORE_EDGES = {200, 255, 257, 319, 320, 321, 500, 511, 513, 640, 641, 1025, 1100};
  private static final int[] WIDTHS = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 47, 63, 64, 65, 67, 80, 96, 111, 127, 128, 129, 130
  };
  private static final List<Option<Integer>> SHRINKING =
      List.of(Options.BATCH, Options.KEY_VALUE_HEADS, Options.GROUP, Options.QUERIES, Options.KEYS, Options.HEAD_DIM);

  /** The number of scores times their width that a call may have; one call in {@link #BIG} may have more. */
  private static final long SMALL_WORK = 150_000;

  private static final long BIG_WORK = 6_000_000;
  private static final int BIG = 60;
  private static final int LONG = 250;

  private final Random random;
  private final Plan plan;

  private PlanGenerator(long seed) {
    this.random = new Random(seed);
    this.plan = Plan.simplest(seed);
  }

  /** The call with this number in a run. */
  static Plan plan(long seed, long index) {
    PlanGenerator generator = new PlanGenerator(Numbers.mix(Numbers.mix(seed) + index));
    generator.sizes();
    generator.sources();
    generator.layouts();
    generator.changes();
    generator.numbers();
    generator.results();
    generator.surroundings();
    generator.longSums();
    return generator.plan.fitted();
  }

  private <T> void set(Option<T> option, T value) {
    plan.set(option, value);
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  private int anyOf(int[] choices) {
    return choices[random.nextInt(choices.length)];
  }

  private <T> void any(Option<T> option) {
    any(option, 0, option.values().size());
  }

  /** Any of so many values of an option, from the given one on. */
  private <T> void any(Option<T> option, int from, int count) {
    set(option, option.values().get(from + random.nextInt(count)));
  }

  private <T> void anyButSimplest(Option<T> option) {
    any(option, 1, option.values().size() - 1);
  }

  private void sizes() {
    set(Options.BATCH, oneIn(40) ? 0 : oneIn(2) ? 1 : 2 + random.nextInt(2));
    set(Options.KEY_VALUE_HEADS, 1 + random.nextInt(oneIn(2) ? 1 : 3));
    set(Options.GROUP, oneIn(2) ? 1 : 1 + random.nextInt(5));
    set(Options.HEAD_DIM, oneIn(3) ? 1 + random.nextInt(130) : anyOf(WIDTHS));
    set(Options.VALUE_DIM, oneIn(3) ? 1 + random.nextInt(130) : anyOf(WIDTHS));
    set(Options.QUERIES, oneIn(3) ? random.nextInt(70) : anyOf(EDGES));
    set(Options.KEYS, oneIn(8) ? anyOf(MORE_EDGES) : oneIn(3) ? random.nextInt(140) : anyOf(EDGES));
    set(Options.THREADS, 1 + random.nextInt(4));
    if (oneIn(3)) {
      set(Options.KEYS, plan.get(Options.QUERIES));
    }
    long most = oneIn(BIG) ? BIG_WORK : SMALL_WORK;
    while (work() > most) {
      Option<Integer> option = SHRINKING.get(random.nextInt(SHRINKING.size()));
      int size = plan.get(option);
      set(option, Math.max(1, option == Options.HEAD_DIM ? size - size / 3 : size / 2 + random.nextInt(2)));
    }
  }

  private long work() {
    long rows = (long) plan.get(Options.BATCH) * plan.get(Options.KEY_VALUE_HEADS) * plan.get(Options.GROUP) * plan.get(Options.QUERIES);
    return rows * plan.get(Options.KEYS) * (plan.get(Options.HEAD_DIM) + plan.get(Options.VALUE_DIM) + 20L);
  }

  /** The source of keys and values. */
  private void sources() {
    if (oneIn(6)) {
      set(Options.SEQUENCES, 1 + random.nextInt(5));
    }
    if (oneIn(9)) {
      anyButSimplest(Options.SHARED);
    }
    if (oneIn(4)) {
      anyButSimplest(Options.CACHE);
      any(Options.FORMAT);
      any(Options.OFF_HEAP);
      any(Options.CHANNELS);
      set(Options.PAGES, 1 + random.nextInt(3));
      set(Options.APPENDS, random.nextInt(5));
      if (oneIn(3)) {
        anyButSimplest(Options.DETOUR);
      }
      set(Options.QUERIES, Math.min(plan.get(Options.QUERIES), oneIn(4) ? 40 : oneIn(2) ? 1 : 16));
    }
    if (oneIn(10)) {
      any(Options.ROTARY);
    }
  }

  private void layouts() {
    Options.INPUT_LAYOUTS.forEach(option -> layout(option, oneIn(4)));
    layout(Options.OUTPUT_LAYOUT, false);
  }

  private void layout(Option<Layout> option, boolean repeats) {
    if (oneIn(3)) {
      set(option, Layout.of(random.nextInt(repeats ? Layout.ALL : Layout.WITHOUT_REPEATS)));
    }
  }

  private void changes() {
    any(Options.MASK);
    if (oneIn(4)) {
      any(Options.SECOND_MASK);
    }
    if (oneIn(12)) {
      any(Options.THIRD_MASK);
    }
    for (Option<?> option : FormulaOptions.ALL) {
      if (oneIn(5)) {
        any(option);
      }
    }
  }

  private void numbers() {
    if (oneIn(2)) {
      any(Options.NUMBERS);
    }
    if (oneIn(3)) {
      any(Options.POISON);
      any(Options.POISON_PLACE);
    }
  }

  private void results() {
    Options.RESULTS.forEach(option -> set(option, oneIn(9)));
    set(Options.OUTPUT, !oneIn(5));
    any(Options.LOG_SUM_EXP);
    if (oneIn(40)) { // alone, only these rows are computed
      Options.RESULTS.forEach(plan::reset);
      set(Options.CHOSEN_ROWS, true);
    }
    if (oneIn(3)) {
      any(Options.SCORE_WIDTH);
    }
  }

  /** A layer around the call, parts that are merged, a failing call before it, and a result in the array of an input. */
  private void surroundings() {
    if (oneIn(12)) {
      anyButSimplest(Options.LAYER);
      any(Options.POSITIONS);
      set(Options.APPENDS, random.nextInt(5));
      plan.reset(FormulaOptions.BIAS);
      if (oneIn(3)) {
        any(FormulaOptions.BIAS, 1, 3);
      }
      if (oneIn(3)) {
        set(Options.MASK, MaskKind.TREE);
      }
    }
    if (oneIn(25)) {
      set(Options.PARTS, 1 + random.nextInt(4));
      any(FormulaOptions.NORMALISER, 0, 2);
    }
    if (oneIn(10)) {
      any(Options.FAILURE);
    }
    if (oneIn(10)) {
      any(Options.OVERLAP);
    }
  }

  /** One call in {@link #LONG} has very many keys or queries of one small head. */
  private void longSums() {
    if (!oneIn(LONG)) {
      return;
    }
    plan.reset(Options.SEQUENCES, Options.BATCH, Options.KEY_VALUE_HEADS, Options.SHARED, Options.LAYER);
    set(Options.HEAD_DIM, 1 + random.nextInt(4));
    set(Options.VALUE_DIM, 1 + random.nextInt(3));
    set(Options.GROUP, 1 + random.nextInt(2));
    boolean keys = oneIn(2);
    set(keys ? Options.KEYS : Options.QUERIES, (1 << (13 + random.nextInt(keys ? 5 : 3))) - random.nextInt(100));
    set(keys ? Options.QUERIES : Options.KEYS, 1 + random.nextInt(3));
    if (keys && oneIn(2)) {
      anyButSimplest(Options.CACHE);
      any(FormulaOptions.SCORE_FUNCTION);
    }
    if (keys) {
      any(Options.COLUMN_SUMS);
    } else {
      set(Options.COLUMN_SUMS, true);
    }
    set(Options.NUMBERS, oneIn(2) ? Numbers.Kind.ALL_EQUAL : Numbers.Kind.NORMAL);
  }
}
