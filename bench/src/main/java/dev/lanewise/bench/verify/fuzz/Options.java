package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** All options of a call. Their rules run in the order in which they are declared. */
final class Options {
  private static final List<Option<?>> ALL = new ArrayList<>();

  static final Option<Integer> BATCH = add(Option.of("batch", 1));
  static final Option<Integer> KEY_VALUE_HEADS = add(Option.of("key value heads", 1));
  static final Option<Integer> GROUP = add(Option.of("group", 1));
  static final Option<Integer> QUERIES = add(Option.of("queries", 0));
  static final Option<Integer> KEYS = add(Option.of("keys", 0));
  static final Option<Integer> HEAD_DIM = add(Option.of("head dim", 1));
  static final Option<Integer> VALUE_DIM = add(Option.of("value dim", 1));
  static final List<Option<?>> SIZES = List.copyOf(ALL);
  static final Option<Integer> THREADS = add(Option.of("threads", 1));

  static final Option<Layout> QUERY_LAYOUT = add(Option.of("query layout", Layout.DENSE));
  static final Option<Layout> KEY_LAYOUT = add(Option.of("key layout", Layout.DENSE));
  static final Option<Layout> VALUE_LAYOUT = add(Option.of("value layout", Layout.DENSE));
  static final Option<Layout> OUTPUT_LAYOUT = add(Option.of("output layout", Layout.DENSE));

  static final Option<Caches.Kind> CACHE = add(Option.of("cache", Caches.Kind.values()).rule(Plan::fitCache));
  static final Option<KeyValueFormat> FORMAT = add(Option.of("format", KeyValueFormat.values()));
  static final Option<Boolean> OFF_HEAP = add(flag("off heap"));
  static final Option<Boolean> CHANNELS = add(flag("channels").rule(Plan::fitChannels));
  static final Option<Integer> PAGES = add(Option.of("pages", 0));
  static final Option<Integer> APPENDS = add(Option.of("appends", 0));
  static final Option<Caches.Detour> DETOUR = add(Option.of("detour", Caches.Detour.values()));

  static final Option<FailingCalls.Kind> FAILURE = add(Option.of("failure", FailingCalls.Kind.values()).rule(Plan::fitFailure));
  static final Option<Integer> SEQUENCES = add(Option.of("sequences", 0).rule(Plan::fitSequences));
  static final Option<LayerCall.Kind> LAYER = add(Option.of("layer", LayerCall.Kind.values()).rule(Plan::fitLayer));
  static final Option<LayerPositionsModel.Kind> POSITIONS = add(Option.of("positions", LayerPositionsModel.Kind.values()));
  static final Option<MaskKind> MASK = add(Option.of("mask", MaskKind.values()).rule(Plan::fitMasks));
  static final Option<MaskKind> SECOND_MASK = add(Option.of("second mask", MaskKind.values()));
  static final Option<MaskKind> THIRD_MASK = add(Option.of("third mask", MaskKind.values()));
  static final Option<Operands.Shared> SHARED = add(Option.of("shared", Operands.Shared.values()).rule(Plan::fitShared));
  static final Option<Integer> PARTS = add(Option.of("parts", 0).rule(Plan::fitParts));

  static {
    ALL.addAll(FormulaOptions.ALL);
  }

  static final Option<Boolean> CHOSEN_ROWS = add(flag("chosen rows"));
  static final Option<Boolean> LOG_SUM_EXP = add(flag("log sum exp").rule(Plan::fitLogSumExp));
  static final Option<Boolean> RAW = add(flag("raw"));
  static final Option<Boolean> CAPPED = add(flag("capped"));
  static final Option<Boolean> CHANGED = add(flag("changed"));
  static final Option<Boolean> MASKED = add(flag("masked"));
  static final Option<Boolean> WEIGHTS = add(flag("weights"));
  static final Option<Boolean> COLUMN_SUMS = add(flag("column sums"));
  static final Option<Boolean> TOP_KEYS = add(flag("top keys").rule(Plan::fitTopKeys));
  static final Option<ResultBuffers.Width> SCORE_WIDTH =
      add(Option.of("score width", ResultBuffers.Width.values()).rule(Plan::fitScoreWidth));
  static final Option<Boolean> OUTPUT = add(flag("output").rule(Plan::fitOutput));

  static final Option<Numbers.Kind> NUMBERS = add(Option.of("numbers", Numbers.Kind.values()));
  static final Option<Operands.Overlap> OVERLAP = add(Option.of("overlap", Operands.Overlap.values()));
  static final Option<RotaryCheck.Kind> ROTARY = add(Option.of("rotary", RotaryCheck.Kind.values()).rule(Plan::fitRotary));
  static final Option<Numbers.Poison> POISON = add(Option.of("poison", Numbers.Poison.values()));
  static final Option<Operands.PoisonPlace> POISON_PLACE =
      add(Option.of("poison place", Operands.PoisonPlace.values()).rule(Plan::fitPoisonPlace));

  /** The results that have a row for each query, or chosen query, and a column for each key. */
  static final List<Option<Boolean>> SCORES = List.of(RAW, CAPPED, CHANGED, MASKED, WEIGHTS, CHOSEN_ROWS);

  /** Everything that a call may be asked for. */
  static final List<Option<Boolean>> RESULTS =
      Stream.concat(SCORES.stream(), Stream.of(COLUMN_SUMS, TOP_KEYS, OUTPUT, LOG_SUM_EXP)).toList();

  static final List<Option<MaskKind>> MASKS = List.of(MASK, SECOND_MASK, THIRD_MASK);
  static final List<Option<Layout>> INPUT_LAYOUTS = List.of(QUERY_LAYOUT, KEY_LAYOUT, VALUE_LAYOUT);

  private Options() {}

  private static <T> Option<T> add(Option<T> option) {
    ALL.add(option);
    return option;
  }

  private static Option<Boolean> flag(String name) {
    return Option.of(name, false, true);
  }

  static List<Option<?>> all() {
    return Collections.unmodifiableList(ALL);
  }
}
