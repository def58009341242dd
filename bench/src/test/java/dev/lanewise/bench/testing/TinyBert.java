package dev.lanewise.bench.testing;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes the folder of a small BERT with seeded weights: 2 layers of 2 heads, letters and a few words as its vocabulary. */
public final class TinyBert {
  /** Numbers of a vector. */
  public static final int WIDTH = 16;

  /** Number of positions. */
  public static final int POSITIONS = 40;

  private static final int HIDDEN = 32;
  private static final int LAYERS = 2;

  private TinyBert() {}

  /** Writes a model that takes the mean of all rows, and reads 20 tokens. */
  public static Path write(Path folder) throws IOException {
    write(folder, 7);
    Files.writeString(
        folder.resolve("modules.json"),
        """
        [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
         {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
         {"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]
        """);
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling").resolve("config.json"),
        "{\"word_embedding_dimension\":16,\"pooling_mode_cls_token\":false,\"pooling_mode_mean_tokens\":true}");
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\":20,\"do_lower_case\":false}");
    return folder;
  }

  /** Writes a model whose files do not say how rows are pooled. */
  public static Path write(Path folder, long seed) throws IOException {
    return write(folder, seed, "BertModel", false);
  }

  /** Writes a cross-encoder of one label. */
  public static Path writeCrossEncoder(Path folder) throws IOException {
    return write(folder, 5, "BertForSequenceClassification", true);
  }

  private static Path write(Path folder, long seed, String architecture, boolean scores) throws IOException {
    Files.createDirectories(folder);
    List<String> words = vocabulary();
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type":"bert","architectures":["%s"],"id2label":{"0":"LABEL_0"},"vocab_size":%d,"hidden_size":16,"num_hidden_layers":2,"num_attention_heads":2,
         "intermediate_size":32,"hidden_act":"gelu","max_position_embeddings":40,"type_vocab_size":2,"layer_norm_eps":1e-12,
         "pad_token_id":0,"position_embedding_type":"absolute"}
        """
            .formatted(architecture, words.size()));
    Files.writeString(folder.resolve("tokenizer.json"), tokenizer(words));
    Safetensors.write(
        folder.resolve("model.safetensors"), tensors(words.size(), seed, scores), Map.of("format", "pt"), Safetensors.Dtype.F32);
    return folder;
  }

  /** The tokens of the model, 92 of them. */
  public static List<String> vocabulary() {
    List<String> words = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", ",", "法", "律", "公", "正"));
    words.addAll(List.of("the", "law", "is", "just", "it", "rained", "query", ":", "line", "number"));
    for (char c = 'a'; c <= 'z'; c++) {
      words.add(String.valueOf(c));
      words.add("##" + c);
    }
    for (char c = '0'; c <= '9'; c++) {
      words.add(String.valueOf(c));
      words.add("##" + c);
    }
    return words;
  }

  /** The tokenizer.json of these tokens, of which the first four are special. */
  public static String tokenizer(List<String> words) {
    String vocabulary = IntStream.range(0, words.size()).mapToObj(i -> "\"" + words.get(i) + "\":" + i).collect(Collectors.joining(","));
    return """
    {"version":"1.0","truncation":null,"padding":null,
     "added_tokens":[
      {"id":0,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
      {"id":1,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
      {"id":2,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
      {"id":3,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
     "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
     "pre_tokenizer":{"type":"BertPreTokenizer"},
     "post_processor":{"type":"TemplateProcessing",
      "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
      "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},
       {"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],
      "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
     "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
     "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{%s}}}
    """
        .formatted(vocabulary);
  }

  private static NamedTensors tensors(int vocabulary, long seed, boolean scores) {
    SplittableRandom random = new SplittableRandom(seed);
    NamedTensors.Builder tensors = NamedTensors.builder();
    add(tensors, random, "embeddings.word_embeddings.weight", vocabulary, WIDTH);
    add(tensors, random, "embeddings.position_embeddings.weight", POSITIONS, WIDTH);
    add(tensors, random, "embeddings.token_type_embeddings.weight", 2, WIDTH);
    norm(tensors, "embeddings.LayerNorm");
    for (int layer = 0; layer < LAYERS; layer++) {
      String prefix = "encoder.layer." + layer + ".";
      for (String part : List.of("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")) {
        linear(tensors, random, prefix + part, WIDTH, WIDTH);
      }
      norm(tensors, prefix + "attention.output.LayerNorm");
      linear(tensors, random, prefix + "intermediate.dense", HIDDEN, WIDTH);
      linear(tensors, random, prefix + "output.dense", WIDTH, HIDDEN);
      norm(tensors, prefix + "output.LayerNorm");
    }
    if (scores) {
      linear(tensors, random, "pooler.dense", WIDTH, WIDTH);
      linear(tensors, random, "classifier", 1, WIDTH);
    }
    return tensors.build();
  }

  private static void linear(NamedTensors.Builder tensors, SplittableRandom random, String name, int outputs, int inputs) {
    add(tensors, random, name + ".weight", outputs, inputs);
    add(tensors, random, name + ".bias", outputs);
  }

  private static void norm(NamedTensors.Builder tensors, String name) {
    float[] ones = new float[WIDTH];
    Arrays.fill(ones, 1);
    tensors.add(name + ".weight", ones, WIDTH);
    tensors.add(name + ".bias", new float[WIDTH], WIDTH);
  }

  private static void add(NamedTensors.Builder tensors, SplittableRandom random, String name, long... shape) {
    int size = 1;
    for (long side : shape) {
      size *= (int) side;
    }
    float[] numbers = new float[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = (float) (0.5 * random.nextGaussian());
    }
    tensors.add(name, numbers, shape);
  }
}
