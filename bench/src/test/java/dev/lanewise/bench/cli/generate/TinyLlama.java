package dev.lanewise.bench.cli.generate;

import dev.lanewise.bench.testing.TinyBert;
import dev.lanewise.bench.throughput.data.RandomWeights;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A checkpoint of a small Llama with random weights: two layers, 64 wide, a vocabulary of 99, and no token that ends a text but 98. */
final class TinyLlama {
  static final int VOCABULARY = 99;

  private static final int WIDTH = 64;
  private static final int HIDDEN = 96;
  private static final int KEY_WIDTH = 32;

  private TinyLlama() {}

  /** Writes a tokenizer.json for this vocabulary into the folder. */
  static void writeTokenizer(Path folder) throws IOException {
    List<String> words = TinyBert.vocabulary();
    while (words.size() < VOCABULARY) {
      words.add("word" + words.size());
    }
    Files.writeString(folder.resolve("tokenizer.json"), TinyBert.tokenizer(words));
  }

  /** Writes the files into a folder, which is created. */
  static Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type":"llama","hidden_act":"silu","hidden_size":64,"intermediate_size":96,"max_position_embeddings":256,
         "num_attention_heads":4,"num_key_value_heads":2,"num_hidden_layers":2,"rms_norm_eps":1e-05,"rope_theta":10000.0,
         "vocab_size":99,"bos_token_id":1,"eos_token_id":98,"tie_word_embeddings":false,"torch_dtype":"float32"}
        """);
    RandomWeights weights = new RandomWeights();
    NamedTensors.Builder tensors = NamedTensors.builder();
    tensors.add("model.embed_tokens.weight", weights.next(WIDTH, VOCABULARY), VOCABULARY, WIDTH);
    for (int layer = 0; layer < 2; layer++) {
      String name = "model.layers." + layer + ".";
      tensors.add(name + "input_layernorm.weight", weights.norm(WIDTH), WIDTH);
      tensors.add(name + "post_attention_layernorm.weight", weights.norm(WIDTH), WIDTH);
      tensors.add(name + "self_attn.q_proj.weight", weights.next(WIDTH, WIDTH), WIDTH, WIDTH);
      tensors.add(name + "self_attn.k_proj.weight", weights.next(WIDTH, KEY_WIDTH), KEY_WIDTH, WIDTH);
      tensors.add(name + "self_attn.v_proj.weight", weights.next(WIDTH, KEY_WIDTH), KEY_WIDTH, WIDTH);
      tensors.add(name + "self_attn.o_proj.weight", weights.next(WIDTH, WIDTH), WIDTH, WIDTH);
      tensors.add(name + "mlp.gate_proj.weight", weights.next(WIDTH, HIDDEN), HIDDEN, WIDTH);
      tensors.add(name + "mlp.up_proj.weight", weights.next(WIDTH, HIDDEN), HIDDEN, WIDTH);
      tensors.add(name + "mlp.down_proj.weight", weights.next(HIDDEN, WIDTH), WIDTH, HIDDEN);
    }
    tensors.add("model.norm.weight", weights.norm(WIDTH), WIDTH);
    tensors.add("lm_head.weight", weights.next(WIDTH, VOCABULARY), VOCABULARY, WIDTH);
    Safetensors.write(folder.resolve("model.safetensors"), tensors.build(), Map.of("format", "pt"), Safetensors.Dtype.F32);
    return folder;
  }
}
