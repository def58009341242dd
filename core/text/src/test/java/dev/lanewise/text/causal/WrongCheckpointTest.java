package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.testing.Mutations;
import dev.lanewise.text.causal.RandomCheckpoint.Family;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is wrong with a checkpoint is said in one line that names it. */
class WrongCheckpointTest {
  private static final long SEED = 20261129;

  @TempDir private Path folder;

  private void assertRefused(RandomCheckpoint checkpoint, String... texts) throws IOException {
    checkpoint.write(folder);
    assertRefused(texts);
  }

  private void assertRefused(String... texts) {
    assertThatThrownBy(() -> CausalModel.load(folder))
        .isExactlyInstanceOf(IOException.class)
        .hasMessageStartingWith(folder.toString())
        .hasMessageContainingAll(texts);
  }

  /** A key of a family's config, its new value, and what the message says besides the key. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "LLAMA | model_type | 'mamba' | mamba;must be one of [llama, mistral, qwen2, qwen3, gemma2, gpt2]",
        "LLAMA | model_type | 7 | is a JSON number",
        "LLAMA | residual_multiplier | 0.22 | is 0.22, a key that is not understood and may change the numbers",
        "LLAMA | quantization_config | {'bits': 4} | is {'bits':4}, must be one with quant_method 'lanewise'",
        "LLAMA | quantization_config | {'quant_method': 'lanewise', 'format': 'INT8', 'bits': 4} | bits is 4, a key that is not understood",
        "LLAMA | scale_attn_weights | false | is false, a key that is not understood",
        "LLAMA | chunk_size_feed_forward | 2 | is 2, must be 0",
        "QWEN3 | num_experts | 8 | is 8, a key that is not understood",
        "LLAMA | sliding_window | 8 | is 8, a key that is not understood",
        "LLAMA | attn_logit_softcapping | 50.0 | is 50.0, a key that is not understood",
        "GPT2 | rope_theta | 10000.0 | is 10000.0, a key that is not understood",
        "GPT2 | head_dim | 24 | is 24, a key that is not understood",
        "MISTRAL | attention_bias | true | is true, a key that is not understood",
        "LLAMA | auto_map | {} | is {}, a key that is not understood",
        "LLAMA | hidden_act | 'mish' | is 'mish', must be one of [gelu",
        "GPT2 | activation_function | 'quick_gelu' | is 'quick_gelu', must be one of [gelu",
        "GEMMA2 | hidden_act | 'gelu' | is 'gelu', must be hidden_activation, gelu_pytorch_tanh",
        "LLAMA | pretraining_tp | 2 | is 2, must be 1",
        "LLAMA | partial_rotary_factor | 0.5 | is 0.5, must be 1.0",
        "LLAMA | is_encoder_decoder | true | is true, must be false",
        "GPT2 | add_cross_attention | true | is true, must be false",
        "GPT2 | pruned_heads | {'0': [1]} | is {'0':[1]}, must be {}",
        "GPT2 | n_ctx | 64 | is 64, must be 96",
        "QWEN2 | use_mrope | true | is true, must be false",
        "GEMMA2 | use_bidirectional_attention | true | is true, must be false",
        "GEMMA2 | sliding_window_size | 9 | is 9, must be 6",
        "LLAMA | rope_scaling | {'type': 'longrope', 'factor': 2.0} | rope_scaling.type is 'longrope', must be default, linear, llama3 or"
            + " yarn",
        "LLAMA | rope_scaling | {'rope_type': 'dynamic', 'factor': 2.0} | rope_scaling.rope_type is 'dynamic', must be",
        "LLAMA | rope_scaling | {'rope_type': 'linear', 'type': 'yarn', 'factor': 2.0} | rope_scaling.type is yarn, but rope_type is"
            + " linear",
        "LLAMA | rope_scaling | {'rope_type': 'linear', 'factor': 2.0, 'short_factor': 1} | rope_scaling.short_factor is 1, a key that is"
            + " not",
        "LLAMA | rope_scaling | {'rope_type': 'linear'} | has no rope_scaling.factor",
        "LLAMA | rope_scaling | {'rope_type': 'linear', 'factor': 0.5} | factor is 0.5",
        "LLAMA | rope_scaling | {'rope_type': 'llama3', 'factor': 8.0} | has no rope_scaling.low_freq_factor",
        "LLAMA3 | rope_parameters | {'rope_type': 'default'} | rope_scaling and rope_parameters are both set",
        "LLAMA | rope_parameters | {'rope_type': 'default', 'rope_theta': 5000.0} | rope_theta is 10000.0, but in rope_parameters it is"
            + " 5000.0",
        "LLAMA | rope_parameters | {'full_attention': {}} | rope_parameters.full_attention is {}, a key that is not understood",
        "LLAMA | rope_theta | 1.0 | rope_theta;base is 1.0",
        "LLAMA | rope_theta | '10000' | is a JSON string, must be a JSON number",
        "LLAMA | hidden_size | [64] | is a JSON array, must be a JSON number",
        "LLAMA | hidden_size | {} | is a JSON object, must be a JSON number",
        "LLAMA | head_dim | 15 | is 15, must be even",
        "LLAMA | head_dim | 67108864 | is 67108864, must be at most 65536",
        "LLAMA | rms_norm_eps | 0 | is 0.0, must be above 0",
        "LLAMA | num_key_value_heads | 3 | num_attention_heads is 4, must be a multiple of num_key_value_heads, 3",
        "LLAMA | num_key_value_heads | 0 | is 0, must be from 1 to 268435456",
        "LLAMA | num_attention_heads | 100000000 | hidden_size is 64, must be a multiple of num_attention_heads, 100000000",
        "MISTRAL | num_attention_heads | 100000000 | is 100000000, too many for heads of width 24",
        "LLAMA | num_hidden_layers | 2000000000 | is 2000000000, must be from 1 to 65536",
        "LLAMA | hidden_size | 64.5 | is 64.5, must be a whole number",
        "LLAMA | tie_word_embeddings | null | is null, must be true or false",
        "LLAMA | layer_types | ['sliding_attention', 'full_attention', 'full_attention'] | has sliding_attention, but the other keys give"
            + " no window",
        "QWEN3 | layer_types | ['chunked_attention', 'full_attention', 'full_attention'] | has 'chunked_attention', must be",
        "QWEN3 | layer_types | ['full_attention'] | has 1 elements, but the model has 3 layers",
        "MISTRAL | sliding_window | 0 | is 0, must be from 1",
        "GEMMA2 | query_pre_attn_scalar | -1 | is -1.0, must be above 0",
        "GEMMA2 | attn_logit_softcapping | 0.0 | is 0.0, must be above 0",
        "LLAMA | eos_token_id | [1, 'x'] | eos_token_id[1] is a JSON string",
      })
  void keysThatWouldChangeTheNumbersAreNamed(Family family, String key, String value, String texts) throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(family, SEED);
    checkpoint.write(folder);
    RandomCheckpoint changed = RandomCheckpoint.of(family, SEED).withJson(key, value.replace('\'', '"'));
    Files.writeString(folder.resolve("config.json"), changed.config().toString());
    List<String> expected = new ArrayList<>(List.of(texts.replace('\'', '"').split(";")));
    expected.add("config.json");
    expected.add(key);
    assertRefused(expected.toArray(String[]::new));
    assertThatThrownBy(() -> CausalModel.load(folder)).hasMessageNotContaining("\n");
  }

  /** The names of so many layers would take hundreds of megabytes. */
  @Test
  void aHugeNumberOfLayersTakesNoMemory() throws IOException {
    RandomCheckpoint.of(Family.LLAMA, SEED).write(folder);
    Files.writeString(
        folder.resolve("config.json"), RandomCheckpoint.of(Family.LLAMA, SEED).with("num_hidden_layers", 65_536).config().toString());
    assertThat(Mutations.refuses(() -> CausalModel.load(folder), "config.json", "many layers", 20_000_000)).isTrue();
  }

  @Test
  void aConfigInAnotherCharacterSetIsRefused() throws IOException {
    RandomCheckpoint.of(Family.LLAMA, SEED).write(folder);
    Files.writeString(folder.resolve("config.json"), "{\"\u00e9\":1}", StandardCharsets.ISO_8859_1);
    assertRefused("config.json is not UTF-8 at byte 3");
  }

  @Test
  void aKeyThatOccursTwiceIsRefused() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(Family.LLAMA, SEED);
    checkpoint.write(folder);
    String json = checkpoint.config().toString();
    Files.writeString(folder.resolve("config.json"), "{\"hidden_size\":64," + json.substring(1));
    assertRefused("config.json", "twice");
  }

  @ParameterizedTest
  @CsvSource({
    "LLAMA, hidden_size",
    "LLAMA, vocab_size",
    "LLAMA, num_hidden_layers",
    "LLAMA, intermediate_size",
    "LLAMA, model_type",
    "QWEN3, num_key_value_heads",
    "GPT2, n_embd"
  })
  void aMissingSizeIsNamed(Family family, String key) throws IOException {
    RandomCheckpoint.of(family, SEED).write(folder);
    Files.writeString(folder.resolve("config.json"), RandomCheckpoint.of(family, SEED).without(key).config().toString());
    assertRefused("config.json has no " + key);
  }

  /** A key that contradicts the tensors, the tensor that the message names, and its shape. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "LLAMA | vocab_size | 130 | vocab_size is 130, but tensor \"model.embed_tokens.weight\" has shape [131, 64]",
        "LLAMA | hidden_size | 128 | hidden_size is 128, but tensor \"model.embed_tokens.weight\" has shape [131, 64]",
        "LLAMA | num_hidden_layers | 4 | num_hidden_layers is 4, but;has 3 layers under \"model.layers.\"",
        "LLAMA | num_hidden_layers | 2 | num_hidden_layers is 2, but;has 3 layers under \"model.layers.\"",
        "LLAMA | intermediate_size | 161 | intermediate_size is 161, but tensor \"model.layers.0.mlp.up_proj.weight\" has shape [160, 64]",
        "LLAMA | num_key_value_heads | 1 | num_key_value_heads * head_dim is 16, but tensor \"model.layers.0.self_attn.k_proj.weight\" has"
            + " shape [32, 64]",
        "QWEN3 | head_dim | 32 | num_attention_heads * head_dim is 128, but tensor \"model.layers.0.self_attn.q_proj.weight\" has shape"
            + " [96, 64]",
        "GPT2 | n_embd | 128 | n_embd is 128, but tensor \"wte.weight\" has shape [131, 64]",
        "GPT2 | n_inner | 128 | n_inner is 128, but tensor \"h.0.mlp.c_fc.weight\" has shape [64, 256]",
        "GPT2 | n_layer | 9 | n_layer is 9, but;has 3 layers under \"h.\"",
      })
  void aConfigThatContradictsTheTensorsIsNamed(Family family, String key, int value, String texts) throws IOException {
    RandomCheckpoint.of(family, SEED).write(folder);
    Files.writeString(folder.resolve("config.json"), RandomCheckpoint.of(family, SEED).with(key, value).config().toString());
    assertRefused(texts.split(";"));
    assertThatThrownBy(() -> CausalModel.load(folder)).hasMessageNotContaining("\n");
  }

  @Test
  void biasesThatTheConfigDeniesAreNamed() throws IOException {
    RandomCheckpoint.of(Family.LLAMA, SEED).with("mlp_bias", true).write(folder);
    Files.writeString(folder.resolve("config.json"), RandomCheckpoint.of(Family.LLAMA, SEED).config().toString());
    assertRefused("9 tensors", "extra: \"model.layers.2.mlp.down_proj.bias\" has shape [64]");
  }

  @Test
  void missingExtraAndWronglyShapedTensorsAreListed() throws IOException {
    RandomCheckpoint checkpoint =
        RandomCheckpoint.of(Family.GEMMA2, SEED)
            .withoutTensor("model.layers.1.pre_feedforward_layernorm.weight")
            .withTensor("model.layers.2.self_attn.q_norm.weight", 24)
            .withTensor("model.layers.3.mlp.down_proj.weight", 160, 64);
    assertRefused(
        checkpoint,
        "3 tensors",
        "missing: \"model.layers.1.pre_feedforward_layernorm.weight\" is expected with shape [64], but is not there",
        "extra: \"model.layers.2.self_attn.q_norm.weight\" has shape [24], but is not expected",
        "wrong shape: \"model.layers.3.mlp.down_proj.weight\" has shape [160, 64], but is expected with shape [64, 160]");
  }

  @Test
  void aMissingHeadIsNamed() throws IOException {
    assertRefused(RandomCheckpoint.of(Family.MISTRAL, SEED).withoutTensor("lm_head.weight"), "missing: \"lm_head.weight\" is expected");
  }

  @Test
  void aHeadBesideATiedEmbeddingMustBeEqual() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(Family.LLAMA3, SEED);
    checkpoint.write(folder);
    NamedTensors tensors = checkpoint.tensors();
    NamedTensors.Builder both = NamedTensors.builder();
    tensors.names().forEach(name -> both.add(name, tensors.floats(name), tensors.shape(name)));
    float[] head = tensors.floats("model.embed_tokens.weight");
    Safetensors.write(folder.resolve("model.safetensors"), both.add("lm_head.weight", head, 131, 64).build());
    assertThat(CausalModel.load(folder).vocabulary()).isEqualTo(131);
    head[64 * 5 + 3] += 1;
    Safetensors.write(folder.resolve("model.safetensors"), both.build());
    assertRefused("tie_word_embeddings is true, but tensor \"lm_head.weight\" differs from \"model.embed_tokens.weight\" in row 5");
  }

  @Test
  void integersAreNoWeights() throws IOException {
    RandomCheckpoint.of(Family.LLAMA3, SEED).write(folder);
    byte[] file = Files.readAllBytes(folder.resolve("model.safetensors"));
    String text = new String(file, StandardCharsets.ISO_8859_1).replaceFirst("\"F32\"", "\"I32\"");
    Files.write(folder.resolve("model.safetensors"), text.getBytes(StandardCharsets.ISO_8859_1));
    assertRefused("is of I32, must be one of [");
  }

  @Test
  void absentFilesAreNamed() throws IOException {
    assertRefused("has no config.json");
    RandomCheckpoint.of(Family.QWEN2, SEED).withShards(3).write(folder);
    Files.delete(folder.resolve("model-00002-of-00003.safetensors"));
    assertRefused("model-00002-of-00003.safetensors", "is not there");
    Files.delete(folder.resolve("model.safetensors.index.json"));
    assertRefused("has neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void brokenJsonIsNamed() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(Family.LLAMA, SEED);
    checkpoint.write(folder);
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [1,");
    assertRefused("generation_config.json is no valid JSON");
    Files.writeString(folder.resolve("config.json"), "[]");
    assertRefused("config.json");
  }

  @Test
  void harmlessAndEmptyKeysAreAccepted() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(Family.LLAMA, SEED);
    Map.of("torch_dtype", "float16", "attention_dropout", 0.5, "use_cache", false, "_name_or_path", "x", "pad_token_id", -1)
        .forEach(checkpoint::with);
    checkpoint.with("quantization_config", null).with("architectures", RandomCheckpoint.array("LlamaForCausalLM")).write(folder);
    assertThat(CausalModel.load(folder).family()).isEqualTo("llama");
    assertThat(JsonParser.parseString(Files.readString(folder.resolve("config.json")))).isEqualTo(checkpoint.config());
  }
}
