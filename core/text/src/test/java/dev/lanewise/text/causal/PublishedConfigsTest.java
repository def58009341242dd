package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.position.RotaryScaling;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.text.json.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configs with the keys and sizes of published models are read, and their tensors have as many elements as the models are known for. */
class PublishedConfigsTest {
  private static final String LLAMA =
      "'model_type':'llama','hidden_act':'silu','bos_token_id':1,'eos_token_id':2,'pretraining_tp':1,'rms_norm_eps':1e-5,'use_cache':true,";

  private static final String LLAMA3 =
      LLAMA
          + "'vocab_size':128256,'max_position_embeddings':131072,'num_key_value_heads':8,'attention_bias':false,'mlp_bias':false,"
          + "'rope_theta':500000.0,'rope_scaling':{'factor':8.0,'low_freq_factor':1.0,'high_freq_factor':4.0,"
          + "'original_max_position_embeddings':8192,'rope_type':'llama3'},'torch_dtype':'bfloat16',";

  private static final String QWEN =
      "'hidden_act':'silu','attention_dropout':0.0,'initializer_range':0.02,'max_window_layers':28,'rms_norm_eps':1e-6,"
          + "'use_sliding_window':false,'rope_theta':1000000.0,'max_position_embeddings':32768,";

  private static final String GEMMA2 =
      "'model_type':'gemma2','attn_logit_softcapping':50.0,'final_logit_softcapping':30.0,'query_pre_attn_scalar':256,'head_dim':256,"
          + "'hidden_act':'gelu_pytorch_tanh','hidden_activation':'gelu_pytorch_tanh','max_position_embeddings':8192,'rms_norm_eps':1e-6,"
          + "'rope_theta':10000.0,'sliding_window':4096,'vocab_size':256000,'cache_implementation':'hybrid','attention_bias':false,"
          + "'pad_token_id':0,'bos_token_id':2,'eos_token_id':1,";

  private static final String GPT2 =
      "'model_type':'gpt2','attn_pdrop':0.1,'layer_norm_epsilon':1e-5,'n_ctx':1024,'n_positions':1024,"
          + "'vocab_size':50257,'summary_type':'cls_index','summary_use_proj':true,";

  private static final String SMALL = LLAMA + "'vocab_size':9,'max_position_embeddings':64," + sizes(16, 8, 1, 2);

  @TempDir private Path folder;

  private Architecture read(String json) throws IOException {
    String text = "{" + json.replaceAll(",$", "").replace('\'', '"') + "}";
    return Architecture.read(Config.read(Files.writeString(folder.resolve("config.json"), text)));
  }

  private static long elements(Architecture model) {
    long sum = 0;
    for (long[] shape : new CausalNames(model, "").expected(name -> false).values()) {
      sum += shape.length == 1 ? shape[0] : shape[0] * shape[1];
    }
    return sum;
  }

  private static String sizes(int width, int hidden, int layers, int heads) {
    return "'hidden_size':"
        + width
        + ",'intermediate_size':"
        + hidden
        + ",'num_hidden_layers':"
        + layers
        + ",'num_attention_heads':"
        + heads
        + ",";
  }

  @Test
  void llamas() throws IOException {
    Architecture llama2 =
        read(LLAMA + sizes(4096, 11008, 32, 32) + "'vocab_size':32000,'max_position_embeddings':4096,'rope_scaling':null,");
    assertThat(elements(llama2)).isEqualTo(6_738_415_616L);
    assertThat(llama2.tied()).isFalse();
    assertThat(llama2.sizes().keyValueHeads()).isEqualTo(32);
    Architecture llama31 = read(LLAMA3 + sizes(4096, 14336, 32, 32));
    assertThat(elements(llama31)).isEqualTo(8_030_261_248L);
    assertThat(llama31.maxPositions()).isEqualTo(131_072);
    Architecture llama32 = read(LLAMA3 + sizes(2048, 8192, 16, 32) + "'tie_word_embeddings':true,'head_dim':64,");
    assertThat(elements(llama32)).isEqualTo(1_235_814_400L);
    assertThat(llama32.activation()).isEqualTo(Activation.SILU);
    assertThat(llama32.scoring()).isEqualTo(new Architecture.Scoring(0.125, false, 0));
  }

  @Test
  void mistrals() throws IOException {
    String mistral =
        "'model_type':'mistral','hidden_act':'silu','max_position_embeddings':32768,'rms_norm_eps':1e-5,'num_key_value_heads':8,"
            + "'vocab_size':32000,"
            + sizes(4096, 14336, 32, 32);
    Architecture first = read(mistral + "'rope_theta':10000.0,'sliding_window':4096,'tie_word_embeddings':false,");
    assertThat(elements(first)).isEqualTo(7_241_732_096L);
    assertThat(first.windows()).hasSize(32).containsOnly(4096);
    assertThat(read(mistral).windows()).hasSize(32).containsOnly(4096);
    Architecture later = read(mistral + "'rope_theta':1000000.0,'sliding_window':null,'head_dim':128,");
    assertThat(later.windows()).hasSize(32).containsOnly(0);
  }

  @Test
  void qwens() throws IOException {
    String qwen2 = QWEN + "'model_type':'qwen2','sliding_window':32768,";
    Architecture small = read(qwen2 + sizes(896, 4864, 24, 14) + "'num_key_value_heads':2,'vocab_size':151936,'tie_word_embeddings':true,");
    assertThat(elements(small)).isEqualTo(494_032_768L);
    Architecture seven = read(qwen2 + sizes(3584, 18944, 28, 28) + "'num_key_value_heads':4,'vocab_size':152064,'use_mrope':false,");
    assertThat(elements(seven)).isEqualTo(7_615_616_512L);
    assertThat(seven.windows()).hasSize(28).containsOnly(0);
    String qwen3 = QWEN + "'model_type':'qwen3','sliding_window':null,'head_dim':128,'attention_bias':false,'rope_scaling':null,";
    Architecture least =
        read(qwen3 + sizes(1024, 3072, 28, 16) + "'num_key_value_heads':8,'vocab_size':151936,'tie_word_embeddings':true,");
    assertThat(elements(least)).isEqualTo(596_049_920L);
    Architecture eight =
        read(qwen3 + sizes(4096, 12288, 36, 32) + "'num_key_value_heads':8,'vocab_size':151936,'tie_word_embeddings':false,");
    assertThat(elements(eight)).isEqualTo(8_190_735_360L);
  }

  @Test
  void gemmas() throws IOException {
    Architecture two = read(GEMMA2 + sizes(2304, 9216, 26, 8) + "'num_key_value_heads':4,");
    assertThat(elements(two)).isEqualTo(2_614_341_888L);
    assertThat(two.scoring()).isEqualTo(new Architecture.Scoring(1 / 16.0, false, 50));
    assertThat(two.logitSoftcap()).isEqualTo(30);
    String free = GEMMA2.replace("softcapping':50.0", "softcapping':null").replace("softcapping':30.0", "softcapping':null");
    Architecture unlimited = read(free + sizes(2304, 9216, 26, 8) + "'num_key_value_heads':4,");
    assertThat(unlimited.scoring().softcap()).isZero();
    assertThat(unlimited.logitSoftcap()).isZero();
    Architecture nine = read(GEMMA2 + sizes(3584, 14336, 42, 16) + "'num_key_value_heads':8,'sliding_window_size':4096,");
    assertThat(elements(nine)).isEqualTo(9_241_705_984L);
    assertThat(nine.windows()).hasSize(42).startsWith(4096, 0, 4096, 0).endsWith(4096, 0);
    assertThat(nine.activation()).isEqualTo(Activation.GELU_TANH);
  }

  @Test
  void gpts() throws IOException {
    assertThat(elements(read(GPT2 + "'n_embd':768,'n_head':12,'n_layer':12,"))).isEqualTo(124_439_808L);
    Architecture extra = read(GPT2 + "'n_embd':1600,'n_head':25,'n_layer':48,'n_inner':null,");
    assertThat(elements(extra)).isEqualTo(1_557_611_200L);
    assertThat(extra.activation()).isEqualTo(Activation.GELU_TANH);
    assertThat(extra.scoring()).isEqualTo(new Architecture.Scoring(0.125, false, 0));
    String scales = "'scale_attn_weights':false,'scale_attn_by_inverse_layer_idx':true,";
    Architecture other = read(GPT2 + scales + "'n_embd':768,'n_head':12,'n_layer':12,");
    assertThat(other.scoring()).isEqualTo(new Architecture.Scoring(1, true, 0));
  }

  @ParameterizedTest
  @CsvSource({
    "silu, SILU",
    "gelu, GELU",
    "gelu_new, GELU_TANH",
    "gelu_pytorch_tanh, GELU_TANH",
    "relu, RELU",
    "tanh, TANH",
    "sigmoid, SIGMOID"
  })
  void activationsHaveTheirNames(String name, Activation activation) throws IOException {
    String keys = "'model_type':'llama','vocab_size':9," + sizes(16, 8, 1, 2);
    assertThat(read(keys + "'hidden_act':'" + name + "',").activation()).isEqualTo(activation);
    assertThat(read(GPT2 + "'n_embd':8,'n_head':2,'n_layer':1,'activation_function':'" + name + "',").activation()).isEqualTo(activation);
  }

  /** The layers that have a window, in both spellings. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "'use_sliding_window':true,'sliding_window':7,'max_window_layers':2 | 2 3",
        "'use_sliding_window':true,'sliding_window':7,'max_window_layers':0 | 0 1 2 3",
        "'use_sliding_window':true,'sliding_window':7,'max_window_layers':9 | -",
        "'use_sliding_window':false,'sliding_window':7,'max_window_layers':0 | -",
        "'sliding_window':7,'max_window_layers':0 | -",
        "'use_sliding_window':true,'sliding_window':7,'layer_types':['full_attention','sliding_attention','full_attention','full_attention']"
            + " | 1"
      })
  void windowsOfQwen(String keys, String layers) throws IOException {
    for (String type : List.of("qwen2", "qwen3")) {
      String rest = "'model_type':'" + type + "','num_key_value_heads':1,'vocab_size':9,'head_dim':4,";
      List<Integer> windows = read(rest + sizes(8, 8, 4, 2) + keys).windows();
      String found =
          IntStream.range(0, 4)
              .filter(layer -> windows.get(layer) == 7)
              .mapToObj(Integer::toString)
              .reduce((a, b) -> a + " " + b)
              .orElse("-");
      assertThat(found).isEqualTo(layers);
      assertThat(Collections.frequency(windows, 0)).isEqualTo(4 - (int) windows.stream().filter(window -> window == 7).count());
    }
  }

  @Test
  void newerFilesNestThePositions() throws IOException {
    String inner = "'factor':4.0,'low_freq_factor':1.0,'high_freq_factor':2.0,'original_max_position_embeddings':16";
    Architecture old = read(SMALL + "'rope_theta':5000.0,'rope_scaling':{'rope_type':'llama3'," + inner + "}");
    Architecture older = read(SMALL + "'rope_theta':5000.0,'rope_scaling':{'type':'llama3'," + inner + "}");
    Architecture nested = read(SMALL + "'rope_parameters':{'rope_type':'llama3','rope_theta':5000.0," + inner + "}");
    Architecture plain = read(SMALL + "'rope_parameters':{'rope_type':'default','rope_theta':5000.0}");
    float[] expected = rotated(old);
    assertThat(rotated(older)).containsExactly(expected);
    assertThat(rotated(nested)).containsExactly(expected);
    assertThat(rotated(plain)).isNotEqualTo(expected).containsExactly(rotated(read(SMALL + "'rope_theta':5000.0")));
  }

  /** The numbers of YaRN that a file may give, and what they are without it. */
  @Test
  void yarns() throws IOException {
    double usual = 0.1 * Math.log(4) + 1;
    assertYarn("", RotaryScaling.yarn(4, 64, 32, 1, true, usual));
    assertYarn(
        ",'original_max_position_embeddings':16,'beta_fast':3.0,'beta_slow':0.5,'truncate':false,'attention_factor':1.5",
        RotaryScaling.yarn(4, 16, 3, 0.5, false, 1.5));
    double mscales = (0.1 * 0.7 * Math.log(4) + 1) / (0.1 * 1.3 * Math.log(4) + 1);
    assertYarn(",'mscale':0.7,'mscale_all_dim':1.3", RotaryScaling.yarn(4, 64, 32, 1, true, mscales));
    assertYarn(",'mscale':0.7", RotaryScaling.yarn(4, 64, 32, 1, true, usual));
    assertYarn(",'mscale_all_dim':0.7", RotaryScaling.yarn(4, 64, 32, 1, true, usual));
    assertThat(rotated(read(SMALL + "'rope_scaling':{'rope_type':'yarn','factor':1.0}"))).containsExactly(rotated(read(SMALL)));
  }

  private void assertYarn(String keys, RotaryScaling scaling) throws IOException {
    Architecture model = read(SMALL + "'rope_scaling':{'rope_type':'yarn','factor':4.0" + keys + "}");
    assertThat(rotated(model)).as(keys).containsExactly(rotated(Rotary.of(8).withScaling(scaling)));
  }

  private static float[] rotated(Architecture model) {
    return rotated(Objects.requireNonNull(model.rotary()));
  }

  /** Cosines and sines at a distant position. */
  private static float[] rotated(Rotary rotary) {
    float[] row = {1, 1, 1, 1, 1, 1, 1, 1};
    Heads view = Heads.of(row, 1, 1, 1, 8);
    rotary.apply(view, view, 40);
    return row;
  }
}
