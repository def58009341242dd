package dev.lanewise.text.causal;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.causal.Family.Trait;
import dev.lanewise.text.json.Config;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model as its config describes it.
 *
 * @param sizes the sizes that tensors consist of
 * @param maxPositions number of positions that the model was trained for
 * @param epsilon addend in norms
 * @param scoring the formula of the scores
 * @param logitSoftcap limit of logits, or 0
 * @param windows number of keys that a query of each layer sees, itself included, or 0 for all
 * @param biases which linear maps have biases
 * @param tied whether the head has the weight of the embedding
 * @param rotary positions in each layer; null for a family with learned positions
 * @param codes the integer format of the linear maps; null if they are floats
 */
record Architecture(
    Family family,
    Sizes sizes,
    int maxPositions,
    float epsilon,
    Activation activation,
    Scoring scoring,
    float logitSoftcap,
    List<Integer> windows,
    Biases biases,
    boolean tied,
    @Nullable Rotary rotary,
    @Nullable WeightFormat codes) {

  /** Widths and numbers. */
  record Sizes(int vocabulary, int width, int hidden, int layers, int heads, int keyValueHeads, int headDim) {
    int queries() {
      return heads * headDim;
    }

    int keys() {
      return keyValueHeads * headDim;
    }
  }

  /**
   * The formula of the scores.
   *
   * @param scale factor of the scores of the first layer
   * @param perLayer whether layer n divides the scale by n + 1
   * @param softcap limit of scores, or 0
   */
  record Scoring(double scale, boolean perLayer, float softcap) {}

  /**
   * Which linear maps have biases.
   *
   * @param inputs those of query, key and value
   * @param output that of the attention's output
   * @param feedForward those of the feed-forward network
   */
  record Biases(boolean inputs, boolean output, boolean feedForward) {}

  static final String QUANTIZATION = "quantization_config";
  static final String METHOD = "lanewise";

  private static final int MOST_LAYERS = 1 << 16;

  /** Largest width of a head: its frequencies are computed before the tensors are seen. Real heads have up to 512. */
  private static final int WIDEST_HEAD = 1 << 16;

  /** Reads a config, and refuses keys that nobody has asked for. */
  static Architecture read(Config config) throws IOException {
    String type = config.text("model_type");
    Family family =
        Family.ALL.stream()
            .filter(each -> each.type().equals(type))
            .findFirst()
            .orElseThrow(
                () ->
                    new IOException(
                        String.format(
                            Locale.ROOT,
                            "%s is \"%s\", must be one of %s",
                            config.name("model_type"),
                            ForeignJson.shown(type),
                            Family.ALL.stream().map(Family::type).toList())));
    Family.Keys keys = family.keys();
    Sizes sizes = sizes(config, family);
    int maxPositions = config.size(keys.positionsKey(), keys.positions());
    boolean learned = family.has(Part.POSITIONS);
    Architecture read =
        new Architecture(
            family,
            sizes,
            maxPositions,
            (float) config.positive(keys.epsilonKey(), keys.epsilon()),
            activation(config, keys),
            scoring(config, family, sizes.headDim()),
            family.has(Trait.SOFTCAPS) ? softcap(config, "final_logit_softcapping", 30) : 0,
            windows(config, family, sizes.layers()),
            biases(config, family),
            config.truth("tie_word_embeddings", family.has(Trait.TIED)),
            learned ? null : RopeConfig.read(config, sizes.headDim(), maxPositions),
            codes(config));
    checkFixed(config, family, maxPositions);
    config.checkAllRead();
    return read;
  }

  /** The key that {@link CausalModel#quantise} writes, so that other programs do not take codes for weights. */
  private static @Nullable WeightFormat codes(Config config) throws IOException {
    Config given = config.object(QUANTIZATION);
    if (given == null) {
      return null;
    }
    if (given.lacks("quant_method") || !given.text("quant_method").equals(METHOD)) {
      throw config.unsupported(QUANTIZATION, "one with quant_method \"" + METHOD + "\"");
    }
    String name = given.text("format");
    for (WeightFormat format : WeightFormat.values()) {
      if (format.isInteger() && format.name().equals(name)) {
        given.checkAllRead();
        return format;
      }
    }
    throw given.unsupported("format", "an integer format of " + Arrays.toString(WeightFormat.values()));
  }

  /** Checks the keys that have one value for all models that this package can make. */
  private static void checkFixed(Config config, Family family, int maxPositions) throws IOException {
    for (String no : List.of("is_encoder_decoder", "add_cross_attention", "use_mrope", "use_bfloat16", "use_bidirectional_attention")) {
      config.require(no, new JsonPrimitive(false));
    }
    config.require("pretraining_tp", new JsonPrimitive(1));
    config.require("chunk_size_feed_forward", new JsonPrimitive(0));
    config.require("pruned_heads", new JsonObject());
    if (family.has(Part.POSITIONS)) {
      config.require("n_ctx", new JsonPrimitive(maxPositions));
    }
  }

  private static Sizes sizes(Config config, Family family) throws IOException {
    Family.Keys keys = family.keys();
    int width = config.size(keys.widthKey());
    int heads = config.size(keys.headsKey());
    boolean full = family.has(Part.QUERY_KEY_VALUE);
    int keyValueHeads =
        full ? heads : family.has(Trait.GROUPED) ? config.size("num_key_value_heads") : config.size("num_key_value_heads", heads);
    if (heads % keyValueHeads != 0) {
      throw new IOException(
          config.name(keys.headsKey()) + " is " + heads + ", must be a multiple of num_key_value_heads, " + keyValueHeads);
    }
    int given = full ? 0 : config.size("head_dim", keys.headDim());
    if (given == 0 && width % heads != 0) {
      throw new IOException(config.name(keys.widthKey()) + " is " + width + ", must be a multiple of " + keys.headsKey() + ", " + heads);
    }
    int headDim = given == 0 ? width / heads : given;
    if (headDim > WIDEST_HEAD) {
      throw new IOException(config.name("head_dim") + " is " + headDim + ", must be at most " + WIDEST_HEAD);
    }
    if ((long) heads * headDim > Config.LARGEST) {
      throw new IOException(config.name(keys.headsKey()) + " is " + heads + ", too many for heads of width " + headDim);
    }
    int hidden = full ? config.size(keys.hiddenKey(), (int) Math.min(4L * width, Config.LARGEST)) : config.size(keys.hiddenKey());
    int layers = config.size(keys.layersKey(), 1, MOST_LAYERS);
    return new Sizes(config.size("vocab_size"), width, hidden, layers, heads, keyValueHeads, headDim);
  }

  private static Activation activation(Config config, Family.Keys keys) throws IOException {
    Activation activation = config.function(keys.activationKey(), keys.activation());
    // Gemma 2 has both keys, of which hidden_act is the older one.
    if (!keys.activationKey().equals("hidden_act") && !config.lacks("hidden_act") && activation != config.function("hidden_act")) {
      throw config.unsupported("hidden_act", keys.activationKey() + ", " + config.text(keys.activationKey(), keys.activation()));
    }
    return activation;
  }

  private static Scoring scoring(Config config, Family family, int headDim) throws IOException {
    if (family.has(Trait.SOFTCAPS)) {
      double scale = 1 / Math.sqrt(config.positive("query_pre_attn_scalar", 256));
      return new Scoring(scale, false, softcap(config, "attn_logit_softcapping", 50));
    }
    if (!family.has(Part.QUERY_KEY_VALUE)) {
      return new Scoring(1 / Math.sqrt(headDim), false, 0);
    }
    double scale = config.truth("scale_attn_weights", true) ? 1 / Math.sqrt(headDim) : 1;
    return new Scoring(scale, config.truth("scale_attn_by_inverse_layer_idx", false), 0);
  }

  /** A limit; 0 if it is null. */
  private static float softcap(Config config, String key, double otherwise) throws IOException {
    return config.has(key) && config.lacks(key) ? 0 : (float) config.positive(key, otherwise);
  }

  private static Biases biases(Config config, Family family) throws IOException {
    boolean all = family.has(Trait.BIASES);
    boolean attention = all || (family.has(Trait.ATTENTION_BIAS_KEY) && config.truth("attention_bias", false));
    boolean feedForward = all || (family.has(Trait.MLP_BIAS_KEY) && config.truth("mlp_bias", false));
    return new Biases(attention || family.has(Trait.INPUT_BIASES), attention, feedForward);
  }

  private static List<Integer> windows(Config config, Family family, int layers) throws IOException {
    int from = layers;
    int window = 0;
    switch (family.windows()) {
      case NONE -> {}
      case ALL_LAYERS, EVEN_LAYERS -> {
        from = 0;
        window = window(config);
      }
      case LATE_LAYERS -> {
        boolean used = config.truth("use_sliding_window", false);
        int late = config.lacks("max_window_layers") ? 28 : config.size("max_window_layers", 0, Config.LARGEST);
        int given = window(config);
        from = used ? late : layers;
        window = used ? given : 0;
      }
    }
    if (!config.lacks("layer_types")) {
      return listed(config, layers, window);
    }
    int first = from;
    int keys = window;
    int step = family.windows() == Family.Windows.EVEN_LAYERS ? 2 : 1;
    return IntStream.range(0, layers).mapToObj(layer -> layer >= first && (layer - first) % step == 0 ? keys : 0).toList();
  }

  /** The number of keys that a query sees: 4096 if the key is missing, 0 if it is null. */
  private static int window(Config config) throws IOException {
    int window = config.lacks("sliding_window") ? (config.has("sliding_window") ? 0 : 4096) : config.size("sliding_window");
    // Some files of Gemma 2 have the same number twice.
    config.require("sliding_window_size", new JsonPrimitive(window));
    return window;
  }

  private static List<Integer> listed(Config config, int layers, int window) throws IOException {
    List<Integer> windows = new ArrayList<>();
    for (JsonElement element : config.list("layer_types")) {
      String type = ForeignJson.text(element, config.name("layer_types"));
      boolean sliding = type.equals("sliding_attention");
      if (!sliding && !type.equals("full_attention")) {
        throw new IOException(
            config.name("layer_types") + " has \"" + ForeignJson.shown(type) + "\", must be full_attention or sliding_attention");
      }
      if (sliding && window == 0) {
        throw new IOException(config.name("layer_types") + " has sliding_attention, but the other keys give no window");
      }
      windows.add(sliding ? window : 0);
    }
    if (windows.size() != layers) {
      throw new IOException(config.name("layer_types") + " has " + windows.size() + " elements, but the model has " + layers + " layers");
    }
    return windows;
  }
}
