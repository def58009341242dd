package dev.lanewise.bench.peers;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Makes the golden logits that the tests of {@code core/text} compare language models with: a small {@link TorchModel} of each family, in
 * double and in float. A file holds the config, the seed, the ids, the logits of the last ids in double, and the largest error of PyTorch
 * in float.
 *
 * <pre>{@code
 * java -cp … dev.lanewise.bench.peers.GoldenModels core/text/src/test/resources/dev/lanewise/text/causal
 * }</pre>
 */
final class GoldenModels {
  private static final long SEED = 20261129;
  private static final int TOKENS = 24;
  private static final int ROWS = 12;

  /** Grouped heads, rotary positions as in Llama 3.1: pairs that keep their frequency, pairs between, and pairs that are interpolated. */
  private static final String LLAMA =
      """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 112, "num_hidden_layers": 3,
       "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 53, "rms_norm_eps": 1e-05, "hidden_act": "silu",
       "max_position_embeddings": 256, "rope_theta": 10000.0, "tie_word_embeddings": false, "attention_bias": false, "mlp_bias": false,
       "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                        "original_max_position_embeddings": 48}}\
      """;

  /** A window in every other layer, limits within the range of scores and logits, and a scale of its own. */
  private static final String GEMMA =
      """
      {"model_type": "gemma2", "architectures": ["Gemma2ForCausalLM"], "hidden_size": 64, "intermediate_size": 112, "num_hidden_layers": 4,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 24, "vocab_size": 53, "rms_norm_eps": 1e-06,
       "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 256, "rope_theta": 10000.0,
       "attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0, "query_pre_attn_scalar": 20, "sliding_window": 7,
       "attention_bias": false, "tie_word_embeddings": true}\
      """;

  /** A window in every layer. */
  private static final String MISTRAL =
      """
      {"model_type": "mistral", "architectures": ["MistralForCausalLM"], "hidden_size": 64, "intermediate_size": 112, "num_hidden_layers": 3,
       "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 16, "vocab_size": 53, "rms_norm_eps": 1e-05, "hidden_act": "silu",
       "max_position_embeddings": 256, "rope_theta": 1000000.0, "sliding_window": 5, "tie_word_embeddings": false}\
      """;

  /** Biases, a window from the second layer on, linear scaling of positions. */
  private static final String QWEN2 =
      """
      {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "hidden_size": 64, "intermediate_size": 112, "num_hidden_layers": 3,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 53, "rms_norm_eps": 1e-06, "hidden_act": "silu",
       "max_position_embeddings": 256, "rope_theta": 1000000.0, "use_sliding_window": true, "sliding_window": 6, "max_window_layers": 1,
       "rope_scaling": {"rope_type": "linear", "factor": 2.5}, "tie_word_embeddings": true}\
      """;

  /** Norms of query and key heads, YaRN. */
  private static final String QWEN3 =
      """
      {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "hidden_size": 64, "intermediate_size": 112, "num_hidden_layers": 3,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 24, "vocab_size": 53, "rms_norm_eps": 1e-06, "hidden_act": "silu",
       "max_position_embeddings": 256, "rope_theta": 10000.0, "use_sliding_window": false, "sliding_window": null, "max_window_layers": 3,
       "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}, "attention_bias": false,
       "tie_word_embeddings": true}\
      """;

  private static final String GPT2 =
      """
      {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 64, "n_ctx": 64,
       "vocab_size": 53, "layer_norm_epsilon": 1e-05, "activation_function": "gelu_new"}\
      """;

  private static final Map<String, String> CONFIGS =
      Map.of("llama3", LLAMA, "gemma2", GEMMA, "mistral", MISTRAL, "qwen2", QWEN2, "qwen3", QWEN3, "gpt2", GPT2);

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Files.createDirectories(folder);
    for (String name : names()) {
      Files.writeString(folder.resolve(name + ".json"), golden(name));
    }
  }

  static Set<String> names() {
    return CONFIGS.keySet();
  }

  /** The text of a golden file. */
  static String golden(String name) {
    String json = Objects.requireNonNull(CONFIGS.get(name), name);
    JsonObject config = JsonParser.parseString(json).getAsJsonObject();
    int vocabulary = config.get("vocab_size").getAsInt();
    int[] ids = new int[TOKENS];
    for (int i = 0; i < TOKENS; i++) {
      ids[i] = (i * i * 7 + i * 5 + 3) % vocabulary;
    }
    double[] exact = new TorchModel(config, SEED, ScalarType.Double).logits(ids);
    double[] plain = new TorchModel(config, SEED, ScalarType.Float).logits(ids);
    double error = 0;
    for (int i = 0; i < exact.length; i++) {
      error = Math.max(error, Math.abs(plain[i] - exact[i]));
    }
    StringBuilder text = new StringBuilder("{\"madeBy\": \"GoldenModels with PyTorch " + Versions.of("org.bytedeco", "pytorch") + "\",\n");
    text.append("\"config\": ").append(json.strip()).append(",\n");
    text.append("\"seed\": ").append(SEED).append(",\n\"errorOfFloat\": ").append(error);
    text.append(",\n\"ids\": ").append(Arrays.toString(ids)).append(",\n\"logits\": [");
    int first = (TOKENS - ROWS) * vocabulary;
    for (int i = first; i < exact.length; i++) {
      text.append(i == first ? "\n" : (i - first) % 8 == 0 ? ",\n" : ", ").append(exact[i]);
    }
    return text.append("]}\n").toString();
  }
}
