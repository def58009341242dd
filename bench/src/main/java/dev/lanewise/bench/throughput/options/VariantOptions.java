package dev.lanewise.bench.throughput.options;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of attention beyond the plain softmax(scale · QKᵀ) · V. */
public final class VariantOptions {
  /** The least length of a seeded sequence. */
  private static final int SHORTEST = 5;

  /** The share of the keys that a seeded mask shows. */
  private static final double VISIBLE = 0.9;

  private static final String SOFTMAX = "softmax";
  private static final String DOT = "dot";
  private static final String BHLD = "bhld";

  /** How scores become weights. */
  public enum Weights {
    SOFTMAX,
    RELU,
    SQUARED_RELU,
    SIGMOID,
    LINEAR;

    private Normaliser normaliser() {
      return switch (this) {
        case SOFTMAX -> Normaliser.softmax();
        case RELU -> Normaliser.relu();
        case SQUARED_RELU -> Normaliser.squaredRelu();
        case SIGMOID -> Normaliser.sigmoid();
        case LINEAR -> Normaliser.linear();
      };
    }

    @Override
    public String toString() {
      return option(this);
    }
  }

  /** How a query and a key become a score. */
  public enum Scores {
    DOT,
    COSINE,
    ADDITIVE;

    private Similarity similarity(int headDim, SeededData data) {
      return switch (this) {
        case DOT -> Similarity.dot();
        case COSINE -> Similarity.cosine();
        case ADDITIVE -> Similarity.additive(data.numbers(headDim));
      };
    }

    @Override
    public String toString() {
      return option(this);
    }
  }

  /** The form of the seeded mask. */
  public enum MaskKind {
    BOOLEAN,
    PREDICATE;

    @Override
    public String toString() {
      return option(this);
    }
  }

  /** Order of batch, head, row and column in an array. */
  public enum Layout {
    BHLD,
    BLHD;

    @Override
    public String toString() {
      return option(this);
    }
  }

  /** The name on the command line. */
  private static String option(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "attention: with --causal, how many keys before its own position a query sees (default: all).")
  public @Nullable Integer window;

  @Option(names = "--softcap", paramLabel = "X", description = "attention: limits the scores smoothly to +-this (default: no limit).")
  public @Nullable Float softcap;

  @Option(names = "--alibi", description = "attention: with --causal, subtracts the distance times the standard slope of the head.")
  public boolean alibi;

  @Option(names = "--sinks", description = "attention: a seeded logit of each head takes part in the softmax.")
  public boolean sinks;

  @Option(
      names = "--mask",
      paramLabel = "KIND",
      description =
          "attention: a seeded mask, the same for all heads, in which a query sees 90 %% of the keys:"
              + " boolean (a matrix that each call reads) or predicate (evaluated once).")
  public @Nullable MaskKind mask;

  @Option(names = "--bias", description = "attention: adds a seeded matrix, queries x keys, to the scores; the same for all heads.")
  public boolean bias;

  @Option(
      names = "--normaliser",
      paramLabel = "NAME",
      defaultValue = SOFTMAX,
      description = "attention: softmax, relu, squared-relu, sigmoid or linear (default: ${DEFAULT-VALUE}).")
  public Weights normaliser = Weights.SOFTMAX;

  @Option(
      names = "--similarity",
      paramLabel = "NAME",
      defaultValue = DOT,
      description = "attention: dot, cosine or additive (default: ${DEFAULT-VALUE}).")
  public Scores similarity = Scores.DOT;

  @Option(
      names = "--sequences",
      paramLabel = "N",
      description = "attention: the number of packed sequences, with seeded lengths from 5 to --queries and as many keys as queries.")
  public @Nullable Integer sequences;

  @Option(
      names = "--layout",
      paramLabel = "ORDER",
      defaultValue = BHLD,
      description = "attention: order of batch, head, row and column in the arrays, bhld or blhd (default: ${DEFAULT-VALUE}).")
  public Layout layout = Layout.BHLD;

  /** The options that are given, by their names in the report; empty for plain attention. */
  public Map<String, Object> asked() {
    Map<String, Object> asked = new LinkedHashMap<>();
    put(asked, "window", window);
    put(asked, "softcap", softcap);
    put(asked, "alibi", alibi ? true : null);
    put(asked, "sinks", sinks ? true : null);
    put(asked, "mask", mask);
    put(asked, "bias", bias ? true : null);
    put(asked, "normaliser", normaliser == Weights.SOFTMAX ? null : normaliser);
    put(asked, "similarity", similarity == Scores.DOT ? null : similarity);
    put(asked, "sequences", sequences);
    put(asked, "layout", layout == Layout.BHLD ? null : layout);
    return asked;
  }

  private static void put(Map<String, Object> asked, String name, @Nullable Object value) {
    if (value != null) {
      asked.put(name, value instanceof Enum<?> choice ? choice.toString() : value);
    }
  }

  /**
   * The variant that the options describe.
   *
   * @param attention a call that gets the options
   */
  public Variant variant(Attention attention, ShapeOptions sizes, SeededData data) {
    PackedSequences packed = sequences == null ? null : data.sequences(sequences, SHORTEST, sizes.queries);
    int queries = packed == null ? sizes.queries : IntStream.range(0, packed.count()).map(packed::queries).max().orElse(0);
    int keys = packed == null ? sizes.keys : queries;
    Attention call = attention.withSimilarity(similarity.similarity(sizes.headDim, data));
    call = call.withNormaliser(sinks ? Normaliser.softmaxWithSinks(data.numbers(sizes.heads)) : normaliser.normaliser());
    call = softcap == null ? call : call.withSoftcap(softcap);
    call = alibi ? call.withAlibi(Attention.standardSlopes(sizes.heads)) : call;
    call = bias ? call.withBias(Bias.of(data.matrix(queries, keys).data(), queries, keys)) : call;
    boolean[] visible = data.booleans(mask == null ? 0 : queries * keys, VISIBLE);
    call = call.withMask(mask(sizes.causal, visible, queries, keys));
    call = packed == null ? call : call.withPackedSequences(packed);
    long bytes = visible.length + (bias ? (long) Float.BYTES * queries * keys : 0);
    return new Variant(call, packed, sizes.causal, window == null ? Integer.MAX_VALUE : window, visible, keys, bytes);
  }

  private Mask mask(boolean causal, boolean[] visible, int queries, int keys) {
    Mask ahead = causal ? Mask.causal() : Mask.none();
    Mask band = window == null ? ahead : ahead.and(Mask.windowFrom(window));
    return switch (mask) {
      case null -> band;
      case BOOLEAN -> band.and(Mask.matrix(visible, queries, keys));
      case PREDICATE -> band.and(Mask.evaluate((b, head, i, j) -> visible[i * keys + j], 1, 1, queries, keys));
    };
  }

  /**
   * Checks the options and how they fit together.
   *
   * @throws IllegalArgumentException naming the option
   */
  public void check(String op, ShapeOptions sizes) {
    if (!op.equals("attention") && !asked().isEmpty()) {
      throw new IllegalArgumentException("--" + asked().keySet().iterator().next() + " is for --op attention, not " + op);
    }
    if (window != null && window < 0) {
      throw new IllegalArgumentException("--window is " + window + ", must be at least 0");
    }
    if (softcap != null && !(softcap > 0 && softcap < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("--softcap is " + softcap + ", must be above 0 and finite");
    }
    if (!sizes.causal && (window != null || alibi)) {
      throw new IllegalArgumentException((window != null ? "--window" : "--alibi") + " needs --causal");
    }
    if (sinks && normaliser != Weights.SOFTMAX) {
      throw new IllegalArgumentException("--sinks belongs to softmax, but --normaliser is " + normaliser);
    }
    if (sequences != null) {
      checkSequences(sequences, sizes);
    }
    if ((mask != null || bias) && (long) sizes.queries * sizes.keys > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          (bias ? "--bias" : "--mask") + " has --queries x --keys = " + (long) sizes.queries * sizes.keys + " elements, too many");
    }
  }

  private static void checkSequences(int sequences, ShapeOptions sizes) {
    if (sequences < 1) {
      throw new IllegalArgumentException("--sequences is " + sequences + ", must be at least 1");
    }
    if (sizes.queries < SHORTEST) {
      throw new IllegalArgumentException("--queries is " + sizes.queries + ", must be at least " + SHORTEST + " with --sequences");
    }
    if (sizes.keys != sizes.queries) {
      throw new IllegalArgumentException("--keys is " + sizes.keys + ", must be --queries, " + sizes.queries + ", with --sequences");
    }
    if (sizes.batch != 1) {
      throw new IllegalArgumentException("--batch is " + sizes.batch + ", must be 1 with --sequences");
    }
    if ((long) sequences * sizes.queries > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "--sequences " + sequences + " of up to " + sizes.queries + " queries are more rows than an array has elements");
    }
  }
}
