package dev.lanewise.bench.cli.train.lm;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.lanewise.core.learn.TrainableLanguageModel;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Writes a model as a folder of the Llama family, {@code config.json} and {@code model.safetensors}, with the names of published files. */
public final class LlamaFolder {
  private static final String LAYER = "stack.layers.";

  /** Names within a layer that differ by no more than the name. */
  private static final Map<String, String> NAMES =
      Map.of(
          "self_attn.out_proj.weight", "self_attn.o_proj.weight",
          "gate.weight", "mlp.gate_proj.weight",
          "linear1.weight", "mlp.up_proj.weight",
          "linear2.weight", "mlp.down_proj.weight",
          "norm1.weight", "input_layernorm.weight",
          "norm2.weight", "post_attention_layernorm.weight");

  private LlamaFolder() {}

  /** Writes the files into a folder, which is created. */
  public static void write(Path folder, ByteModel shape, TrainableLanguageModel model) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config(shape), StandardCharsets.UTF_8);
    // Readers in Python require this entry.
    Safetensors.write(folder.resolve("model.safetensors"), tensors(model.tensors()), Map.of("format", "pt"), Safetensors.Dtype.F32);
  }

  private static String config(ByteModel shape) {
    JsonObject config = new JsonObject();
    config.addProperty("model_type", "llama");
    config.addProperty("vocab_size", ByteModel.VOCABULARY);
    config.addProperty("hidden_size", shape.width());
    config.addProperty("intermediate_size", shape.hidden());
    config.addProperty("num_hidden_layers", shape.layers());
    config.addProperty("num_attention_heads", shape.heads());
    config.addProperty("num_key_value_heads", shape.heads());
    config.addProperty("max_position_embeddings", shape.context());
    config.addProperty("rms_norm_eps", ByteModel.EPSILON);
    config.addProperty("rope_theta", 10_000);
    config.addProperty("hidden_act", "silu");
    config.addProperty("tie_word_embeddings", true);
    config.addProperty("torch_dtype", "float32");
    return new GsonBuilder().setPrettyPrinting().create().toJson(config) + "\n";
  }

  private static NamedTensors tensors(NamedTensors learned) {
    NamedTensors.Builder tensors = NamedTensors.builder();
    for (String name : learned.names()) {
      float[] weight = learned.floats(name);
      long[] shape = learned.shape(name);
      if (name.equals("embedding.weight")) {
        tensors.add("model.embed_tokens.weight", weight, shape);
      } else if (name.equals("stack.norm.weight")) {
        tensors.add("model.norm.weight", weight, shape);
      } else {
        String number = name.substring(LAYER.length(), name.indexOf('.', LAYER.length()));
        addOfLayer("model.layers." + number + ".", name.substring(LAYER.length() + number.length() + 1), weight, shape, tensors);
      }
    }
    return tensors.build();
  }

  private static void addOfLayer(String prefix, String name, float[] weight, long[] shape, NamedTensors.Builder tensors) {
    if (name.equals("self_attn.in_proj_weight")) {
      String[] parts = {"q", "k", "v"};
      int size = weight.length / parts.length;
      for (int part = 0; part < parts.length; part++) {
        float[] rows = Arrays.copyOfRange(weight, part * size, (part + 1) * size);
        tensors.add(prefix + "self_attn." + parts[part] + "_proj.weight", rows, shape[0] / parts.length, shape[1]);
      }
      return;
    }
    String target = NAMES.get(name);
    if (target == null) {
      throw new IllegalStateException("a layer has an unknown parameter " + name);
    }
    tensors.add(prefix + target, weight, shape);
  }
}
