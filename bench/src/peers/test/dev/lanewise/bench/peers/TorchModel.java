package dev.lanewise.bench.peers;

import com.google.gson.JsonObject;
import dev.lanewise.testing.SeededTensors;
import java.util.Arrays;
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

/** A language model composed from functions of PyTorch, in double or float, with weights of {@link SeededTensors}. */
final class TorchModel {
  private final JsonObject config;
  private final long seed;
  private final ScalarType type;
  private final String family;
  private final boolean gemma;
  private final int width;
  private final int heads;
  private final int keyHeads;
  private final int headDim;

  TorchModel(JsonObject config, long seed, ScalarType type) {
    this.config = config;
    this.seed = seed;
    this.type = type;
    this.family = config.get("model_type").getAsString();
    this.gemma = family.equals("gemma2");
    boolean gpt2 = family.equals("gpt2");
    this.width = integer(gpt2 ? "n_embd" : "hidden_size");
    this.heads = integer(gpt2 ? "n_head" : "num_attention_heads");
    this.keyHeads = gpt2 ? heads : integer("num_key_value_heads");
    this.headDim = gpt2 ? width / heads : integer("head_dim");
  }

  /** The logits of all ids, row after row. */
  @SuppressWarnings("try") // the scope and the guard work by being open
  double[] logits(int[] ids) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard noGradients = new NoGradGuard()) {
      Tensor logits = family.equals("gpt2") ? gpt2(ids) : llama(ids);
      double[] result = new double[ids.length * integer("vocab_size")];
      logits.to(ScalarType.Double).contiguous().data_ptr_double().get(result);
      return result;
    }
  }

  private static Tensor indices(int[] ids) {
    return Tensor.create(Arrays.stream(ids).asLongStream().toArray(), ids.length);
  }

  private Tensor llama(int[] ids) {
    Tensor table = weight("model.embed_tokens.weight", integer("vocab_size"), width);
    Tensor x = torch.embedding(table, indices(ids));
    if (gemma) {
      x = x.mul(scalar(Math.sqrt(width)));
    }
    for (int layer = 0; layer < integer("num_hidden_layers"); layer++) {
      x = layer(x, layer, ids.length);
    }
    boolean tied = config.get("tie_word_embeddings").getAsBoolean();
    Tensor logits = torch.linear(norm(x, "model.norm"), tied ? table : weight("lm_head.weight", integer("vocab_size"), width));
    return gemma ? capped(logits, number("final_logit_softcapping")) : logits;
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
    Tensor query = heads(x, name + "q_proj", heads, tokens);
    Tensor key = heads(x, name + "k_proj", keyHeads, tokens);
    Tensor value = heads(x, name + "v_proj", keyHeads, tokens);
    if (family.equals("qwen3")) {
      query = norm(query, name + "q_norm");
      key = norm(key, name + "k_norm");
    }
    query = rotated(query, tokens);
    key = rotated(key, tokens);
    Tensor seen = gemma ? limited(query, key, value, visible(layer, tokens)) : fused(query, key, value, visible(layer, tokens));
    return torch.linear(rows(seen, tokens), weight(name + "o_proj.weight", width, heads * headDim));
  }

  private Tensor heads(Tensor x, String name, int count, int tokens) {
    Tensor weight = weight(name + ".weight", count * headDim, width);
    Tensor y = family.equals("qwen2") ? torch.linear(x, weight, weight(name + ".bias", count * headDim)) : torch.linear(x, weight);
    return split(y, count, tokens);
  }

  private Tensor split(Tensor x, int count, int tokens) {
    return x.view(1, tokens, count, headDim).transpose(1, 2);
  }

  private Tensor rows(Tensor x, int tokens) {
    return x.transpose(1, 2).reshape(tokens, heads * (long) headDim);
  }

  /** Ones where a query sees a key: up to its own, and the last ones only in a layer with a window. */
  private Tensor visible(int layer, int tokens) {
    boolean local =
        switch (family) {
          case "mistral" -> true;
          case "gemma2" -> layer % 2 == 0;
          case "qwen2" -> layer >= integer("max_window_layers");
          default -> false;
        };
    Tensor causal = torch.tril(torch.ones(tokens, tokens));
    return local ? causal.sub(torch.tril(torch.ones(tokens, tokens), -integer("sliding_window"))) : causal;
  }

  private static Tensor fused(Tensor query, Tensor key, Tensor value, Tensor visible) {
    TensorOptional mask = new TensorOptional(visible.ne(scalar(0)));
    return torch.scaled_dot_product_attention(query, key, value, mask, 0, false, new DoubleOptional(), true);
  }

  /** With limited scores, which the fused function does not know. */
  private Tensor limited(Tensor query, Tensor key, Tensor value, Tensor visible) {
    Tensor scores = torch.matmul(query, repeated(key).transpose(2, 3)).mul(scalar(1 / Math.sqrt(number("query_pre_attn_scalar"))));
    Tensor masked = capped(scores, number("attn_logit_softcapping")).masked_fill(visible.eq(scalar(0)), scalar(Double.NEGATIVE_INFINITY));
    return torch.matmul(torch.softmax(masked, -1), repeated(value));
  }

  /** Each key/value head as often as query heads share it. */
  private Tensor repeated(Tensor x) {
    return x.repeat_interleave(heads / keyHeads, new LongOptional(1), new LongOptional());
  }

  private Tensor gpt2(int[] ids) {
    Tensor table = weight("wte.weight", integer("vocab_size"), width);
    Tensor positions = weight("wpe.weight", integer("n_positions"), width);
    Tensor x = torch.embedding(table, indices(ids)).add(positions.narrow(0, 0, ids.length));
    for (int layer = 0; layer < integer("n_layer"); layer++) {
      String name = "h." + layer + ".";
      TensorVector parts = convolution(layerNorm(x, name + "ln_1"), name + "attn.c_attn", width, 3 * width).chunk(3, -1);
      Tensor query = split(parts.get(0).contiguous(), heads, ids.length);
      Tensor key = split(parts.get(1).contiguous(), heads, ids.length);
      Tensor value = split(parts.get(2).contiguous(), heads, ids.length);
      Tensor seen = torch.scaled_dot_product_attention(query, key, value, new TensorOptional(), 0, true, new DoubleOptional(), false);
      x = x.add(convolution(rows(seen, ids.length), name + "attn.c_proj", width, width));
      Tensor hidden = torch.gelu(convolution(layerNorm(x, name + "ln_2"), name + "mlp.c_fc", width, 4 * width), "tanh");
      x = x.add(convolution(hidden, name + "mlp.c_proj", 4 * width, width));
    }
    return torch.linear(layerNorm(x, "ln_f"), table);
  }

  /** GPT-2's Conv1D: x · weight + bias. */
  private Tensor convolution(Tensor x, String name, int inputs, int outputs) {
    return torch.addmm(weight(name + ".bias", outputs), x, weight(name + ".weight", inputs, outputs));
  }

  private Tensor layerNorm(Tensor x, String name) {
    TensorOptional weight = new TensorOptional(weight(name + ".weight", width));
    TensorOptional bias = new TensorOptional(weight(name + ".bias", width));
    return torch.layer_norm(x, new long[] {width}, weight, bias, number("layer_norm_epsilon"), false);
  }

  /** x · cos + (−right half, left half) · sin. */
  private Tensor rotated(Tensor x, int tokens) {
    double[] cos = new double[tokens * headDim];
    double[] sin = new double[tokens * headDim];
    for (int row = 0; row < tokens; row++) {
      for (int c = 0; c < headDim; c++) {
        double angle = row * frequency(c % (headDim / 2));
        cos[row * headDim + c] = rotaryFactor() * Math.cos(angle);
        sin[row * headDim + c] = rotaryFactor() * Math.sin(angle);
      }
    }
    TensorVector halves = x.chunk(2, -1);
    Tensor turned = torch.cat(new TensorVector(halves.get(1).neg(), halves.get(0)), -1);
    Tensor cosines = Tensor.create(cos, tokens, headDim).to(type);
    Tensor sines = Tensor.create(sin, tokens, headDim).to(type);
    return x.mul(cosines).add(turned.mul(sines));
  }

  private double rotaryFactor() {
    return family.equals("qwen3") ? 0.1 * Math.log(scaling("factor")) + 1 : 1;
  }

  private double frequency(int pair) {
    double frequency = Math.pow(number("rope_theta"), -2.0 * pair / headDim);
    double kept =
        switch (family) {
          case "llama" -> {
            double turns = scaling("original_max_position_embeddings") * frequency / (2 * Math.PI);
            double low = scaling("low_freq_factor");
            yield clamp((turns - low) / (scaling("high_freq_factor") - low));
          }
          case "qwen2" -> 0;
          case "qwen3" -> {
            double from = Math.floor(Math.max(yarnPair(32), 0));
            double to = Math.ceil(yarnPair(1));
            yield 1 - clamp((pair - from) / (to - from));
          }
          default -> 1;
        };
    return kept == 1 ? frequency : frequency * kept + frequency / scaling("factor") * (1 - kept);
  }

  private static double clamp(double x) {
    return Math.clamp(x, 0, 1);
  }

  /** YaRN: the pair that makes so many turns over the original context. */
  private double yarnPair(double turns) {
    return headDim * Math.log(scaling("original_max_position_embeddings") / (turns * 2 * Math.PI)) / (2 * Math.log(number("rope_theta")));
  }

  private double scaling(String key) {
    return config.getAsJsonObject("rope_scaling").get(key).getAsDouble();
  }

  /** RMS norm of the last dimension. */
  private Tensor norm(Tensor x, String name) {
    int size = name.endsWith("q_norm") || name.endsWith("k_norm") ? headDim : width;
    Tensor weight = weight(name + ".weight", size);
    Tensor factor = gemma ? weight.add(scalar(1)) : weight;
    return torch.rms_norm(x, new long[] {size}, new TensorOptional(factor), new DoubleOptional(number("rms_norm_eps")));
  }

  private static Tensor capped(Tensor x, double cap) {
    return torch.tanh(x.div(scalar(cap))).mul(scalar(cap));
  }

  private Tensor weight(String name, int... shape) {
    long[] sizes = Arrays.stream(shape).asLongStream().toArray();
    return Tensor.create(SeededTensors.weight(seed, name, gemma ? 0 : 1, shape), sizes).to(type);
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
