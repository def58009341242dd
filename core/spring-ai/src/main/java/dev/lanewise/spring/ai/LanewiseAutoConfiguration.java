package dev.lanewise.spring.ai;

import dev.lanewise.text.LongTexts;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Makes the embedding model of an application. The artifact on the class path and the place of a model are all that an application needs:
 *
 * <pre>{@code
 * # application.properties
 * spring.ai.lanewise.model=/models/bge-small-en-v1.5
 * spring.ai.lanewise.query-prefix=Represent this sentence for searching relevant passages:
 * }</pre>
 *
 * <p>Beside other embedding models, {@code spring.ai.model.embedding=lanewise} chooses this one. An application with a {@link TextEncoder}
 * of its own among its beans gets that one, as it is.
 */
@AutoConfiguration
@ConditionalOnClass(EmbeddingModel.class)
@ConditionalOnProperty(name = SpringAIModelProperties.EMBEDDING_MODEL, havingValue = "lanewise", matchIfMissing = true)
@EnableConfigurationProperties(LanewiseProperties.class)
public class LanewiseAutoConfiguration {
  private static final String CLASS_PATH = "classpath:";

  /** Reads the model when the application starts, and checks all settings. */
  @Bean
  @ConditionalOnMissingBean
  public TextEncoder lanewiseTextEncoder(LanewiseProperties properties) {
    EncoderModel model = setting("model", properties.model(), LanewiseAutoConfiguration::load);
    TextEncoder encoder =
        properties.pooling() == null
            ? setting("model", properties.model(), name -> TextEncoder.of(model))
            : setting("pooling", properties.pooling(), pooling -> TextEncoder.of(model, pooling));
    int processors = Runtime.getRuntime().availableProcessors();
    encoder = setting("threads", properties.threads() == null ? processors : properties.threads(), encoder::withThreads);
    encoder = changed(encoder, "max-tokens", properties.maxTokens(), encoder::withMaxTokens);
    encoder = changed(encoder, "normalised", properties.normalised(), encoder::withNormalised);
    encoder = changed(encoder, "dimensions", properties.dimensions(), encoder::withDimensions);
    LongTexts longTexts =
        switch (properties.longTexts()) {
          case TRUNCATE -> LongTexts.truncate();
          case FAIL -> LongTexts.fail();
          case WINDOWS -> setting("overlap", properties.overlap(), LongTexts::windows);
        };
    return setting("long-texts", longTexts, encoder::withLongTexts);
  }

  /** The embedding model that applications see. */
  @Bean
  @ConditionalOnMissingBean
  public LanewiseEmbeddingModel lanewiseEmbeddingModel(
      TextEncoder encoder,
      LanewiseProperties properties,
      ObjectProvider<ObservationRegistry> registry,
      ObjectProvider<EmbeddingModelObservationConvention> convention) {
    LanewiseEmbeddingModel model =
        new LanewiseEmbeddingModel(
            withPrefix(encoder, properties.queryPrefix(), "query"),
            withPrefix(encoder, properties.documentPrefix(), "document", "passage"),
            properties.metadataMode(),
            registry.getIfUnique(() -> ObservationRegistry.NOOP));
    convention.ifAvailable(model::setObservationConvention);
    return model;
  }

  /** The encoder with this prefix, else with the first of these that the files name, else as it is. */
  private static TextEncoder withPrefix(TextEncoder encoder, @Nullable String prefix, String... names) {
    Map<String, String> prompts = encoder.model().prompts();
    return Stream.concat(Stream.ofNullable(prefix), Stream.of(names).map(prompts::get).filter(Objects::nonNull))
        .findFirst()
        .map(encoder::withPrefix)
        .orElse(encoder);
  }

  private static EncoderModel load(String model) throws IOException {
    boolean onClassPath = model.startsWith(CLASS_PATH);
    return EncoderModel.load(onClassPath ? ModelFiles.onClassPath(model.substring(CLASS_PATH.length())) : ModelFiles.of(Path.of(model)));
  }

  private static <T> TextEncoder changed(TextEncoder encoder, String property, @Nullable T value, Setting<T, TextEncoder> change) {
    return value == null ? encoder : setting(property, value, change);
  }

  /** Names the property where a value is refused. */
  private static <T, R> R setting(String property, T value, Setting<T, R> change) {
    try {
      return change.apply(value);
    } catch (IOException | IllegalArgumentException e) {
      throw new WrongSettingException(property, value, e);
    }
  }

  /** Uses the value of a property. */
  @FunctionalInterface
  private interface Setting<T, R> {
    R apply(T value) throws IOException;
  }
}
