package dev.lanewise.text;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Writes folders of small random models, with tokenizers of the project's own. */
final class SmallModels {
  /** Width of a row of the encoders. */
  static final int WIDTH = 24;

  /** Positions of the encoders. */
  static final int POSITIONS = 40;

  private static final int LAYERS = 2;
  private static final int HEADS = 3;
  private static final int HIDDEN = 40;

  /** Words of the encoders; every lower-case letter is a piece, too. */
  static final List<String> WORDS = List.of("the", "law", "will", "never", "be", "just", "rain", "day", "river", "query", ":", ",", ".");

  private SmallModels() {}

  /** Writes an encoder of the BERT family. */
  static void encoder(Path folder, long seed, int labels) throws IOException {
    Files.createDirectories(folder);
    List<String> vocabulary = vocabulary();
    Files.writeString(folder.resolve("tokenizer.json"), wordPieces(vocabulary));
    JsonObject config =
        JsonParser.parseString("{\"model_type\":\"bert\",\"hidden_act\":\"gelu\",\"layer_norm_eps\":1e-12}").getAsJsonObject();
    config.addProperty("architectures", "");
    config.add("architectures", array(labels == 0 ? "BertModel" : "BertForSequenceClassification"));
    config.addProperty("hidden_size", WIDTH);
    config.addProperty("intermediate_size", HIDDEN);
    config.addProperty("num_hidden_layers", LAYERS);
    config.addProperty("num_attention_heads", HEADS);
    config.addProperty("max_position_embeddings", POSITIONS);
    config.addProperty("type_vocab_size", 2);
    config.addProperty("vocab_size", vocabulary.size());
    config.addProperty("position_embedding_type", "absolute");
    if (labels > 0) {
      JsonObject names = new JsonObject();
      for (int i = 0; i < labels; i++) {
        names.addProperty(String.valueOf(i), "label " + i);
      }
      config.add("id2label", names);
    }
    Files.writeString(folder.resolve("config.json"), config.toString());
    Safetensors.write(folder.resolve("model.safetensors"), bert(seed, vocabulary.size(), labels));
  }

  private static NamedTensors bert(long seed, int vocabulary, int labels) {
    NamedTensors.Builder tensors = NamedTensors.builder();
    SplittableRandom random = new SplittableRandom(seed);
    String prefix = labels == 0 ? "" : "bert.";
    add(tensors, random, prefix + "embeddings.word_embeddings.weight", 1, vocabulary, WIDTH);
    add(tensors, random, prefix + "embeddings.position_embeddings.weight", 0.5, POSITIONS, WIDTH);
    add(tensors, random, prefix + "embeddings.token_type_embeddings.weight", 0.5, 2, WIDTH);
    norm(tensors, random, prefix + "embeddings.LayerNorm");
    for (int layer = 0; layer < LAYERS; layer++) {
      String at = prefix + "encoder.layer." + layer + ".";
      for (String name : List.of("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")) {
        linear(tensors, random, at + name, WIDTH, WIDTH);
      }
      norm(tensors, random, at + "attention.output.LayerNorm");
      linear(tensors, random, at + "intermediate.dense", HIDDEN, WIDTH);
      linear(tensors, random, at + "output.dense", WIDTH, HIDDEN);
      norm(tensors, random, at + "output.LayerNorm");
    }
    if (labels > 0) {
      linear(tensors, random, prefix + "pooler.dense", WIDTH, WIDTH);
      linear(tensors, random, "classifier", labels, WIDTH);
    }
    return tensors.build();
  }

  private static void linear(NamedTensors.Builder tensors, SplittableRandom random, String name, int outputs, int inputs) {
    add(tensors, random, name + ".weight", 2 / Math.sqrt(inputs), outputs, inputs);
    add(tensors, random, name + ".bias", 0.2, outputs);
  }

  private static void norm(NamedTensors.Builder tensors, SplittableRandom random, String name) {
    add(tensors, random, name + ".weight", 1, WIDTH);
    add(tensors, random, name + ".bias", 0.2, WIDTH);
  }

  private static void add(NamedTensors.Builder tensors, SplittableRandom random, String name, double spread, long... shape) {
    int length = 1;
    for (long size : shape) {
      length *= (int) size;
    }
    float[] numbers = new float[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = (float) (spread * random.nextGaussian());
    }
    tensors.add(name, numbers, shape);
  }

  private static List<String> vocabulary() {
    List<String> vocabulary = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    vocabulary.addAll(WORDS);
    for (char letter = 'a'; letter <= 'z'; letter++) {
      vocabulary.add(String.valueOf(letter));
      vocabulary.add("##" + letter);
    }
    return vocabulary;
  }

  private static String wordPieces(List<String> vocabulary) {
    JsonObject vocab = new JsonObject();
    for (String token : vocabulary) {
      vocab.addProperty(token, vocab.size());
    }
    return """
    {"version":"1.0","truncation":null,"padding":null,
    "added_tokens":[%s],
    "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
    "pre_tokenizer":{"type":"BertPreTokenizer"},
    "post_processor":{"type":"TemplateProcessing",
    "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
    "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},
    {"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],
    "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
    "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
    "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":%s}}
    """
        .formatted(added(vocabulary.subList(0, 5)), vocab);
  }

  private static String added(List<String> names) {
    List<String> tokens = new ArrayList<>();
    for (String name : names) {
      tokens.add(
          "{\"id\":%d,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}"
              .formatted(tokens.size(), name));
    }
    return String.join(",", tokens);
  }

  private static JsonArray array(String text) {
    JsonArray array = new JsonArray();
    array.add(text);
    return array;
  }

  /** Writes the tokenizer of a causal model: each letter is a token, at the beginning of a word or within it. */
  static void letterTokenizer(Path folder) throws IOException {
    List<String> specials = List.of("<unk>", "<s>", "</s>");
    JsonObject vocab = new JsonObject();
    specials.forEach(special -> vocab.addProperty(special, vocab.size()));
    for (char letter : "abcdefghijklmnopqrstuvwxyzRT0123456789,.!?".toCharArray()) {
      vocab.addProperty(String.valueOf(letter), vocab.size());
      vocab.addProperty("##" + letter, vocab.size());
    }
    String json =
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s],"normalizer":null,
        "pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"<unk>","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":%s}}
        """
            .formatted(added(specials), vocab);
    Files.writeString(folder.resolve("tokenizer.json"), json);
  }
}
