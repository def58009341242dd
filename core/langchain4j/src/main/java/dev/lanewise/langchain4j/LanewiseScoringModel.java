package dev.lanewise.langchain4j;

import dev.lanewise.text.Reranker;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.scoring.ScoringModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A scoring model of LangChain4j (a reranker, or cross-encoder) that Lanewise computes in this process. A score says how well a text
 * answers a query.
 *
 * <pre>{@code
 * ScoringModel model = LanewiseScoringModel.builder().model(folder).build();
 * double score = model.score("Justice must be done.", "What must be done?").content();
 * }</pre>
 *
 * <p>Scores have the scale that the model's files say, or are between 0 and 1 with {@link Builder#sigmoid}; higher means better. Immutable
 * and thread-safe: one instance is enough for a whole program.
 */
public final class LanewiseScoringModel implements ScoringModel {
  private final Reranker reranker;

  private LanewiseScoringModel(Reranker reranker) {
    this.reranker = reranker;
  }

  /** Returns a builder. It must be told where the model is. */
  public static Builder builder() {
    return new Builder();
  }

  /** Computes a score for each text, in the order of the texts. */
  @Override
  public Response<List<Double>> scoreAll(List<TextSegment> segments, String query) {
    float[] scores = reranker.score(query, segments.stream().map(TextSegment::text).toList());
    return Response.from(IntStream.range(0, scores.length).mapToObj(i -> (double) scores[i]).toList());
  }

  /**
   * Builder of a {@link LanewiseScoringModel}. Exactly one of {@link #model}, {@link #modelOnClassPath} and {@link #reranker} says where
   * the model is. Everything else is optional, and null means not set: it is then as the files of the model say.
   */
  public static final class Builder {
    private @Nullable ModelSource source;
    private @Nullable Reranker reranker;
    private @Nullable Integer maxTokens;
    private @Nullable Boolean sigmoid;
    private @Nullable Integer threads;

    private Builder() {}

    /** Reads the model from a folder, from an ONNX file with its tokenizer beside it, or from the jar of an artifact that has both. */
    public Builder model(Path path) {
      requireNoSource();
      source = ModelSource.of(path);
      return this;
    }

    /** Reads the model from an artifact on the class path. */
    public Builder modelOnClassPath(String name) {
      requireNoSource();
      source = ModelSource.onClassPath(name);
      return this;
    }

    /** Takes a reranker that is already there, for models whose files do not say everything. */
    public Builder reranker(Reranker reranker) {
      requireNoSource();
      this.reranker = Objects.requireNonNull(reranker, "reranker");
      return this;
    }

    private void requireNoSource() {
      ModelSource.requireUnset(source, reranker, "reranker");
    }

    /** Sets the maximum number of tokens of a query and a text together, special ones included. */
    public Builder maxTokens(@Nullable Integer maxTokens) {
      this.maxTokens = maxTokens;
      return this;
    }

    /** Sets whether scores pass through a sigmoid, so that they are between 0 and 1. Not set: as the files say, else they do not. */
    public Builder sigmoid(@Nullable Boolean sigmoid) {
      this.sigmoid = sigmoid;
      return this;
    }

    /** Sets the number of threads of one call, including the caller's. Not set: the number of processors, or that of the reranker. */
    public Builder threads(@Nullable Integer threads) {
      this.threads = threads;
      return this;
    }

    /**
     * Reads the model.
     *
     * @throws java.io.UncheckedIOException if files are missing or say something wrong
     * @throws IllegalArgumentException if a setting is wrong, or the model has no head that makes one score
     */
    public LanewiseScoringModel build() {
      Reranker made = reranker == null ? load(ModelSource.required(source, "reranker")) : reranker;
      made = maxTokens == null ? made : made.withMaxTokens(maxTokens);
      made = sigmoid == null ? made : made.withSigmoid(sigmoid);
      made = threads == null ? made : made.withThreads(threads);
      return new LanewiseScoringModel(made);
    }

    private static Reranker load(ModelSource source) {
      return Reranker.of(source.load()).withThreads(Runtime.getRuntime().availableProcessors());
    }
  }
}
