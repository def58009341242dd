package dev.lanewise.bench.throughput.options;

import dev.lanewise.kernels.data.Normaliser;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of attention beyond the plain softmax(scale · QKᵀ) · V. */
public final class VariantOptions {
  /** The least length of a seeded sequence. */
  public static final int SHORTEST = 5;

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

    public Normaliser normaliser() {
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
