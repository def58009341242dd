package dev.lanewise.spark.embed;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells whether a model is the one that an embedder was saved with. Its text is {@code NAME DIMENSIONS HASH}.
 *
 * @param name the name of the model, which is only for messages
 * @param dimensions width of the model
 * @param hash of checksums and sizes of its files, and of what they say about their use
 */
public record Fingerprint(String name, int dimensions, String hash) {
  private static final Pattern TEXT = Pattern.compile("(.*) (\\d{1,9}) ([0-9a-f]{16})", Pattern.DOTALL);

  /** Computes the fingerprint of a model that was loaded from these files. */
  static Fingerprint of(ModelFiles files, EncoderModel model) throws IOException {
    String use =
        String.join(
            "\n",
            files.checksums(),
            model.pooling().map(Enum::name).orElse("no pooling"),
            String.valueOf(model.normalised()),
            String.valueOf(model.maxTokens()),
            model.prefix(),
            String.valueOf(model.lowercase()));
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(use.getBytes(StandardCharsets.UTF_8));
      return new Fingerprint(model.name(), model.encoder().embedDim(), HexFormat.of().formatHex(digest, 0, 8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JVM has SHA-256", e);
    }
  }

  /**
   * Reads a text.
   *
   * @throws IllegalArgumentException if it is no fingerprint
   */
  public static Fingerprint parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw OptionValues.wrong("fingerprint", text, "NAME DIMENSIONS HASH, as a saved embedder has it");
    }
    return new Fingerprint(matcher.group(1), Integer.parseInt(matcher.group(2)), matcher.group(3));
  }

  /** Whether another model gives the same vectors. Names may differ. */
  boolean matches(Fingerprint other) {
    return dimensions == other.dimensions && hash.equals(other.hash);
  }

  @Override
  public String toString() {
    return name + " " + dimensions + " " + hash;
  }
}
