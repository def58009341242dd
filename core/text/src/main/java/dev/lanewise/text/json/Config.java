package dev.lanewise.text.json;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lanewise.kernels.data.Activation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys of {@code config.json}, or of an object in it, or of another file of settings. Every key that a reader asks for counts as
 * understood. {@link #checkAllRead} refuses the others, unless they are known not to change the numbers of a model.
 */
public final class Config {
  /** Keys that describe training, text generation, files and software, but not the numbers of a forward pass. */
  private static final Set<String> HARMLESS =
      Set.of(
          ("architectures _name_or_path transformers_version torch_dtype dtype use_cache initializer_range cache_implementation"
                  + " attention_dropout attn_pdrop embd_pdrop resid_pdrop hidden_dropout attn_implementation _attn_implementation"
                  + " attn_implementation_internal _attn_implementation_internal _attn_implementation_autoset unsloth_version unsloth_fixed"
                  + " transformers.js_config tf_legacy_loss"
                  + " pad_token_id bos_token_id eos_token_id sep_token_id decoder_start_token_id tokenizer_class prefix"
                  + " finetuning_task task_specific_params problem_type id2label label2id num_labels"
                  + " output_attentions output_hidden_states return_dict use_return_dict output_past torchscript"
                  + " summary_activation summary_first_dropout summary_proj_to_labels summary_type summary_use_proj"
                  + " max_length min_length do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature top_k top_p"
                  + " typical_p repetition_penalty length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids"
                  + " num_return_sequences output_scores return_dict_in_generate forced_bos_token_id forced_eos_token_id"
                  + " remove_invalid_values exponential_decay_length_penalty suppress_tokens begin_suppress_tokens"
                  + " reorder_and_upcast_attn gradient_checkpointing is_decoder tie_encoder_decoder")
              .split(" "));

  private static final Map<String, Activation> ACTIVATIONS =
      new TreeMap<>(
          Map.of(
              "silu", Activation.SILU,
              "swish", Activation.SILU,
              "gelu", Activation.GELU,
              "gelu_new", Activation.GELU_TANH,
              "gelu_fast", Activation.GELU_TANH,
              "gelu_pytorch_tanh", Activation.GELU_TANH,
              "relu", Activation.RELU,
              "tanh", Activation.TANH,
              "sigmoid", Activation.SIGMOID));

  /** The largest size, so that three times a size is an int. */
  public static final int LARGEST = 1 << 28;

  private final String where;
  private final String prefix;
  private final JsonObject keys;
  private final Set<String> read = new HashSet<>();

  private Config(String where, String prefix, JsonObject keys) {
    this.where = where;
    this.prefix = prefix;
    this.keys = keys;
  }

  /** Reads a file, whose path is in messages. */
  public static Config read(Path file) throws IOException {
    try (InputStream in = ForeignFile.open(file)) {
      return read(in, file.toString());
    }
  }

  /**
   * Reads a file.
   *
   * @param name its name in messages
   */
  public static Config read(InputStream in, String name) throws IOException {
    return new Config(name, "", ForeignJson.parse(in.readNBytes(ForeignJson.MOST_BYTES + 1), name));
  }

  /** Name of a key, which may be one of the file, in messages. */
  public String name(String key) {
    return where + ": " + ForeignJson.shown(prefix + key);
  }

  /** Tells whether a key exists. */
  public boolean has(String key) {
    return keys.has(key);
  }

  /** Tells whether a key is missing or null. */
  public boolean lacks(String key) {
    JsonElement value = value(key);
    return value == null || value.isJsonNull();
  }

  private @Nullable JsonElement value(String key) {
    read.add(key);
    return keys.get(key);
  }

  private JsonElement required(String key) throws IOException {
    JsonElement value = value(key);
    if (value == null) {
      throw new IOException(where + " has no " + ForeignJson.shown(prefix + key));
    }
    return value;
  }

  /** A required whole number from 1 to 2<sup>28</sup>. */
  public int size(String key) throws IOException {
    return size(key, 1, LARGEST);
  }

  /** A required whole number within limits. */
  public int size(String key, int least, int most) throws IOException {
    int size = ForeignJson.whole(required(key), name(key));
    if (size < least || size > most) {
      throw new IOException(name(key) + " is " + size + ", must be from " + least + " to " + most);
    }
    return size;
  }

  /** A whole number from 1 to 2<sup>28</sup>; {@code otherwise} if the key is missing or null. */
  public int size(String key, int otherwise) throws IOException {
    return lacks(key) ? otherwise : size(key);
  }

  /** A finite number; {@code otherwise} if the key is missing. */
  public double number(String key, double otherwise) throws IOException {
    return has(key) ? number(key) : otherwise;
  }

  /** A required finite number. */
  public double number(String key) throws IOException {
    double number = ForeignJson.number(required(key), name(key));
    if (!Double.isFinite(number)) {
      throw new IOException(name(key) + " is " + number + ", must be finite");
    }
    return number;
  }

  /** A number above 0; {@code otherwise} if the key is missing. */
  public double positive(String key, double otherwise) throws IOException {
    double number = number(key, otherwise);
    if (!(number > 0)) {
      throw new IOException(name(key) + " is " + number + ", must be above 0");
    }
    return number;
  }

  /** True or false; {@code otherwise} if the key is missing. */
  public boolean truth(String key, boolean otherwise) throws IOException {
    return has(key) ? ForeignJson.truth(required(key), name(key)) : otherwise;
  }

  /** A required text. */
  public String text(String key) throws IOException {
    return ForeignJson.text(required(key), name(key));
  }

  /** A text; {@code otherwise} if the key is missing. */
  public String text(String key, String otherwise) throws IOException {
    return has(key) ? text(key) : otherwise;
  }

  /** The elements of a list. */
  public Iterable<JsonElement> list(String key) throws IOException {
    return ForeignJson.array(required(key), name(key));
  }

  /** Token ids: one number, or a list of numbers; none if the key is missing or null. */
  public int[] ids(String key) throws IOException {
    if (lacks(key)) {
      return new int[0];
    }
    JsonElement value = required(key);
    if (!value.isJsonArray()) {
      return new int[] {ForeignJson.whole(value, name(key))};
    }
    List<JsonElement> elements = value.getAsJsonArray().asList();
    int[] ids = new int[elements.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = ForeignJson.whole(elements.get(i), name(key) + "[" + i + "]");
    }
    return ids;
  }

  /** The names of all keys. */
  public Set<String> keys() {
    return keys.keySet();
  }

  /** The function that a required key names. */
  public Activation function(String key) throws IOException {
    return function(key, text(key));
  }

  /** The function that a key names; that of {@code otherwise} if the key is missing. */
  public Activation function(String key, String otherwise) throws IOException {
    String name = text(key, otherwise);
    Activation activation = ACTIVATIONS.get(name);
    if (activation == null) {
      throw unsupported(key, "one of " + ACTIVATIONS.keySet());
    }
    return activation;
  }

  /** An object in this one; null if the key is missing or null. */
  public @Nullable Config object(String key) throws IOException {
    return lacks(key) ? null : new Config(where, prefix + key + ".", ForeignJson.object(required(key), name(key)));
  }

  /** Refuses a key unless it is missing, null, or has the value that this library computes with. */
  public void require(String key, JsonElement only) throws IOException {
    if (!lacks(key) && !required(key).equals(only)) {
      throw new IOException(name(key) + " is " + shown(required(key)) + ", must be " + only);
    }
  }

  /** Refuses a value that is not understood. */
  public IOException unsupported(String key, String supported) throws IOException {
    return new IOException(name(key) + " is " + shown(required(key)) + ", must be " + supported);
  }

  /** Refuses the keys that nobody has asked for, unless they are harmless or null. */
  public void checkAllRead() throws IOException {
    checkAllRead(Set.of());
  }

  /**
   * Refuses the keys that nobody has asked for, unless they are harmless or null.
   *
   * @param beside further keys that do not change the numbers
   */
  public void checkAllRead(Set<String> beside) throws IOException {
    for (Map.Entry<String, JsonElement> entry : keys.entrySet()) {
      String key = entry.getKey();
      if (!read.contains(key) && !entry.getValue().isJsonNull() && !beside.contains(key) && !(prefix.isEmpty() && HARMLESS.contains(key))) {
        throw new IOException(name(key) + " is " + shown(entry.getValue()) + ", a key that is not understood and may change the numbers");
      }
    }
  }

  private static String shown(JsonElement value) {
    return ForeignJson.shown(value.toString());
  }
}
