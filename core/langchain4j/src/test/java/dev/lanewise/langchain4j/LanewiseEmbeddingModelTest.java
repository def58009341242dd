package dev.lanewise.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.listener.EmbeddingModelResponseContext;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Compares with what the native model of LangChain4j computes of the same file, which core/text keeps as golden numbers. */
class LanewiseEmbeddingModelTest {
  private static final String MINILM = "all-minilm-l6-v2";
  private static final String TEXT = "The train to the coast leaves at a quarter to eight.";

  private static TextEncoder encoder;
  private static LanewiseEmbeddingModel model;

  @BeforeAll
  static void load() throws IOException {
    encoder = TextEncoder.of(EncoderModel.load(ModelFiles.onClassPath(MINILM)));
    model = LanewiseEmbeddingModel.builder().encoder(encoder).queryPrefix("query: ").documentPrefix("passage: ").threads(2).build();
  }

  @Test
  void vectorsAreThoseOfTheNativeModel() throws IOException {
    String json = Files.readString(Path.of("../text/src/test/resources/dev/lanewise/text/minilm.json"));
    List<JsonObject> golden =
        JsonParser.parseString(json).getAsJsonArray().asList().stream()
            .map(JsonElement::getAsJsonObject)
            .filter(text -> !text.get("text").getAsString().isBlank() && text.get("tokens").getAsInt() <= encoder.maxTokens())
            .toList();
    assertThat(golden).hasSizeGreaterThan(7);
    List<TextSegment> texts = golden.stream().map(text -> TextSegment.from(text.get("text").getAsString())).toList();
    Response<List<Embedding>> all = model.embedAll(texts);
    assertThat(all.content()).hasSameSizeAs(golden);
    for (int text = 0; text < golden.size(); text++) {
      JsonObject expected = golden.get(text).getAsJsonObject("embedding");
      JsonArray indices = expected.getAsJsonArray("indices");
      for (int i = 0; i < indices.size(); i++) {
        double value = expected.getAsJsonArray("values").get(i).getAsDouble();
        float ours = all.content().get(text).vector()[indices.get(i).getAsInt()];
        assertThat((double) ours).as("text %d, element %s", text, indices.get(i)).isCloseTo(value, within(1e-6));
      }
    }
    assertThat(all.tokenUsage().inputTokenCount()).isEqualTo(golden.stream().mapToInt(text -> text.get("tokens").getAsInt()).sum());
  }

  @Test
  void aLoneTextHasTheBitsOfItsBatch() {
    List<Embedding> both = model.embedAll(List.of(TextSegment.from("Why?"), TextSegment.from(TEXT))).content();
    assertThat(model.embed(TEXT).content().vector()).containsExactly(both.get(1).vector());
  }

  @Test
  void theInputTypeChoosesThePrefix() {
    assertThat(embedded(EmbeddingInputType.QUERY)).containsExactly(encoder.withPrefix("query: ").embed(TEXT));
    assertThat(embedded(EmbeddingInputType.DOCUMENT)).containsExactly(encoder.withPrefix("passage: ").embed(TEXT));
    assertThat(model.embed(TEXT).content().vector()).containsExactly(encoder.embed(TEXT));
  }

  private static float[] embedded(EmbeddingInputType type) {
    return model.embed(EmbeddingRequest.builder().input(TEXT).inputType(type).build()).embeddings().getFirst().vector();
  }

  @Test
  void withoutPrefixesTypesMakeNoDifference() {
    LanewiseEmbeddingModel plain = LanewiseEmbeddingModel.builder().encoder(encoder).prefix("title: ").build();
    EmbeddingRequest query = EmbeddingRequest.builder().input(TEXT).inputType(EmbeddingInputType.QUERY).build();
    assertThat(plain.embed(query).embeddings().getFirst().vector())
        .containsExactly(plain.embed(TEXT).content().vector())
        .containsExactly(encoder.withPrefix("title: ").embed(TEXT));
  }

  @Test
  void aRequestMaySetTheDimensions() {
    EmbeddingResponse response = model.embed(EmbeddingRequest.builder().input(TEXT).dimensions(128).build());
    assertThat(response.embeddings().getFirst().vector()).containsExactly(encoder.withDimensions(128).embed(TEXT));
    assertThat(model.dimension()).isEqualTo(384);
    assertThat(LanewiseEmbeddingModel.builder().encoder(encoder).dimensions(64).build().dimension()).isEqualTo(64);
  }

  @Test
  void aParameterThatTheModelDoesNotKnowIsRefused() {
    EmbeddingRequest other = EmbeddingRequest.builder().input(TEXT).modelName("another").build();
    assertThatThrownBy(() -> model.embed(other)).isInstanceOf(UnsupportedFeatureException.class).hasMessageContaining("modelName");
  }

  @Test
  void listenersSeeEachResponse() {
    List<String> seen = new ArrayList<>();
    EmbeddingModelListener listener =
        new EmbeddingModelListener() {
          @Override
          public void onResponse(EmbeddingModelResponseContext context) {
            seen.add(context.embeddingModel().modelName() + " " + context.textSegments().size());
          }
        };
    LanewiseEmbeddingModel.builder().encoder(encoder).listeners(List.of(listener)).build().embed(TEXT);
    assertThat(seen).containsExactly(MINILM + " 1");
  }

  @Test
  void wrongSettingsAreRefusedInOneLine() {
    assertThatThrownBy(() -> LanewiseEmbeddingModel.builder().build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("model, modelOnClassPath and encoder are not set, must be one of them");
    assertThatThrownBy(() -> LanewiseEmbeddingModel.builder().encoder(encoder).modelOnClassPath(MINILM))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("model, modelOnClassPath and encoder are set twice, must be one of them once");
    assertThatThrownBy(() -> LanewiseEmbeddingModel.builder().model(Path.of("no", "where")).build())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessage(Path.of("no", "where") + " does not exist");
    assertThatThrownBy(() -> LanewiseEmbeddingModel.builder().modelOnClassPath("nothing").build())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageStartingWith("nothing.onnx is not on the class path");
    assertThatThrownBy(() -> LanewiseEmbeddingModel.builder().encoder(encoder).threads(0).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("threads is 0, ");
    assertThatThrownBy(() -> LanewiseEmbeddingModel.builder().encoder(encoder).dimensions(385).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("dimensions is 385, ");
  }
}
