package dev.lanewise.text.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.model.RandomEncoder.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Folders of small random models against plain double loops, and files that are wrong. */
class EncoderModelTest {
  private static final long SEED = 22;
  private static final int[] IDS = {2, 9, 5, 10, 6, 3, 7, 8, 3};

  /** What plain Java keeps. SIMD, whose sums have another order, may have twice its error and 1e-6 of the largest value. */
  private static final double TOLERANCE = 2e-6;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void rowsAndHeadsAreThoseOfPlainLoops(Family family) throws IOException {
    RandomEncoder random = RandomEncoder.of(family, SEED);
    PlainEncoder plain = new PlainEncoder(random);
    EncoderModel model = EncoderModel.load(random.write(folder)).withKernels(Kernels.selected()).withThreads(2);
    int[] types = family == Family.BERT ? new int[] {0, 0, 0, 0, 0, 0, 1, 1, 1} : new int[IDS.length];
    double[][] expected = plain.rows(IDS, types);
    double plainError = error(forwarded(model.withKernels(Kernels.scalar()), types), expected);
    assertThat(plainError).isLessThanOrEqualTo(TOLERANCE);
    SequenceBatch rows = forwarded(model, types);
    double largest = Arrays.stream(expected).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElseThrow();
    assertThat(error(rows, expected)).isLessThanOrEqualTo(2 * plainError + 1e-6 * largest);
    SequenceBatch first = SequenceBatch.zeros(1, 1, RandomEncoder.WIDTH);
    System.arraycopy(rows.data(), 0, first.data(), 0, RandomEncoder.WIDTH);
    Classifier classifier = model.classifier().orElseThrow();
    assertThat(classifier.labels()).containsExactly("no", "maybe", "yes");
    assertThat(classifier.scoring()).isEmpty();
    SequenceBatch logits = SequenceBatch.zeros(1, 1, RandomEncoder.LABELS);
    classifier.forward(first, logits);
    assertClose(logits, 0, plain.logits(expected[0]));
    assertThat(model.pooler().isPresent()).isEqualTo(family == Family.BERT);
    if (family == Family.BERT) {
      SequenceBatch pooled = SequenceBatch.zeros(1, 1, RandomEncoder.WIDTH);
      model.pooler().orElseThrow().forward(first, pooled);
      assertClose(pooled, 0, plain.pooled(expected[0]));
    }
    assertThat(model.maxTokens()).isEqualTo(family == Family.ROBERTA ? RandomEncoder.POSITIONS - 2 : RandomEncoder.POSITIONS);
    assertThat(model.pooling()).isEmpty();
    assertThat(model.normalised()).isFalse();
    assertThat(model.prefix()).isEmpty();
  }

  private static SequenceBatch forwarded(EncoderModel model, int[] types) {
    SequenceBatch rows = SequenceBatch.zeros(1, IDS.length, RandomEncoder.WIDTH);
    model.encoder().forward(IDS, types, PackedSequences.of(0, IDS.length), rows);
    return rows;
  }

  /** The largest error of an element, of max(1, |x|). */
  private static double error(SequenceBatch rows, double[][] expected) {
    double error = 0;
    for (int i = 0; i < expected.length * RandomEncoder.WIDTH; i++) {
      double x = expected[i / RandomEncoder.WIDTH][i % RandomEncoder.WIDTH];
      error = Math.max(error, Math.abs(rows.data()[i] - x) / Math.max(1, Math.abs(x)));
    }
    return error;
  }

  private static void assertClose(SequenceBatch rows, int row, double[] expected) {
    for (int i = 0; i < expected.length; i++) {
      double scale = Math.max(1, Math.abs(expected[i]));
      assertThat((double) rows.data()[row * expected.length + i])
          .as("row %d [%d]", row, i)
          .isCloseTo(expected[i], within(TOLERANCE * scale));
    }
  }

  @Test
  void aModelWithoutHeadIsAnEncoder() throws IOException {
    RandomEncoder random =
        RandomEncoder.of(Family.BERT, SEED)
            .with("architectures", "['BertModel']")
            .withoutTensor("bert.pooler.dense.weight")
            .withoutTensor("bert.pooler.dense.bias")
            .without("id2label");
    EncoderModel model = EncoderModel.load(random.write(folder));
    assertThat(model.classifier()).isEmpty();
    assertThat(model.pooler()).isEmpty();
    assertThat(model.encoder().embedDim()).isEqualTo(RandomEncoder.WIDTH);
  }

  @Test
  void labelsWithoutClassifierAreNotRead() throws IOException {
    RandomEncoder random = RandomEncoder.of(Family.BERT, SEED).with("id2label", "{'0':0,'1':1,'2':2}");
    assertThatThrownBy(() -> EncoderModel.load(random.write(folder))).isInstanceOf(IOException.class).hasMessageContaining("id2label.0");
    random.with("architectures", "['BertModel']");
    assertThat(EncoderModel.load(random.write(folder)).classifier()).isEmpty();
  }

  @Test
  void scoringIsThatOfTheFile() throws IOException {
    RandomEncoder random =
        RandomEncoder.of(Family.BERT, SEED).with("sentence_transformers", "{'activation_fn':'torch.nn.modules.linear.Identity'}");
    assertThat(EncoderModel.load(random.write(folder)).classifier().orElseThrow().scoring()).contains(Activation.NONE);
    RandomEncoder old =
        RandomEncoder.of(Family.BERT, SEED).with("sbert_ce_default_activation_function", "'torch.nn.modules.activation.Sigmoid'");
    assertThat(EncoderModel.load(old.write(folder)).classifier().orElseThrow().scoring()).contains(Activation.SIGMOID);
    old.with("sentence_transformers", "{'activation_fn':'torch.nn.modules.linear.Identity','version':'4.1.0'}"); // the newer key counts
    assertThat(EncoderModel.load(old.write(folder)).classifier().orElseThrow().scoring()).contains(Activation.NONE);
    for (Activation activation : List.of(Activation.NONE, Activation.SIGMOID, Activation.TANH)) {
      RandomEncoder written = RandomEncoder.of(Family.BERT, SEED).with(EncoderConfig.SCORING, "'" + EncoderConfig.nameOf(activation) + "'");
      assertThat(EncoderModel.load(written.write(folder)).classifier().orElseThrow().scoring()).contains(activation);
    }
  }

  @Test
  void keysOfSoftwareAndTrainingAreIgnored() throws IOException {
    RandomEncoder random =
        RandomEncoder.of(Family.BERT, SEED)
            .with("_attn_implementation_autoset", "true")
            .with("transformers.js_config", "{'dtype':'q8'}")
            .with("tf_legacy_loss", "false")
            .with("emb_size", "24")
            .with("structure", "[]")
            .with("cell", "{}");
    assertThat(EncoderModel.load(random.write(folder)).encoder().embedDim()).isEqualTo(RandomEncoder.WIDTH);
  }

  @Test
  void settingsThatAreNotUnderstoodAreNamed() {
    refuse(Family.BERT, "hidden_act", "'mish'", "config.json: hidden_act is \"mish\", must be one of [gelu,");
    refuse(Family.BERT, "position_embedding_type", "'relative_key'", "position_embedding_type is \"relative_key\", must be \"absolute\"");
    refuse(Family.BERT, "is_decoder", "true", "is_decoder is true, must be false");
    refuse(Family.BERT, "rotary_dim", "8", "rotary_dim is 8, a key that is not understood");
    refuse(Family.BERT, "model_type", "'deberta'", "model_type is \"deberta\", must be one of [bert, roberta, xlm-roberta,");
    refuse(Family.BERT, "model_type", "'distilbert'", "has no dim");
  }

  @Test
  void sizesOfConfigAndTensorsAreCompared() {
    refuse(Family.BERT, "vocab_size", "12", "vocab_size is 12, but tensor bert.embeddings.word_embeddings.weight has 11 rows");
    refuse(Family.BERT, "hidden_size", "27", "hidden_size is 27, but tensor bert.embeddings.word_embeddings.weight has 24 columns");
    refuse(Family.BERT, "num_attention_heads", "5", "hidden_size is 24, must be a multiple of num_attention_heads, 5");
    refuse(Family.BERT, "num_hidden_layers", "3", "num_hidden_layers is 3, but the tensors have 2 layers");
    refuse(Family.BERT, "type_vocab_size", "1", "type_vocab_size is 1, but tensor bert.embeddings.token_type_embeddings.weight has 2 rows");
    refuse(
        Family.DISTILBERT, "hidden_dim", "41", "hidden_dim is 41, but tensor distilbert.transformer.layer.0.ffn.lin1.weight has 40 rows");
    refuse(Family.ROBERTA, "max_position_embeddings", "21", "max_position_embeddings is 21, but tensor roberta.embeddings");
    refuse(Family.ROBERTA, "id2label", "{'0':'one'}", "id2label of config.json has 1 labels, but classifier.out_proj has 3");
  }

  private void refuse(Family family, String key, String json, String message) {
    assertThatThrownBy(() -> EncoderModel.load(RandomEncoder.of(family, SEED).with(key, json).write(folder)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(message);
  }

  @Test
  void missingTensorsAreNamed() {
    assertThatThrownBy(
            () ->
                EncoderModel.load(
                    RandomEncoder.of(Family.BERT, SEED).withoutTensor("bert.encoder.layer.1.attention.self.key.bias").write(folder)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("encoder.layer.1.attention.self.key.bias");
    assertThatThrownBy(
            () -> EncoderModel.load(RandomEncoder.of(Family.ROBERTA, SEED).withoutTensor("classifier.out_proj.weight").write(folder)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("has no classifier, but architectures");
  }

  @Test
  void whatNobodySaysMustBeTold() throws IOException {
    Path path = RandomEncoder.of(Family.BERT, SEED).without("layer_norm_eps").write(folder);
    ModelFiles files = ModelFiles.of(path);
    assertThatThrownBy(() -> EncoderModel.load(files))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("does not say epsilon: tell it by EncoderModel.builder(files).epsilon(…)");
    assertThat(EncoderModel.builder(files).epsilon(1e-5f).build().maxTokens()).isEqualTo(RandomEncoder.POSITIONS);
    assertThatThrownBy(() -> EncoderModel.builder(files).epsilon(1e-5f).numHeads(6).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("numHeads is 6, but 3 in the files");
    Files.delete(path.resolve("config.json"));
    assertThatThrownBy(() -> EncoderModel.load(files)).hasMessageContaining("builder(files).numHeads(…)");
    EncoderModel told = EncoderModel.builder(files).epsilon(1e-5f).numHeads(3).activation(Activation.GELU).firstPosition(0).build();
    assertThat(told.classifier().orElseThrow().labels()).containsExactly("LABEL_0", "LABEL_1", "LABEL_2");
  }

  @Test
  void anExportedFolderIsTheSameModel() throws IOException {
    ModelFiles files = ModelFiles.onClassPath("all-minilm-l6-v2");
    EncoderModel model = EncoderModel.load(files);
    EncoderModel exported = EncoderModel.load(EncoderModel.export(files, folder.resolve("minilm")));
    assertThat(exported.pooling()).contains(TextPooling.MEAN).isEqualTo(model.pooling());
    assertThat(exported.normalised()).isTrue();
    assertThat(exported.maxTokens()).isEqualTo(256).isEqualTo(model.maxTokens());
    int[] ids = model.tokenizer().encode("The law will never be perfect.").ids();
    assertThat(exported.tokenizer().encode("The law will never be perfect.").ids()).isEqualTo(ids);
    assertThat(rows(exported, ids)).isEqualTo(rows(model, ids));
    Safetensors.open(folder.resolve("minilm/model.safetensors")).close();
  }

  @Test
  void anExportLeavesNothingOfAnotherModel() throws IOException {
    Path model = RandomEncoder.of(Family.BERT, SEED).write(Files.createDirectory(folder.resolve("model")));
    ModelFiles files = ModelFiles.of(model);
    for (String name : List.of("tokenizer.json", "modules.json")) {
      Path other = Files.createDirectory(folder.resolve("beside " + name));
      Files.writeString(other.resolve(name), "old");
      assertThatThrownBy(() -> EncoderModel.export(files, other))
          .isInstanceOf(IOException.class)
          .hasMessage(other + " has " + name + " of another model, which would be read with this one; delete it or name a new folder");
      try (Stream<Path> left = Files.list(other)) {
        assertThat(left).containsExactly(other.resolve(name));
      }
      assertThat(other.resolve(name)).hasContent("old");
    }
    // Both models have modules.json.
    String modules =
        """
        [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
        {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]
        """;
    Files.writeString(model.resolve("modules.json"), modules);
    Files.writeString(
        Files.createDirectory(model.resolve("1_Pooling")).resolve("config.json"),
        "{\"word_embedding_dimension\":24,\"pooling_mode_mean_tokens\":true}");
    Path twice = folder.resolve("twice");
    EncoderModel.export(files, twice);
    assertThat(twice.resolve("modules.json")).exists();
    assertThat(EncoderModel.load(EncoderModel.export(files, twice)).classifier()).isPresent();
  }

  private static float[] rows(EncoderModel model, int... ids) {
    SequenceBatch rows = SequenceBatch.zeros(1, ids.length, model.encoder().embedDim());
    model.encoder().forward(ids, PackedSequences.of(0, ids.length), rows);
    return rows.data();
  }

  @Test
  void aTokenizerWithMoreTokensThanTheModelIsRefused() throws IOException {
    Path path = RandomEncoder.of(Family.BERT, SEED).write(folder);
    Files.writeString(path.resolve("vocab.txt"), "more\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> EncoderModel.load(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the tokenizer has 12 tokens, but the model only 11");
  }
}
