package dev.lanewise.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.ReadmeBlocks;
import dev.langchain4j.data.document.Document;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.EmbeddingStoreIngestor;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An application of LangChain4j: documents go into a store, and a retriever finds the one that answers. */
class ApplicationTest {
  private static final List<String> DOCUMENTS =
      List.of(
          "The law will never be perfect, but its application should be just.",
          "Bake the bread for forty minutes, until its crust is dark.",
          "The train to the coast leaves at a quarter to eight.",
          "A cache that nobody clears is a leak with a better name.");

  @Test
  void retrieverFindsTheDocumentThatAnswers() {
    EmbeddingModel model = LanewiseEmbeddingModel.builder().modelOnClassPath("all-minilm-l6-v2").threads(2).build();
    InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
    EmbeddingStoreIngestor.builder()
        .embeddingModel(model)
        .embeddingStore(store)
        .embeddingInputType(EmbeddingInputType.DOCUMENT)
        .build()
        .ingest(DOCUMENTS.stream().map(Document::from).toList());
    assertFound(store, "How long does a loaf stay in the oven?", 1);
    assertFound(store, "When can I travel to the sea?", 2);
    assertFound(store, "My program needs more and more memory.", 3);
  }

  private static void assertFound(InMemoryEmbeddingStore<TextSegment> store, String question, int document) {
    assertThat(LangChain4jExample.retriever(store).retrieve(Query.from(question)).getFirst().textSegment().text())
        .isEqualTo(DOCUMENTS.get(document));
  }

  @Test
  void examplesAreThoseThatCompileAndTheyRun() throws IOException {
    Embedding law = LangChain4jExample.embedding();
    assertThat(law.dimension()).isEqualTo(384);
    List<String> compiled = ReadmeBlocks.compiled("LangChain4jExample.java");
    assertThat(ReadmeBlocks.shownInJavadoc("LanewiseEmbeddingModel.java")).containsExactly(compiled.get(0));
    assertThat(ReadmeBlocks.shownInJavadoc("LanewiseScoringModel.java")).containsExactly(compiled.get(1));
    for (String readme : List.of("README.md", "../../README.md")) {
      assertThat(ReadmeBlocks.shown(Files.readString(Path.of(readme)))).as(readme).contains(compiled.get(2));
    }
  }
}
