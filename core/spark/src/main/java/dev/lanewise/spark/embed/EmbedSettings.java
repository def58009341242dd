package dev.lanewise.spark.embed;

import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How texts are embedded. Null means that the files of the model say it.
 *
 * @param model where the model is, see {@link ModelPlace}
 * @param fingerprint what {@link Fingerprint} of the model must be; null if any model will do
 */
public record EmbedSettings(
    String model,
    @Nullable String fingerprint,
    @Nullable TextPooling pooling,
    @Nullable Boolean normalised,
    @Nullable String prefix,
    @Nullable Integer dimensions,
    @Nullable Integer maxTokens,
    @Nullable String longTexts,
    OnFailure onFailure)
    implements Serializable {

  /** Returns a copy that accepts only the model with this fingerprint. */
  public EmbedSettings withFingerprint(Fingerprint newFingerprint) {
    return new EmbedSettings(model, newFingerprint.toString(), pooling, normalised, prefix, dimensions, maxTokens, longTexts, onFailure);
  }

  /** The fingerprint of settings that the driver has checked. */
  public String requiredFingerprint() {
    return Objects.requireNonNull(fingerprint, "fingerprint");
  }

  /**
   * Creates the encoder, which shares the weights of the model.
   *
   * @throws IllegalArgumentException if a setting does not fit the model
   */
  TextEncoder encoder(EncoderModel weights) {
    TextEncoder made = pooling == null ? withOwnPooling(weights) : TextEncoder.of(weights, pooling);
    made = normalised == null ? made : made.withNormalised(normalised);
    made = dimensions == null ? made : made.withDimensions(dimensions);
    made = maxTokens == null ? made : made.withMaxTokens(maxTokens);
    made = prefix == null ? made : made.withPrefix(prefix);
    return longTexts == null ? made : made.withLongTexts(OptionValues.longTexts(longTexts));
  }

  private static TextEncoder withOwnPooling(EncoderModel weights) {
    if (weights.pooling().isEmpty()) {
      throw new IllegalArgumentException(
          "pooling is not set, and the files of the model " + weights.name() + " do not say it; must be " + OptionValues.POOLINGS);
    }
    return TextEncoder.of(weights);
  }
}
