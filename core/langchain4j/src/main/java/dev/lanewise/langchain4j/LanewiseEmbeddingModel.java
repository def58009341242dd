package dev.lanewise.langchain4j;

import dev.lanewise.text.LongTexts;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.embedding.response.EmbeddingResponseMetadata;
import dev.langchain4j.model.output.TokenUsage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An embedding model of LangChain4j that Lanewise computes in this process. It takes the place of the in-process models that call native
 * libraries. The vector of a short text is the same as theirs up to rounding, except for models that want prefixes (E5): their texts have
 * {@code "query: "} in front by default, and the native models add nothing; {@code prefix("")} turns that off.
 *
 * <pre>{@code
 * EmbeddingModel model = LanewiseEmbeddingModel.builder().modelOnClassPath("all-minilm-l6-v2").build();
 * Embedding law = model.embed("The law will never be perfect.").content(); // 384 numbers, a vector of length 1
 * }</pre>
 *
 * <p>Some models want a prefix in front of each text, and a different one for queries. The {@link EmbeddingInputType} of a request chooses
 * the prefix. LangChain4j's retriever and ingestor send it if their builder has {@code embeddingInputType}. A text without a type has the
 * prefix of {@link Builder#prefix}.
 *
 * <p>Immutable and thread-safe: one instance is enough for a whole program.
 */
public final class LanewiseEmbeddingModel implements EmbeddingModel {
  private final TextEncoder texts;
  private final TextEncoder queries;
  private final TextEncoder documents;
  private final String modelName;
  private final List<EmbeddingModelListener> listeners;

  private LanewiseEmbeddingModel(TextEncoder texts, Builder builder) {
    this.texts = texts;
    queries = withPrefix(texts, builder.queryPrefix, "query");
    documents = withPrefix(texts, builder.documentPrefix, "document", "passage");
    modelName = Objects.requireNonNullElse(builder.modelName, texts.model().name());
    listeners = builder.listeners;
  }

  /** The encoder with this prefix, else with the first of these that the files name, else as it is. */
  private static TextEncoder withPrefix(TextEncoder encoder, @Nullable String prefix, String... names) {
    Map<String, String> prompts = encoder.model().prompts();
    return Stream.concat(Stream.ofNullable(prefix), Stream.of(names).map(prompts::get).filter(Objects::nonNull))
        .findFirst()
        .map(encoder::withPrefix)
        .orElse(encoder);
  }

  /** Returns a builder. It must be told where the model is. */
  public static Builder builder() {
    return new Builder();
  }

  /** Computes the vectors of a request's texts. The token usage counts the tokens that the model reads, special ones included. */
  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    TextEncoder encoder = encoder(request.inputType());
    if (request.dimensions() != null) {
      encoder = encoder.withDimensions(request.dimensions());
    }
    List<String> inputs = request.inputs().stream().map(EmbeddingInput::text).toList();
    List<Embedding> embeddings = Arrays.stream(encoder.embed(inputs)).map(Embedding::from).toList();
    TokenUsage usage = new TokenUsage(inputs.stream().mapToInt(encoder::tokens).sum());
    return EmbeddingResponse.builder()
        .embeddings(embeddings)
        .metadata(EmbeddingResponseMetadata.builder().modelName(modelName).tokenUsage(usage).build())
        .build();
  }

  private TextEncoder encoder(@Nullable EmbeddingInputType type) {
    if (type == null) {
      return texts;
    }
    return switch (type) {
      case QUERY -> queries;
      case DOCUMENT -> documents;
    };
  }

  /** The input type and the number of dimensions, which a request may set. */
  @Override
  public Set<EmbeddingParameter<?>> supportedParameters() {
    return Set.of(EmbeddingRequestParameters.INPUT_TYPE, EmbeddingRequestParameters.DIMENSIONS);
  }

  @Override
  public List<EmbeddingModelListener> listeners() {
    return listeners;
  }

  /** The length of a vector. */
  @Override
  public int dimension() {
    return texts.dimensions();
  }

  @Override
  public String modelName() {
    return modelName;
  }

  /**
   * Builder of a {@link LanewiseEmbeddingModel}. Exactly one of {@link #model}, {@link #modelOnClassPath} and {@link #encoder} says where
   * the model is. Everything else is optional, and null means not set: it is then as the files of the model say.
   */
  public static final class Builder {
    private @Nullable ModelSource source;
    private @Nullable TextEncoder encoder;
    private @Nullable TextPooling pooling;
    private @Nullable Boolean normalised;
    private @Nullable String prefix;
    private @Nullable String queryPrefix;
    private @Nullable String documentPrefix;
    private @Nullable Integer dimensions;
    private @Nullable Integer maxTokens;
    private @Nullable LongTexts longTexts;
    private @Nullable Integer threads;
    private @Nullable String modelName;
    private List<EmbeddingModelListener> listeners = List.of();

    private Builder() {}

    /** Reads the model from a folder, from an ONNX file with its tokenizer beside it, or from the jar of an artifact that has both. */
    public Builder model(Path path) {
      requireNoSource();
      source = ModelSource.of(path);
      return this;
    }

    /** Reads the model from an artifact on the class path, such as {@code all-minilm-l6-v2}. */
    public Builder modelOnClassPath(String name) {
      requireNoSource();
      source = ModelSource.onClassPath(name);
      return this;
    }

    /** Takes an encoder that is already there, for models whose files do not say everything. */
    public Builder encoder(TextEncoder encoder) {
      requireNoSource();
      this.encoder = Objects.requireNonNull(encoder, "encoder");
      return this;
    }

    private void requireNoSource() {
      ModelSource.requireUnset(source, encoder, "encoder");
    }

    /** Sets how the rows of a text's tokens become one vector. */
    public Builder pooling(@Nullable TextPooling pooling) {
      this.pooling = pooling;
      return this;
    }

    /** Sets whether vectors have length 1. */
    public Builder normalised(@Nullable Boolean normalised) {
      this.normalised = normalised;
      return this;
    }

    /** Sets what stands in front of a text in a request without input type. */
    public Builder prefix(@Nullable String prefix) {
      this.prefix = prefix;
      return this;
    }

    /**
     * Sets what stands in front of a text in a request of type {@code QUERY}. Not set: what the files name for it, else {@link #prefix}.
     */
    public Builder queryPrefix(@Nullable String prefix) {
      queryPrefix = prefix;
      return this;
    }

    /**
     * Sets what stands in front of a text in a request of type {@code DOCUMENT}. Not set: what the files name for it, else {@link #prefix}.
     */
    public Builder documentPrefix(@Nullable String prefix) {
      documentPrefix = prefix;
      return this;
    }

    /** Cuts vectors to this length, for models that allow it (Matryoshka). A request may set another length. */
    public Builder dimensions(@Nullable Integer dimensions) {
      this.dimensions = dimensions;
      return this;
    }

    /** Sets the maximum number of tokens of a text, special ones included. */
    public Builder maxTokens(@Nullable Integer maxTokens) {
      this.maxTokens = maxTokens;
      return this;
    }

    /** Sets what happens to a text with more tokens. */
    public Builder longTexts(@Nullable LongTexts longTexts) {
      this.longTexts = longTexts;
      return this;
    }

    /** Sets the number of threads of one call, including the caller's. Not set: the number of processors, or that of the encoder. */
    public Builder threads(@Nullable Integer threads) {
      this.threads = threads;
      return this;
    }

    /** Sets the name that responses and listeners see. Not set: the name of its folder, file or artifact. */
    public Builder modelName(@Nullable String modelName) {
      this.modelName = modelName;
      return this;
    }

    /** Sets the listeners of each request. */
    public Builder listeners(@Nullable List<EmbeddingModelListener> listeners) {
      this.listeners = listeners == null ? List.of() : List.copyOf(listeners);
      return this;
    }

    /**
     * Reads the model.
     *
     * @throws java.io.UncheckedIOException if files are missing or say something wrong
     * @throws IllegalArgumentException if a setting is wrong, or the files leave something open that no setting answers
     */
    public LanewiseEmbeddingModel build() {
      TextEncoder made = encoder == null ? load(ModelSource.required(source, "encoder").load()) : encoder;
      made = encoder != null && pooling != null ? made.withPooling(pooling) : made;
      made = normalised == null ? made : made.withNormalised(normalised);
      made = prefix == null ? made : made.withPrefix(prefix);
      made = dimensions == null ? made : made.withDimensions(dimensions);
      made = maxTokens == null ? made : made.withMaxTokens(maxTokens);
      made = longTexts == null ? made : made.withLongTexts(longTexts);
      made = threads == null ? made : made.withThreads(threads);
      return new LanewiseEmbeddingModel(made, this);
    }

    private TextEncoder load(EncoderModel model) {
      TextEncoder made = pooling == null ? TextEncoder.of(model) : TextEncoder.of(model, pooling);
      return made.withThreads(Runtime.getRuntime().availableProcessors());
    }
  }
}
