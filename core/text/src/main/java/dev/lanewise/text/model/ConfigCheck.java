package dev.lanewise.text.model;

import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;

/** Compares the sizes of a config with the shapes of tensors, so that a message names the key. */
final class ConfigCheck {
  private static final String LAYER = "encoder.layer.";

  private final ModelFiles files;
  private final EncoderTensors tensors;

  private ConfigCheck(ModelFiles files, EncoderTensors tensors) {
    this.files = files;
    this.tensors = tensors;
  }

  /**
   * Compares all sizes.
   *
   * @throws IOException if a size differs
   */
  static void check(ModelFiles files, EncoderConfig config, EncoderTensors tensors) throws IOException {
    ConfigCheck check = new ConfigCheck(files, tensors);
    EncoderFamily.Keys keys = config.family().keys();
    EncoderConfig.Sizes sizes = config.sizes();
    boolean distilled = config.family() == EncoderFamily.DISTILBERT;
    if (distilled != tensors.isDistilled()) {
      throw new IOException(
          files.nameOf(Usage.CONFIG) + ": model_type is of " + config.family() + ", but the names of tensors are those of another family");
    }
    check.size("vocab_size", sizes.vocabulary(), EncoderTensors.WORDS, 0);
    check.size(keys.width(), sizes.width(), EncoderTensors.WORDS, 1);
    check.size("max_position_embeddings", sizes.positions(), "embeddings.position_embeddings.weight", 0);
    if (!distilled) {
      check.size(keys.types(), config.types(), "embeddings.token_type_embeddings.weight", 0);
    }
    check.size(keys.hidden(), sizes.hidden(), LAYER + "0.intermediate.dense.weight", 0);
    int layers = tensors.numbered(LAYER);
    if (layers != sizes.layers()) {
      throw new IOException(
          files.nameOf(Usage.CONFIG) + ": " + keys.layers() + " is " + sizes.layers() + ", but the tensors have " + layers + " layers");
    }
  }

  private void size(String key, int expected, String tensor, int dimension) throws IOException {
    if (!tensors.names().contains(tensor)) {
      return; // it is reported with all others that are missing
    }
    long[] shape = tensors.shape(tensor);
    if (dimension < shape.length && shape[dimension] != expected) {
      String what = dimension == 0 ? " rows" : " columns";
      throw new IOException(
          files.nameOf(Usage.CONFIG)
              + ": "
              + key
              + " is "
              + expected
              + ", but tensor "
              + ForeignJson.shown(tensors.fileName(tensor))
              + " has "
              + shape[dimension]
              + what);
    }
  }
}
