package dev.lanewise.spring.ai;

import dev.lanewise.text.TextEncoder;
import java.io.IOException;
import java.nio.file.Path;
import org.springframework.ai.embedding.EmbeddingModel;

/** The example of {@link LanewiseEmbeddingModel}; {@link ApplicationTest} compares and runs it. */
final class SpringAiExample {
  private SpringAiExample() {}

  static float[] embedded(Path folder) throws IOException {
    // begin
    EmbeddingModel model = new LanewiseEmbeddingModel(TextEncoder.load(folder).withThreads(2));
    float[] law = model.embed("The law will never be perfect.");
    // end
    return law;
  }
}
