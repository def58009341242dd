package dev.lanewise.bench.cli.model;

import dev.lanewise.text.LongTexts;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import dev.lanewise.text.model.TextPooling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that make vectors of texts: the model, and how it is used where that is not what its files say. */
public final class EmbeddingOptions {
  /** Tokens that windows share unless it is told. */
  private static final int OVERLAP = 32;

  private static final Map<String, TextPooling> POOLINGS =
      Map.of("first-token", TextPooling.FIRST_TOKEN, "mean", TextPooling.MEAN, "last-token", TextPooling.LAST_TOKEN);

  @Mixin private final ModelOptions model = new ModelOptions();

  @Option(
      names = "--pooling",
      paramLabel = "WAY",
      description = "How the rows of a text's tokens become one: mean, first-token or last-token (default: as the model's files say).")
  private @Nullable String pooling;

  @Option(
      names = "--prefix",
      paramLabel = "TEXT",
      description = "A text before each text, such as \"query: \"; \"\" for none (default: that of the model's files).")
  private @Nullable String prefix;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "How many tokens of a text are read at a time, special ones included (default: as the model's files say).")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--long-texts",
      paramLabel = "WAY",
      defaultValue = "truncate",
      description =
          "What happens to longer texts: truncate reads their beginning; fail ends the command; windows reads all in parts that share "
              + OVERLAP
              + " tokens, windows:N in parts that share N, and takes the mean of their vectors, weighted by tokens (default: truncate).")
  private String longTexts = "";

  @Option(
      names = "--dimensions",
      paramLabel = "N",
      description = "Keep the first N numbers of a vector, for models that were trained for it (default: all).")
  private @Nullable Integer dimensions;

  /** Creates the options; picocli sets them. */
  public EmbeddingOptions() {}

  /** The option {@code --model}. */
  public ModelOptions model() {
    return model;
  }

  /** Refuses what is wrong whatever the model is. */
  public void check() {
    pooling();
    longTexts();
    atLeast("--max-tokens", maxTokens);
    atLeast("--dimensions", dimensions);
  }

  /** The options that were given, as arguments of {@code EmbedJob} on Spark, which has its own words for some values. */
  public List<String> sparkArguments() throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--model", model.sparkName()));
    add(arguments, "--pooling", pooling == null ? null : pooling.toLowerCase(Locale.ROOT).replace("-token", ""));
    add(arguments, "--prefix", prefix);
    add(arguments, "--max-tokens", maxTokens);
    add(arguments, "--dimensions", dimensions);
    String[] parts = longTexts.split(":", 2);
    boolean windows = parts[0].equals("windows");
    add(arguments, "--long-texts", windows ? "windows(" + (parts.length == 1 ? OVERLAP : parts[1]) + ")" : longTexts);
    return arguments;
  }

  private static void add(List<String> arguments, String option, @Nullable Object value) {
    if (value != null) {
      arguments.addAll(List.of(option, value.toString()));
    }
  }

  private void atLeast(String option, @Nullable Integer value) {
    if (value != null && value < 1) {
      throw model.rejected(option + " is " + value + ", must be at least 1");
    }
  }

  /**
   * Makes an encoder of a model.
   *
   * @throws picocli.CommandLine.ParameterException if an option does not fit the model
   */
  public TextEncoder encoder(ModelFiles files, EncoderModel loaded, int threads) {
    Optional<TextPooling> chosen = pooling().or(loaded::pooling);
    if (chosen.isEmpty()) {
      throw model.rejected("--pooling is needed: the files of " + files + " do not say it");
    }
    TextEncoder encoder = TextEncoder.of(loaded, chosen.get()).withThreads(threads);
    if (maxTokens != null) {
      int most = maxTokens;
      int least = loaded.tokenizer().encode("").length() + 1;
      if (most < least) {
        throw model.rejected("--max-tokens is " + most + ", must be at least " + least + ": special tokens are included");
      }
      encoder = model.changed("--max-tokens", encoder, all -> all.withMaxTokens(most));
    }
    if (dimensions != null) {
      int kept = dimensions;
      encoder = model.changed("--dimensions", encoder, all -> all.withDimensions(kept));
    }
    if (prefix != null) {
      encoder = encoder.withPrefix(prefix);
    }
    return model.changed("--long-texts", encoder, all -> all.withLongTexts(longTexts()));
  }

  private Optional<TextPooling> pooling() {
    if (pooling == null) {
      return Optional.empty();
    }
    TextPooling chosen = POOLINGS.get(pooling.toLowerCase(Locale.ROOT));
    if (chosen == null) {
      throw model.rejected("--pooling is " + pooling + ", must be mean, first-token or last-token");
    }
    return Optional.of(chosen);
  }

  private LongTexts longTexts() {
    String[] parts = longTexts.split(":", 2);
    if (parts[0].equals("windows")) {
      try {
        return LongTexts.windows(parts.length == 1 ? OVERLAP : Integer.parseInt(parts[1]));
      } catch (IllegalArgumentException e) {
        throw model.rejected("--long-texts is " + longTexts + ", must have a number of tokens, at least 0, after windows:");
      }
    }
    return switch (longTexts) {
      case "truncate" -> LongTexts.truncate();
      case "fail" -> LongTexts.fail();
      default -> throw model.rejected("--long-texts is " + longTexts + ", must be truncate, fail, windows or windows:N");
    };
  }
}
