package dev.lanewise.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.TokenCountBatchingStrategy;
import org.springframework.beans.BeansException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

class LanewiseAutoConfigurationTest {
  private static final String TEXT = "The train to the coast leaves at a quarter to eight.";

  private static TextEncoder encoder;

  private final ApplicationContextRunner context =
      new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(LanewiseAutoConfiguration.class));

  @BeforeAll
  static void load() throws IOException {
    encoder = TextEncoder.of(EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2")));
  }

  @Test
  void withoutPropertiesTheModelOnTheClassPathIsTaken() {
    context.run(
        started -> {
          EmbeddingModel model = started.getBean(EmbeddingModel.class);
          assertThat(model.embed(TEXT)).containsExactly(encoder.embed(TEXT));
          assertThat(model.embed(new Document(TEXT, Map.of("page", 7)))).containsExactly(encoder.embed(TEXT));
        });
  }

  @Test
  void anotherModelMayBeChosen() {
    context
        .withPropertyValues("spring.ai.model.embedding=openai")
        .run(started -> assertThat(started).doesNotHaveBean(EmbeddingModel.class));
    context
        .withPropertyValues("spring.ai.model.embedding=lanewise")
        .run(started -> assertThat(started).hasSingleBean(LanewiseEmbeddingModel.class));
  }

  @Test
  void queriesAndDocumentsHaveTheirPrefixes() {
    context
        .withPropertyValues("spring.ai.lanewise.query-prefix=query: ", "spring.ai.lanewise.document-prefix=passage: ")
        .run(
            started -> {
              EmbeddingModel model = started.getBean(EmbeddingModel.class);
              float[] passage = encoder.withPrefix("passage: ").embed(TEXT);
              List<Document> documents = List.of(new Document("Why?"), new Document(TEXT));
              assertThat(model.embed(TEXT)).containsExactly(encoder.withPrefix("query: ").embed(TEXT));
              assertThat(model.embed(documents.get(1))).containsExactly(passage);
              assertThat(model.embed(documents, EmbeddingOptions.builder().build(), new TokenCountBatchingStrategy()).get(1))
                  .containsExactly(passage);
            });
  }

  @Test
  void propertiesChangeTheEncoder() {
    context
        .withPropertyValues("spring.ai.lanewise.dimensions=64", "spring.ai.lanewise.pooling=first-token", "spring.ai.lanewise.threads=1")
        .run(
            started -> {
              EmbeddingModel model = started.getBean(EmbeddingModel.class);
              assertThat(model.dimensions()).isEqualTo(64);
              assertThat(model.embed(TEXT))
                  .containsExactly(encoder.withPooling(started.getBean(LanewiseProperties.class).pooling()).withDimensions(64).embed(TEXT));
            });
  }

  @Test
  void aRequestMaySetTheDimensions() {
    EmbeddingModel model = new LanewiseEmbeddingModel(encoder);
    EmbeddingOptions options = EmbeddingOptions.builder().dimensions(32).build();
    assertThat(model.call(new EmbeddingRequest(List.of(TEXT), options)).getResult().getOutput())
        .containsExactly(encoder.withDimensions(32).embed(TEXT));
  }

  @Test
  void aRequestForAnotherModelIsRefused() {
    EmbeddingModel model = new LanewiseEmbeddingModel(encoder);
    EmbeddingRequest own = new EmbeddingRequest(List.of(TEXT), EmbeddingOptions.builder().model("all-minilm-l6-v2").build());
    assertThat(model.call(own).getMetadata().getModel()).isEqualTo("all-minilm-l6-v2");
    EmbeddingRequest other = new EmbeddingRequest(List.of(TEXT), EmbeddingOptions.builder().model("bge").build());
    assertThatThrownBy(() -> model.call(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("options.getModel() is bge, must be null or all-minilm-l6-v2");
  }

  @Test
  void metadataAreEmbeddedIfAsked() {
    Document document = new Document(TEXT, Map.of("page", 7));
    context
        .withPropertyValues("spring.ai.lanewise.metadata-mode=embed")
        .run(
            started ->
                assertThat(started.getBean(EmbeddingModel.class).embed(document))
                    .containsExactly(encoder.embed(document.getFormattedContent(MetadataMode.EMBED))));
  }

  @Test
  void anEncoderOfTheApplicationIsTaken() {
    context
        .withBean(TextEncoder.class, () -> encoder.withDimensions(16))
        .run(started -> assertThat(started.getBean(EmbeddingModel.class).dimensions()).isEqualTo(16));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model=no/where | no/where does not exist",
        "model=classpath:nothing | nothing.onnx is not on the class path",
        "threads=0 | threads is 0, ",
        "max-tokens=0 | maxTokens is 0, ",
        "dimensions=385 | dimensions is 385, ",
      })
  void wrongSettingsEndTheStartInOneLineThatNamesThem(String setting, String problem) {
    context
        .withPropertyValues("spring.ai.lanewise." + setting)
        .run(
            started -> {
              Throwable failure = Objects.requireNonNull(started.getStartupFailure());
              FailureAnalysis analysis = new WrongSettingAnalyzer().analyze(failure);
              assertThat(Objects.requireNonNull(analysis).getDescription())
                  .startsWith("spring.ai.lanewise." + setting + ": " + problem)
                  .doesNotContain("\n");
            });
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void springBootPrintsThatLine(CapturedOutput output) {
    SpringApplication application = new SpringApplication(ApplicationTest.Application.class);
    assertThatThrownBy(() -> application.run("--spring.ai.lanewise.model=no/where")).isInstanceOf(BeansException.class);
    assertThat(output.toString())
        .contains("APPLICATION FAILED TO START")
        .containsPattern("Description:\\s+spring.ai.lanewise.model=no/where: no/where does not exist");
  }
}
