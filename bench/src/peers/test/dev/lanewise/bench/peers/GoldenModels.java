package dev.lanewise.bench.peers;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.testing.SeededTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Makes the golden logits that the tests of {@code core/text} compare language models with: two small models composed from functions of
 * PyTorch, with weights of {@link SeededTensors}, in double and in float. A file holds the config, the seed, the ids, the logits in double,
 * and the largest error of PyTorch in float.
 *
 * <pre>{@code
 * java -cp … dev.lanewise.bench.peers.GoldenModels core/text/src/test/resources/dev/lanewise/text/causal
 * }</pre>
 */
final class GoldenModels {
  private static final long SEED = 20261129;
  private static final int TOKENS = 24;

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

  private static final Map<String, String> CONFIGS = Map.of("llama3", LLAMA, "gemma2", GEMMA);

  private final JsonObject config;
  private final ScalarType type;
  private final boolean gemma;
  private final int width;
  private final int heads;
  private final int keyHeads;
  private final int headDim;

  private GoldenModels(JsonObject config, ScalarType type) {
    this.config = config;
    this.type = type;
    this.gemma = config.get("model_type").getAsString().equals("gemma2");
    this.width = integer("hidden_size");
    this.heads = integer("num_attention_heads");
    this.keyHeads = integer("num_key_value_heads");
    this.headDim = integer("head_dim");
  }

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
    double[] exact = new GoldenModels(config, ScalarType.Double).logits(ids);
    double[] plain = new GoldenModels(config, ScalarType.Float).logits(ids);
    double error = 0;
    for (int i = 0; i < exact.length; i++) {
      error = Math.max(error, Math.abs(plain[i] - exact[i]));
    }
    StringBuilder text = new StringBuilder("{\"madeBy\": \"GoldenModels with PyTorch " + Versions.of("org.bytedeco", "pytorch") + "\",\n");
    text.append("\"config\": ").append(json.strip()).append(",\n");
    text.append("\"seed\": ").append(SEED).append(",\n\"errorOfFloat\": ").append(error);
    text.append(",\n\"ids\": ").append(Arrays.toString(ids)).append(",\n\"logits\": [");
    for (int i = 0; i < exact.length; i++) {
      text.append(i == 0 ? "\n" : i % 8 == 0 ? ",\n" : ", ").append(exact[i]);
    }
    return text.append("]}\n").toString();
  }

  @SuppressWarnings("try") // the scope and the guard work by being open
  private double[] logits(int[] ids) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard noGradients = new NoGradGuard()) {
      long[] indices = Arrays.stream(ids).asLongStream().toArray();
      Tensor table = weight("model.embed_tokens.weight", integer("vocab_size"), width);
      Tensor x = torch.embedding(table, Tensor.create(indices, indices.length));
      if (gemma) {
        x = x.mul(scalar(Math.sqrt(width)));
      }
      for (int layer = 0; layer < integer("num_hidden_layers"); layer++) {
        x = layer(x, layer, ids.length);
      }
      x = norm(x, "model.norm");
      Tensor logits = torch.linear(x, gemma ? table : weight("lm_head.weight", integer("vocab_size"), width));
      if (gemma) {
        logits = capped(logits, number("final_logit_softcapping"));
      }
      double[] result = new double[ids.length * integer("vocab_size")];
      logits.to(ScalarType.Double).contiguous().data_ptr_double().get(result);
      return result;
    }
  }

  private Tensor layer(Tensor x, int layer, int tokens) {
    String name = "model.layers." + layer + ".";
    int hidden = integer("intermediate_size");
    Tensor seen = attention(norm(x, name + "input_layernorm"), name + "self_attn.", layer, tokens);
    Tensor y = x.add(gemma ? norm(seen, name + "post_attention_layernorm") : seen);
    Tensor z = norm(y, name + (gemma ? "pre_feedforward_layernorm" : "post_attention_layernorm"));
    Tensor gate = torch.linear(z, weight(name + "mlp.gate_proj.weight", hidden, width));
    Tensor up = torch.linear(z, weight(name + "mlp.up_proj.weight", hidden, width));
    Tensor both = (gemma ? torch.gelu(gate, "tanh") : torch.silu(gate)).mul(up);
    Tensor down = torch.linear(both, weight(name + "mlp.down_proj.weight", width, hidden));
    return y.add(gemma ? norm(down, name + "post_feedforward_layernorm") : down);
  }

  private Tensor attention(Tensor x, String name, int layer, int tokens) {
    Tensor query = rotated(heads(x, name + "q_proj.weight", heads, tokens), tokens);
    Tensor key = rotated(heads(x, name + "k_proj.weight", keyHeads, tokens), tokens);
    Tensor value = heads(x, name + "v_proj.weight", keyHeads, tokens);
    Tensor seen = gemma ? limited(query, key, value, layer, tokens) : fused(query, key, value);
    Tensor rows = seen.transpose(1, 2).reshape(tokens, heads * (long) headDim);
    return torch.linear(rows, weight(name + "o_proj.weight", width, heads * headDim));
  }

  private Tensor heads(Tensor x, String name, int count, int tokens) {
    return torch.linear(x, weight(name, count * headDim, width)).view(1, tokens, count, headDim).transpose(1, 2);
  }

  private static Tensor fused(Tensor query, Tensor key, Tensor value) {
    return torch.scaled_dot_product_attention(query, key, value, new TensorOptional(), 0, true, new DoubleOptional(), true);
  }

  /** With limited scores, which the fused function does not know, and a window in even layers. */
  private Tensor limited(Tensor query, Tensor key, Tensor value, int layer, int tokens) {
    Tensor scores = torch.matmul(query, repeated(key).transpose(2, 3)).mul(scalar(1 / Math.sqrt(number("query_pre_attn_scalar"))));
    Tensor visible = torch.tril(torch.ones(tokens, tokens));
    if (layer % 2 == 0) {
      visible = visible.sub(torch.tril(torch.ones(tokens, tokens), -integer("sliding_window")));
    }
    Tensor masked = capped(scores, number("attn_logit_softcapping")).masked_fill(visible.eq(scalar(0)), scalar(Double.NEGATIVE_INFINITY));
    return torch.matmul(torch.softmax(masked, -1), repeated(value));
  }

  /** Each key/value head as often as query heads share it. */
  private Tensor repeated(Tensor x) {
    return x.repeat_interleave(heads / keyHeads, new LongOptional(1), new LongOptional());
  }

  /** x · cos + (−right half, left half) · sin. */
  private Tensor rotated(Tensor x, int tokens) {
    double[] cos = new double[tokens * headDim];
    double[] sin = new double[tokens * headDim];
    for (int row = 0; row < tokens; row++) {
      for (int c = 0; c < headDim; c++) {
        double angle = row * frequency(c % (headDim / 2));
        cos[row * headDim + c] = Math.cos(angle);
        sin[row * headDim + c] = Math.sin(angle);
      }
    }
    TensorVector halves = x.chunk(2, -1);
    Tensor turned = torch.cat(new TensorVector(halves.get(1).neg(), halves.get(0)), -1);
    Tensor cosines = Tensor.create(cos, tokens, headDim).to(type);
    Tensor sines = Tensor.create(sin, tokens, headDim).to(type);
    return x.mul(cosines).add(turned.mul(sines));
  }

  private double frequency(int pair) {
    double frequency = Math.pow(number("rope_theta"), -2.0 * pair / headDim);
    if (gemma) {
      return frequency;
    }
    JsonObject scaling = config.getAsJsonObject("rope_scaling");
    double factor = scaling.get("factor").getAsDouble();
    double low = scaling.get("low_freq_factor").getAsDouble();
    double high = scaling.get("high_freq_factor").getAsDouble();
    double turns = scaling.get("original_max_position_embeddings").getAsDouble() * frequency / (2 * Math.PI);
    if (turns > high) {
      return frequency;
    }
    double kept = turns < low ? 0 : (turns - low) / (high - low);
    return frequency * kept + frequency / factor * (1 - kept);
  }

  private Tensor norm(Tensor x, String name) {
    Tensor weight = weight(name + ".weight", width);
    Tensor factor = gemma ? weight.add(scalar(1)) : weight;
    return torch.rms_norm(x, new long[] {width}, new TensorOptional(factor), new DoubleOptional(number("rms_norm_eps")));
  }

  private static Tensor capped(Tensor x, double cap) {
    return torch.tanh(x.div(scalar(cap))).mul(scalar(cap));
  }

  private Tensor weight(String name, int... shape) {
    long[] sizes = Arrays.stream(shape).asLongStream().toArray();
    return Tensor.create(SeededTensors.weight(SEED, name, gemma ? 0 : 1, shape), sizes).to(type);
  }

  private static Scalar scalar(double value) {
    return new Scalar(value);
  }

  private int integer(String key) {
    return config.get(key).getAsInt();
  }

  private double number(String key) {
    return config.get(key).getAsDouble();
  }
}
