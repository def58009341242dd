package dev.lanewise.text.model;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes small folders of encoders with seeded random weights and a classifier, under the published keys and names of each family. The
 * names are written here once more, independent of the code that is tested.
 */
final class RandomEncoder {
  static final int WIDTH = 24;
  static final int HIDDEN = 40;
  static final int HEADS = 3;
  static final int LAYERS = 2;
  static final int POSITIONS = 20;
  static final int WORDS = 11;
  static final int LABELS = 3;

  /** A family, with its config. */
  enum Family {
    BERT(
        "bert.",
        2,
        "'model_type':'bert','hidden_size':24,'intermediate_size':40,'num_hidden_layers':2,'num_attention_heads':3,'hidden_act':'gelu',"
            + "'layer_norm_eps':1e-12,'type_vocab_size':2,'position_embedding_type':'absolute','pad_token_id':0,"
            + "'architectures':['BertForSequenceClassification'],'attention_probs_dropout_prob':0.1,'classifier_dropout':null"),
    ROBERTA(
        "roberta.",
        1,
        "'model_type':'xlm-roberta','hidden_size':24,'intermediate_size':40,'num_hidden_layers':2,'num_attention_heads':3,"
            + "'hidden_act':'gelu_new','layer_norm_eps':1e-05,'type_vocab_size':1,'pad_token_id':1,'output_past':true,"
            + "'architectures':['XLMRobertaForSequenceClassification']"),
    DISTILBERT(
        "distilbert.",
        0,
        "'model_type':'distilbert','dim':24,'hidden_dim':40,'n_layers':2,'n_heads':3,'activation':'relu','sinusoidal_pos_embds':false,"
            + "'tie_weights_':true,'qa_dropout':0.1,'seq_classif_dropout':0.2,'pad_token_id':0,"
            + "'architectures':['DistilBertForSequenceClassification']");

    final String prefix;
    final int types;
    private final String keys;

    Family(String prefix, int types, String keys) {
      this.prefix = prefix;
      this.types = types;
      this.keys = keys;
    }

    boolean distilled() {
      return this == DISTILBERT;
    }
  }

  private final Family family;
  private final JsonObject config;
  private final Map<String, float[]> tensors = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final SplittableRandom random;

  private RandomEncoder(Family family, long seed) {
    this.family = family;
    this.random = new SplittableRandom(seed);
    String common = ",'vocab_size':11,'max_position_embeddings':20,'id2label':{'0':'no','1':'maybe','2':'yes'},'torch_dtype':'float32'}";
    this.config = JsonParser.parseString(("{" + family.keys + common).replace('\'', '"')).getAsJsonObject();
    embeddings();
    for (int layer = 0; layer < LAYERS; layer++) {
      layer(layer);
    }
    heads();
  }

  static RandomEncoder of(Family family, long seed) {
    return new RandomEncoder(family, seed);
  }

  private void embeddings() {
    add("embeddings.word_embeddings.weight", WORDS, WIDTH);
    add("embeddings.position_embeddings.weight", POSITIONS, WIDTH);
    if (family.types > 0) {
      add("embeddings.token_type_embeddings.weight", family.types, WIDTH);
    }
    norm("embeddings.LayerNorm");
  }

  private void layer(int number) {
    String prefix = (family.distilled() ? "transformer.layer." : "encoder.layer.") + number + ".";
    String[] squares =
        family.distilled()
            ? new String[] {"attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"}
            : new String[] {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"};
    for (String square : squares) {
      linear(family.prefix + prefix + square, WIDTH, WIDTH);
    }
    norm(prefix + (family.distilled() ? "sa_layer_norm" : "attention.output.LayerNorm"));
    linear(family.prefix + prefix + (family.distilled() ? "ffn.lin1" : "intermediate.dense"), HIDDEN, WIDTH);
    linear(family.prefix + prefix + (family.distilled() ? "ffn.lin2" : "output.dense"), WIDTH, HIDDEN);
    norm(prefix + (family.distilled() ? "output_layer_norm" : "output.LayerNorm"));
  }

  private void heads() {
    switch (family) {
      case BERT -> {
        linear("bert.pooler.dense", WIDTH, WIDTH);
        linear("classifier", LABELS, WIDTH);
      }
      case ROBERTA -> {
        linear("classifier.dense", WIDTH, WIDTH);
        linear("classifier.out_proj", LABELS, WIDTH);
      }
      case DISTILBERT -> {
        linear("pre_classifier", WIDTH, WIDTH);
        linear("classifier", LABELS, WIDTH);
      }
    }
  }

  private void add(String name, int... shape) {
    put(family.prefix + name, shape);
  }

  private void norm(String name) {
    add(name + ".weight", WIDTH);
    add(name + ".bias", WIDTH);
  }

  private void linear(String name, int outputs, int inputs) {
    put(name + ".weight", outputs, inputs);
    put(name + ".bias", outputs);
  }

  private void put(String name, int... shape) {
    float[] values = new float[Arrays.stream(shape).reduce(1, (x, y) -> x * y)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextDouble(-1, 1) * (shape.length == 1 ? 0.5 : 0.6) + (name.contains("orm.weight") ? 1 : 0));
    }
    tensors.put(name, values);
    shapes.put(name, Arrays.stream(shape).asLongStream().toArray());
  }

  /** Sets a key of config.json to a value written in JSON, with single quotes. */
  RandomEncoder with(String key, String json) {
    config.add(key, JsonParser.parseString(json.replace('\'', '"')));
    return this;
  }

  RandomEncoder without(String key) {
    config.remove(key);
    return this;
  }

  /** Leaves a tensor out. */
  RandomEncoder withoutTensor(String name) {
    tensors.remove(name);
    return this;
  }

  Family family() {
    return family;
  }

  float[] tensor(String name) {
    return tensors.get(name);
  }

  NamedTensors tensors() {
    NamedTensors.Builder all = NamedTensors.builder();
    tensors.forEach((name, values) -> all.add(name, values, shapes.get(name)));
    return all.build();
  }

  /** Writes config, weights and a vocabulary. */
  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config.toString());
    Files.writeString(folder.resolve("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nlaw\njustice\nrain\n##s\nthe\nis\n");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"do_lower_case\": true}");
    Safetensors.write(folder.resolve("model.safetensors"), tensors());
    return folder;
  }
}
