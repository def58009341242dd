package dev.lanewise.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.ReadmeBlocks;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationContext;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;

/** An application of Spring Boot: documents go into a vector store, and a question finds the one that answers. */
@SpringBootTest(properties = {"spring.ai.model.embedding=lanewise", "spring.ai.lanewise.threads=2"})
class ApplicationTest {
  private static final List<String> DOCUMENTS =
      List.of(
          "The law will never be perfect, but its application should be just.",
          "Bake the bread for forty minutes, until its crust is dark.",
          "The train to the coast leaves at a quarter to eight.",
          "A cache that nobody clears is a leak with a better name.");

  @Autowired private EmbeddingModel model;
  @Autowired private VectorStore store;
  @Autowired private List<EmbeddingModelObservationContext> observed;

  /** The application. */
  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Application {
    @Bean
    VectorStore store(EmbeddingModel model) {
      return SimpleVectorStore.builder(model).build();
    }

    @Bean
    List<EmbeddingModelObservationContext> observed() {
      return new ArrayList<>();
    }

    @Bean
    ObservationRegistry registry(List<EmbeddingModelObservationContext> observed) {
      ObservationRegistry registry = ObservationRegistry.create();
      registry
          .observationConfig()
          .observationHandler(
              new ObservationHandler<EmbeddingModelObservationContext>() {
                @Override
                public void onStop(EmbeddingModelObservationContext context) {
                  observed.add(context);
                }

                @Override
                public boolean supportsContext(Observation.Context context) {
                  return context instanceof EmbeddingModelObservationContext;
                }
              });
      return registry;
    }
  }

  @Test
  void storeFindsTheDocumentThatAnswers() {
    store.add(DOCUMENTS.stream().map(Document::new).toList());
    assertThat(found("How long does a loaf stay in the oven?")).isEqualTo(DOCUMENTS.get(1));
    assertThat(found("When can I travel to the sea?")).isEqualTo(DOCUMENTS.get(2));
    assertThat(found("My program needs more and more memory.")).isEqualTo(DOCUMENTS.get(3));
  }

  private String found(String question) {
    List<Document> documents = store.similaritySearch(SearchRequest.builder().query(question).topK(1).build());
    return Objects.requireNonNull(documents.getFirst().getText());
  }

  @Test
  void callsAreObserved() {
    observed.clear();
    assertThat(model.embed(new Document("Why?"))).hasSize(384).hasSize(model.dimensions());
    assertThat(observed).hasSize(1);
    observed.clear();
    float[] vector = model.embed("Why?");
    assertThat(observed).singleElement().satisfies(context -> assertThat(context.getOperationMetadata().provider()).isEqualTo("lanewise"));
    assertThat(Objects.requireNonNull(observed.getFirst().getResponse()).getResult().getOutput()).containsExactly(vector);
  }

  @Test
  void exampleIsTheOneThatCompilesAndItRuns() throws IOException {
    Path artifact = Path.of(URI.create(getClass().getResource("/all-minilm-l6-v2.onnx").getPath().replaceAll("!.*", "")));
    assertThat(SpringAiExample.embedded(artifact)).containsExactly(model.embed("The law will never be perfect."));
    assertThat(ReadmeBlocks.shownInJavadoc("LanewiseEmbeddingModel.java")).isEqualTo(ReadmeBlocks.compiled("SpringAiExample.java"));
    assertThat(Arrays.toString(model.embed(List.of("a", "b")).getFirst())).isEqualTo(Arrays.toString(model.embed("a")));
  }
}
