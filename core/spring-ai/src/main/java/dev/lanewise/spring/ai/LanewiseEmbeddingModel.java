package dev.lanewise.spring.ai;

import dev.lanewise.text.TextEncoder;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.metadata.EmptyUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.embedding.AbstractEmbeddingModel;
import org.springframework.ai.embedding.BatchingStrategy;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;
import org.springframework.ai.embedding.observation.DefaultEmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationContext;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationDocumentation;

/**
 * An embedding model of Spring AI that Lanewise computes in this process. It takes the place of {@code TransformersEmbeddingModel}, which
 * calls native libraries.
 *
 * <pre>{@code
 * EmbeddingModel model = new LanewiseEmbeddingModel(TextEncoder.load(folder).withThreads(2));
 * float[] law = model.embed("The law will never be perfect.");
 * }</pre>
 *
 * <p>Some models want a prefix in front of queries and another one in front of documents. Vector stores embed what they keep as {@link
 * Document}, and what they look for as plain text. Immutable after its construction, and thread-safe.
 */
public class LanewiseEmbeddingModel extends AbstractEmbeddingModel {
  private static final String PROVIDER = "lanewise";
  private static final EmbeddingModelObservationConvention DEFAULT_CONVENTION = new DefaultEmbeddingModelObservationConvention();

  private final TextEncoder queries;
  private final TextEncoder documents;
  private final MetadataMode metadataMode;
  private final ObservationRegistry registry;
  private EmbeddingModelObservationConvention convention = DEFAULT_CONVENTION;

  /** Creates a model that embeds queries and documents alike, documents without their metadata. */
  public LanewiseEmbeddingModel(TextEncoder encoder) {
    this(encoder, encoder, MetadataMode.NONE, ObservationRegistry.NOOP);
  }

  /**
   * Creates a model.
   *
   * @param queries embeds plain texts
   * @param documents embeds documents
   * @param metadataMode which metadata are embedded with the text of a document
   * @param registry where calls are observed
   */
  public LanewiseEmbeddingModel(TextEncoder queries, TextEncoder documents, MetadataMode metadataMode, ObservationRegistry registry) {
    if (queries.dimensions() != documents.dimensions()) {
      throw new IllegalArgumentException(
          "queries.dimensions() is " + queries.dimensions() + ", must be that of documents, " + documents.dimensions());
    }
    this.queries = queries;
    this.documents = documents;
    this.metadataMode = Objects.requireNonNull(metadataMode, "metadataMode");
    this.registry = Objects.requireNonNull(registry, "registry");
  }

  /** Sets how observations are named. Call it before the model is used. */
  public void setObservationConvention(EmbeddingModelObservationConvention convention) {
    this.convention = Objects.requireNonNull(convention, "convention");
  }

  /** Embeds plain texts, such as queries. */
  @Override
  public EmbeddingResponse call(EmbeddingRequest request) {
    return observed(queries, request);
  }

  /** Embeds a document. */
  @Override
  public float[] embed(Document document) {
    return embedDocuments(List.of(document), EmbeddingOptions.builder().build()).getFirst();
  }

  /**
   * Embeds documents. The batching strategy is for models behind a network, which take a limited number of tokens a request; this model
   * divides the texts by itself.
   */
  @Override
  public List<float[]> embed(List<Document> documents, @Nullable EmbeddingOptions options, BatchingStrategy batchingStrategy) {
    return embedDocuments(documents, options);
  }

  private List<float[]> embedDocuments(List<Document> read, @Nullable EmbeddingOptions options) {
    List<String> texts = read.stream().map(this::getEmbeddingContent).toList();
    return observed(documents, new EmbeddingRequest(texts, options)).getResults().stream().map(Embedding::getOutput).toList();
  }

  /** The text of a document with the metadata that the model was told to embed. */
  @Override
  public String getEmbeddingContent(Document document) {
    return document.getFormattedContent(metadataMode);
  }

  /** The length of a vector. */
  @Override
  public int dimensions() {
    return queries.dimensions();
  }

  private EmbeddingResponse observed(TextEncoder encoder, EmbeddingRequest request) {
    EmbeddingModelObservationContext context =
        EmbeddingModelObservationContext.builder().embeddingRequest(request).provider(PROVIDER).build();
    return Objects.requireNonNull(
        EmbeddingModelObservationDocumentation.EMBEDDING_MODEL_OPERATION
            .observation(convention, DEFAULT_CONVENTION, () -> context, registry)
            .observe(
                () -> {
                  EmbeddingResponse response = computed(encoder, request);
                  context.setResponse(response);
                  return response;
                }));
  }

  private static EmbeddingResponse computed(TextEncoder encoder, EmbeddingRequest request) {
    EmbeddingOptions options = request.getOptions();
    String name = encoder.model().name();
    if (options != null && options.getModel() != null && !options.getModel().equals(name)) {
      throw new IllegalArgumentException("options.getModel() is " + options.getModel() + ", must be null or " + name);
    }
    Integer dimensions = options == null ? null : options.getDimensions();
    float[][] vectors = (dimensions == null ? encoder : encoder.withDimensions(dimensions)).embed(request.getInstructions());
    List<Embedding> embeddings = new ArrayList<>(vectors.length);
    for (float[] vector : vectors) {
      embeddings.add(new Embedding(vector, embeddings.size()));
    }
    return new EmbeddingResponse(embeddings, new EmbeddingResponseMetadata(name, new EmptyUsage()));
  }
}
