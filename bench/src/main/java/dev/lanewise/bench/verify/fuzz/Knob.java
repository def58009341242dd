package dev.lanewise.bench.verify.fuzz;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a call is made of: each is a number, of which a smaller one is simpler. Names of numbers are for reading. */
enum Knob {
  SEQUENCES(0),
  BATCH(1),
  KEY_VALUE_HEADS(1),
  GROUP(1),
  QUERIES(0),
  KEYS(0),
  HEAD_DIM(1),
  VALUE_DIM(1),
  THREADS(1),
  QUERY_LAYOUT(0),
  KEY_LAYOUT(0),
  VALUE_LAYOUT(0),
  OUTPUT_LAYOUT(0),
  SHARED(0, "", "packed QKV", "Q = K = V"),
  CACHE(0, "", "fixed", "growing", "window", "pool"),
  FORMAT(0, "f32", "f16", "bf16", "int8"),
  OFF_HEAP(0),
  CHANNELS(0),
  PAGES(0),
  APPENDS(0),
  DETOUR(0, "", "truncated", "forked", "interrupted"),
  LAYER(0, "", "forward", "steps in a cache", "steps in a window cache"),
  POSITIONS(0, Choice.names(LayerPlaces.Kind.values())),
  ROTARY(0, "", "half", "interleaved", "half, part of a row"),
  MASK(0, maskNames()),
  SECOND_MASK(0, maskNames()),
  THIRD_MASK(0, maskNames()),
  SIMILARITY(Choice.SIMILARITIES),
  SCALE(Choice.SCALES),
  SOFTCAP(Choice.SOFTCAPS),
  BIAS(Choice.BIASES),
  ALIBI(Choice.ALIBIS),
  SCORE_FUNCTION(Choice.SCORE_FUNCTIONS),
  WEIGHT_FUNCTION(Choice.WEIGHT_FUNCTIONS),
  NORMALISER(Choice.NORMALISERS),
  OUTPUT(0),
  LOG_SUM_EXP(0),
  RAW(0),
  CAPPED(0),
  CHANGED(0),
  MASKED(0),
  WEIGHTS(0),
  COLUMN_SUMS(0),
  TOP_KEYS(0),
  CHOSEN_ROWS(0),
  NUMBERS(0, Choice.names(Numbers.Kind.values())),
  PARTS(0),
  FAILURE(0, Choice.names(Failures.Kind.values())),
  OVERLAP(0, Choice.names(Overlaps.Kind.values())),
  POISON(0, "", "NaN", "+∞", "−∞", "NaN, +∞, −∞"),
  POISON_PLACE(0, "unseen keys", "query", "key", "value", "anywhere");

  private final int simplest;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> names;

  @SuppressWarnings("ImmutableEnumChecker") // so is this one
  private final List<Choice> choices;

  Knob(int simplest, String... names) {
    this.simplest = simplest;
    this.names = List.of(names);
    this.choices = List.of();
  }

  Knob(List<Choice> choices) {
    this.simplest = 0;
    this.names = List.of(Choice.names(choices));
    this.choices = choices;
  }

  private static String[] maskNames() {
    return Sight.KINDS.stream().map(Sight.Kind::name).toArray(String[]::new);
  }

  /** Sets what the number stands for, if that is an option of attention. */
  void choose(int number, Case of) {
    if (!choices.isEmpty()) {
      choices.get(number).change().accept(of);
    }
  }

  /** The least number. */
  int simplest() {
    return simplest;
  }

  /** The simplest call: no query, no key. */
  static Map<Knob, Integer> simplestOfAll() {
    Map<Knob, Integer> numbers = new EnumMap<>(Knob.class);
    for (Knob knob : values()) {
      numbers.put(knob, knob.simplest);
    }
    return numbers;
  }

  /** How many numbers have names, if any do. */
  int count() {
    return names.size();
  }

  /** For reading: what it is, with a number of it. */
  String text(int number) {
    String name = name().toLowerCase(Locale.ROOT).replace('_', ' ');
    if (name.endsWith("layout")) {
      return name + " " + Layout.of(number);
    }
    return name + " " + (number < names.size() ? names.get(number) : number);
  }
}
