package dev.lanewise.spark.job;

import dev.lanewise.spark.TextEmbedder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The arguments of {@link EmbedJob}.
 *
 * @param input the path of the texts; empty only if help is asked for
 * @param options the values of the options by their names, each with {@code --}
 */
record EmbedArguments(String input, Map<String, String> options) {
  static final String USAGE =
      """
      Usage: EmbedJob INPUT --output DIR --model MODEL [OPTION VALUE]...
      Embeds a column of texts. INPUT is text (a text a line), JSON lines or Parquet; a file, a folder or a pattern.
        --output DIR          a new folder of Parquet files: the columns of the input, and the vectors
        --model MODEL         a folder, an .onnx file, the jar of an artifact, or classpath:NAME
        --format FORMAT       text, json or parquet (default: as the names of the files say; text if they say nothing)
        --text-column NAME    the column of texts (default: text)
        --vector-column NAME  the column of vectors (default: vector)
        --pooling WAY         mean, first or last (default: as the model's files say)
        --prefix TEXT         a text before each text (default: that of the model's files)
        --max-tokens N        tokens of a text that are read at a time (default: as the model's files say)
        --long-texts WAY      truncate, fail, windows or windows(OVERLAP) (default: truncate)
        --dimensions N        keep the first N numbers of a vector (default: all)
        --on-failure WAY      fail, or null: a text that cannot be embedded has no vector (default: fail)
      """;

  private static final String OUTPUT = "--output";
  private static final String MODEL = "--model";
  private static final String FORMAT = "--format";
  private static final String TEXT_COLUMN = "--text-column";
  private static final String VECTOR_COLUMN = "--vector-column";
  private static final String POOLING = "--pooling";
  private static final String PREFIX = "--prefix";
  private static final String MAX_TOKENS = "--max-tokens";
  private static final String LONG_TEXTS = "--long-texts";
  private static final String DIMENSIONS = "--dimensions";
  private static final String ON_FAILURE = "--on-failure";
  private static final String HELP = "--help";

  private static final Set<String> NAMES =
      Set.of(OUTPUT, MODEL, FORMAT, TEXT_COLUMN, VECTOR_COLUMN, POOLING, PREFIX, MAX_TOKENS, LONG_TEXTS, DIMENSIONS, ON_FAILURE);

  EmbedArguments {
    options = Map.copyOf(options);
  }

  /**
   * Reads the arguments.
   *
   * @throws IllegalArgumentException if one is unknown, missing or there twice
   */
  static EmbedArguments parse(String... args) {
    Map<String, String> options = new LinkedHashMap<>();
    String input = "";
    for (int i = 0; i < args.length; i++) {
      String arg = args[i];
      if (arg.equals(HELP)) {
        return new EmbedArguments("", Map.of(HELP, ""));
      }
      if (arg.startsWith("--")) {
        checkName(arg);
        if (i + 1 == args.length) {
          throw new IllegalArgumentException(arg + " has no value");
        }
        i++;
        if (options.put(arg, args[i]) != null) {
          throw new IllegalArgumentException(arg + " is there twice");
        }
      } else if (!input.isEmpty()) {
        throw new IllegalArgumentException("two inputs: " + input + " and " + arg);
      } else {
        input = arg;
      }
    }
    if (input.isEmpty()) {
      throw new IllegalArgumentException("INPUT is missing; --help explains the arguments");
    }
    EmbedArguments parsed = new EmbedArguments(input, options);
    parsed.required(OUTPUT);
    parsed.required(MODEL);
    return parsed;
  }

  private static void checkName(String option) {
    if (!NAMES.contains(option)) {
      throw new IllegalArgumentException(
          "unknown option " + option + ", must be one of " + NAMES.stream().sorted().collect(Collectors.joining(", ")));
    }
  }

  private Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  private String required(String name) {
    return option(name).filter(value -> !value.isEmpty()).orElseThrow(() -> new IllegalArgumentException(name + " is missing"));
  }

  boolean help() {
    return options.containsKey(HELP);
  }

  String output() {
    return required(OUTPUT);
  }

  String textColumn() {
    return option(TEXT_COLUMN).orElse("text");
  }

  /** The format that is asked for; empty for that of the files' names. */
  Optional<TextInput.Format> format() {
    return option(FORMAT).map(TextInput.Format::named);
  }

  /** The transformer; it checks its own values. */
  TextEmbedder embedder() {
    TextEmbedder embedder =
        new TextEmbedder().setInputCol(textColumn()).setOutputCol(option(VECTOR_COLUMN).orElse("vector")).setModel(required(MODEL));
    option(POOLING).ifPresent(embedder::setPooling);
    option(PREFIX).ifPresent(embedder::setPrefix);
    option(LONG_TEXTS).ifPresent(embedder::setLongTexts);
    option(ON_FAILURE).ifPresent(embedder::setOnFailure);
    option(MAX_TOKENS).ifPresent(value -> embedder.setMaxTokens(number(MAX_TOKENS, value)));
    option(DIMENSIONS).ifPresent(value -> embedder.setDimensions(number(DIMENSIONS, value)));
    return embedder;
  }

  private static int number(String name, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + " is " + value + ", must be a number");
    }
  }
}
