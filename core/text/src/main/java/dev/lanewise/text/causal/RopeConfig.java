package dev.lanewise.text.causal;

import com.google.gson.JsonPrimitive;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.position.RotaryScaling;
import dev.lanewise.text.json.Config;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The rotary positions of a config: {@code rope_theta} and {@code rope_scaling}, or both in {@code rope_parameters} as newer files have
 * them.
 */
final class RopeConfig {
  private static final double BASE = 10_000;

  private RopeConfig() {}

  /**
   * Reads the keys.
   *
   * @param maxPositions the value of {@code max_position_embeddings}
   */
  static Rotary read(Config config, int headDim, int maxPositions) throws IOException {
    config.require("partial_rotary_factor", new JsonPrimitive(1.0));
    Config parameters = config.object("rope_parameters");
    Config scaling = config.object("rope_scaling");
    if (parameters != null && scaling != null) {
      throw new IOException(config.name("rope_scaling") + " and rope_parameters are both set, must be one of them");
    }
    double base = base(config, parameters);
    if (headDim % 2 != 0) {
      throw new IOException(config.name("head_dim") + " is " + headDim + ", must be even");
    }
    Rotary rotary = made(config, "rope_theta", () -> Rotary.of(headDim).withBase(base));
    Config given = parameters != null ? parameters : scaling;
    if (given == null) {
      return rotary;
    }
    RotaryScaling read = made(config, parameters != null ? "rope_parameters" : "rope_scaling", () -> scaling(given, maxPositions));
    given.checkAllRead();
    return rotary.withScaling(read);
  }

  private static double base(Config config, @Nullable Config parameters) throws IOException {
    if (parameters == null || !parameters.has("rope_theta")) {
      return config.number("rope_theta", BASE);
    }
    double base = parameters.number("rope_theta");
    if (config.has("rope_theta") && config.number("rope_theta") != base) {
      throw new IOException(config.name("rope_theta") + " is " + config.number("rope_theta") + ", but in rope_parameters it is " + base);
    }
    return base;
  }

  /** Makes something of numbers that are checked where it is made. */
  private interface Made<T> {
    T make() throws IOException;
  }

  private static <T> T made(Config config, String key, Made<T> what) throws IOException {
    try {
      return what.make();
    } catch (IllegalArgumentException e) {
      throw new IOException(config.name(key) + ": " + e.getMessage(), e);
    }
  }

  private static RotaryScaling scaling(Config given, int maxPositions) throws IOException {
    // Older files call it type. Some have both keys.
    String key = given.has("rope_type") ? "rope_type" : "type";
    String type = given.text(key, "default");
    if (given.has("type") && !given.text("type").equals(type)) {
      throw new IOException(
          given.name("type") + " is " + ForeignJson.shown(given.text("type")) + ", but rope_type is " + ForeignJson.shown(type));
    }
    return switch (type) {
      case "default" -> RotaryScaling.none();
      case "linear" -> RotaryScaling.linear(given.number("factor"));
      case "llama3" ->
          RotaryScaling.llama3(
              given.number("factor"),
              given.number("low_freq_factor"),
              given.number("high_freq_factor"),
              given.size("original_max_position_embeddings"));
      case "yarn" -> yarn(given, maxPositions);
      default -> throw given.unsupported(key, "default, linear, llama3 or yarn");
    };
  }

  private static RotaryScaling yarn(Config given, int maxPositions) throws IOException {
    double factor = given.number("factor");
    int original = given.size("original_max_position_embeddings", maxPositions);
    double fast = given.lacks("beta_fast") ? 32 : given.number("beta_fast");
    double slow = given.lacks("beta_slow") ? 1 : given.number("beta_slow");
    return RotaryScaling.yarn(factor, original, fast, slow, given.truth("truncate", true), attentionFactor(given, factor));
  }

  private static double attentionFactor(Config given, double factor) throws IOException {
    double mscale = given.lacks("mscale") ? 0 : given.number("mscale");
    double overAll = given.lacks("mscale_all_dim") ? 0 : given.number("mscale_all_dim");
    if (!given.lacks("attention_factor")) {
      return given.number("attention_factor");
    }
    return mscale != 0 && overAll != 0 ? growth(factor, mscale) / growth(factor, overAll) : growth(factor, 1);
  }

  private static double growth(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }
}
