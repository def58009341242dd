package dev.lanewise.text.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the files of sentence-transformers say about a model. */
class UsageTest {
  private static final String ENCODER = "{'idx':0,'name':'0','path':'','type':'sentence_transformers.models.Transformer'}";
  private static final String POOLING = "{'idx':1,'name':'1','path':'1_Pooling','type':'sentence_transformers.models.Pooling'}";
  private static final String NORMALISED = "{'idx':2,'name':'2','path':'2_Normalize','type':'sentence_transformers.models.Normalize'}";

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    RandomEncoder.of(RandomEncoder.Family.BERT, 1).write(folder);
    put("modules.json", "[" + ENCODER + "," + POOLING + "," + NORMALISED + "]");
    put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_cls_token':false,'pooling_mode_mean_tokens':true}");
  }

  private void put(String name, String json) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, json.replace('\'', '"'));
  }

  private EncoderModel load() throws IOException {
    return EncoderModel.load(folder);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(this::load).isInstanceOf(IOException.class).hasMessageContaining(message);
  }

  @Test
  void modulesSayPoolingAndNormalisation() throws IOException {
    assertThat(load().pooling()).contains(TextPooling.MEAN);
    assertThat(load().normalised()).isTrue();
    put("modules.json", "[" + ENCODER + "," + POOLING + "]");
    assertThat(load().normalised()).isFalse();
    put("modules.json", "[" + ENCODER + "," + POOLING + "," + POOLING + "]");
    assertRefused("modules.json[2].type is sentence_transformers.models.Pooling, must be Transformer, then Pooling, then Normalize");
    put("modules.json", "[" + ENCODER + "," + POOLING.replace("1_Pooling", "../1_Pooling") + "]");
    assertRefused("modules.json[1].path is \"../1_Pooling\", must be the name of a folder");
    put("modules.json", "{}");
    assertRefused("must be a JSON array");
  }

  @ParameterizedTest
  @CsvSource({
    "pooling_mode_cls_token, true, FIRST_TOKEN",
    "pooling_mode_mean_tokens, true, MEAN",
    "pooling_mode_lasttoken, true, LAST_TOKEN",
    "pooling_mode, 'cls', FIRST_TOKEN",
    "pooling_mode, 'mean', MEAN"
  })
  void modesHaveNames(String key, String value, TextPooling pooling) throws IOException {
    String json = value.equals("true") ? value : "'" + value + "'";
    put("1_Pooling/config.json", "{'word_embedding_dimension':24,'include_prompt':true,'" + key + "':" + json + "}");
    assertThat(load().pooling()).contains(pooling);
  }

  @Test
  void otherModesAreRefused() throws IOException {
    put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_max_tokens':true}");
    assertRefused("pooling_mode_max_tokens is true, must be false");
    put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_cls_token':true,'pooling_mode_mean_tokens':true}");
    assertRefused("pooling_mode_mean_tokens is true, must be false");
    put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_mean_tokens':false}");
    assertRefused("one must be true");
    put("1_Pooling/config.json", "{'word_embedding_dimension':25,'pooling_mode_mean_tokens':true}");
    assertRefused("word_embedding_dimension is 25, must be the width of the model, 24");
    put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_mean_tokens':true,'include_prompt':false}");
    assertRefused("include_prompt is false, must be true");
    Files.delete(folder.resolve("1_Pooling/config.json"));
    assertRefused("has no 1_Pooling/config.json");
  }

  @Test
  void lengthAndLowerCase() throws IOException {
    assertThat(load().lowercase()).isFalse();
    put("sentence_bert_config.json", "{'max_seq_length':17,'do_lower_case':true}");
    assertThat(load().maxTokens()).isEqualTo(17);
    assertThat(load().lowercase()).isTrue();
    put("sentence_bert_config.json", "{'max_seq_length':null,'do_lower_case':false}");
    assertThat(load().maxTokens()).isEqualTo(20);
    put("sentence_bert_config.json", "{'max_seq_length':400}");
    assertThat(load().maxTokens()).isEqualTo(20);
    put("sentence_bert_config.json", "{'max_seq_length':17,'strip':true}");
    assertRefused("sentence_bert_config.json: strip is true, a key that is not understood");
    Files.delete(folder.resolve("sentence_bert_config.json"));
    put("tokenizer_config.json", "{'do_lower_case':true,'model_max_length':9}");
    assertThat(load().maxTokens()).isEqualTo(9);
    put("sentence_bert_config.json", "{'max_seq_length':null,'do_lower_case':false}");
    assertThat(load().maxTokens()).as("as sentence-transformers does").isEqualTo(9);
    put("tokenizer_config.json", "{'do_lower_case':true,'model_max_length':1000000000000000019884624838656}");
    assertThat(load().maxTokens()).isEqualTo(20);
  }

  @Test
  void newerFilesSayWhatTheEncoderIsFor() throws IOException {
    put("modules.json", "[" + ENCODER.replace("models", "base.modules.transformer") + "]");
    put("tokenizer_config.json", "{'do_lower_case':true,'model_max_length':9}");
    put(
        "sentence_bert_config.json",
        "{'transformer_task':'feature-extraction','module_output_name':'token_embeddings',"
            + "'modality_config':{'text':{'method':'forward','method_output_name':'last_hidden_state'}}}");
    assertThat(load().maxTokens()).isEqualTo(9);
    put("sentence_bert_config.json", "{'transformer_task':'sequence-classification'}");
    assertThat(load().classifier()).isPresent();
    put("sentence_bert_config.json", "{'transformer_task':'fill-mask'}");
    assertRefused("transformer_task is \"fill-mask\", must be feature-extraction or sequence-classification");
    put("sentence_bert_config.json", "{'modality_config':{'text':{'method_output_name':'pooler_output'}}}");
    assertRefused("modality_config.text.method_output_name is \"pooler_output\", must be last_hidden_state or logits");
  }

  @Test
  void promptsAndTheirDefault() throws IOException {
    put("config_sentence_transformers.json", "{'prompts':{'query':'query: ','passage':'passage: '},'default_prompt_name':'query'}");
    assertThat(load().prefix()).isEqualTo("query: ");
    assertThat(load().prompts()).containsEntry("passage", "passage: ").hasSize(2);
    put("config_sentence_transformers.json", "{'prompts':{'query':'query: '},'default_prompt_name':null}");
    assertThat(load().prefix()).isEmpty();
    put("config_sentence_transformers.json", "{'prompts':{'query':'query: '},'default_prompt_name':'text'}");
    assertRefused("default_prompt_name is \"text\", must be one of prompts, [query]");
  }

  /** Messages show no more of a name than is safe: its beginning, on one line. */
  @Test
  void namesOfTheFilesAreShortInMessages() throws IOException {
    put("modules.json", "[" + ENCODER + "," + POOLING.replace("1_Pooling", "x".repeat(256)) + "]");
    assertShort("must be the name of a folder");
    put("modules.json", "[" + ENCODER + "," + POOLING.replace("1_Pooling", "x".repeat(255)) + "]");
    assertRefused(" has no " + "x".repeat(255) + "/config.json");
    put("modules.json", "[" + ENCODER + "," + POOLING + "]");
    for (String odd : new String[] {"x".repeat(5000), "\\n", "\\u001b[31m", "\\u2028", "\\u0085"}) {
      put("config_sentence_transformers.json", "{'prompts':{'" + odd + "':1}}");
      assertShort("config_sentence_transformers.json: prompts.");
      Files.delete(folder.resolve("config_sentence_transformers.json"));
      put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_" + odd + "':true}");
      assertShort("1_Pooling/config.json: pooling_mode_");
      put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_mean_tokens':true,'" + odd + "':true}");
      assertShort("a key that is not understood");
      put("1_Pooling/config.json", "{'word_embedding_dimension':24,'pooling_mode_mean_tokens':true}");
    }
  }

  private void assertShort(String words) {
    assertThatThrownBy(this::load)
        .isInstanceOf(IOException.class)
        .message()
        .contains(words)
        .hasSizeLessThan(folder.toString().length() + 300)
        .matches(message -> message.codePoints().noneMatch(c -> Character.isISOControl(c) || c == 0x2028));
  }

  @Test
  void knownArtifactsAreUsedAsPublished() throws IOException {
    EncoderModel model = EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2"));
    assertThat(model.pooling()).contains(TextPooling.MEAN);
    assertThat(model.normalised()).isTrue();
    assertThat(model.maxTokens()).isEqualTo(256);
    assertThat(model.prefix()).isEmpty();
  }
}
