package dev.lanewise.bench.verify.files;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Names, shapes and elements of the small models. */
final class SeedTensors {
  static final int WIDTH = 8;
  static final int HIDDEN = 12;
  static final int HEADS = 2;
  static final int POSITIONS = 24;
  static final int WORDS = 24;

  private SeedTensors() {}

  /** The tensors of an encoder of one layer with a classifier of two labels. */
  static Map<String, long[]> encoder() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("embeddings.word_embeddings.weight", new long[] {WORDS, WIDTH});
    shapes.put("embeddings.position_embeddings.weight", new long[] {POSITIONS, WIDTH});
    shapes.put("embeddings.token_type_embeddings.weight", new long[] {2, WIDTH});
    norm(shapes, "embeddings.LayerNorm");
    String layer = "encoder.layer.0.";
    for (String name : new String[] {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}) {
      linear(shapes, layer + name, WIDTH, WIDTH);
    }
    norm(shapes, layer + "attention.output.LayerNorm");
    linear(shapes, layer + "intermediate.dense", HIDDEN, WIDTH);
    linear(shapes, layer + "output.dense", WIDTH, HIDDEN);
    norm(shapes, layer + "output.LayerNorm");
    linear(shapes, "pooler.dense", WIDTH, WIDTH);
    linear(shapes, "classifier", 2, WIDTH);
    return shapes;
  }

  /** The tensors of a Llama of one layer, whose head is its embedding. */
  static Map<String, long[]> causal() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("model.embed_tokens.weight", new long[] {WORDS, WIDTH});
    String layer = "model.layers.0.";
    for (String name : new String[] {"q", "k", "v", "o"}) {
      shapes.put(layer + "self_attn." + name + "_proj.weight", new long[] {WIDTH, WIDTH});
    }
    shapes.put(layer + "mlp.gate_proj.weight", new long[] {HIDDEN, WIDTH});
    shapes.put(layer + "mlp.up_proj.weight", new long[] {HIDDEN, WIDTH});
    shapes.put(layer + "mlp.down_proj.weight", new long[] {WIDTH, HIDDEN});
    for (String name : new String[] {layer + "input_layernorm", layer + "post_attention_layernorm", "model.norm"}) {
      shapes.put(name + ".weight", new long[] {WIDTH});
    }
    return shapes;
  }

  private static void linear(Map<String, long[]> shapes, String name, int outputs, int inputs) {
    shapes.put(name + ".weight", new long[] {outputs, inputs});
    shapes.put(name + ".bias", new long[] {outputs});
  }

  private static void norm(Map<String, long[]> shapes, String name) {
    shapes.put(name + ".weight", new long[] {WIDTH});
    shapes.put(name + ".bias", new long[] {WIDTH});
  }

  /** Elements between −1 and 1. */
  static float[] elements(long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    float[] elements = new float[count];
    for (int i = 0; i < count; i++) {
      elements[i] = (i * 37 % 64 - 32) / 32f;
    }
    return elements;
  }

  static NamedTensors of(Map<String, long[]> shapes) {
    NamedTensors.Builder tensors = NamedTensors.builder();
    shapes.forEach((name, shape) -> tensors.add(name, elements(shape), shape));
    return tensors.build();
  }

  /** The bytes of a safetensors file; the folder is used to write it. */
  static byte[] file(Path folder, Map<String, long[]> shapes) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve("tensors");
    Safetensors.write(file, of(shapes), Map.of("format", "pt"), Safetensors.Dtype.F32);
    return Files.readAllBytes(file);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
