package dev.lanewise.text.causal;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Writes small checkpoints with seeded random weights: {@code config.json} and safetensors, as one file or shards, under the published keys
 * and names of each family. The names are written here once more, independent of the code that is tested.
 *
 * <pre>{@code
 * RandomCheckpoint.write(folder, RandomCheckpoint.Family.GEMMA2, 42);
 * RandomCheckpoint.of(Family.LLAMA, 42).with("attention_bias", true).withDtype(Dtype.BF16).withShards(3).write(folder);
 * }</pre>
 *
 * <p>The tensors follow from the config, so a key that is changed by {@link #with} changes the tensors as well. Every feature of a family
 * has an effect: windows are shorter than a test's text, score limits are near the scores, biases and norm weights differ from 0 and 1.
 */
public final class RandomCheckpoint {
  /** A family, with the config of a small model. */
  public enum Family {
    /** Llama 2: a key/value head for two query heads, no scaling of positions, and the buffers of old files. */
    LLAMA("\"head_dim\":null,\"rope_theta\":10000.0,\"rope_scaling\":null,\"num_hidden_layers\":3", true),
    /** Llama 3.2: the positions of Llama 3.1, and tied embeddings. */
    LLAMA3(
        "\"head_dim\":16,\"tie_word_embeddings\":true,\"num_hidden_layers\":2,\"rope_theta\":500000.0,\"rope_scaling\":{\"factor\":8.0,"
            + "\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":64,\"rope_type\":\"llama3\"}",
        true),
    /** Mistral: a window in every layer, and heads of another width than hidden_size / num_attention_heads. */
    MISTRAL("\"head_dim\":24,\"sliding_window\":7,\"rope_theta\":1000000.0,\"num_hidden_layers\":3", false),
    /** Qwen 2: biases of query, key and value, and a window from the third layer on. */
    QWEN2(
        "\"num_hidden_layers\":4,\"use_sliding_window\":true,\"sliding_window\":6,\"max_window_layers\":2,\"rope_theta\":1000000.0,"
            + "\"use_mrope\":false,\"tie_word_embeddings\":true",
        false),
    /** Qwen 3: norms of query and key heads. */
    QWEN3(
        "\"head_dim\":24,\"attention_bias\":false,\"num_hidden_layers\":3,\"use_sliding_window\":false,\"sliding_window\":null,"
            + "\"max_window_layers\":3,\"rope_scaling\":null,\"rope_theta\":1000000",
        false),
    /** Gemma 2: four norms a layer, a window in every other layer, limits on scores and logits, scaled and tied embeddings. */
    GEMMA2(
        "\"head_dim\":24,\"num_hidden_layers\":4,\"hidden_act\":\"gelu_pytorch_tanh\",\"hidden_activation\":\"gelu_pytorch_tanh\","
            + "\"attn_logit_softcapping\":2.0,\"final_logit_softcapping\":3.0,\"query_pre_attn_scalar\":20,\"sliding_window\":6,"
            + "\"cache_implementation\":\"hybrid\",\"rope_theta\":10000.0,\"attention_bias\":false,\"eos_token_id\":1,\"bos_token_id\":2",
        false),
    /** GPT-2: learned positions, layer norms with biases, matrices stored inputs × outputs, buffers of masks. */
    GPT2(
        "\"activation_function\":\"gelu_new\",\"attn_pdrop\":0.1,\"bos_token_id\":130,\"embd_pdrop\":0.1,\"eos_token_id\":130,"
            + "\"initializer_range\":0.02,\"layer_norm_epsilon\":1e-05,\"n_ctx\":96,\"n_embd\":64,\"n_head\":4,\"n_layer\":3,"
            + "\"n_positions\":96,\"resid_pdrop\":0.1,\"summary_activation\":null,\"summary_first_dropout\":0.1,"
            + "\"summary_proj_to_labels\":true,\"summary_type\":\"cls_index\",\"summary_use_proj\":true,\"vocab_size\":131,"
            + "\"task_specific_params\":{\"text-generation\":{\"do_sample\":true,\"max_length\":50}}",
        false);

    private static final String COMMON =
        "\"hidden_act\":\"silu\",\"hidden_size\":64,\"initializer_range\":0.02,\"intermediate_size\":160,\"attention_dropout\":0.0,"
            + "\"max_position_embeddings\":256,\"num_attention_heads\":4,\"num_key_value_heads\":2,\"rms_norm_eps\":1e-05,"
            + "\"bos_token_id\":1,\"eos_token_id\":2,\"use_cache\":true,\"vocab_size\":131,";

    private final String keys;
    private final boolean llama;

    Family(String keys, boolean llama) {
      this.keys = keys;
      this.llama = llama;
    }

    /** The value of {@code model_type}. */
    public String modelType() {
      return llama ? "llama" : name().toLowerCase(Locale.ROOT);
    }

    private JsonObject config() {
      String llamaKeys = llama ? "\"pretraining_tp\":1,\"mlp_bias\":false,\"attention_bias\":false," : "";
      JsonObject config =
          JsonParser.parseString("{" + (this == GPT2 ? "" : COMMON) + llamaKeys + "\"torch_dtype\":\"float32\"}").getAsJsonObject();
      JsonParser.parseString("{" + keys + "}").getAsJsonObject().asMap().forEach(config::add);
      config.addProperty("model_type", modelType());
      config.addProperty("transformers_version", "4.44.0");
      return config;
    }
  }

  private final Family family;
  private final long seed;
  private final JsonObject config;
  private final Map<String, long @Nullable []> changed = new LinkedHashMap<>();
  private String prefix = "";
  private Safetensors.Dtype dtype = Safetensors.Dtype.F32;
  private int shards = 1;

  private RandomCheckpoint(Family family, long seed) {
    this.family = family;
    this.seed = seed;
    this.config = family.config();
  }

  /** A checkpoint of the family's small model: F32, one file. */
  public static RandomCheckpoint of(Family family, long seed) {
    return new RandomCheckpoint(family, seed);
  }

  /** Writes a checkpoint of the family's small model: F32, one file. */
  public static void write(Path folder, Family family, long seed) throws IOException {
    of(family, seed).write(folder);
  }

  /** Sets a key of config.json: a text, a number, a truth value, a {@link JsonElement}, or null. */
  public RandomCheckpoint with(String key, @Nullable Object value) {
    config.add(
        key,
        switch (value) {
          case null -> JsonNull.INSTANCE;
          case JsonElement element -> element;
          case Number number -> new JsonPrimitive(number);
          case Boolean truth -> new JsonPrimitive(truth);
          case Object other -> new JsonPrimitive(other.toString());
        });
    return this;
  }

  /** Sets a key of config.json to a value written in JSON. */
  public RandomCheckpoint withJson(String key, String json) {
    return with(key, JsonParser.parseString(json));
  }

  /** Removes a key of config.json. */
  public RandomCheckpoint without(String key) {
    config.remove(key);
    return this;
  }

  /** Sets the type of all stored elements: F32, F16 or BF16. */
  public RandomCheckpoint withDtype(Safetensors.Dtype newDtype) {
    this.dtype = newDtype;
    return this;
  }

  /** Sets the number of files; more than one are named by {@code model.safetensors.index.json}. */
  public RandomCheckpoint withShards(int newShards) {
    this.shards = newShards;
    return this;
  }

  /** Sets the text before each name of GPT-2: {@code transformer.}, or nothing as in the published files. */
  public RandomCheckpoint withPrefix(String newPrefix) {
    this.prefix = newPrefix;
    return this;
  }

  /** Adds a tensor, or gives one another shape. */
  public RandomCheckpoint withTensor(String name, long... shape) {
    changed.put(name, shape);
    return this;
  }

  /** Leaves a tensor out. */
  public RandomCheckpoint withoutTensor(String name) {
    changed.put(name, null);
    return this;
  }

  /** The config, as it will be written. */
  public JsonObject config() {
    return config.deepCopy();
  }

  /** The published names of all tensors that are stored, with their shapes. */
  public Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    if (family == Family.GPT2) {
      gpt2(shapes);
    } else {
      llama(shapes);
    }
    changed.forEach(
        (name, shape) -> {
          if (shape == null) {
            shapes.remove(name);
          } else {
            shapes.put(name, shape);
          }
        });
    return shapes;
  }

  private void llama(Map<String, long[]> shapes) {
    int width = number("hidden_size", 0);
    int hidden = number("intermediate_size", 0);
    int heads = number("num_attention_heads", 0);
    int headDim = number("head_dim", width / heads);
    int keyHeads = number("num_key_value_heads", heads);
    boolean inputBias = family == Family.QWEN2 || truth("attention_bias", false);
    boolean outputBias = truth("attention_bias", false);
    shapes.put("model.embed_tokens.weight", new long[] {number("vocab_size", 0), width});
    for (int layer = 0; layer < number("num_hidden_layers", 0); layer++) {
      String at = "model.layers." + layer + ".";
      linear(shapes, at + "self_attn.q_proj", heads * headDim, width, inputBias);
      linear(shapes, at + "self_attn.k_proj", keyHeads * headDim, width, inputBias);
      linear(shapes, at + "self_attn.v_proj", keyHeads * headDim, width, inputBias);
      linear(shapes, at + "self_attn.o_proj", width, heads * headDim, outputBias);
      linear(shapes, at + "mlp.gate_proj", hidden, width, truth("mlp_bias", false));
      linear(shapes, at + "mlp.up_proj", hidden, width, truth("mlp_bias", false));
      linear(shapes, at + "mlp.down_proj", width, hidden, truth("mlp_bias", false));
      shapes.put(at + "input_layernorm.weight", new long[] {width});
      shapes.put(at + "post_attention_layernorm.weight", new long[] {width});
      if (family == Family.GEMMA2) {
        shapes.put(at + "pre_feedforward_layernorm.weight", new long[] {width});
        shapes.put(at + "post_feedforward_layernorm.weight", new long[] {width});
      }
      if (family == Family.QWEN3) {
        shapes.put(at + "self_attn.q_norm.weight", new long[] {headDim});
        shapes.put(at + "self_attn.k_norm.weight", new long[] {headDim});
      }
      if (family == Family.LLAMA) {
        shapes.put(at + "self_attn.rotary_emb.inv_freq", new long[] {headDim / 2});
      }
    }
    shapes.put("model.norm.weight", new long[] {width});
    if (!truth("tie_word_embeddings", family == Family.GEMMA2)) {
      shapes.put("lm_head.weight", new long[] {number("vocab_size", 0), width});
    }
  }

  private static void linear(Map<String, long[]> shapes, String name, int outputs, int inputs, boolean bias) {
    shapes.put(name + ".weight", new long[] {outputs, inputs});
    if (bias) {
      shapes.put(name + ".bias", new long[] {outputs});
    }
  }

  private void gpt2(Map<String, long[]> shapes) {
    int width = number("n_embd", 0);
    int hidden = number("n_inner", 4 * width);
    int positions = number("n_positions", 1024);
    shapes.put(prefix + "wte.weight", new long[] {number("vocab_size", 0), width});
    shapes.put(prefix + "wpe.weight", new long[] {positions, width});
    for (int layer = 0; layer < number("n_layer", 0); layer++) {
      String at = prefix + "h." + layer + ".";
      norm(shapes, at + "ln_1", width);
      shapes.put(at + "attn.bias", new long[] {1, 1, positions, positions});
      convolution(shapes, at + "attn.c_attn", width, 3 * width);
      convolution(shapes, at + "attn.c_proj", width, width);
      norm(shapes, at + "ln_2", width);
      convolution(shapes, at + "mlp.c_fc", width, hidden);
      convolution(shapes, at + "mlp.c_proj", hidden, width);
    }
    norm(shapes, prefix + "ln_f", width);
    if (!truth("tie_word_embeddings", true)) {
      shapes.put("lm_head.weight", new long[] {number("vocab_size", 0), width});
    }
  }

  private static void norm(Map<String, long[]> shapes, String name, int width) {
    shapes.put(name + ".weight", new long[] {width});
    shapes.put(name + ".bias", new long[] {width});
  }

  /** GPT-2's "Conv1D": a matrix of inputs × outputs. */
  private static void convolution(Map<String, long[]> shapes, String name, int inputs, int outputs) {
    shapes.put(name + ".weight", new long[] {inputs, outputs});
    shapes.put(name + ".bias", new long[] {outputs});
  }

  private int number(String key, int otherwise) {
    JsonElement value = config.get(key);
    return value == null || value.isJsonNull() ? otherwise : value.getAsInt();
  }

  private boolean truth(String key, boolean otherwise) {
    JsonElement value = config.get(key);
    return (value == null || value.isJsonNull()) ? otherwise : value.getAsBoolean();
  }

  /** All tensors, before they are rounded to the stored type. */
  public NamedTensors tensors() {
    NamedTensors.Builder builder = NamedTensors.builder();
    shapes().forEach((name, shape) -> builder.add(name, tensor(name, shape), shape));
    return builder.build();
  }

  /** Numbers that depend on the seed, the name and the shape alone. */
  private float[] tensor(String name, long[] shape) {
    int length = 1;
    for (long size : shape) {
      length *= (int) size;
    }
    // The names of GPT-2 with and without a prefix hold the same numbers.
    SplittableRandom random = new SplittableRandom(seed * 31 + name.substring(name.startsWith(prefix) ? prefix.length() : 0).hashCode());
    boolean weightOfNorm = shape.length == 1 && name.endsWith(".weight");
    double middle = weightOfNorm && family != Family.GEMMA2 ? 1 : 0;
    double spread = shape.length == 1 ? 0.2 : spread(name, shape);
    float[] numbers = new float[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = (float) (middle + spread * random.nextGaussian());
    }
    return numbers;
  }

  private static double spread(String name, long[] shape) {
    if (name.endsWith("embed_tokens.weight") || name.endsWith("wte.weight") || name.endsWith("wpe.weight")) {
      return 0.4;
    }
    long inputs = name.contains(".c_") ? shape[0] : shape[1];
    // Queries and keys so large that some keys get most of the weight.
    boolean scores = name.contains("q_proj") || name.contains("k_proj") || name.contains("c_attn");
    return (scores ? 1.5 : name.startsWith("lm_head") ? 3 : 1) / Math.sqrt((double) inputs);
  }

  /** Writes config.json and the tensors into the folder, which is created. */
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), new GsonBuilder().serializeNulls().setPrettyPrinting().create().toJson(config));
    NamedTensors tensors = tensors();
    if (shards == 1) {
      Safetensors.write(folder.resolve("model.safetensors"), tensors, Map.of("format", "pt"), dtype);
      return;
    }
    List<String> names = new ArrayList<>(tensors.names());
    JsonObject map = new JsonObject();
    long bytes = 0;
    for (int shard = 0; shard < shards; shard++) {
      String file = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard + 1, shards);
      NamedTensors.Builder part = NamedTensors.builder();
      for (String name : names.subList(names.size() * shard / shards, names.size() * (shard + 1) / shards)) {
        float[] data = tensors.floats(name);
        part.add(name, data, tensors.shape(name));
        map.addProperty(name, file);
        bytes += data.length * (long) (dtype.bits() / 8);
      }
      Safetensors.write(folder.resolve(file), part.build(), Map.of("format", "pt"), dtype);
    }
    JsonObject index = new JsonObject();
    JsonObject metadata = new JsonObject();
    metadata.addProperty("total_size", bytes);
    index.add("metadata", metadata);
    index.add("weight_map", map);
    Files.writeString(folder.resolve("model.safetensors.index.json"), index.toString());
  }

  /** A JSON array of texts, such as {@code layer_types}. */
  public static JsonArray array(String... texts) {
    JsonArray array = new JsonArray();
    for (String text : texts) {
      array.add(text);
    }
    return array;
  }
}
