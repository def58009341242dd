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
      List.of(Option.BATCH, Option.KEY_VALUE_HEADS, Option.GROUP, Option.QUERIES, Option.KEYS, Option.HEAD_DIM);

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
    set(Option.BATCH, oneIn(40) ? 0 : oneIn(2) ? 1 : 2 + random.nextInt(2));
    set(Option.KEY_VALUE_HEADS, 1 + random.nextInt(oneIn(2) ? 1 : 3));
    set(Option.GROUP, oneIn(2) ? 1 : 1 + random.nextInt(5));
    set(Option.HEAD_DIM, oneIn(3) ? 1 + random.nextInt(130) : anyOf(WIDTHS));
    set(Option.VALUE_DIM, oneIn(3) ? 1 + random.nextInt(130) : anyOf(WIDTHS));
    set(Option.QUERIES, oneIn(3) ? random.nextInt(70) : anyOf(EDGES));
    set(Option.KEYS, oneIn(8) ? anyOf(MORE_EDGES) : oneIn(3) ? random.nextInt(140) : anyOf(EDGES));
    set(Option.THREADS, 1 + random.nextInt(4));
    if (oneIn(3)) {
      set(Option.KEYS, plan.get(Option.QUERIES));
    }
    long most = oneIn(BIG) ? BIG_WORK : SMALL_WORK;
    while (work() > most) {
      Option<Integer> option = SHRINKING.get(random.nextInt(SHRINKING.size()));
      int size = plan.get(option);
      set(option, Math.max(1, option == Option.HEAD_DIM ? size - size / 3 : size / 2 + random.nextInt(2)));
    }
  }

  private long work() {
    long rows = (long) plan.get(Option.BATCH) * plan.get(Option.KEY_VALUE_HEADS) * plan.get(Option.GROUP) * plan.get(Option.QUERIES);
    return rows * plan.get(Option.KEYS) * (plan.get(Option.HEAD_DIM) + plan.get(Option.VALUE_DIM) + 20L);
  }

  /** The source of keys and values. */
  private void sources() {
    if (oneIn(6)) {
      set(Option.SEQUENCES, 1 + random.nextInt(5));
    }
    if (oneIn(9)) {
      anyButSimplest(Option.SHARED);
    }
    if (oneIn(4)) {
      anyButSimplest(Option.CACHE);
      any(Option.FORMAT);
      any(Option.OFF_HEAP);
      any(Option.CHANNELS);
      set(Option.PAGES, 1 + random.nextInt(3));
      set(Option.APPENDS, random.nextInt(5));
      if (oneIn(3)) {
        anyButSimplest(Option.DETOUR);
      }
      set(Option.QUERIES, Math.min(plan.get(Option.QUERIES), oneIn(4) ? 40 : oneIn(2) ? 1 : 16));
    }
    if (oneIn(10)) {
      any(Option.ROTARY);
    }
  }

  private void layouts() {
    for (Option<Layout> option : List.of(Option.QUERY_LAYOUT, Option.KEY_LAYOUT, Option.VALUE_LAYOUT, Option.OUTPUT_LAYOUT)) {
      if (oneIn(3)) {
        boolean repeats = option != Option.OUTPUT_LAYOUT && oneIn(4);
        set(option, Layout.of(random.nextInt(repeats ? Layout.ALL : Layout.WITHOUT_REPEATS)));
      }
    }
  }

  private void changes() {
    any(Option.MASK);
    if (oneIn(4)) {
      any(Option.SECOND_MASK);
    }
    if (oneIn(12)) {
      any(Option.THIRD_MASK);
    }
    for (Option<?> option :
        List.of(
            Option.SCALE,
            Option.SOFTCAP,
            Option.BIAS,
            Option.ALIBI,
            Option.SCORE_FUNCTION,
            Option.WEIGHT_FUNCTION,
            Option.NORMALISER,
            Option.SIMILARITY)) {
      if (oneIn(5)) {
        any(option);
      }
    }
  }

  private void numbers() {
    if (oneIn(2)) {
      any(Option.NUMBERS);
    }
    if (oneIn(3)) {
      any(Option.POISON);
      any(Option.POISON_PLACE);
    }
  }

  private void results() {
    set(Option.OUTPUT, !oneIn(5));
    any(Option.LOG_SUM_EXP);
    for (Option<Boolean> option :
        List.of(Option.RAW, Option.CAPPED, Option.CHANGED, Option.MASKED, Option.WEIGHTS, Option.COLUMN_SUMS, Option.TOP_KEYS)) {
      set(option, oneIn(9));
    }
    set(Option.CHOSEN_ROWS, oneIn(30));
  }

  /** A layer around the call, parts that are merged, a failing call before it, and a result in the array of an input. */
  private void surroundings() {
    if (oneIn(12)) {
      anyButSimplest(Option.LAYER);
      any(Option.POSITIONS);
      set(Option.APPENDS, random.nextInt(5));
      plan.reset(Option.BIAS);
      if (oneIn(3)) {
        any(Option.BIAS, 1, 3);
      }
      if (oneIn(3)) {
        set(Option.MASK, MaskKind.TREE);
      }
    }
    if (oneIn(25)) {
      set(Option.PARTS, 1 + random.nextInt(4));
      any(Option.NORMALISER, 0, 2);
    }
    if (oneIn(10)) {
      any(Option.FAILURE);
    }
    if (oneIn(10)) {
      any(Option.OVERLAP);
    }
  }

  /** One call in {@link #LONG} has very many keys or queries of one small head. */
  private void longSums() {
    if (!oneIn(LONG)) {
      return;
    }
    plan.reset(Option.SEQUENCES, Option.BATCH, Option.KEY_VALUE_HEADS, Option.SHARED, Option.LAYER);
    set(Option.HEAD_DIM, 1 + random.nextInt(4));
    set(Option.VALUE_DIM, 1 + random.nextInt(3));
    set(Option.GROUP, 1 + random.nextInt(2));
    boolean keys = oneIn(2);
    set(keys ? Option.KEYS : Option.QUERIES, (1 << (13 + random.nextInt(keys ? 5 : 3))) - random.nextInt(100));
    set(keys ? Option.QUERIES : Option.KEYS, 1 + random.nextInt(3));
    if (keys && oneIn(2)) {
      anyButSimplest(Option.CACHE);
      any(Option.SCORE_FUNCTION);
    }
    if (keys) {
      any(Option.COLUMN_SUMS);
    } else {
      set(Option.COLUMN_SUMS, true);
    }
    set(Option.NUMBERS, oneIn(2) ? Numbers.Kind.ALL_EQUAL : Numbers.Kind.NORMAL);
  }
}
