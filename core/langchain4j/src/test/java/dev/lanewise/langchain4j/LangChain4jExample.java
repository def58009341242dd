package dev.lanewise.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.content.retriever.EmbeddingStoreContentRetriever;
import dev.langchain4j.store.embedding.EmbeddingStore;
import java.nio.file.Path;

/** The examples of this module's Javadoc and of the READMEs; {@link ApplicationTest} compares and runs them. */
final class LangChain4jExample {
  private LangChain4jExample() {}

  static Embedding embedding() {
    // begin
    EmbeddingModel model = LanewiseEmbeddingModel.builder().modelOnClassPath("all-minilm-l6-v2").build();
    Embedding law = model.embed("The law will never be perfect.").content(); // 384 numbers, a vector of length 1
    // end
    return law;
  }

  static double score(Path folder) {
    // begin
    ScoringModel model = LanewiseScoringModel.builder().model(folder).build();
    double score = model.score("Justice must be done.", "What must be done?").content();
    // end
    return score;
  }

  static ContentRetriever retriever(EmbeddingStore<TextSegment> store) {
    // begin
    // was: EmbeddingModel model = new AllMiniLmL6V2EmbeddingModel();
    EmbeddingModel model = LanewiseEmbeddingModel.builder().modelOnClassPath("all-minilm-l6-v2").build();
    ContentRetriever retriever =
        EmbeddingStoreContentRetriever.builder()
            .embeddingModel(model)
            .embeddingStore(store)
            .embeddingInputType(EmbeddingInputType.QUERY) // a model with prefixes embeds a query as one
            .build();
    // end
    return retriever;
  }
}
