package dev.lanewise.text.model;

import dev.lanewise.text.json.Config;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** A family of encoders: its {@code model_type}s and the names of the keys of its config. */
enum EncoderFamily {
  BERT,
  ROBERTA,
  DISTILBERT;

  /**
   * The names of keys.
   *
   * @param epsilon empty if the family has one value, {@link #FIXED_EPSILON}
   * @param types empty if the family has no token types
   */
  record Keys(String width, String hidden, String layers, String heads, String activation, String epsilon, String types) {
    private static final Keys BERT =
        new Keys(
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "hidden_act",
            "layer_norm_eps",
            "type_vocab_size");
    private static final Keys DISTILBERT = new Keys("dim", "hidden_dim", "n_layers", "n_heads", "activation", "", "");
  }

  /** The addend in the norms of DistilBERT, which no key names. */
  static final float FIXED_EPSILON = 1e-12f;

  /** The values of {@code model_type}. */
  List<String> modelTypes() {
    return switch (this) {
      case BERT -> List.of("bert");
      case ROBERTA -> List.of("roberta", "xlm-roberta", "camembert");
      case DISTILBERT -> List.of("distilbert");
    };
  }

  Keys keys() {
    return switch (this) {
      case BERT, ROBERTA -> Keys.BERT;
      case DISTILBERT -> Keys.DISTILBERT;
    };
  }

  static EncoderFamily of(Config config) throws IOException {
    String type = config.text("model_type");
    for (EncoderFamily family : values()) {
      if (family.modelTypes().contains(type)) {
        return family;
      }
    }
    throw config.unsupported("model_type", "one of " + Arrays.stream(values()).flatMap(family -> family.modelTypes().stream()).toList());
  }
}
