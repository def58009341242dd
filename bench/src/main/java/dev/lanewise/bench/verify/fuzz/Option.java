package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Similarity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * An option of a call: its name, its values (the first is the simplest), how a value changes a call, and its rule, which excludes or adapts
 * other options. A {@link Plan} has a value for each option; rules run in the order in which the options are declared.
 */
final class Option<T> {
  private static final List<Option<?>> ALL = new ArrayList<>();

  static final Option<Integer> BATCH = size("batch", 1);
  static final Option<Integer> KEY_VALUE_HEADS = size("key value heads", 1);
  static final Option<Integer> GROUP = size("group", 1);
  static final Option<Integer> QUERIES = size("queries", 0);
  static final Option<Integer> KEYS = size("keys", 0);
  static final Option<Integer> HEAD_DIM = size("head dim", 1);
  static final Option<Integer> VALUE_DIM = size("value dim", 1);
  static final List<Option<?>> SIZES = List.copyOf(ALL);
  static final Option<Integer> THREADS = size("threads", 1);

  static final Option<Layout> QUERY_LAYOUT = layout("query layout");
  static final Option<Layout> KEY_LAYOUT = layout("key layout");
  static final Option<Layout> VALUE_LAYOUT = layout("value layout");
  static final Option<Layout> OUTPUT_LAYOUT = layout("output layout");

  static final Option<Caches.Kind> CACHE = of("cache", Caches.Kind.values()).rule(Plan::fitCache);
  static final Option<KeyValueFormat> FORMAT = of("format", KeyValueFormat.values());
  static final Option<Boolean> OFF_HEAP = flag("off heap");
  static final Option<Boolean> CHANNELS = flag("channels").rule(Plan::fitChannels);
  static final Option<Integer> PAGES = size("pages", 0);
  static final Option<Integer> APPENDS = size("appends", 0);
  static final Option<Caches.Detour> DETOUR = of("detour", Caches.Detour.values());

  static final Option<FailingCalls.Kind> FAILURE = of("failure", FailingCalls.Kind.values()).rule(Plan::fitFailure);
  static final Option<Integer> SEQUENCES = size("sequences", 0).rule(Plan::fitSequences);
  static final Option<LayerCall.Kind> LAYER = of("layer", LayerCall.Kind.values()).rule(Plan::fitLayer);
  static final Option<LayerPositionsModel.Kind> POSITIONS = of("positions", LayerPositionsModel.Kind.values());
  static final Option<MaskKind> MASK = of("mask", MaskKind.values()).rule(Plan::fitMasks);
  static final Option<MaskKind> SECOND_MASK = of("second mask", MaskKind.values());
  static final Option<MaskKind> THIRD_MASK = of("third mask", MaskKind.values());
  static final Option<Operands.Shared> SHARED = of("shared", Operands.Shared.values()).rule(Plan::fitShared);
  static final Option<Integer> PARTS = size("parts", 0).rule(Plan::fitParts);

  static final Option<Similarity.Kind> SIMILARITY = of("similarity", Similarity.Kind.values()).change(AttentionChanges::similarity);
  static final Option<Float> SCALE = of("scale", Float.NaN, 0.3f, 0f, -1f, 3.7f, 1e-39f, -1e-42f).change(AttentionChanges::scale);
  static final Option<Float> SOFTCAP =
      of("softcap", 0f, 1.5f, 30f, 0.001f, 20_000f, 1e-39f, Float.MIN_VALUE, 3e38f).change(AttentionChanges::softcap);
  static final Option<AttentionChanges.BiasKind> BIAS = of("bias", AttentionChanges.BiasKind.values()).change(AttentionChanges::bias);
  static final Option<AttentionChanges.Slopes> ALIBI = of("alibi", AttentionChanges.Slopes.values()).change(AttentionChanges::slopes);
  static final Option<AttentionChanges.ScoreFunction> SCORE_FUNCTION =
      of("score function", AttentionChanges.ScoreFunction.values()).change(AttentionChanges::scoreFunction);
  static final Option<AttentionChanges.WeightFunction> WEIGHT_FUNCTION =
      of("weight function", AttentionChanges.WeightFunction.values()).change(AttentionChanges::weightFunction);
  static final Option<AttentionChanges.Weights> NORMALISER =
      of("normaliser", AttentionChanges.Weights.values()).change(AttentionChanges::normaliser);

  static final Option<Boolean> CHOSEN_ROWS = flag("chosen rows").rule(Plan::fitChosenRows);
  static final Option<Boolean> LOG_SUM_EXP = flag("log sum exp").rule(Plan::fitLogSumExp);
  static final Option<Boolean> RAW = flag("raw");
  static final Option<Boolean> CAPPED = flag("capped");
  static final Option<Boolean> CHANGED = flag("changed");
  static final Option<Boolean> MASKED = flag("masked");
  static final Option<Boolean> WEIGHTS = flag("weights");
  static final Option<Boolean> COLUMN_SUMS = flag("column sums");
  static final Option<Boolean> TOP_KEYS = flag("top keys").rule(Plan::fitTopKeys);
  static final Option<Boolean> OUTPUT = flag("output").rule(Plan::fitOutput);

  static final Option<Numbers.Kind> NUMBERS = of("numbers", Numbers.Kind.values());
  static final Option<Operands.Overlap> OVERLAP = of("overlap", Operands.Overlap.values());
  static final Option<RotaryCheck.Kind> ROTARY = of("rotary", RotaryCheck.Kind.values()).rule(Plan::fitRotary);
  static final Option<Numbers.Poison> POISON = of("poison", Numbers.Poison.values());
  static final Option<Operands.PoisonPlace> POISON_PLACE = of("poison place", Operands.PoisonPlace.values()).rule(Plan::fitPoisonPlace);

  /** Everything that a call may be asked for. */
  static final List<Option<Boolean>> RESULTS =
      List.of(OUTPUT, LOG_SUM_EXP, RAW, CAPPED, CHANGED, MASKED, WEIGHTS, COLUMN_SUMS, TOP_KEYS, CHOSEN_ROWS);

  static final List<Option<MaskKind>> MASKS = List.of(MASK, SECOND_MASK, THIRD_MASK);

  private final String name;
  private final List<T> values;
  private final BiConsumer<T, Call> change;
  private final Consumer<Plan> rule;

  private Option(String name, List<T> values, BiConsumer<T, Call> change, Consumer<Plan> rule) {
    this.name = name;
    this.values = values;
    this.change = change;
    this.rule = rule;
    ALL.removeIf(option -> option.name.equals(name));
    ALL.add(this);
  }

  @SafeVarargs
  @SuppressWarnings("varargs") // the list is a copy
  private static <T> Option<T> of(String name, T... values) {
    return new Option<>(name, List.of(values), (value, call) -> {}, plan -> {});
  }

  private static Option<Integer> size(String name, int least) {
    return of(name, least);
  }

  private static Option<Layout> layout(String name) {
    return of(name, Layout.DENSE);
  }

  private static Option<Boolean> flag(String name) {
    return of(name, false, true);
  }

  private Option<T> rule(Consumer<Plan> newRule) {
    return new Option<>(name, values, change, newRule);
  }

  private Option<T> change(BiConsumer<T, Call> newChange) {
    return new Option<>(name, values, newChange, rule);
  }

  static List<Option<?>> all() {
    return Collections.unmodifiableList(ALL);
  }

  T simplest() {
    return values.getFirst();
  }

  /** The values of an option that has a few; of a size or a layout, only the simplest. */
  List<T> values() {
    return values;
  }

  /** Sets the plan's value in a call, if this is an option of attention. */
  void apply(Call call) {
    change.accept(call.plan.get(this), call);
  }

  /** Adapts the other options of a plan to this one, or this one to the others. */
  void fit(Plan plan) {
    rule.accept(plan);
  }

  /** Simpler values than the given one, the simplest first. */
  Stream<?> simpler(Object value) {
    if (value instanceof Integer size && simplest() instanceof Integer least) {
      return Stream.of(least, least + 1, size / 4, size / 2, size - size / 4, size - 1).filter(n -> n >= least && n < size);
    }
    return value instanceof Layout layout ? layout.simpler().stream() : Stream.of(simplest());
  }

  /** The name with a value, as a description shows them. */
  String text(Object value) {
    return value.equals(true)
        ? name
        : name + " " + (value instanceof Enum<?> ? value.toString().toLowerCase(Locale.ROOT).replace('_', ' ') : value);
  }
}
