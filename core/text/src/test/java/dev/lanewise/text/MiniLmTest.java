package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Compares with the results of ONNX Runtime for the same file; {@code minilm.py} beside the numbers made them. */
class MiniLmTest {
  /** The project's tolerance for a component of an embedding. */
  private static final double COMPONENT_TOLERANCE = 1e-5;

  /** Tolerance relative to the largest value of a hidden state, for the float rounding of six layers on both sides. */
  private static final double HIDDEN_TOLERANCE = 1e-5;

  private static final int EMBED_DIM = 384;

  private static TextEncoder model;
  private static JsonArray golden;

  @BeforeAll
  static void load() throws IOException {
    model = TextEncoder.load(ModelFiles.onClassPath("all-minilm-l6-v2")).withKernels(Kernels.vector());
    try (InputStream json = Objects.requireNonNull(MiniLmTest.class.getResourceAsStream("minilm.json"))) {
      golden = JsonParser.parseReader(new InputStreamReader(json, StandardCharsets.UTF_8)).getAsJsonArray();
    }
  }

  private static String text(JsonElement testCase) {
    return testCase.getAsJsonObject().get("text").getAsString();
  }

  private static void assertSampled(String name, JsonObject expected, float[] actual, double tolerance) {
    JsonArray indices = expected.getAsJsonArray("indices");
    for (int i = 0; i < indices.size(); i++) {
      double value = expected.getAsJsonArray("values").get(i).getAsDouble();
      assertThat((double) actual[indices.get(i).getAsInt()]).as("%s[%s]", name, indices.get(i)).isCloseTo(value, within(tolerance));
    }
  }

  @Test
  void embeddingsEqualOnnxRuntimes() {
    TextEncoder scalar = model.withKernels(Kernels.scalar());
    for (JsonElement testCase : golden) {
      JsonObject expected = testCase.getAsJsonObject();
      String name =
          "embedding of "
              + text(testCase).codePoints().limit(30).collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append);
      int tokens = model.tokens(text(testCase));
      assertThat(tokens).as(name).isEqualTo(expected.get("tokens").getAsInt());
      assertSampled(name, expected.getAsJsonObject("embedding"), model.embed(text(testCase)), COMPONENT_TOLERANCE);
      if (tokens < 40) {
        assertSampled(name, expected.getAsJsonObject("embedding"), scalar.embed(text(testCase)), COMPONENT_TOLERANCE);
      }
    }
  }

  @Test
  void hiddenStatesOfEveryLayerEqualOnnxRuntimes() {
    int compared = 0;
    for (JsonElement testCase : golden) {
      if (!testCase.getAsJsonObject().has("hidden")) {
        continue;
      }
      JsonArray states = testCase.getAsJsonObject().getAsJsonArray("hidden");
      int[] ids = model.model().tokenizer().withMaxTokens(model.maxTokens()).encode(text(testCase)).ids();
      PackedSequences one = PackedSequences.of(0, ids.length);
      SequenceBatch x = SequenceBatch.zeros(1, ids.length, EMBED_DIM);
      model.model().encoder().embed(ids, null, one, x);
      TransformerStack layers = model.model().encoder().encoder().withPackedSequences(one);
      for (int state = 0; state < states.size(); state++) {
        if (state > 0) {
          layers.layers().get(state - 1).forward(x, x);
        }
        JsonObject expected = states.get(state).getAsJsonObject();
        assertSampled("state " + state, expected, x.data(), HIDDEN_TOLERANCE * expected.get("largest").getAsDouble());
        compared++;
      }
    }
    assertThat(compared).isEqualTo(3 * 7);
  }

  @Test
  void aBatchEqualsItsSingleTexts() {
    List<String> texts = new ArrayList<>();
    golden.forEach(testCase -> texts.add(text(testCase)));
    texts.addAll(Collections.nCopies(8, text(golden.get(11)))); // more tokens than pass through the layers at a time
    Collections.shuffle(texts, new Random(3));
    float[][] together = model.withThreads(2).embed(texts);
    assertThat(together).hasDimensions(21, EMBED_DIM);
    Map<String, float[]> alone = new HashMap<>();
    for (int i = 0; i < together.length; i++) {
      assertThat(together[i]).isEqualTo(alone.computeIfAbsent(texts.get(i), model::embed));
      assertThat(TextEncoder.similarity(together[i], together[i])).isCloseTo(1, within(1e-6));
    }
    assertThat(model.embed(List.of())).isEmpty();
    assertThat(model.embed(texts.stream())).containsExactly(together);
  }

  @Test
  void oneInstanceServesManyThreads() throws InterruptedException, ExecutionException {
    float[] alone = model.embed(text(golden.get(0)));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<float[]>> results = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        results.add(threads.submit(() -> model.embed(text(golden.get(0)))));
      }
      for (Future<float[]> result : results) {
        assertThat(result.get()).isEqualTo(alone);
      }
    }
  }

  @Test
  void textsOfSimilarMeaningAreSimilar() {
    float[] law = model.embed("The law should be just.");
    assertThat(TextEncoder.similarity(law, model.embed("Justice must be done.")))
        .isGreaterThan(TextEncoder.similarity(law, model.embed("It rained all day.")) + 0.2);
  }

  @Test
  void sizesAreTheModels() {
    BertEncoder encoder = model.model().encoder();
    assertThat(model.dimensions()).isEqualTo(EMBED_DIM);
    assertThat(model.maxTokens()).isEqualTo(256);
    assertThat(encoder.embedDim()).isEqualTo(EMBED_DIM);
    assertThat(encoder.maxTokens()).isEqualTo(512);
    assertThat(encoder.vocabulary()).isEqualTo(30522);
    assertThat(encoder.encoder().layers()).hasSize(6);
    assertThatThrownBy(() -> TextEncoder.similarity(new float[3], new float[4])).hasMessageContaining("3").hasMessageContaining("4");
  }
}
