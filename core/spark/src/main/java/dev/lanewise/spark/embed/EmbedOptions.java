package dev.lanewise.spark.embed;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.internal.SQLConf;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;

/** Settings by name, as SQL has them: in the configuration of a session, and as the second argument of the function. */
final class EmbedOptions {
  /** What the names of the configuration begin with. */
  static final String PREFIX = "spark.lanewise.embed.";

  static final String MODEL = "model";

  private static final Set<String> NAMES =
      new TreeSet<>(Set.of(MODEL, "pooling", "normalised", "prefix", "dimensions", "maxTokens", "longTexts", "onFailure"));

  private final Map<String, String> values;

  private EmbedOptions(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads the configuration of the session.
   *
   * @param own options that replace those of the configuration
   * @throws IllegalArgumentException if a name is unknown
   */
  static EmbedOptions of(SQLConf configuration, Map<String, String> own) {
    Map<String, String> values = new TreeMap<>();
    CollectionConverters.asJava(configuration.getAllConfs())
        .forEach(
            (name, value) -> {
              if (name.startsWith(PREFIX)) {
                values.put(known(name.substring(PREFIX.length()), PREFIX), value);
              }
            });
    own.forEach((name, value) -> values.put(known(name, ""), value));
    return new EmbedOptions(values);
  }

  private static String known(String name, String prefix) {
    if (!NAMES.contains(name)) {
      throw new IllegalArgumentException("there is no option " + prefix + name + ", must be one of " + prefix + NAMES);
    }
    return name;
  }

  /**
   * The settings.
   *
   * @throws IllegalArgumentException if a value is wrong, or the model is not set
   */
  EmbedSettings settings() {
    String model = values.get(MODEL);
    if (model == null) {
      throw new IllegalArgumentException(
          "embed does not know its model: set "
              + PREFIX
              + MODEL
              + " to a path, a file of --files or classpath:NAME, or write embed(text, model)");
    }
    @Nullable String pooling = values.get("pooling");
    @Nullable String normalised = values.get("normalised");
    @Nullable String longTexts = values.get("longTexts");
    if (longTexts != null) {
      OptionValues.longTexts(longTexts);
    }
    return new EmbedSettings(
        model,
        null,
        pooling == null ? null : OptionValues.pooling(pooling),
        normalised == null ? null : OptionValues.truth("normalised", normalised),
        values.get("prefix"),
        count("dimensions"),
        count("maxTokens"),
        longTexts,
        OptionValues.onFailure(values.getOrDefault("onFailure", "fail")));
  }

  private @Nullable Integer count(String name) {
    String value = values.get(name);
    return value == null ? null : OptionValues.count(name, value);
  }
}
