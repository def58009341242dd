package dev.lanewise.text.causal;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The logits of a causal language model in plain loops, one pass without a cache: the formulas of the papers with the names of published
 * checkpoints. It shares no code with the layers of the library. In double it is the truth. {@link #inFloat} rounds every value and has one
 * accumulator for a sum, as plain float code: the yardstick for the error of fast code.
 *
 * <p>The papers: Llama (2023) with grouped heads (Ainslie et al., 2023), Mistral 7B (2023), Qwen 2 and Qwen 3 (2024, 2025), Gemma 2 (2024),
 * GPT-2 (Radford et al., 2019).
 */
final class ReferenceCausalModel {
  private final JsonObject config;
  private final NamedTensors tensors;
  private final ReferenceArithmetic math;
  private final String family;
  private final int width;
  private final int heads;
  private final int keyHeads;
  private final int headDim;
  private final ReferenceRope rope;

  private ReferenceCausalModel(JsonObject config, NamedTensors tensors, ReferenceArithmetic math) {
    this.config = config;
    this.tensors = tensors;
    this.math = math;
    this.family = config.get("model_type").getAsString();
    this.width = (int) number(gpt2() ? "n_embd" : "hidden_size", 0);
    this.heads = (int) number(gpt2() ? "n_head" : "num_attention_heads", 0);
    this.keyHeads = (int) number("num_key_value_heads", heads);
    this.headDim = number("head_dim", 0) == 0 ? width / heads : (int) number("head_dim", 0);
    this.rope = ReferenceRope.of(config, headDim);
  }

  static ReferenceCausalModel of(JsonObject config, NamedTensors tensors) {
    return new ReferenceCausalModel(config, tensors, new ReferenceArithmetic(false));
  }

  /** Reads {@code config.json} and all safetensors files of a folder. */
  static ReferenceCausalModel read(Path folder) throws IOException {
    JsonObject config = JsonParser.parseString(Files.readString(folder.resolve("config.json"))).getAsJsonObject();
    NamedTensors.Builder all = NamedTensors.builder();
    List<Path> files;
    try (Stream<Path> found = Files.list(folder)) {
      files = found.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
    }
    for (Path file : files) {
      try (Safetensors tensors = Safetensors.open(file)) {
        for (String name : tensors.names()) {
          all.add(name, tensors.floats(name), tensors.shape(name));
        }
      }
    }
    return of(config, all.build());
  }

  /** The same model with every value rounded to float. */
  ReferenceCausalModel inFloat() {
    return new ReferenceCausalModel(config, tensors, new ReferenceArithmetic(true));
  }

  int vocabulary() {
    return (int) number("vocab_size", 0);
  }

  /** The logits of the token after each of the ids: ids × vocabulary. */
  double[][] logits(int... ids) {
    double[][] x = embedded(ids);
    int layers = (int) number(gpt2() ? "n_layer" : "num_hidden_layers", 0);
    for (int layer = 0; layer < layers; layer++) {
      x = gpt2() ? gpt2Layer(x, layer) : layer(x, layer);
    }
    x = gpt2() ? layerNorm(x, "ln_f") : rmsNorm(x, "model.norm");
    double[][] logits = math.linear(x, floats(headName()), null, vocabulary());
    double cap = number("final_logit_softcapping", 0);
    return cap == 0 ? logits : ReferenceArithmetic.each(logits, v -> math.capped(v, cap));
  }

  private double[][] embedded(int[] ids) {
    float[] table = floats(gpt2() ? "wte.weight" : "model.embed_tokens.weight");
    double[][] x = new double[ids.length][width];
    float[] positions = gpt2() ? floats("wpe.weight") : new float[ids.length * width];
    double scale = gemma() ? math.round(Math.sqrt(width)) : 1;
    for (int row = 0; row < ids.length; row++) {
      for (int c = 0; c < width; c++) {
        x[row][c] = math.round(math.round(scale * table[ids[row] * width + c]) + positions[row * width + c]);
      }
    }
    return x;
  }

  private String headName() {
    boolean tied = truth("tie_word_embeddings", gpt2() || gemma());
    return !tied ? "lm_head.weight" : gpt2() ? "wte.weight" : "model.embed_tokens.weight";
  }

  /** Llama's layer; Gemma 2 has norms of what both parts give, too. */
  private double[][] layer(double[][] x, int layer) {
    String name = "model.layers." + layer + ".";
    String mlp = name + "mlp.";
    double[][] seen = attention(rmsNorm(x, name + "input_layernorm"), name + "self_attn.", window(layer));
    double[][] y = math.add(x, gemma() ? rmsNorm(seen, name + "post_attention_layernorm") : seen);
    double[][] z = rmsNorm(y, name + (gemma() ? "pre_feedforward_layernorm" : "post_attention_layernorm"));
    double[][] gate = ReferenceArithmetic.each(linear(z, mlp + "gate_proj"), gemma() ? math::geluTanh : math::silu);
    double[][] up = linear(z, mlp + "up_proj");
    for (int row = 0; row < up.length; row++) {
      for (int c = 0; c < up[row].length; c++) {
        up[row][c] = math.round(gate[row][c] * up[row][c]);
      }
    }
    double[][] down = linear(up, mlp + "down_proj");
    return math.add(y, gemma() ? rmsNorm(down, name + "post_feedforward_layernorm") : down);
  }

  private double[][] attention(double[][] x, String name, int window) {
    double[][] query = linear(x, name + "q_proj");
    double[][] key = linear(x, name + "k_proj");
    double[][] value = linear(x, name + "v_proj");
    for (int row = 0; row < x.length; row++) {
      perHead(query[row], name + "q_norm.weight", row);
      perHead(key[row], name + "k_norm.weight", row);
    }
    double scale = gemma() ? 1 / Math.sqrt(number("query_pre_attn_scalar", 256)) : 1 / Math.sqrt(headDim);
    return linear(attend(query, key, value, scale, window), name + "o_proj");
  }

  /** Norm (Qwen 3) and rotation of each head of a row. */
  private void perHead(double[] row, String norm, int position) {
    for (int from = 0; from < row.length; from += headDim) {
      double[] head = Arrays.copyOfRange(row, from, from + headDim);
      if (tensors.names().contains(norm)) {
        head = math.rmsNorm(head, floats(norm), number("rms_norm_eps", 1e-6), 0);
      }
      for (int i = 0; i < headDim / 2; i++) {
        double cos = math.round(rope.cos(position, i));
        double sin = math.round(rope.sin(position, i));
        row[from + i] = math.round(math.round(head[i] * cos) - math.round(head[i + headDim / 2] * sin));
        row[from + i + headDim / 2] = math.round(math.round(head[i + headDim / 2] * cos) + math.round(head[i] * sin));
      }
    }
  }

  /** Each query sees the keys up to its own, the last {@code window} of them. */
  private double[][] attend(double[][] query, double[][] key, double[][] value, double scale, int window) {
    double cap = number("attn_logit_softcapping", 0);
    double[][] result = new double[query.length][heads * headDim];
    for (int head = 0; head < heads; head++) {
      int own = head * headDim;
      int shared = head / (heads / keyHeads) * headDim;
      for (int i = 0; i < query.length; i++) {
        double[] weights = new double[i + 1];
        double largest = Double.NEGATIVE_INFINITY;
        int first = Math.max(0, i - window + 1);
        for (int j = first; j <= i; j++) {
          double sum = 0;
          for (int d = 0; d < headDim; d++) {
            sum = math.round(sum + math.round(query[i][own + d] * key[j][shared + d]));
          }
          double score = math.round(sum * math.round(scale));
          weights[j] = cap == 0 ? score : math.capped(score, cap);
          largest = Math.max(largest, weights[j]);
        }
        double sum = 0;
        for (int j = first; j <= i; j++) {
          weights[j] = math.round(Math.exp(math.round(weights[j] - largest)));
          sum = math.round(sum + weights[j]);
        }
        for (int j = first; j <= i; j++) {
          double weight = math.round(weights[j] / sum);
          for (int d = 0; d < headDim; d++) {
            result[i][own + d] = math.round(result[i][own + d] + math.round(weight * value[j][shared + d]));
          }
        }
      }
    }
    return result;
  }

  /** The number of keys that a layer's query sees at most. */
  private int window(int layer) {
    int window = config.has("sliding_window") && config.get("sliding_window").isJsonNull() ? 0 : (int) number("sliding_window", 4096);
    boolean local =
        switch (family) {
          case "mistral" -> window > 0;
          case "gemma2" -> layer % 2 == 0;
          case "qwen2", "qwen3" -> truth("use_sliding_window", false) && layer >= number("max_window_layers", 28);
          default -> false;
        };
    if (config.has("layer_types")) {
      local = config.getAsJsonArray("layer_types").get(layer).getAsString().equals("sliding_attention");
    }
    return local ? window : Integer.MAX_VALUE / 2;
  }

  private double[][] gpt2Layer(double[][] x, int layer) {
    String name = "h." + layer + ".";
    double divisor = truth("scale_attn_by_inverse_layer_idx", false) ? layer + 1 : 1;
    double scale = (truth("scale_attn_weights", true) ? 1 / Math.sqrt(headDim) : 1) / divisor;
    double[][] all = transposedLinear(layerNorm(x, name + "ln_1"), name + "attn.c_attn", 3 * width);
    double[][][] parts = new double[3][x.length][];
    for (int part = 0; part < 3; part++) {
      for (int row = 0; row < x.length; row++) {
        parts[part][row] = Arrays.copyOfRange(all[row], part * width, (part + 1) * width);
      }
    }
    double[][] seen = attend(parts[0], parts[1], parts[2], scale, Integer.MAX_VALUE / 2);
    double[][] y = math.add(x, transposedLinear(seen, name + "attn.c_proj", width));
    int inner = (int) number("n_inner", 4 * width);
    double[][] hidden = ReferenceArithmetic.each(transposedLinear(layerNorm(y, name + "ln_2"), name + "mlp.c_fc", inner), math::geluTanh);
    return math.add(y, transposedLinear(hidden, name + "mlp.c_proj", width));
  }

  /** x · weightᵀ + bias; the checkpoint may lack the bias. */
  private double[][] linear(double[][] x, String name) {
    float[] weight = floats(name + ".weight");
    float[] bias = tensors.names().contains(name + ".bias") ? floats(name + ".bias") : null;
    return math.linear(x, weight, bias, weight.length / x[0].length);
  }

  /** GPT-2's Conv1D: x · weight + bias, weight inputs × outputs. */
  private double[][] transposedLinear(double[][] x, String name, int outputs) {
    float[] weight = floats(name + ".weight");
    float[] turned = new float[weight.length];
    for (int n = 0; n < weight.length; n++) {
      turned[n % outputs * (weight.length / outputs) + n / outputs] = weight[n];
    }
    return math.linear(x, turned, floats(name + ".bias"), outputs);
  }

  /** x / √(mean of x² + ε) · weight; Gemma stores weight − 1. */
  private double[][] rmsNorm(double[][] x, String name) {
    float[] weight = floats(name + ".weight");
    double epsilon = number("rms_norm_eps", 1e-6);
    return Arrays.stream(x).map(row -> math.rmsNorm(row, weight, epsilon, gemma() ? 1 : 0)).toArray(double[][]::new);
  }

  private double[][] layerNorm(double[][] x, String name) {
    float[] weight = floats(name + ".weight");
    float[] bias = floats(name + ".bias");
    double epsilon = number("layer_norm_epsilon", 1e-5);
    return Arrays.stream(x).map(row -> math.layerNorm(row, weight, bias, epsilon)).toArray(double[][]::new);
  }

  private boolean gpt2() {
    return family.equals("gpt2");
  }

  private boolean gemma() {
    return family.equals("gemma2");
  }

  private float[] floats(String name) {
    // GPT-2 is published with and without the name of the module before the names of the tensors.
    return tensors.floats(gpt2() && tensors.names().contains("transformer." + name) ? "transformer." + name : name);
  }

  private double number(String key, double absent) {
    JsonElement value = config.get(key);
    return value == null || value.isJsonNull() ? absent : value.getAsDouble();
  }

  private boolean truth(String key, boolean absent) {
    JsonElement value = config.get(key);
    return value == null ? absent : value.getAsBoolean();
  }
}
