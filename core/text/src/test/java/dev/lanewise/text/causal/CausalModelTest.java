package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.testing.ReadmeBlocks;
import dev.lanewise.testing.Sample;
import dev.lanewise.text.causal.RandomCheckpoint.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every family is loaded and has the logits of the plain reference, from any format of file and of weights. */
class CausalModelTest {
  private static final long SEED = 20261129;

  /** More tokens than any window of the small models has keys. */
  private static final int[] IDS = IntStream.range(0, 21).map(i -> (i * 37 + 5) % 131).toArray();

  @TempDir private Path folder;

  private static float[] logits(LanguageModel model) {
    SequenceBatch logits = SequenceBatch.zeros(1, IDS.length, model.vocabulary());
    try (StackState state = model.stack().start(1, IDS.length)) {
      model.forward(IDS, state, logits);
    }
    return logits.data();
  }

  private static float[] logits(Path folder) throws IOException {
    return logits(CausalModel.load(folder).model());
  }

  /** Compares with the reference in double; plain float code tells how large an error may be. */
  private static void assertAsReference(Path folder) throws IOException {
    assertAsReference(folder, logits(folder));
  }

  private static void assertAsReference(Path folder, float[] actual) throws IOException {
    assertAsReference(ReferenceCausalModel.read(folder), actual);
  }

  private static void assertAsReference(ReferenceCausalModel reference, float[] actual) {
    double[] exact = Arrays.stream(reference.logits(IDS)).flatMapToDouble(Arrays::stream).toArray();
    double[] plain = Arrays.stream(reference.inFloat().logits(IDS)).flatMapToDouble(Arrays::stream).toArray();
    double largest = Arrays.stream(exact).map(Math::abs).max().orElseThrow();
    double error = 0;
    double allowed = 0;
    for (int i = 0; i < exact.length; i++) {
      error = Math.max(error, Math.abs(actual[i] - exact[i]));
      allowed = Math.max(allowed, Math.abs(plain[i] - exact[i]));
    }
    assertThat(actual).hasSize(exact.length);
    assertThat(error).isLessThan(2 * allowed + 1e-6 * largest);
  }

  @ParameterizedTest
  @EnumSource
  void everyFamilyHasTheLogitsOfTheReference(Family family) throws IOException {
    RandomCheckpoint.write(folder, family, SEED);
    assertAsReference(folder);
  }

  /** The golden models of PyTorch, which were made without this library. */
  @ParameterizedTest
  @CsvSource({"llama3", "mistral", "qwen2", "qwen3", "gemma2", "gpt2"})
  void goldenModelsHaveTheLogitsOfPyTorch(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    golden.write(folder);
    LanguageModel model = CausalModel.load(folder).model();
    SequenceBatch logits = SequenceBatch.zeros(1, golden.logits.length / model.vocabulary(), model.vocabulary());
    try (StackState state = model.stack().start(1, golden.ids.length)) {
      model.forward(golden.ids, state, logits);
    }
    double error = 0;
    for (int i = 0; i < golden.logits.length; i++) {
      error = Math.max(error, Math.abs(logits.data()[i] - golden.logits[i]));
    }
    assertThat(error).isLessThan(2 * golden.errorOfFloat + 1e-6 * golden.largest());
  }

  @ParameterizedTest
  @EnumSource
  void shardsAndOneFileGiveTheSameBits(Family family) throws IOException {
    RandomCheckpoint.write(folder.resolve("one"), family, SEED);
    RandomCheckpoint.of(family, SEED).withShards(4).write(folder.resolve("four"));
    assertThat(logits(folder.resolve("four"))).containsExactly(logits(folder.resolve("one")));
  }

  @ParameterizedTest
  @EnumSource
  void weightsStayInTheFormatOfTheFile(Family family) throws IOException {
    for (Dtype dtype : new Dtype[] {Dtype.F16, Dtype.BF16}) {
      Path stored = folder.resolve(dtype.name());
      RandomCheckpoint.of(family, SEED).withDtype(dtype).write(stored);
      assertAsReference(stored);
      float[] wide = logits(CausalModel.builder(stored).format(WeightFormat.F32).build().model());
      assertAsReference(stored, wide);
    }
  }

  @ParameterizedTest
  @EnumSource
  void kernelsAndThreadsAreChosen(Family family) throws IOException {
    RandomCheckpoint.write(folder, family, SEED);
    float[] one = logits(folder);
    assertThat(logits(CausalModel.builder(folder).threads(2).build().model())).containsExactly(one);
    assertAsReference(folder, logits(CausalModel.builder(folder).kernels(Kernels.scalar()).build().model()));
  }

  /** Quantised when loading, and written to a folder and loaded again: the same bits. */
  @ParameterizedTest
  @EnumSource(
      value = WeightFormat.class,
      names = {"INT8", "INT8_BLOCK", "INT4", "INT4_ZERO"})
  void quantisedFoldersHaveTheBitsOfQuantisedModels(WeightFormat format) throws IOException {
    List<Family> families = new ArrayList<>(List.of(Family.values()));
    // Each format has its own part of them.
    Collections.rotate(families, format.ordinal());
    for (Family family : Sample.of(families)) {
      Path source = folder.resolve(family.name());
      Path target = folder.resolve(family + "-" + format);
      RandomCheckpoint.of(family, SEED).withDtype(Dtype.BF16).write(source);
      Files.writeString(source.resolve("tokenizer.json"), "{}");
      float[] expected = logits(CausalModel.builder(source).format(format).build().model());
      assertThat(expected).isNotEqualTo(logits(source));
      CausalModel.quantise(source, target, format);
      assertThat(logits(target)).as("%s", family).containsExactly(expected);
      assertThat(target.resolve("tokenizer.json")).exists();
      try (Safetensors stored = Safetensors.openAll(target)) {
        String table = stored.names().stream().filter(name -> name.matches(".*(embed_tokens|wte)\\.weight")).findFirst().orElseThrow();
        assertThat(stored.dtype(table)).isEqualTo(Dtype.BF16);
      }
    }
  }

  @Test
  void wrongQuantisedFoldersAreNamed() throws IOException {
    Path source = folder.resolve("source");
    Path target = folder.resolve("target");
    RandomCheckpoint.write(source, Family.GPT2, SEED);
    assertThatThrownBy(() -> CausalModel.quantise(source, target, WeightFormat.F16))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessage("format is F16, must be an integer format");
    assertThatThrownBy(() -> CausalModel.quantise(source, source, WeightFormat.INT8))
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContaining("the folder of the model itself");
    CausalModel.quantise(source, target, WeightFormat.INT8);
    String config = Files.readString(target.resolve("config.json"));
    assertRefused(target, config.replace("INT8", "INT4"), "quantization_config.format is INT4, but tensor \"h.0.attn.c_", "is of INT8");
    assertRefused(target, config.replace("INT8", "F16"), "quantization_config.format is \"F16\", must be an integer format");
    assertRefused(
        target, config.replace("lanewise", "gptq"), "quantization_config is {\"quant_method\":\"gptq\"", "must be one with quant_method");
    assertRefused(target, Files.readString(source.resolve("config.json")), "h.0.attn.c_attn.weight");
  }

  private static void assertRefused(Path target, String config, String... texts) throws IOException {
    Files.writeString(target.resolve("config.json"), config);
    assertThatThrownBy(() -> CausalModel.load(target)).isExactlyInstanceOf(IOException.class).hasMessageContainingAll(texts);
  }

  @Test
  void factsOfTheConfigAreThere() throws IOException {
    RandomCheckpoint.of(Family.LLAMA, SEED).withJson("eos_token_id", "[2, 9]").write(folder);
    CausalModel llama = CausalModel.load(folder);
    assertThat(llama.family()).isEqualTo("llama");
    assertThat(llama.maxPositions()).isEqualTo(256);
    assertThat(llama.vocabulary()).isEqualTo(131);
    assertThat(llama.stopIds()).containsExactly(2, 9);
    assertThat(llama.bosId()).hasValue(1);
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": 7, \"temperature\": 0.6}");
    assertThat(CausalModel.load(folder).stopIds()).containsExactly(7);
    RandomCheckpoint.of(Family.LLAMA, SEED).without("eos_token_id").with("bos_token_id", null).write(folder);
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": null}");
    assertThat(CausalModel.load(folder).stopIds()).isEmpty();
    assertThat(CausalModel.load(folder).bosId()).isEmpty();
  }

  @Test
  void aPrefixOfNamesIsFound() throws IOException {
    RandomCheckpoint.write(folder.resolve("bare"), Family.GPT2, SEED);
    RandomCheckpoint.of(Family.GPT2, SEED).withPrefix("transformer.").write(folder.resolve("prefixed"));
    assertThat(logits(folder.resolve("prefixed"))).containsExactly(logits(folder.resolve("bare")));
  }

  /** Switches that the small models do not have; the tensors follow the config. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "LLAMA | attention_bias | true",
        "LLAMA | mlp_bias | true",
        "LLAMA | num_key_value_heads | 1",
        "LLAMA | rope_scaling | {'type': 'linear', 'factor': 4.0}",
        "QWEN3 | rope_scaling | {'rope_type': 'yarn', 'factor': 4.0, 'original_max_position_embeddings': 16}",
        "QWEN3 | attention_bias | true",
        "QWEN2 | use_sliding_window | false",
        "MISTRAL | sliding_window | null",
        "GEMMA2 | final_logit_softcapping | null",
        "GPT2 | n_inner | 96",
        "GPT2 | tie_word_embeddings | false"
      })
  void switchesChangeTheLogits(Family family, String key, String json) throws IOException {
    RandomCheckpoint.write(folder.resolve("plain"), family, SEED);
    Path changed = folder.resolve("changed");
    RandomCheckpoint.of(family, SEED).withJson(key, json.replace('\'', '"')).write(changed);
    float[] actual = logits(changed);
    assertThat(actual).isNotEqualTo(logits(folder.resolve("plain")));
    assertAsReference(changed, actual);
  }

  /** The switches of GPT-2's scale do what other query weights would do. */
  @ParameterizedTest
  @CsvSource({"scale_attn_weights, false", "scale_attn_by_inverse_layer_idx, true"})
  void scalesOfGpt2AreThoseOfOtherQueries(String key, boolean value) throws IOException {
    RandomCheckpoint plain = RandomCheckpoint.of(Family.GPT2, SEED);
    NamedTensors stored = plain.tensors();
    NamedTensors.Builder scaled = NamedTensors.builder();
    for (String name : stored.names()) {
      float[] data = stored.floats(name);
      if (name.contains(".c_attn.")) {
        float factor = key.equals("scale_attn_weights") ? 4 : 1f / (1 + Character.digit(name.charAt(2), 10));
        for (int i = 0; i < data.length; i++) {
          data[i] *= i % 192 < 64 ? factor : 1;
        }
      }
      scaled.add(name, data, stored.shape(name));
    }
    RandomCheckpoint.of(Family.GPT2, SEED).with(key, value).write(folder);
    assertAsReference(ReferenceCausalModel.of(plain.config(), scaled.build()), logits(folder));
  }

  @Test
  void examplesAreThoseThatCompile() throws IOException {
    List<String> compiled = ReadmeBlocks.compiled("CausalExample.java");
    assertThat(ReadmeBlocks.shownInJavadoc("CausalModel.java")).containsExactlyElementsOf(compiled.subList(0, 2));
    assertThat(ReadmeBlocks.shown(Files.readString(Path.of("README.md")))).contains(compiled.getFirst());
    assertThat(ReadmeBlocks.shown(Files.readString(Path.of("..", "..", "README.md")))).contains(compiled.getLast());
  }

  @Test
  void examplesRun() throws IOException {
    RandomCheckpoint.write(folder.resolve("llama"), Family.LLAMA, SEED);
    assertThat(CausalExample.load(folder.resolve("llama"))).hasSize(131).doesNotContain(0, Float.NaN);
    assertThat(CausalExample.quantise(folder.resolve("llama"), folder.resolve("smaller")).vocabulary()).isEqualTo(131);
    assertThat(CausalExample.generate(folder.resolve("llama"), 1, 15, 7)).isNotEmpty().allMatch(id -> id >= 0 && id < 131);
  }
}
