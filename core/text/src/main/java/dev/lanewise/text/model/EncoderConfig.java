package dev.lanewise.text.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.text.json.Config;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An encoder as {@code config.json} describes it.
 *
 * @param types number of token types; 0 in a family without them
 * @param epsilon addend in norms; null if the key is missing
 * @param activation of feed-forward networks; null if the key is missing
 * @param firstPosition row of the position table for the first token
 * @param architectures the classes that the checkpoint was saved from
 * @param labels names of the classes of a classifier; empty if the config has none, or the checkpoint no classifier
 * @param scoring the function that turns a classifier's output into a score; empty if the config does not say it
 */
record EncoderConfig(
    EncoderFamily family,
    Sizes sizes,
    int types,
    @Nullable Float epsilon,
    @Nullable Activation activation,
    int firstPosition,
    List<String> architectures,
    List<String> labels,
    Optional<Activation> scoring) {

  /** Widths and numbers. */
  record Sizes(int vocabulary, int width, int hidden, int layers, int heads, int positions) {}

  /** The key of older cross-encoders for the function that makes a score. */
  static final String SCORING = "sbert_ce_default_activation_function";

  private static final int MOST_LAYERS = 1 << 16;

  /** Keys of training and of software that is not used, which do not change the numbers. */
  private static final Set<String> HARMLESS =
      Set.of(
          ("attention_probs_dropout_prob hidden_dropout_prob classifier_dropout dropout qa_dropout seq_classif_dropout tie_weights_"
                  + " sinusoidal_pos_embds tie_word_embeddings directionality pooler_fc_size pooler_num_attention_heads"
                  + " pooler_num_fc_layers pooler_size_per_head pooler_type chunk_size_feed_forward model_max_length"
                  + " cell emb_size pre_trained structure training")
              .split(" "));

  /** Reads a config, and refuses keys that nobody has asked for. */
  static EncoderConfig read(Config config) throws IOException {
    EncoderFamily family = EncoderFamily.of(config);
    EncoderFamily.Keys keys = family.keys();
    Sizes sizes =
        new Sizes(
            config.size("vocab_size"),
            config.size(keys.width()),
            config.size(keys.hidden()),
            config.size(keys.layers(), 1, MOST_LAYERS),
            config.size(keys.heads()),
            config.size("max_position_embeddings"));
    if (sizes.width() % sizes.heads() != 0) {
      throw new IOException(
          config.name(keys.width()) + " is " + sizes.width() + ", must be a multiple of " + keys.heads() + ", " + sizes.heads());
    }
    checkFixed(config);
    List<String> architectures = texts(config, "architectures");
    EncoderConfig read =
        new EncoderConfig(
            family,
            sizes,
            keys.types().isEmpty() ? 0 : config.size(keys.types()),
            epsilon(config, keys),
            config.lacks(keys.activation()) ? null : config.function(keys.activation()),
            firstPosition(config, family, sizes.positions()),
            architectures,
            isClassifier(architectures) ? labels(config) : List.of(),
            scoring(config));
    config.checkAllRead(HARMLESS);
    return read;
  }

  /** Checks the keys that have one value for all models that this package can make. */
  private static void checkFixed(Config config) throws IOException {
    for (String no : List.of("is_encoder_decoder", "is_decoder", "add_cross_attention", "use_bfloat16", "output_norm")) {
      config.require(no, new JsonPrimitive(false));
    }
    config.require("position_embedding_type", new JsonPrimitive("absolute"));
    config.require("pruned_heads", new JsonObject());
  }

  private static @Nullable Float epsilon(Config config, EncoderFamily.Keys keys) throws IOException {
    if (keys.epsilon().isEmpty()) {
      return EncoderFamily.FIXED_EPSILON;
    }
    return config.lacks(keys.epsilon()) ? null : Float.valueOf((float) config.positive(keys.epsilon(), 0));
  }

  private static int firstPosition(Config config, EncoderFamily family, int positions) throws IOException {
    return switch (family) {
      case BERT, DISTILBERT -> 0;
      case ROBERTA -> 1 + config.size("pad_token_id", 0, positions - 1);
    };
  }

  private static List<String> texts(Config config, String key) throws IOException {
    List<String> texts = new ArrayList<>();
    for (JsonElement element : config.lacks(key) ? List.<JsonElement>of() : config.list(key)) {
      texts.add(ForeignJson.text(element, config.name(key)));
    }
    return texts;
  }

  /** Whether a checkpoint has a classifier of texts. */
  boolean hasClassifier() {
    return isClassifier(architectures);
  }

  private static boolean isClassifier(List<String> architectures) {
    return architectures.stream().anyMatch(name -> name.endsWith("ForSequenceClassification"));
  }

  private static List<String> labels(Config config) throws IOException {
    Config labels = config.object("id2label");
    if (labels == null) {
      return List.of();
    }
    String[] names = new String[labels.keys().size()];
    for (int id = 0; id < names.length; id++) {
      names[id] = labels.text(Integer.toString(id));
    }
    return Arrays.asList(names);
  }

  /** The function of sentence-transformers' cross-encoders, a class of PyTorch. */
  private static Optional<Activation> scoring(Config config) throws IOException {
    Optional<Activation> older = config.lacks(SCORING) ? Optional.empty() : Optional.of(function(config, SCORING));
    Config own = config.object("sentence_transformers");
    return own == null || own.lacks("activation_fn") ? older : Optional.of(function(own, "activation_fn"));
  }

  private static Activation function(Config config, String key) throws IOException {
    String name = config.text(key);
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "Identity" -> Activation.NONE;
      case "Sigmoid" -> Activation.SIGMOID;
      case "Tanh" -> Activation.TANH;
      default -> throw config.unsupported(key, "Identity, Sigmoid or Tanh");
    };
  }

  /** The class of PyTorch that a config names for a function that makes a score. */
  static String nameOf(Activation scoring) {
    return switch (scoring) {
      case NONE -> "torch.nn.modules.linear.Identity";
      case SIGMOID -> "torch.nn.modules.activation.Sigmoid";
      case TANH -> "torch.nn.modules.activation.Tanh";
      case GELU, GELU_TANH, RELU, SILU -> throw new IllegalArgumentException("scoring is " + scoring + ", must be NONE, SIGMOID or TANH");
    };
  }
}
