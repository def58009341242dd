package dev.lanewise.bench.verify.fuzz;

import java.util.Map;
import java.util.Objects;
import java.util.Random;

/** Draws calls. Sizes favour the edges of tiles, and most options are absent from most calls, so that each is seen with few others. */
final class Draw {
  private static final int[] EDGES = {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 59, 63, 64, 65, 79, 80, 81, 127, 128, 129};
  private static final int[] MORE_EDGES = {200, 255, 257, 319, 320, 321, 500, 511, 513, 640, 641, 1025, 1100};
  private static final int[] WIDTHS = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 47, 63, 64, 65, 67, 80, 96, 111, 127, 128, 129, 130
  };

  /** Elements of scores times width that a call may have, but for one in {@link #BIG}. */
  private static final long SMALL_WORK = 150_000;

  private static final long BIG_WORK = 6_000_000;
  private static final int BIG = 60;
  private static final int LONG = 250;

  private final Random random;
  private final Map<Knob, Integer> numbers = Knob.simplestOfAll();

  private Draw(Random random) {
    this.random = random;
  }

  /** The call with this number of a run. */
  static Plan plan(long seed, long index) {
    long own = Numbers.mix(Numbers.mix(seed) + index);
    Draw draw = new Draw(new Random(own));
    draw.sizes();
    draw.source();
    draw.layouts();
    draw.changes();
    draw.numbers();
    draw.results();
    draw.company();
    draw.longSums();
    return new Plan(draw.numbers, own);
  }

  private void set(Knob knob, int number) {
    numbers.put(knob, number);
  }

  private int get(Knob knob) {
    return Objects.requireNonNull(numbers.get(knob));
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  private int of(int[] choices) {
    return choices[random.nextInt(choices.length)];
  }

  private void any(Knob knob) {
    set(knob, random.nextInt(knob.count()));
  }

  private void sizes() {
    set(Knob.BATCH, oneIn(40) ? 0 : oneIn(2) ? 1 : 2 + random.nextInt(2));
    set(Knob.KEY_VALUE_HEADS, 1 + random.nextInt(oneIn(2) ? 1 : 3));
    set(Knob.GROUP, oneIn(2) ? 1 : 1 + random.nextInt(5));
    set(Knob.HEAD_DIM, oneIn(3) ? 1 + random.nextInt(130) : of(WIDTHS));
    set(Knob.VALUE_DIM, oneIn(3) ? 1 + random.nextInt(130) : of(WIDTHS));
    set(Knob.QUERIES, oneIn(3) ? random.nextInt(70) : of(EDGES));
    set(Knob.KEYS, oneIn(8) ? of(MORE_EDGES) : oneIn(3) ? random.nextInt(140) : of(EDGES));
    set(Knob.THREADS, 1 + random.nextInt(4));
    if (oneIn(3)) {
      set(Knob.KEYS, get(Knob.QUERIES));
    }
    long most = oneIn(BIG) ? BIG_WORK : SMALL_WORK;
    while (work() > most) {
      Knob knob = new Knob[] {Knob.BATCH, Knob.KEY_VALUE_HEADS, Knob.GROUP, Knob.QUERIES, Knob.KEYS, Knob.HEAD_DIM}[random.nextInt(6)];
      set(knob, Math.max(1, knob == Knob.HEAD_DIM ? get(knob) - get(knob) / 3 : get(knob) / 2 + random.nextInt(2)));
    }
  }

  private long work() {
    long rows = (long) get(Knob.BATCH) * get(Knob.KEY_VALUE_HEADS) * get(Knob.GROUP) * get(Knob.QUERIES);
    return rows * get(Knob.KEYS) * (get(Knob.HEAD_DIM) + get(Knob.VALUE_DIM) + 20L);
  }

  /** Where keys and values come from. */
  private void source() {
    if (oneIn(6)) {
      set(Knob.SEQUENCES, 1 + random.nextInt(5));
    }
    if (oneIn(9)) {
      set(Knob.SHARED, 1 + random.nextInt(2));
    }
    if (oneIn(4)) {
      set(Knob.CACHE, 1 + random.nextInt(4));
      any(Knob.FORMAT);
      set(Knob.OFF_HEAP, random.nextInt(2));
      set(Knob.CHANNELS, random.nextInt(2));
      set(Knob.PAGES, 1 + random.nextInt(3));
      set(Knob.APPENDS, random.nextInt(5));
      set(Knob.DETOUR, oneIn(3) ? 1 + random.nextInt(3) : 0);
      set(Knob.QUERIES, Math.min(get(Knob.QUERIES), oneIn(4) ? 40 : oneIn(2) ? 1 : 16));
    }
    if (oneIn(10)) {
      any(Knob.ROTARY);
    }
  }

  private void layouts() {
    for (Knob knob : new Knob[] {Knob.QUERY_LAYOUT, Knob.KEY_LAYOUT, Knob.VALUE_LAYOUT, Knob.OUTPUT_LAYOUT}) {
      if (oneIn(3)) {
        boolean repeats = knob != Knob.OUTPUT_LAYOUT && oneIn(4);
        set(knob, random.nextInt(repeats ? Layout.ALL : Layout.WRITABLE));
      }
    }
  }

  private void changes() {
    any(Knob.MASK);
    if (oneIn(4)) {
      any(Knob.SECOND_MASK);
    }
    if (oneIn(12)) {
      any(Knob.THIRD_MASK);
    }
    for (Knob knob :
        new Knob[] {
          Knob.SCALE, Knob.SOFTCAP, Knob.BIAS, Knob.ALIBI, Knob.SCORE_FUNCTION, Knob.WEIGHT_FUNCTION, Knob.NORMALISER, Knob.SIMILARITY
        }) {
      if (oneIn(5)) {
        any(knob);
      }
    }
  }

  private void numbers() {
    if (oneIn(2)) {
      any(Knob.NUMBERS);
    }
    if (oneIn(3)) {
      any(Knob.POISON);
      any(Knob.POISON_PLACE);
    }
  }

  private void results() {
    set(Knob.OUTPUT, oneIn(5) ? 0 : 1);
    set(Knob.LOG_SUM_EXP, random.nextInt(2));
    for (Knob knob : new Knob[] {Knob.RAW, Knob.CAPPED, Knob.CHANGED, Knob.MASKED, Knob.WEIGHTS, Knob.COLUMN_SUMS, Knob.TOP_KEYS}) {
      set(knob, oneIn(9) ? 1 : 0);
    }
    set(Knob.CHOSEN_ROWS, oneIn(30) ? 1 : 0);
  }

  /** What happens around a call. */
  private void company() {
    if (oneIn(12)) {
      set(Knob.LAYER, 1 + random.nextInt(3));
      any(Knob.POSITIONS);
      set(Knob.APPENDS, random.nextInt(5));
      set(Knob.BIAS, oneIn(3) ? 1 + random.nextInt(3) : 0);
      if (oneIn(3)) {
        set(Knob.MASK, Sight.TREE);
      }
    }
    if (oneIn(25)) {
      set(Knob.PARTS, 1 + random.nextInt(4));
      set(Knob.NORMALISER, random.nextInt(2));
    }
    if (oneIn(10)) {
      any(Knob.FAILURE);
    }
    if (oneIn(10)) {
      any(Knob.OVERLAP);
    }
  }

  /** Now and then very many keys, or queries, of one small head. */
  private void longSums() {
    if (!oneIn(LONG)) {
      return;
    }
    Knob.simplestOfAll().keySet().stream()
        .filter(knob -> knob.compareTo(Knob.SEQUENCES) > 0 && knob.compareTo(Knob.THREADS) < 0)
        .forEach(knob -> set(knob, 1));
    set(Knob.SEQUENCES, 0);
    set(Knob.SHARED, 0);
    set(Knob.HEAD_DIM, 1 + random.nextInt(4));
    set(Knob.VALUE_DIM, 1 + random.nextInt(3));
    set(Knob.GROUP, 1 + random.nextInt(2));
    boolean keys = oneIn(2);
    set(keys ? Knob.KEYS : Knob.QUERIES, (1 << (13 + random.nextInt(keys ? 5 : 3))) - random.nextInt(100));
    set(keys ? Knob.QUERIES : Knob.KEYS, 1 + random.nextInt(3));
    set(Knob.LAYER, 0);
    if (keys && oneIn(2)) {
      set(Knob.CACHE, 1 + random.nextInt(4));
      set(Knob.SCORE_FUNCTION, random.nextInt(Knob.SCORE_FUNCTION.count()));
    }
    set(Knob.COLUMN_SUMS, keys ? random.nextInt(2) : 1);
    set(Knob.NUMBERS, oneIn(2) ? Choice.number(Numbers.Kind.EQUAL) : Choice.number(Numbers.Kind.NORMAL));
  }
}
