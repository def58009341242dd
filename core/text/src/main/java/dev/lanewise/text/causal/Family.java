package dev.lanewise.text.causal;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A family of models: names of keys, names of tensors, and switches.
 *
 * @param type the value of {@code model_type}
 * @param keys the names of keys, and the values of keys that are missing
 * @param base the text before the name of every tensor but those of the head; published files of a model without head lack it
 * @param names the name of each part, without {@code .weight} and {@code .bias}; {@code #} is the number of the layer
 * @param buffers tensors of a layer that older files have and that follow from the config
 * @param windows the layers that have a window
 * @param traits the switches
 */
record Family(String type, Keys keys, String base, Map<Part, String> names, Set<String> buffers, Windows windows, Set<Trait> traits) {

  /**
   * Keys that have other names in other families. A missing head_dim is width / heads if {@code headDim} is 0.
   *
   * @param headDim the value of a missing {@code head_dim}
   * @param positions the value of a missing key for the number of positions
   * @param epsilon the value of a missing key for the addend in norms
   */
  record Keys(
      String widthKey,
      String hiddenKey,
      String layersKey,
      String headsKey,
      String positionsKey,
      String epsilonKey,
      String activationKey,
      String activation,
      int headDim,
      int positions,
      double epsilon) {

    private Keys with(String newActivationKey, String newActivation, int newHeadDim, int newPositions) {
      return new Keys(
          widthKey,
          hiddenKey,
          layersKey,
          headsKey,
          positionsKey,
          epsilonKey,
          newActivationKey,
          newActivation,
          newHeadDim,
          newPositions,
          epsilon);
    }

    private Keys with(int newHeadDim, int newPositions) {
      return with(activationKey, activation, newHeadDim, newPositions);
    }
  }

  /** The layers that have a window, unless {@code layer_types} lists them. */
  enum Windows {
    NONE,
    ALL_LAYERS,
    /** The layers from number {@code max_window_layers} on, if {@code use_sliding_window} is true. */
    LATE_LAYERS,
    /** Layers 0, 2, 4 and so on. */
    EVEN_LAYERS
  }

  /** A switch. */
  enum Trait {
    /** Layer norms with biases; otherwise RMS norms. */
    LAYER_NORMS,
    /** The weights of norms are stored less 1. */
    NORMS_LESS_ONE,
    /** Matrices are stored inputs × outputs. */
    TRANSPOSED,
    /** Every linear map but the head has a bias. */
    BIASES,
    /** Query, key and value have biases. */
    INPUT_BIASES,
    /** {@code attention_bias} tells whether the linear maps of the attention have biases. */
    ATTENTION_BIAS_KEY,
    /** {@code mlp_bias} tells whether the linear maps of the feed-forward network have biases. */
    MLP_BIAS_KEY,
    /** Fewer key/value heads: {@code num_key_value_heads} is required. */
    GROUPED,
    /** Embeddings are multiplied by √width. */
    SCALED_EMBEDDINGS,
    /** Scores and logits are limited, and the scale of scores has its own key. */
    SOFTCAPS,
    /** A missing {@code tie_word_embeddings} is true. */
    TIED
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  boolean has(Part part) {
    return names.containsKey(part);
  }

  private static final Keys LLAMA_KEYS =
      new Keys(
          "hidden_size",
          "intermediate_size",
          "num_hidden_layers",
          "num_attention_heads",
          "max_position_embeddings",
          "rms_norm_eps",
          "hidden_act",
          "silu",
          0,
          2048,
          1e-6);

  private static final Map<Part, String> LLAMA_NAMES =
      Map.ofEntries(
          Map.entry(Part.EMBEDDING, "embed_tokens"),
          Map.entry(Part.BEFORE_ATTENTION, "layers.#.input_layernorm"),
          Map.entry(Part.QUERY, "layers.#.self_attn.q_proj"),
          Map.entry(Part.KEY, "layers.#.self_attn.k_proj"),
          Map.entry(Part.VALUE, "layers.#.self_attn.v_proj"),
          Map.entry(Part.ATTENTION_OUTPUT, "layers.#.self_attn.o_proj"),
          Map.entry(Part.BEFORE_FEED_FORWARD, "layers.#.post_attention_layernorm"),
          Map.entry(Part.GATE, "layers.#.mlp.gate_proj"),
          Map.entry(Part.UP, "layers.#.mlp.up_proj"),
          Map.entry(Part.DOWN, "layers.#.mlp.down_proj"),
          Map.entry(Part.FINAL_NORM, "norm"),
          Map.entry(Part.HEAD, "lm_head"));

  private static final Set<String> LLAMA_BUFFERS = Set.of("layers.#.self_attn.rotary_emb.inv_freq");

  /** Llama 1 to 3 (Touvron et al., 2023; Grattafiori et al., 2024). */
  private static final Family LLAMA =
      new Family(
          "llama",
          LLAMA_KEYS,
          "model.",
          LLAMA_NAMES,
          LLAMA_BUFFERS,
          Windows.NONE,
          EnumSet.of(Trait.ATTENTION_BIAS_KEY, Trait.MLP_BIAS_KEY));

  /** Mistral 7B and its descendants (Jiang et al., 2023). */
  private static final Family MISTRAL =
      new Family(
          "mistral", LLAMA_KEYS.with(0, 131_072), "model.", LLAMA_NAMES, LLAMA_BUFFERS, Windows.ALL_LAYERS, EnumSet.of(Trait.GROUPED));

  /** Qwen 2 and 2.5 (Yang et al., 2024). */
  private static final Family QWEN2 =
      new Family(
          "qwen2",
          LLAMA_KEYS.with(0, 32_768),
          "model.",
          LLAMA_NAMES,
          LLAMA_BUFFERS,
          Windows.LATE_LAYERS,
          EnumSet.of(Trait.GROUPED, Trait.INPUT_BIASES));

  /** Qwen 3 (Yang et al., 2025): norms of query and key heads. */
  private static final Family QWEN3 =
      new Family(
          "qwen3",
          LLAMA_KEYS.with(128, 32_768),
          "model.",
          and(LLAMA_NAMES, Map.of(Part.QUERY_NORM, "layers.#.self_attn.q_norm", Part.KEY_NORM, "layers.#.self_attn.k_norm")),
          Set.of(),
          Windows.LATE_LAYERS,
          EnumSet.of(Trait.GROUPED, Trait.ATTENTION_BIAS_KEY));

  /** Gemma 2 (Gemma Team, 2024): norms before and after each sublayer. */
  private static final Family GEMMA2 =
      new Family(
          "gemma2",
          LLAMA_KEYS.with("hidden_activation", "gelu_pytorch_tanh", 256, 8192),
          "model.",
          and(
              LLAMA_NAMES,
              Map.of(
                  Part.AFTER_ATTENTION, "layers.#.post_attention_layernorm",
                  Part.BEFORE_FEED_FORWARD, "layers.#.pre_feedforward_layernorm",
                  Part.AFTER_FEED_FORWARD, "layers.#.post_feedforward_layernorm")),
          Set.of(),
          Windows.EVEN_LAYERS,
          EnumSet.of(Trait.GROUPED, Trait.ATTENTION_BIAS_KEY, Trait.NORMS_LESS_ONE, Trait.SCALED_EMBEDDINGS, Trait.SOFTCAPS, Trait.TIED));

  /** GPT-2 (Radford et al., 2019). */
  private static final Family GPT2 =
      new Family(
          "gpt2",
          new Keys(
              "n_embd",
              "n_inner",
              "n_layer",
              "n_head",
              "n_positions",
              "layer_norm_epsilon",
              "activation_function",
              "gelu_new",
              0,
              1024,
              1e-5),
          "transformer.",
          Map.ofEntries(
              Map.entry(Part.EMBEDDING, "wte"),
              Map.entry(Part.POSITIONS, "wpe"),
              Map.entry(Part.BEFORE_ATTENTION, "h.#.ln_1"),
              Map.entry(Part.QUERY_KEY_VALUE, "h.#.attn.c_attn"),
              Map.entry(Part.ATTENTION_OUTPUT, "h.#.attn.c_proj"),
              Map.entry(Part.BEFORE_FEED_FORWARD, "h.#.ln_2"),
              Map.entry(Part.UP, "h.#.mlp.c_fc"),
              Map.entry(Part.DOWN, "h.#.mlp.c_proj"),
              Map.entry(Part.FINAL_NORM, "ln_f"),
              Map.entry(Part.HEAD, "lm_head")),
          Set.of("h.#.attn.bias", "h.#.attn.masked_bias"),
          Windows.NONE,
          EnumSet.of(Trait.LAYER_NORMS, Trait.TRANSPOSED, Trait.BIASES, Trait.TIED));

  /** All families. */
  static final List<Family> ALL = List.of(LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA2, GPT2);

  private static Map<Part, String> and(Map<Part, String> names, Map<Part, String> more) {
    Map<Part, String> all = new EnumMap<>(names);
    all.putAll(more);
    return all;
  }
}
