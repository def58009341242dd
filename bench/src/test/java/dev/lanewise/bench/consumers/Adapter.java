package dev.lanewise.bench.consumers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An application that uses an adapter, as a class {@code consumer.Application}. It brings the framework, which the adapter has in the scope
 * {@code provided}.
 *
 * @param artifact the adapter
 * @param boms the lists of versions that the application imports, as group:artifact:version
 * @param framework what it depends on beside the adapter, as group:artifact or with a version
 */
record Adapter(String artifact, List<String> boms, List<String> framework, String source) {
  private static final String LANGCHAIN4J =
      """
      package consumer;

      import dev.langchain4j.model.embedding.EmbeddingModel;
      import dev.lanewise.langchain4j.LanewiseEmbeddingModel;

      public final class Application {
        private Application() {}

        public static EmbeddingModel model() {
          return LanewiseEmbeddingModel.builder().modelOnClassPath("all-minilm-l6-v2").build();
        }
      }
      """;

  private static final String SPRING_AI =
      """
      package consumer;

      import dev.lanewise.spring.ai.LanewiseEmbeddingModel;
      import dev.lanewise.text.TextEncoder;
      import org.springframework.ai.embedding.EmbeddingModel;

      public final class Application {
        private Application() {}

        public static EmbeddingModel model(TextEncoder encoder) {
          return new LanewiseEmbeddingModel(encoder);
        }
      }
      """;

  /** The adapters that the default build makes: all but that of Spark. */
  static List<Adapter> all() throws IOException {
    String ours = Files.readString(Path.of("..", "pom.xml"));
    String spring = Files.readString(Path.of("..", "core", "spring-ai", "pom.xml"));
    return List.of(
        new Adapter(
            "lanewise-langchain4j",
            List.of(),
            List.of("dev.langchain4j:langchain4j-core:" + property("langchain4j.version", ours)),
            LANGCHAIN4J),
        new Adapter(
            "lanewise-spring-ai",
            List.of(
                "org.springframework.boot:spring-boot-dependencies:" + property("spring-boot.version", spring),
                "org.springframework.ai:spring-ai-bom:" + property("spring-ai.version", spring)),
            List.of("org.springframework.ai:spring-ai-model"),
            SPRING_AI));
  }

  private static String property(String name, String pom) {
    return Pattern.compile("<" + name + ">([^<]+)<").matcher(pom).results().findFirst().orElseThrow().group(1);
  }
}
