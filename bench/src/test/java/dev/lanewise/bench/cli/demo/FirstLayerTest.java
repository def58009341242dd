package dev.lanewise.bench.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.bench.cli.explain.Tokens;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares with what ONNX Runtime computes from the same file; {@code layer0.py} beside the numbers made them. */
class FirstLayerTest {
  /** A part of the largest value of the tensor: a few float roundings, far below the effect of a wrong weight or a missing bias. */
  private static final double TOLERANCE = 2e-6;

  private static JsonObject golden;
  private static FirstLayer model;
  private static Tokens tokens;

  @BeforeAll
  static void load() throws IOException {
    try (InputStream json = Objects.requireNonNull(FirstLayerTest.class.getResourceAsStream("layer0.json"))) {
      golden = JsonParser.parseReader(new InputStreamReader(json, StandardCharsets.UTF_8)).getAsJsonObject();
    }
    model = FirstLayer.load();
    tokens = Tokens.of(model.model(), golden.get("sentence").getAsString());
  }

  static Stream<Kernels> kernels() {
    return Stream.of(Kernels.scalar(), Kernels.vector());
  }

  @Test
  void tokensAreTheModels() {
    assertThat(tokens.ids()).containsExactly(list("ids").stream().mapToInt(JsonElement::getAsInt).toArray());
    assertThat(tokens.texts()).isEqualTo(list("tokens").stream().map(JsonElement::getAsString).toList());
  }

  @Test
  void embeddingsAreTheModels() {
    assertGolden("embeddings", model.embed(tokens).data());
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void attentionIsTheModels(Kernels kernels) {
    SequenceBatch embedded = model.embed(tokens);
    Heads weights = Heads.zeros(1, FirstLayer.NUM_HEADS, tokens.length(), tokens.length());
    SequenceBatch output = SequenceBatch.zeros(1, tokens.length(), FirstLayer.EMBED_DIM);
    model.attention(kernels).forward(embedded, embedded, embedded, output, Results.of().withWeights(weights));
    assertGolden("weights", weights.data());
    assertGolden("output", output.data());
  }

  private static void assertGolden(String name, float[] actual) {
    JsonObject expected = golden.getAsJsonObject(name);
    JsonArray shape = expected.getAsJsonArray("shape");
    int size = shape.asList().stream().mapToInt(JsonElement::getAsInt).reduce(1, Math::multiplyExact);
    assertThat(actual).hasSize(size);
    JsonArray indices = expected.getAsJsonArray("indices");
    for (int i = 0; i < indices.size(); i++) {
      int index = indices.get(i).getAsInt();
      double value = expected.getAsJsonArray("values").get(i).getAsDouble();
      assertThat((double) actual[index])
          .as("%s[%d]", name, index)
          .isCloseTo(value, org.assertj.core.data.Offset.offset(TOLERANCE * expected.get("largest").getAsDouble()));
    }
  }

  private static List<JsonElement> list(String name) {
    return golden.getAsJsonArray(name).asList();
  }
}
