package dev.lanewise.text.causal;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Rotary positions of {@link ReferenceCausalModel}: the angle between neighbouring positions of each pair, and YaRN's factor on queries and
 * keys. RoFormer (Su et al., 2021), position interpolation (Chen et al., 2023), YaRN (Peng et al., 2023), Llama 3.1 (2024).
 */
record ReferenceRope(double[] frequencies, double factor) {

  /** Reads {@code rope_theta} and {@code rope_scaling}. */
  static ReferenceRope of(JsonObject config, int headDim) {
    double theta = config.has("rope_theta") ? config.get("rope_theta").getAsDouble() : 10000;
    double[] frequencies = new double[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = 1 / Math.pow(theta, 2.0 * i / headDim);
    }
    JsonElement scaling = config.get("rope_scaling");
    if (scaling == null || scaling.isJsonNull()) {
      return new ReferenceRope(frequencies, 1);
    }
    JsonObject settings = scaling.getAsJsonObject();
    String type = settings.get(settings.has("rope_type") ? "rope_type" : "type").getAsString();
    double context = number(settings, "original_max_position_embeddings", number(config, "max_position_embeddings", null));
    double factor = number(settings, "factor", null);
    return switch (type) {
      case "linear" -> {
        for (int i = 0; i < frequencies.length; i++) {
          frequencies[i] /= factor;
        }
        yield new ReferenceRope(frequencies, 1);
      }
      case "llama3" -> {
        double low = number(settings, "low_freq_factor", null);
        double high = number(settings, "high_freq_factor", null);
        for (int i = 0; i < frequencies.length; i++) {
          frequencies[i] = llama3(frequencies[i], factor, low, high, context);
        }
        yield new ReferenceRope(frequencies, 1);
      }
      case "yarn" -> {
        boolean whole = !settings.has("truncate") || settings.get("truncate").getAsBoolean();
        double from = pair(number(settings, "beta_fast", 32.0), headDim, theta, context);
        double to = pair(number(settings, "beta_slow", 1.0), headDim, theta, context);
        from = Math.max(0, whole ? Math.floor(from) : from);
        to = Math.min(headDim - 1, whole ? Math.ceil(to) : to);
        for (int i = 0; i < frequencies.length; i++) {
          double ramp = Math.min(1, Math.max(0, (i - from) / (to - from)));
          frequencies[i] = ramp * frequencies[i] / factor + (1 - ramp) * frequencies[i];
        }
        yield new ReferenceRope(frequencies, number(settings, "attention_factor", 1 + 0.1 * Math.log(factor)));
      }
      default -> throw new IllegalArgumentException("unknown rope_type " + type);
    };
  }

  /** Llama 3.1's definition by wavelengths: long ones are interpolated, short ones are kept, and the ones between are mixed. */
  private static double llama3(double frequency, double factor, double low, double high, double context) {
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength < context / high) {
      return frequency;
    }
    if (wavelength > context / low) {
      return frequency / factor;
    }
    double smooth = (context / wavelength - low) / (high - low);
    return (1 - smooth) * frequency / factor + smooth * frequency;
  }

  /** The fraction of a pair number whose pair makes so many rotations over the original context. */
  private static double pair(double rotations, int headDim, double theta, double context) {
    return headDim * Math.log(context / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static double number(JsonObject settings, String key, @Nullable Double absent) {
    JsonElement value = settings.get(key);
    if (value != null && !value.isJsonNull()) {
      return value.getAsDouble();
    }
    if (absent == null) {
      return Double.NaN;
    }
    return absent;
  }

  double cos(int position, int pair) {
    return factor * Math.cos(position * frequencies[pair]);
  }

  double sin(int position, int pair) {
    return factor * Math.sin(position * frequencies[pair]);
  }
}
