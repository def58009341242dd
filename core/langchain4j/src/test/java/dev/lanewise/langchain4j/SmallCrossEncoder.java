package dev.lanewise.langchain4j;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Writes a cross-encoder of one small layer with seeded weights, as Hugging Face's libraries lay it out. Its scores mean nothing. */
final class SmallCrossEncoder {
  private static final int WIDTH = 8;
  private static final int INNER = 16;
  private static final int POSITIONS = 64;
  private static final int SEED = 7;

  private static final List<String> VOCABULARY =
      List.of(
          "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "justice", "must", "be", "done", "what", "it", "rained", "all", "day", ".", "?");

  private final Random random = new Random(SEED);
  private final NamedTensors.Builder tensors = NamedTensors.builder();

  private SmallCrossEncoder() {}

  static void write(Path folder) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {
          "architectures": ["BertForSequenceClassification"], "model_type": "bert", "hidden_size": %d, "num_attention_heads": 2,
          "num_hidden_layers": 1, "intermediate_size": %d, "vocab_size": %d, "max_position_embeddings": %d, "type_vocab_size": 2,
          "hidden_act": "gelu", "layer_norm_eps": 1e-12, "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}
        }
        """
            .formatted(WIDTH, INNER, VOCABULARY.size(), POSITIONS));
    Files.writeString(folder.resolve("vocab.txt"), String.join("\n", VOCABULARY) + "\n");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"do_lower_case\": true, \"tokenizer_class\": \"BertTokenizer\"}");
    Safetensors.write(folder.resolve("model.safetensors"), new SmallCrossEncoder().tensors());
  }

  private NamedTensors tensors() {
    add("bert.embeddings.word_embeddings.weight", VOCABULARY.size(), WIDTH);
    add("bert.embeddings.position_embeddings.weight", POSITIONS, WIDTH);
    add("bert.embeddings.token_type_embeddings.weight", 2, WIDTH);
    addNorm("bert.embeddings.LayerNorm");
    String layer = "bert.encoder.layer.0.";
    addLinear(layer + "attention.self.query", WIDTH, WIDTH);
    addLinear(layer + "attention.self.key", WIDTH, WIDTH);
    addLinear(layer + "attention.self.value", WIDTH, WIDTH);
    addLinear(layer + "attention.output.dense", WIDTH, WIDTH);
    addNorm(layer + "attention.output.LayerNorm");
    addLinear(layer + "intermediate.dense", INNER, WIDTH);
    addLinear(layer + "output.dense", WIDTH, INNER);
    addNorm(layer + "output.LayerNorm");
    addLinear("bert.pooler.dense", WIDTH, WIDTH);
    addLinear("classifier", 1, WIDTH);
    return tensors.build();
  }

  private void addLinear(String name, int outputs, int inputs) {
    add(name + ".weight", outputs, inputs);
    add(name + ".bias", outputs);
  }

  private void addNorm(String name) {
    float[] ones = new float[WIDTH];
    Arrays.fill(ones, 1);
    tensors.add(name + ".weight", ones, WIDTH);
    tensors.add(name + ".bias", new float[WIDTH], WIDTH);
  }

  private void add(String name, int... shape) {
    long[] dimensions = Arrays.stream(shape).asLongStream().toArray();
    float[] values = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() / 2;
    }
    tensors.add(name, values, dimensions);
  }
}
